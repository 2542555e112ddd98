import ArgumentParser
import OMERO
import OMEROModel

/// `blitz ls`
struct ListCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List objects: projects and screens, or those of the type that is named.",
        discussion: """
            Examples:
              blitz ls                              projects and screens of the session's group
              blitz ls datasets --group all         of all groups that you may see
              blitz ls images --owner ami --json    for another program
            """
    )
    @Argument(help: "What to list, such as project, dataset, image, screen, plate, tag; or a class of OMERO's model.")
    var type: ModelClass?
    @Option(name: .shortAndLong, help: "The group, by name or number, or all; else that of the session.")
    var group: GroupScope?
    @Option(name: .shortAndLong, help: "Only what this user owns, by name or number, or me.")
    var owner: String?
    @Option(name: .shortAndLong, help: "At most so many of each type.")
    var limit: Int?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit takes a number, 1 or more.") }
        if let type, ["Experimenter", "ExperimenterGroup"].contains(type.name) {
            throw ValidationError("Users and groups are listed by blitz users and blitz groups.")
        }
        if let type, !type.isOwned, owner != nil { throw ValidationError("A \(type.name) has no owner.") }
    }

    func perform(on console: Console) async throws {
        let types = type.map { [$0] } ?? ["Project", "Screen"].compactMap(ModelClass.init(argument:))
        let rows = try await server.withGateway(on: console) { gateway in
            let context = try await gateway.scoped(to: group)
            let owner =
                switch owner {
                case nil: Int64?.none
                case "me"?: gateway.userID
                case let name?: try await gateway.user(namedOrNumbered: name).id
                }
            var rows: [ObjectRecord] = []
            for type in types {
                try await ObjectRecord.read(type, owner: owner, limit: limit, in: context) { page in
                    // Who reads lines gets them as they come; a table needs all of them.
                    if console.json { try console.results(page) } else { rows += page }
                    if rows.count >= 500 { console.progress("\(rows.count) …") }
                }
            }
            console.progressDone()
            return rows
        }
        if !console.json { try console.results(rows, ifNone: nothing) }
    }

    private var nothing: String {
        group == .all ? "Nothing there." : "Nothing there. Other groups: --group all"
    }
}

/// An object, as it is listed.
struct ObjectRecord: Record {
    var type: String
    var id: Int64
    /// Nil for classes whose objects have none.
    var name: String?
    /// These are nil for classes whose objects are nobody's.
    var ownerId: Int64?
    var ownerName: String?
    var groupId: Int64?
    var groupName: String?

    static let columns: [Column<Self>] = [
        Column("OBJECT") { "\($0.type):\($0.id)" },
        Column("NAME", gives: true) { $0.name ?? "–" },
        Column("OWNER", gives: true) { $0.ownerName ?? "–" },
        Column("GROUP", gives: true) { $0.groupName ?? "–" },
    ]

    private static let pageSize = 500

    /// Reads objects by their numbers, page by page.
    static func read(
        _ type: ModelClass,
        owner: Int64?,
        limit: Int?,
        in context: some GatewayContext,
        _ take: ([ObjectRecord]) throws -> Void
    ) async throws {
        var last: Int64 = -1
        var left = limit ?? .max
        let name = type.nameProperty.map { "o.\($0)" } ?? "o.id"
        let whose =
            type.isOwned
            ? ", o.details.owner.id, o.details.owner.omeName, o.details.group.id, o.details.group.name" : ""
        let hql =
            "select o.id, \(name)\(whose) from \(type.name) o where o.id > :last"
            + (owner == nil ? "" : " and o.details.owner.id = :owner") + " order by o.id"
        while left > 0 {
            try Task.checkCancellation()
            var parameters: [String: RValue?] = ["last": .long(last)]
            if let owner { parameters["owner"] = .long(owner) }
            let size = min(left, pageSize)
            let page = try await context.projection(hql, parameters, limit: size).map { try ObjectRecord(type, $0) }
            try take(page)
            left -= page.count
            guard page.count == size, let end = page.last?.id else { return }
            last = end
        }
    }

    private init(_ type: ModelClass, _ row: [RValue?]) throws {
        let failure = Failure(.server, "the server listed something that is no \(type.name)")
        guard row.count == (type.isOwned ? 6 : 2), case .long(let id) = row[0] else { throw failure }
        self.type = type.name
        self.id = id
        if case .string(let text) = row[1] { name = text }
        guard type.isOwned else { return }
        guard case .long(let owner) = row[2], case .string(let ownerName) = row[3], case .long(let group) = row[4],
            case .string(let groupName) = row[5]
        else { throw failure }
        ownerId = owner
        self.ownerName = ownerName
        groupId = group
        self.groupName = groupName
    }
}
