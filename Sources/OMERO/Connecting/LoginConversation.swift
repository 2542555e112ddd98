import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROModel

/// The way from an address to a session: connect, log in or join, learn who one is.
///
/// After TLS it takes five round trips: create the session; make the router know it; ask for three services at once;
/// make the router know these; ask them for event context, version and session.
struct LoginConversation {
    /// What opens the session.
    enum Opening {
        case logIn(user: String, password: Secret)
        case join(Secret)

        var isJoin: Bool { if case .join = self { true } else { false } }
    }

    /// What is known of a session that was just opened.
    struct Opened {
        var link: Link
        var context: EventContext
        var limits: SessionLimits
        var version: ServerVersion?
    }

    static let routerIdentity = Identity(name: "router", category: "OMERO.Glacier2")

    let communicator: Communicator
    let configuration: GatewayConfiguration
    /// `omero.client.uuid`: the server's name for this client.
    let clientID: String

    /// Connects to the first address that answers. A refused log-in is not tried elsewhere, and never twice.
    ///
    /// To be called on one of the communicator's threads (`Communicator.onOneThread`), which is the connection's then.
    func open(_ opening: Opening, report: inout ConnectReport) async throws -> Opened {
        for address in configuration.addresses { try address.check() }
        var failures: [GatewayError] = []
        for address in configuration.addresses {
            do {
                return try await open(opening, at: address, report: &report)
            } catch let error as GatewayError {
                failures.append(error)
                switch error.kind {
                case .cannotResolve, .refused, .unreachable, .timedOut, .tls, .notAnOMEROServer, .connectionLost:
                    try Task.checkCancellation()
                    continue
                default: throw error
                }
            }
        }
        guard var error = failures.last else {
            throw GatewayError(.badConfiguration, "no server address was given", phase: .configuration)
        }
        error.attempts = failures.count
        if failures.count > 1 {
            error.message =
                "no server could be reached: "
                + failures.map { failure in
                    "\(failure.endpoint ?? "?"): \(failure.message)"
                }.joined(separator: "; ")
            error.endpoint = nil
        }
        throw error
    }

    private func open(_ opening: Opening, at address: ServerAddress, report: inout ConnectReport) async throws -> Opened
    {
        let connection = try await step(.connect, at: address, &report) { try await connect(to: address) }
        report.endpoint = "\(address.withoutUser)"
        report.tlsVersion = connection.tls?.version.description
        report.certificateFingerprint = connection.tls?.fingerprint?.description
        let link: Link
        let opened: Opened
        do {
            link = try await step(.login, at: address, &report) {
                try await logInWithRetries(opening, on: connection, at: address)
            }
        } catch {
            // Who did not answer in time has no claim to an orderly end, for which it would be waited once more.
            if (error as? GatewayError)?.kind == .timedOut { connection.abort() } else { connection.close() }
            throw error
        }
        do {
            opened = try await step(.session, at: address, &report) {
                try await learn(link, isJoined: opening.isJoin)
            }
        } catch {
            // A session that nobody gets to know must not stay on the server, also where this task was cancelled.
            let (timeout, isOwn) = (configuration.timeouts.close, !opening.isJoin)
            await Task.detached {
                if isOwn { try? await link.factory.closeOnDestroy(timeout: timeout) }
                await link.leave(timeout: timeout)
            }.value
            throw error
        }
        report.serverVersion = opened.version
        guard configuration.encryption == .loginOnlyThenPlainText, address.transport.isSecure else { return opened }
        return try await moveToPlainText(opened, from: address, report: &report)
    }

    // MARK: Steps

    private func step<Result>(
        _ phase: GatewayError.Phase,
        at address: ServerAddress,
        _ report: inout ConnectReport,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let started = ContinuousClock.now
        var step = ConnectReport.Step(endpoint: "\(address.withoutUser)", phase: phase, duration: .zero)
        do {
            let result = try await body()
            step.duration = .now - started
            report.steps.append(step)
            return result
        } catch {
            step.duration = .now - started
            let explained = GatewayError.explaining(error, during: phase, at: address)
            if let failure = explained as? GatewayError {
                step.phase = failure.phase ?? phase
                step.failure = failure
            }
            report.steps.append(step)
            throw explained
        }
    }

    private func connect(to address: ServerAddress) async throws -> Connection {
        let reference = ProxyReference(identity: Self.routerIdentity, endpoints: [address.endpoint])
        // Every link has a connection of its own: the router keeps one session per connection.
        let name = "\(clientID) \(UInt64.random(in: .min ... .max))"
        do {
            return try await communicator.proxy(reference).withRouter(nil).withConnectionID(name).connection()
        } catch var error as IceError where configuration.proxy != nil && [.resolve, .connect].contains(error.phase) {
            // The server's host is looked for by the proxy: whoever could not be reached is the proxy itself.
            error.phase = .proxy
            throw error
        }
    }

    /// Servers that are starting ask to be asked again; nothing else is repeated.
    private func logInWithRetries(
        _ opening: Opening,
        on connection: Connection,
        at address: ServerAddress
    ) async throws -> Link {
        var attempt = 1
        while true {
            do {
                return try await logIn(opening, on: connection, at: address)
            } catch let error as WrappedCreateSessionException where error.concurrency && attempt < 3 {
                attempt += 1
                try await Task.sleep(for: .milliseconds(min(max(error.backOff, 10), 5000)))
            }
        }
    }

    private func logIn(_ opening: Opening, on connection: Connection, at address: ServerAddress) async throws -> Link {
        let router = Glacier2Router(Self.routerIdentity, on: connection)
        let (user, password) =
            switch opening {
            case .logIn(let user, let password): (user, password.value)
            case .join(let key): (key.value, key.value)
            }
        let session = try await router.createSession(
            userID: user,
            password: password,
            options: CallOptions(context: loginContext, timeout: configuration.timeouts.login)
        )
        guard let session else {
            throw GatewayError(
                .notAnOMEROServer, "the router has no session manager: it is not OMERO's", phase: .login)
        }
        communicator.setRouter(router.router)
        try await router.router.learn([session])
        return Link(
            address: address,
            connection: connection,
            router: router,
            factory: ServiceFactoryPrx(session),
            key: Secret(session.identity.name)
        )
    }

    private var loginContext: Context {
        var context = communicator.configuration.implicitContext
        context["omero.agent"] = configuration.agent
        if let address = configuration.clientAddress { context["omero.ip"] = address }
        if case .named(let name) = configuration.group { context["omero.group"] = name }
        return context
    }

    /// Who this is, how long the session lives, and which version the server has.
    private func learn(_ link: Link, isJoined: Bool) async throws -> Opened {
        if configuration.reconnect.isEnabled {
            // Else the server ends the session when the connection breaks, and there is nothing to come back to.
            async let detached: Void = link.factory.detachOnDestroy()
            try await link.prepare([IAdminPrx.self, IConfigPrx.self, ISessionPrx.self])
            try await detached
        } else {
            try await link.prepare([IAdminPrx.self, IConfigPrx.self, ISessionPrx.self])
        }
        if case .id(let id) = configuration.group, !isJoined {
            // A log-in takes only names. Nobody else can be in a session that was just made.
            _ = try await link.factory.setSecurityContext(obj: IObject(ExperimenterGroup.unloaded(id)))
        }
        let (admin, config, sessions) = (
            try await link.service(IAdminPrx.self), try await link.service(IConfigPrx.self),
            try await link.service(ISessionPrx.self)
        )
        async let version = config.getVersion()
        async let session = sessions.getSession(sessionUuid: link.key.value)
        guard let context = try await admin.getEventContext() else {
            throw GatewayError(.protocolError, "the server gave no event context", phase: .session)
        }
        let opened = Opened(
            link: link,
            context: context,
            limits: try await SessionLimits(session),
            version: ServerVersion(try await version)
        )
        if let minimum = configuration.minimumServerVersion, let version = opened.version, version < minimum {
            throw GatewayError(
                .serverTooOld, "the server is OMERO \(version), older than \(minimum)",
                advice: "Its administrator can upgrade it", phase: .session)
        }
        return opened
    }

    // MARK: Plain text

    /// The plain door stands in the server's configuration, with a placeholder for the host.
    private func moveToPlainText(
        _ opened: Opened,
        from address: ServerAddress,
        report: inout ConnectReport
    ) async throws -> Opened {
        let plain = try await step(.router, at: address, &report) {
            let config = try await opened.link.service(IConfigPrx.self)
            let text = try await config.getConfigValue(key: "omero.router.insecure")
            let filled = text.split(separator: "@omero.host@", omittingEmptySubsequences: false)
                .joined(separator: address.host.contains(":") ? "\"\(address.host)\"" : address.host)
            guard let endpoint = try ProxyReference(parsing: filled).endpoints.first(where: { $0.address != nil }),
                let found = endpoint.address
            else {
                throw GatewayError(.serverError, "the server offers no port without encryption", phase: .router)
            }
            return ServerAddress(transport: .tcp, host: found.host, port: Int(found.port))
        }
        var inner = self.configuration
        inner.encryption = .always
        let conversation = LoginConversation(
            communicator: communicator, configuration: inner, clientID: clientID)
        // The same client id twice in one session is refused: the first link goes before the second comes.
        try await step(.router, at: address, &report) { try await opened.link.factory.detachOnDestroy() }
        await opened.link.leave(timeout: configuration.timeouts.close)
        return try await conversation.open(.join(opened.link.key), at: plain, report: &report)
    }
}

/// How long a session lives.
public struct SessionLimits: Hashable, Sendable {
    /// Without any call it ends after this time; nil for never.
    public var idle: Duration?
    /// It ends after this time in any case; nil for never.
    public var life: Duration?

    public init(idle: Duration?, life: Duration?) {
        self.idle = idle
        self.life = life
    }

    init(_ session: Session?) throws {
        guard let session else {
            throw GatewayError(.protocolError, "the server gave no session", phase: .session)
        }
        let (idle, life) = (try session.timeToIdle, try session.timeToLive)
        self.init(
            idle: idle > 0 ? .milliseconds(idle) : nil,
            life: life > 0 ? .milliseconds(life) : nil
        )
    }
}
