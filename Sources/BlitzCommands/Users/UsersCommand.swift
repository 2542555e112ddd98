import ArgumentParser
import OMERO

/// `blitz users`
struct UsersCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "List the users, as far as you may see them."
    )
    @Option(name: .shortAndLong, help: "Only the members of this group, by name or number.")
    var group: String?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let users = try await server.withGateway(on: console) { gateway in
            guard let group else { return try await gateway.users() }
            return try await gateway.members(of: gateway.group(namedOrNumbered: group).id)
        }
        try console.results(users.sorted { $0.id < $1.id }.map(UserRecord.init))
    }
}

/// `blitz admins`
struct AdminsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "admins",
        abstract: "List the administrators, with what they may do."
    )
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let rows = try await server.withGateway(on: console) { gateway in
            var rows: [AdminRecord] = []
            for user in try await gateway.administrators().sorted(by: { $0.id < $1.id }) {
                rows.append(AdminRecord(user, try await gateway.privileges(ofUser: user.id)))
            }
            return rows
        }
        try console.results(rows)
    }
}

/// `blitz privileges`
struct PrivilegesCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "privileges",
        abstract: "List what an administrator may do: you, or the user who is named.",
        discussion: "They are changed with blitz user edit NAME --privileges."
    )
    @Argument(help: "The user, by name or number.")
    var user: String?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let report = try await server.withGateway(on: console) { gateway in
            let found =
                if let user { try await gateway.user(namedOrNumbered: user) } else {
                    try await gateway.user(gateway.userID)
                }
            let held = try await gateway.privileges(ofUser: found.id).map(\.rawValue).sorted()
            return PrivilegesReport(userId: found.id, userName: found.name, adminPrivileges: held)
        }
        if !console.json, report.adminPrivileges.isEmpty {
            console.note("\(report.userName) is no administrator, or has no privileges.".onOneLine)
        }
        try console.result(report) { report.adminPrivileges }
    }
}

struct PrivilegesReport: Codable, Sendable {
    var userId: Int64
    var userName: String
    var adminPrivileges: [String]
}

/// A user, as it is listed.
struct UserRecord: Record {
    var id: Int64
    var name: String
    var firstName: String
    var lastName: String
    var fullName: String
    var email: String?
    var institution: String?
    /// Nil where the server does not tell.
    var active: Bool?
    var ldap: Bool
    /// The first is the default group; nil where the server does not tell.
    var groups: [NamedID]?
    var leads: [NamedID]?

    init(_ user: User) {
        id = user.id
        name = user.name
        firstName = user.firstName
        lastName = user.lastName
        fullName = user.fullName
        email = user.email
        institution = user.institution
        active = user.isActive
        ldap = user.isLDAP
        groups = user.memberships?.map { NamedID(id: $0.group, name: $0.groupName) }
        leads = user.memberships?.filter(\.isLeader).map { NamedID(id: $0.group, name: $0.groupName) }
    }

    static let columns: [Column<Self>] = [
        Column("ID") { String($0.id) },
        Column("USER", gives: true) { $0.name },
        Column("NAME", gives: true) { $0.fullName },
        Column("E-MAIL", gives: true) { $0.email ?? "–" },
        Column("ACTIVE") { $0.active.map { $0 ? "yes" : "no" } ?? "–" },
        Column("GROUPS", gives: true) { row in
            guard let groups = row.groups else { return "–" }
            let leads = Set(row.leads ?? [])
            return groups.filter { $0.name != "user" }
                .map { ($0.name ?? "\($0.id)") + (leads.contains($0) ? " (leads)" : "") }
                .joined(separator: ", ")
        },
    ]
}

/// An administrator, as it is listed.
struct AdminRecord: Record {
    var id: Int64
    var name: String
    var fullName: String
    var isFullAdmin: Bool
    var adminPrivileges: [String]

    init(_ user: User, _ privileges: Set<Privilege>) {
        id = user.id
        name = user.name
        fullName = user.fullName
        isFullAdmin = privileges.isSuperset(of: Privilege.known)
        adminPrivileges = privileges.map(\.rawValue).sorted()
    }

    static let columns: [Column<Self>] = [
        Column("ID") { String($0.id) },
        Column("USER", gives: true) { $0.name },
        Column("NAME", gives: true) { $0.fullName },
        Column("MAY", gives: true) { $0.isFullAdmin ? "everything" : $0.adminPrivileges.joined(separator: ", ") },
    ]
}
