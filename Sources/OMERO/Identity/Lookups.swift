import OMEROAPI
import OMEROModel

// Who is there: oneself, users, groups.
extension GatewayContext {
    /// Who this is, asked anew: user, group of this context, rights.
    ///
    /// - Throws: ``GatewayError``; of kind ``GatewayError/Kind/notInGroup`` if the context's group is not the user's.
    public func whoAmI() async throws -> CurrentUser {
        let context = try await withService(IAdminPrx.self, repeatable: true) { try await $0.getEventContext() }
        guard let context else { throw GatewayError(.protocolError, "the server gave no event context", phase: .call) }
        var me = CurrentUser(context)
        // Servers describe the session, whatever group the call is in; that it is allowed they have checked.
        if case .id(let id) = callContext.group, id != me.groupID {
            let group = try await group(id)
            (me.groupID, me.groupName, me.groupPermissions) = (id, group.name, group.permissions)
        }
        return me
    }

    // MARK: Users

    /// All users of the server, as far as the caller may see them.
    public func users() async throws -> [User] {
        try await withService(IAdminPrx.self, repeatable: true) { try await $0.lookupExperimenters() }
            .compactMap { try $0.map(User.init) }
    }

    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/notFound`` if there is no such user.
    public func user(_ id: Int64) async throws -> User {
        try await found("user \(id)") {
            try await withService(IAdminPrx.self, repeatable: true) { try await $0.getExperimenter(id: id) }
                .map(User.init)
        }
    }

    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/notFound`` if there is no such user.
    public func user(named name: String) async throws -> User {
        try await found("user \"\(name.shown)\"") {
            try await withService(IAdminPrx.self, repeatable: true) { try await $0.lookupExperimenter(name: name) }
                .map(User.init)
        }
    }

    /// The users in that group.
    public func members(of group: Int64) async throws -> [User] {
        try await withService(IAdminPrx.self, repeatable: true) { try await $0.containedExperimenters(groupId: group) }
            .compactMap { try $0.map(User.init) }
    }

    /// The members of the group `system`: everyone who is an administrator, restricted or not.
    public func administrators() async throws -> [User] {
        let roles = try await withService(IAdminPrx.self, repeatable: true) { try await $0.getSecurityRoles() }
        return try await members(of: roles?.systemGroupId ?? 0)
    }

    /// The other members of the context's group; empty in a private group, unless the caller leads it.
    public func colleagues() async throws -> [User] {
        let me = try await whoAmI()
        let isPrivate = me.groupPermissions.flatMap(PermissionLevel.init) == .privateGroup
        guard !isPrivate || me.isAdmin || me.leads(me.groupID) else { return [] }
        return try await members(of: me.groupID).filter { $0.id != me.userID }
    }

    // MARK: Groups

    /// All groups of the server, with their members as far as the caller may see them.
    public func groups() async throws -> [Group] {
        try await withService(IAdminPrx.self, repeatable: true) { try await $0.lookupGroups() }
            .compactMap { try $0.map(Group.init) }
    }

    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/notFound`` if there is no such group.
    public func group(_ id: Int64) async throws -> Group {
        try await found("group \(id)") {
            try await withService(IAdminPrx.self, repeatable: true) { try await $0.getGroup(id: id) }.map(Group.init)
        }
    }

    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/notFound`` if there is no such group.
    public func group(named name: String) async throws -> Group {
        try await found("group \"\(name.shown)\"") {
            try await withService(IAdminPrx.self, repeatable: true) { try await $0.lookupGroup(name: name) }
                .map(Group.init)
        }
    }

    /// The groups that the user of this session belongs to, `user` among them.
    public func myGroups() async throws -> [Group] { try await groups(ofUser: gateway.userID) }

    /// The groups that a user belongs to, `user` among them.
    public func groups(ofUser user: Int64) async throws -> [Group] {
        try await withService(IAdminPrx.self, repeatable: true) { try await $0.containedGroups(experimenterId: user) }
            .compactMap { try $0.map(Group.init) }
    }

    /// The groups that the user of this session leads.
    public func ledGroups() async throws -> [Group] {
        let led = Set(try await whoAmI().leaderOf)
        return try await myGroups().filter { led.contains($0.id) }
    }

    /// The group in which that user's sessions begin; one's own for nil.
    public func defaultGroup(ofUser user: Int64? = nil) async throws -> Group {
        let id = user ?? gateway.userID
        return try await found("a default group of user \(id)") {
            try await withService(IAdminPrx.self, repeatable: true) { try await $0.getDefaultGroup(experimenterId: id) }
                .map(Group.init)
        }
    }

    // MARK: Privileges

    /// What that administrator may do.
    public func privileges(ofUser user: Int64) async throws -> Set<Privilege> {
        let found = try await withService(IAdminPrx.self, repeatable: true) {
            try await $0.getAdminPrivileges(user: .unloaded(user))
        }
        return Set(try found.compactMap { try $0.map { Privilege(rawValue: try $0.value) } })
    }

    /// OMERO answers with an exception, or with null, where there is none.
    private func found<Value>(_ what: String, _ body: () async throws -> Value?) async throws -> Value {
        do {
            if let value = try await body() { return value }
        } catch let error as GatewayError where error.serverException == "omero.ApiUsageException" {
            throw GatewayError(
                .notFound, "there is no \(what), or you may not see it", endpoint: error.endpoint, phase: .call,
                serverException: error.serverException, cause: error)
        }
        throw GatewayError(.notFound, "there is no \(what), or you may not see it", phase: .call)
    }
}
