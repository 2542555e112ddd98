/// Which rows a caller may see: the rule is the server's (server semantics 8.4), the store only asks.
///
/// What may not be seen is as if it weren't there, among the objects that were asked for and in collections; a
/// reference to it is an object that is not loaded.
public struct Visibility: Sendable {
    /// Whose a row is.
    public struct Owner: Sendable, Hashable {
        public let userID: Int64
        public let groupID: Int64
    }

    private let rule: (@Sendable (Owner) -> Bool)?
    let scope: QueryScope?

    /// Rows of global types, which belong to nobody, are always seen.
    public init(_ rule: @escaping @Sendable (Owner) -> Bool) {
        self.rule = rule
        scope = nil
    }

    /// What a query sees; sessions and nodes too.
    public init(_ scope: QueryScope) {
        rule = nil
        self.scope = scope
    }

    private init() {
        rule = nil
        scope = nil
    }

    public static let everything = Visibility()

    func allows(_ owner: Owner?) -> Bool {
        guard let rule, let owner else { return true }
        return rule(owner)
    }
}
