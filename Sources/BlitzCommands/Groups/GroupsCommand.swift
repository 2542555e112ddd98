import ArgumentParser
import OMERO

/// `blitz groups`
struct GroupsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "List the groups, with their permissions, leaders and members."
    )
    @Flag(help: "Only the groups that you belong to.")
    var mine = false
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let groups = try await server.withGateway(on: console) { gateway in
            let groups = try await gateway.groups()
            guard mine else { return groups }
            let own = Set(try await gateway.whoAmI().memberOf)
            return groups.filter { own.contains($0.id) }
        }
        try console.results(groups.sorted { $0.id < $1.id }.map(GroupRecord.init))
    }
}

/// A group, as it is listed.
struct GroupRecord: Record {
    var id: Int64
    var name: String
    var description: String?
    /// private, read-only, read-annotate or read-write.
    var permissions: String?
    var ldap: Bool
    /// Nil where the server does not tell.
    var members: [NamedID]?
    var leaders: [NamedID]?

    init(_ group: Group) {
        id = group.id
        name = group.name
        description = group.description
        permissions = group.level?.rawValue
        ldap = group.isLDAP
        members = group.members?.map { NamedID(id: $0.user, name: $0.userName) }
        leaders = group.members?.filter(\.isLeader).map { NamedID(id: $0.user, name: $0.userName) }
    }

    static let columns: [Column<Self>] = [
        Column("ID") { String($0.id) },
        Column("GROUP", gives: true) { $0.name },
        Column("PERMISSIONS") { $0.permissions ?? "–" },
        Column("LEADERS", gives: true) { names($0.leaders) },
        Column("MEMBERS", gives: true) { names($0.members) },
    ]

    private static func names(_ list: [NamedID]?) -> String {
        guard let list, !list.isEmpty else { return "–" }
        return list.map { $0.name ?? "\($0.id)" }.joined(separator: ", ")
    }
}
