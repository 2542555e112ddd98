/// How a session for another user may be opened.
public struct SudoGrant: Sendable, Hashable {
    /// Who is recorded as the one who opened it: through a session that was itself opened for somebody, the first.
    public var sudoerID: Int64
    /// The only groups that the session may use; nil for all.
    public var groups: Set<Int64>?
}

/// The group that a session is asked for.
public struct NamedGroup: Sendable, Hashable {
    /// Its number.
    public var id: Int64
    /// Its name.
    public var name: String

    public init(id: Int64, name: String) {
        self.id = id
        self.name = name
    }
}

extension Identity {
    /// Whether this session may open one for another user: an administrator with the privilege `Sudo` in any group,
    /// leaders in the groups they lead. Whether the user is in the group shows when the session is used.
    ///
    /// - Parameter group: the one asked for, else the user's default group.
    public func authorizeSudo(in group: NamedGroup) throws(AccessRefusal) -> SudoGrant {
        // A session with limits hands them on.
        if has(.sudo) { return SudoGrant(sudoerID: realOwnerID, groups: sudoGroups) }
        let led = sudoGroups.map(leaderOf.set.intersection) ?? leaderOf.set
        guard led.contains(group.id) else {
            throw .securityViolation("Group sudo is not permitted for group \(group.name) (gid=\(group.id))")
        }
        return SudoGrant(sudoerID: realOwnerID, groups: led)
    }
}
