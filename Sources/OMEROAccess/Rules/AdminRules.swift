public import OMEROModel

/// The rules that administration is made of, named as OMERO names them.
extension Identity {
    /// For what concerns a user's account.
    public func adminOfUser() throws(AccessRefusal) {
        guard has(.modifyUser) else {
            throw .securityViolation("current user is not admin for the given user(s)")
        }
    }

    /// For what a leader may do too, with a user of the led groups.
    ///
    /// - Parameter groups: those that the user is a member of.
    public func adminOrPiOfUser(memberOf groups: some Sequence<Int64>) throws(AccessRefusal) {
        guard has(.modifyUser) || groups.contains(where: leaderOf.contains) else { throw .neitherAdminNorLeader }
    }

    /// For what concerns groups: with the privilege, or as the leader of every one.
    public func adminOrPiOfGroups(_ groups: some Collection<Int64>, _ privilege: Privilege) throws(AccessRefusal) {
        guard has(privilege) || (!groups.isEmpty && groups.allSatisfy(leaderOf.contains)) else {
            throw .neitherAdminNorLeader
        }
    }

    /// For new users: leaders make them in their groups, and may add them to the group `user`.
    public func adminOrPiOfNonUserGroups(
        default defaultGroup: Int64, others: some Sequence<Int64>
    ) throws(AccessRefusal) {
        try adminOrPiOfGroups([defaultGroup] + others.filter { $0 != BuiltIn.userGroup }, .modifyUser)
    }

    /// Nobody gives privileges that he has not: what the user has afterwards, it had before, or the caller has it.
    public func noElevation(from before: Set<Privilege>, to after: Set<Privilege>) throws(AccessRefusal) {
        guard after.isSubset(of: isAdmin ? before.union(privileges) : before) else {
            throw .securityViolation("cannot give administrator privileges the current user lacks")
        }
    }

    /// Whether the password of another user may be set: whoever can do that can be that user.
    public func authorizePasswordChange(ofUserWith privileges: Set<Privilege>) throws(AccessRefusal) {
        try adminOfUser()
        guard privileges.isSubset(of: self.privileges) else {
            throw .securityViolation("Cannot change the password of a more privileged user.")
        }
    }

    /// Whether the permissions of a group may become `permissions`.
    ///
    /// - Returns: what is to be done.
    public func authorizeChmod(of group: GroupFacts, to permissions: Permissions) throws(AccessRefusal) -> Chmod {
        guard has(.modifyGroup) || leaderOf.contains(group.id) else {
            throw .securityViolation("chmod not permitted")
        }
        guard permissions[.user, .read] else {
            throw AccessRefusal(.groupSecurityViolation, "Cannot remove user read: group \(group.id)")
        }
        if permissions.grantsSameRights(as: group.permissions) { return .nothing }
        return group.permissions[.group, .read] && !permissions[.group, .read] ? .changeUnlessLinked : .change
    }
}

/// What to do about the permissions of a group.
public enum Chmod: Sendable, Hashable {
    /// The rights stay as they are, or they simply change.
    case nothing, change
    /// Only if no object in the group is linked to one of another owner: members stop seeing each other's objects.
    case changeUnlessLinked
}

/// Who may call an operation at all.
public enum MethodRole: Sendable, Hashable {
    /// Whoever has a session.
    case everybody
    /// Members of the group of this name.
    case members(of: String)

    /// Everybody but guests.
    public static let user = MethodRole.members(of: BuiltIn.userGroupName)
    /// Administrators.
    public static let system = MethodRole.members(of: BuiltIn.systemGroupName)
    /// The guest.
    public static let guest = MethodRole.members(of: BuiltIn.guestGroupName)

    /// Whether the owner of a session may call. A session that somebody opened for a user has that user's roles.
    ///
    /// - Parameter roles: the names of the groups of the session's owner.
    /// - Parameter session: how the message names the session; not its key.
    public func authorize(roles: [String], session: String) throws(AccessRefusal) {
        guard case .members(let group) = self, !roles.contains(group) else { return }
        throw .securityViolation(
            "No matching roles found in [\(roles.joined(separator: ", "))] for session \(session) (allowed: [\(group)])"
        )
    }
}

extension AccessRefusal {
    fileprivate static var neitherAdminNorLeader: Self {
        .securityViolation("neither admin nor group-leader for the given user(s)/group(s)")
    }
}
