import OMEROAccess

/// What a session's user is in, and may do: read when the session begins, and again when users or groups change.
struct Membership: Sendable, Hashable {
    /// In the user's own order: the default group first.
    var memberOf: [Int64]
    var leaderOf: [Int64]
    /// The names of the groups; operations ask for some of them as roles.
    var roles: [String]
    var isAdmin: Bool
    var privileges: Set<Privilege>
}
