import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

// Making, changing and deleting groups, and who is in them.
extension AdminService {
    // MARK: Groups

    func createGroup(group: ExperimenterGroup?, current: Current) async throws -> Int64 {
        guard rights.has(.modifyGroup) else {
            throw SecurityViolation("current user is not admin for the given group(s)")
        }
        guard let group, let name = (try? group.name) else {
            throw ValidationException("Group name may not be null.")
        }
        var new = NewGroup(name: name)
        new.description = (try? group.description) ?? nil
        new.isLDAP = (try? group.ldap) ?? false
        new.permissions = (group.details?.permissions ?? .privateGroup).rawValue
        new.config = (try? group.config) ?? []
        let author = author
        let id = try await core.store.write { [new] in try $0.createGroup(new, by: author) }
        await core.reloadAll()
        return id
    }

    func updateGroup(group: ExperimenterGroup?, current: Current) async throws {
        let id = try group.requiredID()
        guard let group else { return }
        try rights.adminOrPiOfGroups([id], .modifyGroup)
        guard let name = try? group.name else { throw ValidationException("Group name may not be null.") }
        let description = (try? group.description) ?? nil
        let permissions = group.details?.permissions
        let (author, currentGroup) = (author, call.session.group.id)
        try await core.store.write { transaction in
            if let permissions { try changePermissions(of: id, to: permissions, transaction, author) }
            guard var record = try transaction.group(id: id) else { throw ApiUsageException("No such group: \(id)") }
            if record.name != name, id == currentGroup {
                throw ValidationException("cannot rename the current group context '\(record.name)'")
            }
            record.name = name
            record.description = description
            try transaction.updateGroup(record, by: author)
        }
        await core.reloadAll()
    }

    /// Changes the permissions of groups that the caller may change them of, all or none.
    func changePermissions(of ids: [Int64], to permissions: Permissions) async throws {
        let author = author
        try await core.store.write { transaction in
            for id in ids { try changePermissions(of: id, to: permissions, transaction, author) }
        }
        await core.reloadAll()
    }

    private func changePermissions(
        of id: Int64,
        to permissions: Permissions,
        _ transaction: WriteTransaction,
        _ author: Author
    ) throws {
        guard let group = try transaction.group(id: id) else { throw ApiUsageException("No such group: \(id)") }
        switch try rights.authorizeChmod(of: group.facts, to: permissions) {
        case .nothing: return
        case .change: break
        case .changeUnlessLinked:
            let locks = try transaction.linksBetweenOwners(inGroup: id)
            guard locks.isEmpty else {
                let text = locks.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
                throw SecurityViolation(
                    "Cannot change permissions on group \(id) to \(permissions) due to locks: {\(text)}"
                )
            }
        }
        try transaction.setGroupPermissions(permissions, of: id, by: author)
    }

    func changePermissions(obj: IObject?, perms: Permissions?, current: Current) async throws {
        guard let obj, let id = obj.id, let perms else { throw ApiUsageException("a group and permissions are needed") }
        guard obj.object.isA(ExperimenterGroup.descriptor.typeID) else {
            throw SecurityViolation("Only groups allowed")
        }
        try await changePermissions(of: [id], to: perms)
    }

    func deleteGroup(group: ExperimenterGroup?, current: Current) async throws {
        let id = try group.requiredID()
        try rights.adminOrPiOfGroups([id], .modifyGroup)
        let author = author
        try await core.store.write { transaction in
            guard try transaction.group(id: id) != nil else { throw ApiUsageException("No such group: \(id)") }
            try transaction.deleteGroup(id, by: author)
        }
        await core.reloadAll()
    }

    // MARK: Members

    func addGroups(user: Experimenter?, groups: [ExperimenterGroup?], current: Current) async throws {
        let (user, groups) = try Self.ids(user, groups)
        try rights.adminOrPiOfGroups(groups, .modifyGroupMembership)
        if groups.contains(BuiltIn.systemGroup), let known = try await core.directory.user(id: user) {
            // Outside of the group the user has no privileges; inside, all that are not revoked.
            let revoked = try await core.store.read { try $0.revokedPrivileges(ofUser: user) }
            let after = Set(Privilege.allCases.filter { !revoked.contains($0.rawValue) })
            try rights.noElevation(from: known.account.privileges, to: after)
        }
        try await change(user) { try $0.addMemberships(user: user, groups: groups, by: $1) }
    }

    func removeGroups(user: Experimenter?, groups: [ExperimenterGroup?], current: Current) async throws {
        let (user, groups) = try Self.ids(user, groups)
        try rights.adminOrPiOfGroups(groups, .modifyGroupMembership)
        for special in [BuiltIn.systemGroup, BuiltIn.userGroup]
        where user == rights.userID && groups.contains(special) {
            throw ValidationException("users cannot remove themselves from the group \(special)")
        }
        try await change(user) { try $0.removeMemberships(user: user, groups: groups, by: $1) }
    }

    private static func ids(_ user: Experimenter?, _ groups: [ExperimenterGroup?]) throws -> (Int64, [Int64]) {
        guard !groups.isEmpty else { throw ValidationException("Nothing to do.") }
        return (try user.requiredID(), try groups.map { try $0.requiredID() })
    }

    func setDefaultGroup(user: Experimenter?, group: ExperimenterGroup?, current: Current) async throws {
        let (user, group) = (try user.requiredID(), try group.requiredID())
        guard rights.has(.modifyUser) || user == rights.userID else {
            throw SecurityViolation("User \(rights.userID) can only set own default group.")
        }
        guard group != BuiltIn.userGroup else {
            throw ApiUsageException("Cannot set default group to: user")
        }
        try await change(user) { transaction, author in
            guard try transaction.membership(user: user, group: group) != nil else {
                throw ApiUsageException("Group \(group) was not found for user \(user)")
            }
            try transaction.setDefaultGroup(group, ofUser: user, by: author)
        }
    }

    private func change(
        _ user: Int64,
        _ body: @escaping @Sendable (WriteTransaction, Author) throws -> Void
    ) async throws {
        let author = author
        try await core.store.write { transaction in
            guard try transaction.user(id: user) != nil else {
                throw ApiUsageException("No such experimenter: \(user)")
            }
            try body(transaction, author)
        }
        await core.reloadAll()
    }

    // MARK: Leaders

    func setGroupOwner(group: ExperimenterGroup?, owner: Experimenter?, current: Current) async throws {
        try await setOwners(true, group, [owner])
    }

    func unsetGroupOwner(group: ExperimenterGroup?, owner: Experimenter?, current: Current) async throws {
        try await setOwners(false, group, [owner])
    }

    func addGroupOwners(group: ExperimenterGroup?, owners: [Experimenter?], current: Current) async throws {
        try await setOwners(true, group, owners)
    }

    func removeGroupOwners(group: ExperimenterGroup?, owners: [Experimenter?], current: Current) async throws {
        try await setOwners(false, group, owners)
    }

    private func setOwners(_ isOwner: Bool, _ group: ExperimenterGroup?, _ owners: [Experimenter?]) async throws {
        let group = try group.requiredID()
        try rights.adminOrPiOfGroups([group], .modifyGroupMembership)
        for user in try owners.map({ try $0.requiredID() }) {
            try await change(user) { try $0.setOwner(isOwner, user: user, group: group, by: $1) }
        }
    }
}
