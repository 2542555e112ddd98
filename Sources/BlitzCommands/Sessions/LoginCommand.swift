import ArgumentParser
import OMERO

/// `blitz login`: opens a session that outlives the command, and stores its key for the commands that follow.
struct LoginCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in, and keep the session for the commands that follow.",
        discussion: """
            What is not given is taken from OMERO_HOST, OMERO_PORT, OMERO_USER, OMERO_PASSWORD and OMERO_GROUP, else \
            asked for. The session is stored where the omero command of Python keeps its own (~/omero/sessions, or \
            OMERO_USERDIR): both programs see each other's. The password is stored nowhere.

            A session of the same server and user that is still open is taken up again, unless a password is given.

            Examples:
              blitz login ami@omero.example.org
              blitz login wss://ami@omero.example.org/omero-ws
              echo "$SECRET" | blitz login ami@omero.example.org:4064 --password-stdin
              blitz login ami@omero.example.org --sudo root    (as ami, by root)
              blitz login omero.example.org --key KEY          (joins a session)
            """
    )

    @Argument(help: "The server and the user: [user@]host[:port], or a URL with ssl, wss, ws or tcp.")
    var target: String?

    @Option(
        name: [.customShort("w"), .long],
        help: "The password. Others may see it in the list of processes: better leave it out.")
    var password: String?

    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    @Option(name: .shortAndLong, help: "The name of the group to work in; else the user's default group.")
    var group: String?

    @Option(
        help: ArgumentHelp(
            "Log in on behalf of the user: this administrator's password is asked for.", valueName: "admin"))
    var sudo: String?

    @Option(help: ArgumentHelp("After so many seconds without a call the session ends.", valueName: "seconds"))
    var timeout: Int?

    @Option(name: .shortAndLong, help: "The key of an open session to join.")
    var key: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if password != nil, passwordStdin { throw ValidationError("-w and --password-stdin exclude each other.") }
        if key != nil, password != nil || passwordStdin || sudo != nil {
            throw ValidationError("--key joins a session: no password and no --sudo belong to it.")
        }
        if let timeout, !(1...Int(Int32.max)).contains(timeout) {
            throw ValidationError("--timeout takes seconds, 1 or more.")
        }
    }

    func perform(on console: Console) async throws {
        let typed = passwordStdin ? try passwordFromInput(console) : password
        let settings = try console.settings(
            .init(host: target, password: typed, sessionKey: key, group: group, idleSeconds: timeout))
        let opened = try await LoginConversation(command: self, console: console, settings: settings, typed: typed)
            .open()
        let gateway = opened.gateway
        do {
            // Where it was stored so before, it has been asked for before.
            if let seconds = settings.idleSeconds?.value, gateway.sessionLimits.idle != .seconds(seconds) {
                try await gateway.setLimits(idle: .seconds(seconds))
            }
            let report = try await IdentityReport(of: gateway)
            if opened.shouldStore {
                try console.sessionFiles.add(
                    StoredSession(
                        gateway: gateway, group: settings.groupAskedFor, idleSeconds: settings.idleSeconds?.value,
                        sudo: sudo))
            }
            try console.result(report) { [] }
            if !console.json {
                let idle = report.idleSeconds.map { " The session ends after \(duration($0)) without a call." } ?? ""
                console.note(
                    "\(opened.verb) as \(report.userName) (\(report.fullName)) to \(report.host):\(report.port), "
                        + "group \(report.groupName).\(idle)".onOneLine)
            }
            await gateway.close(.leave)
        } catch {
            // Nobody would know the key of a session that was just opened.
            await gateway.close(opened.shouldStore && key == nil ? .forEveryone : .leave)
            throw error
        }
    }
}

/// The ways to the session that `blitz login` stores.
private struct LoginConversation {
    struct Opened {
        var gateway: BlitzGateway
        /// What was done, as the beginning of a sentence.
        var verb: String
        /// False for a session that is stored already.
        var shouldStore: Bool
    }

    let command: LoginCommand
    let console: Console
    let settings: ConnectionSettings
    /// The password that came with the command.
    let typed: String?
    private var connector: Connector { Connector(console: console) }

    func open() async throws -> Opened {
        if let again = try await takeUpAgain() { return again }
        let named = settings.address.flatMap { $0.origin.isLastLogin && console.canAsk ? nil : $0.value }
        let address =
            try named ?? connector.askForServer(default: settings.address?.value.withoutUser.target ?? "localhost")
        let group = settings.groupAskedFor
        if let credentials = settings.credentials, !credentials.origin.isLastLogin, command.sudo == nil {
            let gateway = try await joining {
                try await connector.open(connector.configuration(address, credentials.value, group: group, settings))
            }
            return Opened(
                gateway: gateway, verb: command.key == nil ? "Logged in" : "Joined a session", shouldStore: true)
        }
        let user = try settings.user?.value ?? connector.askForUser(at: address)
        if let admin = command.sudo { return try await onBehalf(of: user, by: admin, at: address, group: group) }
        let gateway = try await connector.withTypedPassword(of: user, at: address) { password in
            try await connector.open(
                connector.configuration(address, .password(user: user, password), group: group, settings))
        }
        return Opened(gateway: gateway, verb: "Logged in", shouldStore: true)
    }

    /// A server says of a key that it does not know what it says of a wrong password.
    private func joining(_ open: () async throws -> BlitzGateway) async throws -> BlitzGateway {
        do {
            return try await open()
        } catch let error as GatewayError where command.key != nil && error.saysThatSessionIsOver {
            throw Failure(
                .noSession, "the server has no session with that key, or it is over",
                advice: "Log in with a password: blitz login user@host")
        }
    }

    /// The stored session that is meant, if there is one and it is still open.
    private func takeUpAgain() async throws -> Opened? {
        guard typed == nil, command.key == nil, command.sudo == nil,
            settings.credentials.map(\.origin.isLastLogin) ?? true,
            case .stored(let sessions) = try ConnectionPlan(settings, sessions: console.sessionFiles).way
        else { return nil }
        let wish = StoredSession.Wish(group: settings.groupAskedFor)
        for session in sessions where session.conflicts(with: wish).isEmpty && session.sudo == nil {
            do {
                let gateway = try await connector.open(
                    connector.configuration(session.address(), session.credentials, group: nil, settings))
                try console.sessionFiles.setCurrent(session)
                return Opened(gateway: gateway, verb: "Still logged in", shouldStore: false)
            } catch let error as GatewayError where error.saysThatSessionIsOver {
                try console.sessionFiles.remove(session)
            }
        }
        return nil
    }

    /// A session of the user's that an administrator, or a leader of the user's group, opens.
    private func onBehalf(of user: String, by admin: String, at address: ServerAddress, group: String?) async throws
        -> Opened
    {
        func open(_ password: String) async throws -> BlitzGateway {
            let leader = try await connector.open(
                connector.configuration(address, .password(user: admin, password), group: nil, settings))
            do {
                let gateway = try await leader.actingAs(
                    user, group: group, idle: .seconds(settings.idleSeconds?.value ?? 600))
                await leader.close()
                return gateway
            } catch {
                await leader.close()
                throw error
            }
        }
        let gateway =
            if let known = typed ?? console.environment["OMERO_PASSWORD"], !known.isEmpty { try await open(known) } else
            {
                try await connector.withTypedPassword(of: admin, at: address, open)
            }
        return Opened(gateway: gateway, verb: "\(admin) is logged in", shouldStore: true)
    }
}
