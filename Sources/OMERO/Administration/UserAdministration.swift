public import IceEncoding
import OMEROAPI
public import OMEROModel

/// What an account is made from.
public struct NewUser: Sendable, Hashable {
    /// The log-in name.
    public var name: String
    /// The first name.
    public var firstName: String
    /// The last name.
    public var lastName: String
    /// The middle name; nil for none.
    public var middleName: String?
    /// The e-mail address; nil for none.
    public var email: String?
    /// The institution; nil for none.
    public var institution: String?
    /// Whether LDAP answers for the password.
    public var isLDAP = false

    public init(name: String, firstName: String, lastName: String) {
        self.name = name
        self.firstName = firstName
        self.lastName = lastName
    }
}

// Accounts. Administrators with the privilege ModifyUser may do all of this, others only what says so.
extension GatewayContext {
    /// Makes an account. Without a password it can't log in until it gets one.
    ///
    /// - Parameters:
    ///   - user: names, e-mail and institution.
    ///   - password: nil for none.
    ///   - group: its default group.
    ///   - others: further groups.
    ///   - isActive: whether the account may log in: whether it is put into the group `user`.
    /// - Returns: the new user's number.
    public func createUser(
        _ user: NewUser,
        password: String? = nil,
        group: Int64,
        others: [Int64] = [],
        isActive: Bool = true
    ) async throws -> Int64 {
        let experimenter = user.experimenter
        let roles = try await withService(IAdminPrx.self, repeatable: true) { try await $0.getSecurityRoles() }
        var groups = others
        if isActive, let id = roles?.userGroupId, !groups.contains(id), id != group { groups.append(id) }
        let list: [ExperimenterGroup?] = groups.map { .unloaded($0) }
        return try await withService(IAdminPrx.self) { admin in
            if let password {
                return try await admin.createExperimenterWithPassword(
                    user: experimenter, password: password, defaultGroup: .unloaded(group), groups: list)
            }
            return try await admin.createExperimenter(user: experimenter, defaultGroup: .unloaded(group), groups: list)
        }
    }

    /// Makes an administrator who may do only what `privileges` say.
    ///
    /// - Returns: the new user's number.
    public func createRestrictedAdministrator(
        _ user: NewUser,
        password: String? = nil,
        privileges: Set<Privilege>
    ) async throws -> Int64 {
        let entries = try await entries(for: privileges)
        return try await withService(IAdminPrx.self) { admin in
            if let password {
                return try await admin.createRestrictedSystemUserWithPassword(
                    experimenter: user.experimenter, privileges: entries, password: password)
            }
            return try await admin.createRestrictedSystemUser(experimenter: user.experimenter, privileges: entries)
        }
    }

    /// Changes an account: reads it, lets `change` have it, writes it. The log-in name and the flags of LDAP are an
    /// administrator's to change; one's own names, e-mail and institution are anyone's.
    public func updateUser(_ id: Int64, _ change: (inout Draft<Experimenter>) -> Void) async throws {
        let isOwn = id == gateway.userID
        let current = try await withService(IAdminPrx.self, repeatable: true) { try await $0.getExperimenter(id: id) }
        guard let current else { throw GatewayError(.notFound, "there is no user \(id)", phase: .call) }
        let changed = current.edited(change)
        let isAdmin = try await whoAmI().isAdmin
        try await withService(IAdminPrx.self) { admin in
            if isOwn, !isAdmin {
                try await admin.updateSelf(experimenter: changed)
            } else {
                try await admin.updateExperimenter(experimenter: changed)
            }
        }
    }

    /// Removes an account that has nothing; OMERO keeps those that own data.
    public func deleteUser(_ id: Int64) async throws {
        try await withService(IAdminPrx.self) { try await $0.deleteExperimenter(user: .unloaded(id)) }
    }

    // MARK: Passwords

    /// Changes one's own password; the old one is asked for, so that an open session is not enough.
    public func changePassword(from old: String, to new: String) async throws {
        try await withService(IAdminPrx.self) {
            try await $0.changePasswordWithOldPassword(oldPassword: old, newPassword: new)
        }
    }

    /// Sets the password of any user.
    public func setPassword(_ password: String, ofUserNamed name: String) async throws {
        try await withService(IAdminPrx.self) { try await $0.changeUserPassword(omeName: name, newPassword: password) }
    }

    // MARK: Being active

    /// Lets an account log in, or not: whether it is in the group `user`.
    public func setActive(_ active: Bool, ofUser user: Int64) async throws {
        let roles = try await withService(IAdminPrx.self, repeatable: true) { try await $0.getSecurityRoles() }
        guard let group = roles?.userGroupId else {
            throw GatewayError(.protocolError, "the server did not say which group is 'user'", phase: .call)
        }
        if active {
            try await addUser(user, toGroups: [group])
        } else {
            try await removeUser(user, fromGroups: [group])
        }
    }

    // MARK: Privileges

    /// Replaces what an administrator may do.
    public func setPrivileges(_ privileges: Set<Privilege>, ofUser user: Int64) async throws {
        let entries = try await entries(for: privileges)
        try await withService(IAdminPrx.self) {
            try await $0.setAdminPrivileges(user: .unloaded(user), privileges: entries)
        }
    }

    private func entries(for privileges: Set<Privilege>) async throws -> [AdminPrivilege?] {
        let all = try await withService(ITypesPrx.self, repeatable: true) {
            try await $0.allEnumerations(type: "AdminPrivilege")
        }
        var known: [String: AdminPrivilege] = [:]
        for entry in all.compactMap({ $0?.cast(to: AdminPrivilege.self) }) { known[try entry.value] = entry }
        return try privileges.map { privilege in
            guard let entry = known[privilege.rawValue] else {
                throw GatewayError(
                    .invalidRequest, "the server knows no privilege \"\(privilege.rawValue.shown)\"", phase: .call)
            }
            return entry
        }
    }
}

extension NewUser {
    fileprivate var experimenter: Experimenter {
        Experimenter.make { draft in
            draft.omeName = name
            draft.firstName = firstName
            draft.lastName = lastName
            draft.middleName = middleName
            draft.email = email
            draft.institution = institution
            draft.ldap = isLDAP
        }
    }
}
