import Ice
import OMERO

/// Makes gateways for commands: finds out how, asks for what is missing, says what a failure means.
struct Connector {
    let console: Console
    /// How often a password may be typed.
    static let attempts = 3

    private var files: SessionFiles { console.sessionFiles }

    /// - Throws: ``Failure``, `GatewayError`.
    func connect(_ settings: ConnectionSettings) async throws -> BlitzGateway {
        var plan = try ConnectionPlan(settings, sessions: files)
        switch plan.way {
        case .stored(let sessions): return try await join(sessions, plan, settings)
        case .credentials(let credentials):
            let address = try plan.address ?? askForServer()
            return try await open(configuration(address, credentials, group: plan.group, settings))
        case .ask:
            guard plan.address != nil && settings.address?.origin.isLastLogin == false || console.canAsk else {
                throw Failure(
                    .noSession, "nobody is logged in, and no server is set",
                    advice: "Log in: blitz login user@host. Or set OMERO_HOST, OMERO_USER and OMERO_PASSWORD")
            }
            if plan.address == nil { plan.address = try askForServer() }
            return try await logIn(plan, settings)
        }
    }

    // MARK: Ways

    /// Joins the first of these sessions that is still there, and forgets those that are not.
    func join(_ sessions: [StoredSession], _ plan: ConnectionPlan, _ settings: ConnectionSettings) async throws
        -> BlitzGateway
    {
        var over: StoredSession?
        for session in sessions {
            do {
                return try await open(
                    configuration(session.address(), session.credentials, group: plan.group, settings))
            } catch let error as GatewayError where error.saysThatSessionIsOver {
                try files.remove(session)
                over = over ?? session
            }
        }
        throw Failure(
            .noSession, "the session of \(over?.target ?? "that user") is over",
            advice: "Log in again: blitz login \(over?.target ?? "")")
    }

    /// Logs in with a password that somebody types.
    func logIn(_ plan: ConnectionPlan, _ settings: ConnectionSettings) async throws -> BlitzGateway {
        guard let address = plan.address else { throw Failure(.setting, "no server is set") }
        let user = try plan.user ?? askForUser(at: address)
        return try await withTypedPassword(of: user, at: address) { password in
            try await open(
                configuration(address, .password(user: user, password), group: plan.group, settings))
        }
    }

    /// Asks for a password until it is the right one, but not too often.
    func withTypedPassword<Result>(
        of user: String,
        at address: ServerAddress,
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        var attempt = 1
        while true {
            let password = try console.ask(
                "Password of \(user.onOneLine): ", hidden: true,
                orSay: Failure(
                    .setting,
                    "there is no password for \(user.onOneLine) at \(address.withoutUser.target), and this is no terminal to ask at",
                    advice: "Set OMERO_PASSWORD, or pipe the password in: blitz login … --password-stdin"))
            do {
                return try await body(password)
            } catch let error as GatewayError where error.kind == .wrongUserOrPassword && attempt < Self.attempts {
                attempt += 1
                console.progressDone()
                console.note("The server does not accept this user and password. Once more, or Ctrl-C.")
            }
        }
    }

    // MARK: Questions

    func askForServer(default suggestion: String = "localhost") throws -> ServerAddress {
        let answer = try console.ask(
            "Server [\(suggestion)]: ",
            orSay: Failure(
                .setting, "no server is set", advice: "Name it: blitz login user@host. Or set OMERO_HOST"))
        return try ServerAddress(answer.isEmpty ? suggestion : answer)
    }

    func askForUser(at address: ServerAddress) throws -> String {
        if let user = address.user { return user }
        let answer = try console.ask(
            "User at \(address.target): ",
            orSay: Failure(
                .setting, "no user is set for \(address.target)",
                advice: "Name it: blitz login user@\(address.target). Or set OMERO_USER"))
        guard !answer.isEmpty else { throw Failure(.setting, "no user was given") }
        return answer
    }

    // MARK: Configuration

    func configuration(
        _ address: ServerAddress,
        _ credentials: Credentials,
        group: String?,
        _ settings: ConnectionSettings
    ) -> GatewayConfiguration {
        var configuration = GatewayConfiguration(addresses: [address], credentials: credentials)
        if let group { configuration.group = .named(group) }
        configuration.trust = trust(settings.trust?.value ?? .firstUse)
        if let seconds = settings.connectSeconds?.value { configuration.timeouts.connect = .seconds(seconds) }
        configuration.agent = "blitz"
        // Who waits at a terminal would rather start again.
        configuration.reconnect.limit = .seconds(20)
        configuration.reconnect.callWait = .seconds(20)
        return configuration
    }

    func trust(_ trust: ConnectionSettings.Trust) -> TLSTrust {
        guard trust == .firstUse else { return TLSTrust(trust) }
        return .trustOnFirstUse(
            AnnouncingKnownServers(environment: console.environment) { [console] text in
                console.progressDone()
                console.note(text)
            })
    }

    func open(_ configuration: GatewayConfiguration) async throws -> BlitzGateway {
        if let address = configuration.addresses.first {
            console.progress("Connecting to \(address.withoutUser.target) …")
        }
        defer { console.progressDone() }
        do {
            return try await BlitzGateway.connect(configuration)
        } catch let error as GatewayError where error.kind == .notInGroup {
            // Servers tell the two apart, in words and numbers of their own.
            guard case .named(let group) = configuration.group else { throw error }
            throw Failure(
                .notInGroup, "there is no group \(group.onOneLine), or this user is not in it",
                advice: "Without a group the user's default one is taken: blitz whoami then shows the others")
        }
    }
}

extension GatewayError {
    /// Whether joining a session failed because there is none any more: a server answers as to a wrong password.
    var saysThatSessionIsOver: Bool {
        switch kind {
        case .wrongUserOrPassword, .sessionExpired, .sessionEnded: true
        default: false
        }
    }
}

extension ServerAddress {
    var withoutUser: ServerAddress {
        var address = self
        address.user = nil
        return address
    }
}
