import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

// Making, changing and deleting users.
extension AdminService {
    // MARK: Making

    func createUser(experimenter: Experimenter?, group: String, current: Current) async throws -> Int64 {
        guard let found = try await core.directory.group(named: group) else {
            throw ApiUsageException("No such group: \(group)")
        }
        return try await create(experimenter, default: found.id, others: [BuiltIn.userGroup])
    }

    func createSystemUser(experimenter: Experimenter?, current: Current) async throws -> Int64 {
        try await create(
            experimenter,
            default: BuiltIn.systemGroup,
            others: [BuiltIn.userGroup]
        )
    }

    func createRestrictedSystemUser(
        experimenter: Experimenter?,
        privileges: [AdminPrivilege?],
        current: Current
    ) async throws -> Int64 {
        try await createRestricted(experimenter, privileges, password: nil)
    }

    func createRestrictedSystemUserWithPassword(
        experimenter: Experimenter?,
        privileges: [AdminPrivilege?],
        password: String?,
        current: Current
    ) async throws -> Int64 {
        try await createRestricted(experimenter, privileges, password: password)
    }

    private func createRestricted(
        _ experimenter: Experimenter?,
        _ privileges: [AdminPrivilege?],
        password: String?
    ) async throws -> Int64 {
        let granted = try Self.privileges(privileges)
        return try await create(
            experimenter,
            default: BuiltIn.systemGroup,
            others: [BuiltIn.userGroup],
            password: password,
            config: Privilege.all.subtracting(granted).sorted { $0.rawValue < $1.rawValue }.map {
                NamedValue($0.configurationName, "false")
            }
        )
    }

    func createExperimenter(
        user: Experimenter?,
        defaultGroup: ExperimenterGroup?,
        groups: [ExperimenterGroup?],
        current: Current
    ) async throws -> Int64 {
        try await create(user, default: try Self.persistent(defaultGroup), others: try groups.map(Self.persistent))
    }

    func createExperimenterWithPassword(
        user: Experimenter?,
        password: String?,
        defaultGroup: ExperimenterGroup?,
        groups: [ExperimenterGroup?],
        current: Current
    ) async throws -> Int64 {
        try await create(
            user,
            default: try Self.persistent(defaultGroup),
            others: try groups.map(Self.persistent),
            password: password
        )
    }

    private static func persistent(_ group: ExperimenterGroup?) throws -> Int64 {
        guard let id = group?.id else { throw ApiUsageException("Group must be persistent.") }
        return id
    }

    /// Adds a user to the groups, in that order; nothing adds `user` by itself.
    ///
    /// - Parameter password: nil locks the account until somebody sets one.
    private func create(
        _ experimenter: Experimenter?,
        default defaultGroup: Int64,
        others: [Int64],
        password: String? = nil,
        config: [NamedValue]? = nil
    ) async throws -> Int64 {
        guard let experimenter else { throw ApiUsageException("null is no user") }
        try rights.adminOrPiOfNonUserGroups(default: defaultGroup, others: others)
        let user = try Self.fields(of: experimenter, config: config)
        guard let name = user.name, !name.isEmpty else { throw ValidationException("OmeName may not be null.") }
        let groups = [defaultGroup] + others.filter { $0 != defaultGroup }
        if groups.contains(BuiltIn.systemGroup) {
            let revoked = Set(user.config.filter { $0.value.lowercased() != "true" }.map(\.name))
            let granted = Set(Privilege.allCases.filter { !revoked.contains($0.configurationName) })
            try rights.noElevation(from: [], to: granted)
        }
        let stored = try await core.store.prepare(password: password, required: core.requiresPasswords)
        let author = author
        let id = try await core.store.write { transaction in
            for group in groups where try transaction.group(id: group) == nil {
                throw ApiUsageException("No such group: \(group)")
            }
            let id = try transaction.createUser(user, by: author)
            try transaction.addMemberships(user: id, groups: groups, by: author)
            try transaction.setPassword(stored, ofUser: id, by: author)
            return id
        }
        await core.reloadAll()
        return id
    }

    private static func fields(of experimenter: Experimenter, config: [NamedValue]?) throws -> NewUser {
        func text(_ value: @autoclosure () throws -> String?) -> String? { (try? value()) ?? nil }
        return NewUser(
            name: text(try experimenter.omeName),
            firstName: text(try experimenter.firstName),
            middleName: text(try experimenter.middleName),
            lastName: text(try experimenter.lastName),
            institution: text(try experimenter.institution),
            email: text(try experimenter.email),
            isLDAP: (try? experimenter.ldap) ?? false,
            config: config ?? (try? experimenter.config) ?? []
        )
    }

    // MARK: Changing

    func updateSelf(experimenter: Experimenter?, current: Current) async throws {
        guard let experimenter else { throw ApiUsageException("null is no user") }
        if call.session.sudoer != nil { try rights.adminOfUser() }
        try await update(rights.userID, from: experimenter, withName: false)
    }

    func updateExperimenter(experimenter: Experimenter?, current: Current) async throws {
        let id = try experimenter.requiredID()
        guard let experimenter else { return }
        do {
            try rights.adminOfUser()
        } catch {
            guard id == rights.userID else { throw error }
            return try await updateSelf(experimenter: experimenter, current: current)
        }
        try await update(id, from: experimenter, withName: true)
    }

    func updateExperimenterWithPassword(experimenter: Experimenter?, password: String?, current: Current) async throws {
        try rights.adminOfUser()
        let id = try experimenter.requiredID()
        try await updateExperimenter(experimenter: experimenter, current: current)
        try await setPassword(password, of: id)
    }

    private func update(_ id: Int64, from experimenter: Experimenter, withName: Bool) async throws {
        let new = try Self.fields(of: experimenter, config: nil)
        let author = author
        try await core.store.write { transaction in
            guard var user = try transaction.user(id: id) else { throw ApiUsageException("No such experimenter: \(id)") }
            guard let first = new.firstName, let last = new.lastName else {
                throw ValidationException("a user needs a first and a last name")
            }
            if withName, let name = new.name { user.name = name }
            user.firstName = first
            user.lastName = last
            user.middleName = new.middleName
            user.email = new.email
            user.institution = new.institution
            try transaction.updateUser(user, by: author)
        }
        await core.reloadAll()
    }

    func deleteExperimenter(user: Experimenter?, current: Current) async throws {
        try rights.adminOfUser()
        let id = try user.requiredID()
        let author = author
        try await core.store.write { transaction in
            guard try transaction.user(id: id) != nil else { throw ApiUsageException("No such experimenter: \(id)") }
            try transaction.deleteUser(id, by: author)
        }
        await core.reloadAll()
    }

    func setAdminPrivileges(user: Experimenter?, privileges: [AdminPrivilege?], current: Current) async throws {
        let id = try user.requiredID()
        let granted = try Self.privileges(privileges)
        if id == BuiltIn.rootUser, granted != Privilege.all {
            throw ApiUsageException("cannot remove privileges from the root user")
        }
        guard let known = try await core.directory.user(id: id) else {
            throw ApiUsageException("No such experimenter: \(id)")
        }
        try rights.noElevation(from: known.account.privileges, to: granted)
        let revoked = Set(Privilege.all.subtracting(granted).map(\.rawValue))
        let author = author
        try await core.store.write { try $0.setRevokedPrivileges(revoked, ofUser: id, by: author) }
        await core.reloadAll()
    }

    // MARK: Passwords

    func changePassword(newPassword: String?, current: Current) async throws {
        try await setPassword(newPassword, of: rights.userID)
    }

    func changePasswordWithOldPassword(oldPassword: String?, newPassword: String?, current: Current) async throws {
        let check = try await core.store.checkPassword(
            oldPassword ?? "",
            ofUserNamed: call.session.owner.name,
            required: core.requiresPasswords
        )
        guard check.isAccepted else { throw SecurityViolation("Old password is invalid") }
        try await setPassword(newPassword, of: rights.userID)
    }

    func changeUserPassword(omeName: String, newPassword: String?, current: Current) async throws {
        guard let user = try await core.directory.user(named: omeName) else {
            throw ApiUsageException("No such experimenter: \(omeName)")
        }
        try rights.authorizePasswordChange(ofUserWith: user.account.privileges)
        try await setPassword(newPassword, of: user.id)
    }

    private func setPassword(_ password: String?, of id: Int64) async throws {
        let stored = try await core.store.prepare(password: password, required: core.requiresPasswords)
        let author = author
        try await core.store.write { try $0.setPassword(stored, ofUser: id, by: author) }
    }

    func changeExpiredCredentials(name: String, oldCred: String, newCred: String, current: Current) async throws {
        throw InternalException(unsupported: "changeExpiredCredentials")
    }

    func reportForgottenPassword(name: String, email: String, current: Current) async throws {
        throw AuthenticationException(reason: "no mail is configured: ask an administrator for a password")
    }

    func synchronizeLoginCache(current: Current) async throws { await core.reloadAll() }
}
