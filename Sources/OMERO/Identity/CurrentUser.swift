public import OMEROModel

/// Who a session is, as the server computes it for a call: user, group, rights.
public struct CurrentUser: Sendable, Hashable {
    /// The user's number.
    public var userID: Int64
    /// The log-in name.
    public var userName: String
    /// The group in which calls are carried out.
    public var groupID: Int64
    /// The name of that group.
    public var groupName: String
    /// The permissions of that group.
    public var groupPermissions: Permissions?
    /// Whether the user is in the group `system`.
    public var isAdmin: Bool
    /// What the session may do as an administrator; empty for everyone else.
    public var privileges: Set<Privilege>
    /// The groups that the user belongs to.
    public var memberOf: [Int64]
    /// The groups that the user leads.
    public var leaderOf: [Int64]
    /// Who really acts, in a session that was made for another user.
    public var sudoer: Sudoer?

    /// The administrator or leader behind a session that acts as somebody else.
    public struct Sudoer: Sendable, Hashable {
        /// The number of the user in OMERO.
        public var id: Int64
        /// The log-in name.
        public var name: String
    }

    /// Whether the user is an administrator without restrictions.
    public var isFullAdmin: Bool { isAdmin && privileges.isSuperset(of: Privilege.known) }

    /// Whether the user leads that group.
    public func leads(_ group: Int64) -> Bool { leaderOf.contains(group) }

    init(_ context: EventContext) {
        userID = context.userId
        userName = context.userName
        groupID = context.groupId
        groupName = context.groupName
        groupPermissions = context.groupPermissions
        isAdmin = context.isAdmin
        privileges = Set(context.adminPrivileges.map(Privilege.init(rawValue:)))
        memberOf = context.memberOfGroups
        leaderOf = context.leaderOfGroups
        if let id = context.sudoerId { sudoer = Sudoer(id: id, name: context.sudoerName ?? "") }
    }
}

/// Something that only administrators may do, and that a restricted administrator may lack
/// (`omero.model.AdminPrivilege`). Servers may know more than the ones named here.
public struct Privilege: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Moving others' data to another group.
    public static let chgrp = Privilege(rawValue: "Chgrp")
    /// Giving others' data to another user.
    public static let chown = Privilege(rawValue: "Chown")
    /// Deleting others' original files that are in no managed repository.
    public static let deleteFile = Privilege(rawValue: "DeleteFile")
    /// Deleting others' files in managed repositories.
    public static let deleteManagedRepo = Privilege(rawValue: "DeleteManagedRepo")
    /// Deleting what others own.
    public static let deleteOwned = Privilege(rawValue: "DeleteOwned")
    /// Deleting official scripts.
    public static let deleteScriptRepo = Privilege(rawValue: "DeleteScriptRepo")
    /// Making and changing groups.
    public static let modifyGroup = Privilege(rawValue: "ModifyGroup")
    /// Changing who is in which group.
    public static let modifyGroupMembership = Privilege(rawValue: "ModifyGroupMembership")
    /// Making and changing accounts.
    public static let modifyUser = Privilege(rawValue: "ModifyUser")
    /// Seeing the sessions of others, with their keys.
    public static let readSession = Privilege(rawValue: "ReadSession")
    /// Acting as other users.
    public static let sudo = Privilege(rawValue: "Sudo")
    /// Writing original files for others outside managed repositories.
    public static let writeFile = Privilege(rawValue: "WriteFile")
    /// Writing others' files in managed repositories.
    public static let writeManagedRepo = Privilege(rawValue: "WriteManagedRepo")
    /// Writing what others own.
    public static let writeOwned = Privilege(rawValue: "WriteOwned")
    /// Uploading official scripts.
    public static let writeScriptRepo = Privilege(rawValue: "WriteScriptRepo")

    /// All that OMERO 5.6 has: who holds them is a full administrator.
    public static let known: Set<Privilege> = [
        .chgrp, .chown, .deleteFile, .deleteManagedRepo, .deleteOwned, .deleteScriptRepo, .modifyGroup,
        .modifyGroupMembership, .modifyUser, .readSession, .sudo, .writeFile, .writeManagedRepo, .writeOwned,
        .writeScriptRepo,
    ]

    public var description: String { rawValue }
}
