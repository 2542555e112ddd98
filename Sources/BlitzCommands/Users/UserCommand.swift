import ArgumentParser
import OMERO

/// `blitz user`: accounts.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Make and change accounts, and who is in which group.",
        discussion: "Users and groups are named by their names or their numbers. blitz users lists them.",
        subcommands: [
            UserAddCommand.self, UserEditCommand.self, UserPasswordCommand.self, UserJoinCommand.self,
            UserLeaveCommand.self,
        ]
    )
}

/// `blitz user join`
struct UserJoinCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Put a user into groups, or make the user their leader.")
    @Argument(help: "The user.")
    var user: String
    @Argument(help: "The groups.")
    var groups: [String]
    @Flag(help: "As a leader of them.")
    var asLeader = false
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            let user = try await gateway.user(namedOrNumbered: user)
            let groups = try await gateway.groups(namedOrNumbered: groups)
            let present = Set(user.memberships?.map(\.group) ?? [])
            let missing = groups.map(\.id).filter { !present.contains($0) }
            if !missing.isEmpty { try await gateway.addUser(user.id, toGroups: missing) }
            if asLeader { for group in groups { try await gateway.addLeaders([user.id], toGroup: group.id) } }
            return UserRecord(try await gateway.user(user.id))
        }
        try console.results([record])
    }
}

/// `blitz user leave`
struct UserLeaveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Take a user out of groups, or make the user a plain member of them.")
    @Argument(help: "The user.")
    var user: String
    @Argument(help: "The groups.")
    var groups: [String]
    @Flag(help: "Only as a leader: the user stays a member.")
    var asLeader = false
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            let user = try await gateway.user(namedOrNumbered: user)
            let groups = try await gateway.groups(namedOrNumbered: groups)
            if asLeader {
                for group in groups { try await gateway.removeLeaders([user.id], fromGroup: group.id) }
            } else {
                try await gateway.removeUser(user.id, fromGroups: groups.map(\.id))
            }
            return UserRecord(try await gateway.user(user.id))
        }
        try console.results([record])
    }
}

/// `blitz user password`
struct UserPasswordCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Change a password: yours, or as an administrator that of the user who is named.",
        discussion: """
            Your own password is asked for in any case: servers do not change passwords for who only has a session. \
            With --password-stdin it is the first line of standard input, and the new one the second.
            """
    )
    @Argument(help: "The user, by name; else you.")
    var user: String?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let own = server.passwordStdin ? try passwordFromInput(console) : console.environment["OMERO_PASSWORD"]
        let settings = try console.settings(.init(host: server.server, user: server.user))
        let connector = Connector(console: console)
        let plan = try ConnectionPlan(settings, sessions: console.sessionFiles)
        let address = try plan.address ?? connector.askForServer()
        let me = try plan.user ?? connector.askForUser(at: address)
        func change(_ own: String) async throws -> String {
            // Logs in anew, as a session that was joined by its key is not let near passwords.
            let gateway = try await connector.open(
                connector.configuration(address, .password(user: me, own), group: nil, settings))
            do {
                let new = try newPassword(of: user ?? me, console)
                if let user, user != me {
                    try await gateway.setPassword(new, ofUserNamed: user)
                } else {
                    try await gateway.changePassword(from: own, to: new)
                }
                await gateway.close()
                return user ?? me
            } catch {
                await gateway.close()
                throw error
            }
        }
        let changed =
            if let own, !own.isEmpty { try await change(own) } else {
                try await connector.withTypedPassword(of: me, at: address, change)
            }
        try console.result(["changed": changed]) { ["The password of \(changed) is changed.".onOneLine] }
    }

    private func newPassword(of user: String, _ console: Console) throws -> String {
        if server.passwordStdin { return try passwordFromInput(console) }
        let missing = Failure(.setting, "there is no new password, and this is no terminal to ask at")
        let new = try console.ask("New password of \(user.onOneLine): ", hidden: true, orSay: missing)
        guard !new.isEmpty else { throw Failure(.setting, "the new password is empty") }
        guard try console.ask("Once more: ", hidden: true, orSay: missing) == new else {
            throw Failure(.setting, "the two are not the same", advice: "Nothing is changed: try again")
        }
        return new
    }
}
