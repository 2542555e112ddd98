import ArgumentParser
import OMERO

/// `blitz group`: groups and who is in them.
struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Make and change groups, and who is in them.",
        discussion: """
            What members may do with each other's data is a matter of the group:
              private        nothing; leaders see all
              read-only      see it
              read-annotate  see it and annotate it
              read-write     see, annotate and change it
            """,
        subcommands: [
            GroupAddCommand.self, GroupEditCommand.self, GroupPermissionsCommand.self, GroupJoinCommand.self,
            GroupLeaveCommand.self,
        ]
    )
}

/// A level of permissions, by the names of OMERO's manuals or by the letters that OMERO writes.
struct LevelArgument: ExpressibleByArgument, Sendable {
    let level: PermissionLevel

    init(_ level: PermissionLevel) { self.level = level }

    init?(argument: String) {
        let found =
            PermissionLevel(rawValue: argument) ?? PermissionLevel.allCases.first { $0.letters == argument }
        guard let found else { return nil }
        level = found
    }

    var defaultValueDescription: String { level.rawValue }
    static var allValueStrings: [String] { PermissionLevel.allCases.map(\.rawValue) }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

/// `blitz group add`
struct GroupAddCommand: Command {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Make a group.")
    @Argument(help: "The group's name.")
    var name: String
    @Option(
        name: [.customLong("type"), .customLong("permissions")], help: "What members may do with each other's data.")
    var level = LevelArgument(.privateGroup)
    @Option var description: String?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            let id = try await gateway.createGroup(named: name, level: level.level, description: description)
            return GroupRecord(try await gateway.group(id))
        }
        try console.results([record])
    }
}

/// `blitz group edit`
struct GroupEditCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change a group's name or description.")
    @Argument(help: "The group.")
    var group: String
    @Option(help: "A new name.")
    var name: String?
    @Option(help: "A new description; an empty text takes it away.")
    var description: String?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if name == nil, description == nil { throw ValidationError("Say what to change: --name or --description.") }
    }

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            let id = try await gateway.group(namedOrNumbered: group).id
            try await gateway.updateGroup(id) { draft in
                if let name { draft.name = name }
                if let description { draft.description = description.isEmpty ? nil : description }
            }
            return GroupRecord(try await gateway.group(id))
        }
        try console.results([record])
    }
}

/// `blitz group permissions`
struct GroupPermissionsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "permissions", abstract: "Show or change what a group's members may do with each other's data.")
    @Argument(help: "The group.")
    var group: String
    @Argument(help: "The new level; without one it is shown.")
    var level: LevelArgument?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            var found = try await gateway.group(namedOrNumbered: group)
            if let level {
                console.progress("Changing the permissions …")
                defer { console.progressDone() }
                try await gateway.setPermissions(level.level, ofGroup: found.id)
                found = try await gateway.group(found.id)
            }
            return GroupRecord(found)
        }
        try console.results([record])
    }
}

/// `blitz group join`
struct GroupJoinCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Put users into a group, or make them its leaders.")
    @Argument(help: "The group.")
    var group: String
    @Argument(help: "The users.")
    var users: [String]
    @Flag(help: "As leaders of it.")
    var asLeader = false
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            let group = try await gateway.group(namedOrNumbered: group)
            let users = try await gateway.users(namedOrNumbered: users)
            let present = Set(group.members?.map(\.user) ?? [])
            for user in users where !present.contains(user.id) {
                try await gateway.addUser(user.id, toGroups: [group.id])
            }
            if asLeader { try await gateway.addLeaders(users.map(\.id), toGroup: group.id) }
            return GroupRecord(try await gateway.group(group.id))
        }
        try console.results([record])
    }
}

/// `blitz group leave`
struct GroupLeaveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Take users out of a group, or make them its plain members.")
    @Argument(help: "The group.")
    var group: String
    @Argument(help: "The users.")
    var users: [String]
    @Flag(help: "Only as leaders: they stay members.")
    var asLeader = false
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            let group = try await gateway.group(namedOrNumbered: group)
            let users = try await gateway.users(namedOrNumbered: users)
            if asLeader {
                try await gateway.removeLeaders(users.map(\.id), fromGroup: group.id)
            } else {
                for user in users { try await gateway.removeUser(user.id, fromGroups: [group.id]) }
            }
            return GroupRecord(try await gateway.group(group.id))
        }
        try console.results([record])
    }
}
