import Glacier2
import Ice
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROServer
import Testing

/// Who plays in the table of rights: users of all roles, in a group of each level of permissions and in one more.
struct RightsCast: Sendable {
    /// A user with a session, and what the rules are to know of it: written down, not asked of the server.
    struct Role: Sendable {
        let name: String
        let client: TestClient
        let identity: OMEROAccess.Identity
        let query: IQueryPrx
        let update: IUpdatePrx
    }

    static let levels = ["rw----", "rwr---", "rwra--", "rwrw--", "rwr-r-"]

    /// In the order of ``levels``.
    let groups: [GroupFacts]
    /// A group that nothing in the table is in.
    let otherGroup: GroupFacts
    let roles: [Role]

    var owner: Role { roles[0] }

    init(_ ice: Communicator, _ server: OMEROServer) async throws {
        let root = try await TestClient(ice, server)
        let admin = try await root.admin()
        var groups: [GroupFacts] = []
        for level in Self.levels + ["rwrw--"] {
            groups.append(try await Self.group("group \(groups.count)", level, admin))
        }
        let otherGroup = groups.removeLast()
        let levels = groups.map(\.id)
        let here = GroupIDs([otherGroup.id] + levels + [BuiltIn.userGroup])
        let elsewhere: GroupIDs = [otherGroup.id, BuiltIn.userGroup]
        let system: GroupIDs = [BuiltIn.systemGroup, BuiltIn.userGroup]
        let both = GroupIDs([BuiltIn.systemGroup] + levels + [BuiltIn.userGroup])
        let data: Set<Privilege> = [.writeOwned, .deleteOwned, .chgrp, .chown]
        let parts: [(String, GroupIDs, GroupIDs, Set<Privilege>)] = [
            ("owner", here, [], []),
            ("member", here, [], []),
            ("leader", here, GroupIDs(levels), []),
            ("leader of another group", elsewhere, [otherGroup.id], []),
            ("non-member", elsewhere, [], []),
            ("full administrator", system, [], Privilege.all),
            ("full administrator who is a member", both, [], Privilege.all),
            ("light administrator without privileges", system, [], []),
            ("light administrator for all but data", system, [], Privilege.all.subtracting(data)),
            ("light administrator for data", system, [], data),
            ("light administrator with WriteOwned", system, [], [.writeOwned]),
            ("light administrator with DeleteOwned", system, [], [.deleteOwned]),
            ("light administrator who is a member", both, [], []),
            ("light administrator with DeleteOwned who is a member", both, [], [.deleteOwned]),
        ]
        var roles: [Role] = []
        for (name, memberOf, leaderOf, privileges) in parts {
            let id = try await Self.user(name, memberOf, leaderOf, privileges, admin)
            let account = Account(
                id: id, name: name, memberOf: memberOf, leaderOf: leaderOf, privileges: privileges)
            let client = try await TestClient(ice, server, user: name, password: "secret")
            roles.append(
                Role(
                    name: name, client: client, identity: OMEROAccess.Identity(account),
                    query: try await client.query(), update: try await client.update()))
        }
        try await root.logOut()
        self.groups = groups
        self.otherGroup = otherGroup
        self.roles = roles
    }

    private static func group(_ name: String, _ level: String, _ admin: IAdminPrx) async throws -> GroupFacts {
        let permissions = try #require(Permissions(level))
        let group = ExperimenterGroup.make { group in
            group.name = name
            group.ldap = false
            group.details = Details.make { $0.permissions = permissions }
        }
        return GroupFacts(id: try await admin.createGroup(group: group), permissions: permissions)
    }

    private static func user(
        _ name: String, _ memberOf: GroupIDs, _ leaderOf: GroupIDs, _ privileges: Set<Privilege>, _ admin: IAdminPrx
    ) async throws -> Int64 {
        let user = Experimenter.named(name)
        let groups = memberOf.ordered.filter { $0 != BuiltIn.userGroup && $0 != BuiltIn.systemGroup }
        guard memberOf.contains(BuiltIn.systemGroup) else {
            let id = try await admin.createExperimenterWithPassword(
                user: user, password: "secret", defaultGroup: .unloaded(groups[0]),
                groups: (groups.dropFirst() + [BuiltIn.userGroup]).map { .unloaded($0) })
            for group in leaderOf.ordered {
                try await admin.setGroupOwner(group: .unloaded(group), owner: .unloaded(id))
            }
            return id
        }
        let id = try await admin.createRestrictedSystemUserWithPassword(
            experimenter: user,
            privileges: privileges.map { privilege in AdminPrivilege.make { $0.value = privilege.rawValue } },
            password: "secret")
        if !groups.isEmpty {
            try await admin.addGroups(user: .unloaded(id), groups: groups.map { .unloaded($0) })
        }
        return id
    }

    func logOut() async throws { for role in roles { try await role.client.logOut() } }
}

extension TestClient {
    func query() async throws -> IQueryPrx {
        IQueryPrx(try #require(try await factory.getQueryService()).proxy.withRouter(router.router))
    }

    func update() async throws -> IUpdatePrx {
        IUpdatePrx(try #require(try await factory.getUpdateService()).proxy.withRouter(router.router))
    }
}
