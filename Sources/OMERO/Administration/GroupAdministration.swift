public import IceEncoding
import OMEROAPI
public import OMEROModel

// Groups and who is in them. Needs the privileges ModifyGroup or ModifyGroupMembership; leaders may change the members
// of their groups.
extension GatewayContext {
    /// Makes a group.
    ///
    /// - Returns: the new group's number.
    public func createGroup(
        named name: String,
        level: PermissionLevel = .privateGroup,
        description: String? = nil
    ) async throws -> Int64 {
        let group = ExperimenterGroup.make { draft in
            draft.name = name
            draft.description = description
            draft.ldap = false
            draft.details = draft.record.builder.add(Details.self) { $0.permissions = level.permissions }
        }
        return try await withService(IAdminPrx.self) { try await $0.createGroup(group: group) }
    }

    /// Changes a group's name, description or flags: reads it, lets `change` have it, writes it. Permissions have
    /// their own function.
    public func updateGroup(_ id: Int64, _ change: (inout Draft<ExperimenterGroup>) -> Void) async throws {
        let current = try await withService(IAdminPrx.self, repeatable: true) { try await $0.getGroup(id: id) }
        guard let current else { throw GatewayError(.notFound, "there is no group \(id)", phase: .call) }
        let changed = current.edited(change)
        try await withService(IAdminPrx.self) { try await $0.updateGroup(group: changed) }
    }

    /// Changes what members may do with each other's data; for the group's leaders and for administrators. Waits until
    /// the server has done it.
    public func setPermissions(_ level: PermissionLevel, ofGroup id: Int64) async throws {
        let request = Chmod2.make { draft in
            draft.targetObjects = ["ExperimenterGroup": [id]]
            draft.permissions = level.letters
        }
        _ = try await submit(request)
    }

    /// Removes a group that holds nothing; OMERO keeps those that hold data.
    public func deleteGroup(_ id: Int64) async throws {
        try await withService(IAdminPrx.self) { try await $0.deleteGroup(group: .unloaded(id)) }
    }

    // MARK: Members

    /// Puts a user into groups, as a plain member.
    ///
    /// - Throws: ``GatewayError``, of kind ``GatewayError/Kind/noPermission`` for who may not do that.
    public func addUser(_ user: Int64, toGroups groups: [Int64]) async throws {
        try await withService(IAdminPrx.self) {
            try await $0.addGroups(user: .unloaded(user), groups: groups.map { .unloaded($0) })
        }
    }

    /// Takes a user out of groups. What the user owns there stays.
    ///
    /// - Throws: ``GatewayError``, of kind ``GatewayError/Kind/noPermission`` for who may not do that.
    public func removeUser(_ user: Int64, fromGroups groups: [Int64]) async throws {
        try await withService(IAdminPrx.self) {
            try await $0.removeGroups(user: .unloaded(user), groups: groups.map { .unloaded($0) })
        }
    }

    /// Makes members leaders of the group.
    public func addLeaders(_ users: [Int64], toGroup group: Int64) async throws {
        try await withService(IAdminPrx.self) {
            try await $0.addGroupOwners(group: .unloaded(group), owners: users.map { .unloaded($0) })
        }
    }

    /// Makes leaders plain members again.
    public func removeLeaders(_ users: [Int64], fromGroup group: Int64) async throws {
        try await withService(IAdminPrx.self) {
            try await $0.removeGroupOwners(group: .unloaded(group), owners: users.map { .unloaded($0) })
        }
    }

    /// Sets the group in which a user's sessions begin; the user must be in it.
    public func setDefaultGroup(_ group: Int64, ofUser user: Int64) async throws {
        try await withService(IAdminPrx.self) {
            try await $0.setDefaultGroup(user: .unloaded(user), group: .unloaded(group))
        }
    }
}
