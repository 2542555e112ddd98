import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

/// `omero.api.IAdmin`: here what only reads; users, groups and passwords have files of their own.
struct AdminService: IAdminServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    var core: ServerCore { call.core }
    var rights: OMEROAccess.Identity { call.caller.identity }
    /// On whose behalf rows are written.
    var author: Author { call.author }

    static func requirement(_ operation: String) -> Requirement {
        switch operation {
        case "getEventContext", "getSecurityRoles", "changeExpiredCredentials", "reportForgottenPassword": .anyone
        case "createSystemUser", "createRestrictedSystemUser", "createRestrictedSystemUserWithPassword", "createGroup",
            "setAdminPrivileges", "synchronizeLoginCache":
            .system
        case "changePassword", "changeUserPassword": .userWithPassword
        // OMERO's method has no role, so that nobody may call it from outside.
        case "getMyUserPhotos": .nobody
        default: .user
        }
    }

    static func isBrief(_ operation: String) -> Bool {
        switch operation {
        case "getEventContext", "getSecurityRoles": true
        default: false
        }
    }

    // MARK: The caller

    func getEventContext(current: Current) async throws -> EventContext? {
        try await core.reload(call.session)
        return core.eventContext(of: call.session)
    }

    func getSecurityRoles(current: Current) async throws -> Roles? {
        Roles.make { roles in
            roles.rootId = BuiltIn.rootUser
            roles.rootName = BuiltIn.rootName
            roles.systemGroupId = BuiltIn.systemGroup
            roles.systemGroupName = BuiltIn.systemGroupName
            roles.userGroupId = BuiltIn.userGroup
            roles.userGroupName = BuiltIn.userGroupName
            roles.guestId = BuiltIn.guestUser
            roles.guestName = BuiltIn.guestName
            roles.guestGroupId = BuiltIn.guestGroup
            roles.guestGroupName = BuiltIn.guestGroupName
        }
    }

    func getCurrentAdminPrivileges(current: Current) async throws -> [AdminPrivilege?] {
        try await privileges(rights.privileges)
    }

    func privileges(_ wanted: Set<Privilege>) async throws -> [AdminPrivilege?] {
        let names = Set(wanted.map(\.rawValue))
        return try await core.load("AdminPrivilege", for: call) { transaction in
            try transaction.enumerations(of: "AdminPrivilege").filter { names.contains($0.value) }.map(\.id)
        }.map { $0.cast() }
    }

    func canUpdate(obj: IObject?, current: Current) async throws -> Bool {
        guard let obj, let id = obj.id, let name = obj.typeID.split(separator: ":").last.map(String.init) else {
            throw ApiUsageException("an object with an id is needed")
        }
        let found = try await core.load(name, for: call) { _ in [id] }
        guard let object = found.first else { throw ValidationException("\(name):\(id) was not found") }
        return object.details?.permissions?.canEdit ?? true
    }

    // MARK: Users

    private func users(_ ids: @escaping @Sendable (ReadTransaction) throws -> [Int64]) async throws -> [Experimenter] {
        try await core.load("Experimenter", fetch: .userWithGroups, for: call, ids).compactMap { $0.cast() }
    }

    func getExperimenter(id: Int64, current: Current) async throws -> Experimenter? {
        guard let user = try await users({ _ in [id] }).first else {
            throw ApiUsageException("No such experimenter: \(id)")
        }
        return user
    }

    func lookupExperimenter(name: String, current: Current) async throws -> Experimenter? {
        guard let user = try await users({ try $0.user(name: name).map { [$0.id] } ?? [] }).first else {
            throw ApiUsageException("No such experimenter: \(name)")
        }
        return user
    }

    func lookupExperimenters(current: Current) async throws -> [Experimenter?] {
        try await users { try $0.users().map(\.id) }
    }

    func containedExperimenters(groupId: Int64, current: Current) async throws -> [Experimenter?] {
        try await users { try $0.memberships(ofGroup: groupId).map(\.userID) }
    }

    // MARK: Groups

    private func groups(
        fetch: [FetchPath],
        _ ids: @escaping @Sendable (ReadTransaction) throws -> [Int64]
    ) async throws -> [ExperimenterGroup] {
        try await core.load("ExperimenterGroup", fetch: fetch, for: call, ids).compactMap { $0.cast() }
    }

    func getGroup(id: Int64, current: Current) async throws -> ExperimenterGroup? {
        guard let group = try await groups(fetch: .groupWithMembers, { _ in [id] }).first else {
            throw ApiUsageException("No such group: \(id)")
        }
        return group
    }

    func lookupGroup(name: String, current: Current) async throws -> ExperimenterGroup? {
        let found = try await groups(fetch: .groupWithMembers) { try $0.group(name: name).map { [$0.id] } ?? [] }
        guard let group = found.first else { throw ApiUsageException("No such group: \(name)") }
        return group
    }

    func lookupGroups(current: Current) async throws -> [ExperimenterGroup?] {
        try await groups(fetch: .groupWithMembersAndTheirGroups) { try $0.groups().map(\.id) }
    }

    func containedGroups(experimenterId: Int64, current: Current) async throws -> [ExperimenterGroup?] {
        try await groups(fetch: .groupWithMembersAndTheirGroups) {
            try $0.memberships(ofUser: experimenterId).map(\.groupID)
        }
    }

    func getDefaultGroup(experimenterId: Int64, current: Current) async throws -> ExperimenterGroup? {
        let found = try await groups(fetch: []) { try $0.defaultGroup(ofUser: experimenterId).map { [$0] } ?? [] }
        guard let group = found.first else {
            throw ValidationException("The user \(experimenterId) has no default group set.")
        }
        return group
    }

    func getMemberOfGroupIds(exp: Experimenter?, current: Current) async throws -> [Int64] {
        let id = try exp.requiredID()
        return try await core.store.read { try $0.memberships(ofUser: id).map(\.groupID) }
    }

    func getLeaderOfGroupIds(exp: Experimenter?, current: Current) async throws -> [Int64] {
        let id = try exp.requiredID()
        return try await core.store.read { try $0.memberships(ofUser: id).filter(\.isOwner).map(\.groupID) }
    }

    // MARK: Administrators

    func getAdminPrivileges(user: Experimenter?, current: Current) async throws -> [AdminPrivilege?] {
        guard let known = try await core.directory.user(id: try user.requiredID()) else { return [] }
        return try await privileges(known.account.privileges)
    }

    func getAdminsWithPrivileges(privileges: [AdminPrivilege?], current: Current) async throws -> [Experimenter?] {
        let wanted = try Self.privileges(privileges)
        let administrators = try await core.store.read { transaction in
            try transaction.memberships(ofGroup: BuiltIn.systemGroup).compactMap { membership in
                try transaction.user(id: membership.userID).map(transaction.known)
            }
        }
        let ids = administrators.filter { wanted.isSubset(of: $0.account.privileges) }.map(\.id)
        return try await users { _ in ids }
    }

    /// Privileges that clients name.
    ///
    /// - Throws: `ApiUsageException` for one that there is not.
    static func privileges(_ entries: [AdminPrivilege?]) throws -> Set<Privilege> {
        try Set(
            entries.map { entry in
                let name = (try? entry?.value) ?? ""
                guard let privilege = Privilege(rawValue: name) else {
                    throw ApiUsageException("unknown light administrator privilege: \(name)")
                }
                return privilege
            }
        )
    }

    // MARK: LDAP

    func lookupLdapAuthExperimenter(id: Int64, current: Current) async throws -> String { "" }
    func lookupLdapAuthExperimenters(current: Current) async throws -> RValue? { .list([]) }
}

extension Optional where Wrapped: IObjectProtocol {
    /// The id of an object that a client sent.
    ///
    /// - Throws: `ApiUsageException` if there is none.
    func requiredID() throws -> Int64 {
        guard let object = self else { throw ApiUsageException("null is not a \(Wrapped.self)") }
        guard let id = object.id else { throw ApiUsageException("\(Wrapped.self) has no id.") }
        return id
    }
}
