/// Who may call an operation, in OMERO's terms: the names of groups as roles, and whether the client must have shown
/// the password.
enum Requirement: Sendable, Hashable {
    /// Everybody with a session.
    case anyone
    case roles(Set<String>, password: Bool = false)
    /// Nobody from outside.
    case nobody

    static let user = Requirement.roles(["user"])
    static let userOrGuest = Requirement.roles(["user", "guest"])
    static let userWithPassword = Requirement.roles(["user"], password: true)
    static let system = Requirement.roles(["system"])
}
