/// A user with what the database says of it, before any session.
public struct Account: Sendable, Hashable {
    /// The number of the user.
    public var id: Int64
    /// The name with which the user logs in.
    public var name: String
    /// In the order of membership: the default group first.
    public var memberOf: GroupIDs
    /// The groups that the user leads.
    public var leaderOf: GroupIDs
    /// Empty unless the user is in the group `system`; see ``Privilege/granted(isSystemMember:configuration:)``.
    public var privileges: Set<Privilege>

    public init(
        id: Int64, name: String, memberOf: GroupIDs, leaderOf: GroupIDs = [], privileges: Set<Privilege> = []
    ) {
        self.id = id
        self.name = name
        self.memberOf = memberOf
        self.leaderOf = leaderOf
        self.privileges = memberOf.contains(BuiltIn.systemGroup) ? privileges : []
    }

    /// Whether the user is an administrator, of whatever privileges.
    public var isAdmin: Bool { memberOf.contains(BuiltIn.systemGroup) }
}

/// Who a session belongs to, and what it may do: the part of the event context that is the same for all its calls.
public struct Identity: Sendable, Hashable {
    /// The user whose session it is.
    public var userID: Int64
    /// The name with which this user logs in.
    public var userName: String
    /// Who opened the session for the user, if that was somebody else.
    public var sudoerID: Int64?
    /// Whether the user is in the group `system`, with whatever privileges.
    public var isAdmin: Bool
    /// What the user may do as an administrator; empty for others.
    public var privileges: Set<Privilege>
    /// The user's groups, the default group first.
    public var memberOf: GroupIDs
    /// The groups that the user leads.
    public var leaderOf: GroupIDs
    /// The only groups that the session may use, if it was opened by the right of leading them.
    public var sudoGroups: Set<Int64>?

    /// A session that the user opened.
    public init(_ account: Account) {
        userID = account.id
        userName = account.name
        isAdmin = account.isAdmin
        privileges = account.privileges
        memberOf = account.memberOf
        leaderOf = account.leaderOf
    }

    /// A session that `sudoer` opened for `account`.
    ///
    /// An administrator with the privilege `Sudo` becomes the user whole. Anybody else keeps to the groups that
    /// both are in, or lead. Never are there more privileges than both have.
    ///
    /// - Parameters:
    ///   - account: whose session it is.
    ///   - sudoer: who opened it.
    ///   - groups: those recorded with the session when it was opened by a leader's right; nil for none recorded.
    public init(_ account: Account, sudoer: Account, limitedTo groups: Set<Int64>?) {
        self.init(account)
        sudoerID = sudoer.id
        sudoGroups = groups
        privileges = account.privileges.intersection(sudoer.privileges)
        guard !(sudoer.isAdmin && sudoer.privileges.contains(.sudo)) else { return }
        memberOf = account.memberOf.shared(with: sudoer.memberOf)
        leaderOf = account.leaderOf.shared(with: sudoer.leaderOf)
        isAdmin = memberOf.contains(BuiltIn.systemGroup)
    }

    /// Who is really there: the one who opened the session.
    public var realOwnerID: Int64 { sudoerID ?? userID }
    /// Whether it is a guest's session.
    public var isGuest: Bool { userID == BuiltIn.guestUser }
    /// An administrator whose session has every privilege.
    public var isFullAdmin: Bool { isAdmin && privileges.count == Privilege.allCases.count }
    /// Whether the session has a privilege: only administrators' sessions have any.
    public func has(_ privilege: Privilege) -> Bool { isAdmin && privileges.contains(privilege) }
    /// Whether the session may use a group at all, as far as group-sudo limits it.
    func isWithinSudoGroups(_ group: Int64) -> Bool { sudoGroups?.contains(group) ?? true }
}
