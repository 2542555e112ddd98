import Ice
import IceEncoding
import Logging
import OMEROAPI
import OMEROModel
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a gateway and everything made from it share: the session, the link that carries it at the moment, and the one
/// background task in whose tree keeping alive, reconnecting and call-backs run.
///
/// ``BlitzGateway`` owns it; when that is dropped the core closes by itself.
final class GatewayCore: Sendable {
    /// What happens to a link, as seen by whoever notices first.
    enum Signal: Sendable {
        case lost(Link, GatewayError)
        /// The session is not there any more; why is still to be reckoned.
        case sessionGone(GatewayError)
        case beat
        case linked(Link)
        case serverStops(in: Duration)
    }

    /// What stays the same over reconnects.
    struct Session: Sendable {
        var key: Secret
        var userID: Int64
        var userName: String
        var groupID: Int64
        var limits: SessionLimits
        var serverVersion: ServerVersion?
        var origin: Origin
        var openedAt: GatewayClock.Instant
    }

    /// Where the session comes from, which decides what closing does to it.
    enum Origin: Sendable {
        /// This gateway logged in.
        case loggedIn
        /// It was there before.
        case joined
        /// It was made for this gateway by another one, and counts that one as a user who never comes.
        case madeForThis
    }

    struct State {
        var link: Link?
        var session: Session?
        /// Why there will be no link any more.
        var end: GatewayError?
        var report = ConnectReport()
        var background: Task<Void, Never>?
        /// What the user of the session was switched from, for the undo.
        var formerGroup: Int64?
        var lastAnswer: GatewayClock.Instant?
        /// When the server was last asked for a sign of life, or the link was made.
        var lastBeat: GatewayClock.Instant
    }

    /// Without a password: once the session is open nothing needs it.
    let configuration: GatewayConfiguration
    let communicator: Communicator
    let clock: GatewayClock
    let clientID = UUID().uuidString.lowercased()
    let states = StateBroadcast()
    let state: Mutex<State>
    let signals: AsyncStream<Signal>
    let signal: AsyncStream<Signal>.Continuation

    init(_ configuration: GatewayConfiguration, clock: GatewayClock = GatewayClock()) {
        self.configuration = configuration.withoutPassword
        self.clock = clock
        state = Mutex(State(lastBeat: clock.now()))
        communicator = Communicator(configuration.communicator(clientID: clientID))
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
    }

    // MARK: The link

    /// The link, if there is one that works as far as is known.
    ///
    /// - Throws: ``GatewayError`` when there will be none any more.
    func linkNow() throws -> Link? {
        try state.withLock { state in
            if let end = state.end { throw end }
            guard let link = state.link, link.connection.isOpen else { return nil }
            return link
        }
    }

    /// The link; waits for it to be there again after a loss, as long as ``ReconnectPolicy/callWait`` says.
    func link() async throws -> Link {
        if let link = try linkNow() { return link }
        let limit = configuration.reconnect.isEnabled ? configuration.reconnect.callWait : .zero
        return try await withLimit(limit) {
            GatewayError(
                .timedOut, "the connection was lost, and was not there again within \(limit.readable)",
                phase: .reconnect)
        } _: {
            for await _ in self.states.stream() {
                if let link = try self.linkNow() { return link }
            }
            _ = try self.linkNow()
            throw CancellationError()
        }
    }

    /// Carries out a call, again after a loss where that is safe: nothing was sent, or `repeatable`.
    ///
    /// - Parameter repeatable: whether carrying it out twice does no harm, as with everything that only reads.
    func perform<Result>(
        repeatable: Bool,
        _ body: (Link) async throws -> Result
    ) async throws -> Result {
        var attempts = 0
        while true {
            attempts += 1
            let link = try await link()
            do {
                let result = try await body(link)
                state.withLock { $0.lastAnswer = clock.now() }
                return result
            } catch {
                guard var failure = GatewayError.explaining(error, during: .call, at: link.address) as? GatewayError
                else { throw error }
                failure.attempts = attempts
                switch failure.kind {
                case .connectionLost:
                    signal.yield(.lost(link, failure))
                    let mayRepeat = repeatable || !failure.mayHaveHappened
                    if mayRepeat, attempts < 3, configuration.reconnect.isEnabled, linkHasEnded(link) { continue }
                case .sessionExpired, .sessionEnded:
                    failure = await sessionFailure(failure, on: link)
                default: break
                }
                throw failure
            }
        }
    }

    private func linkHasEnded(_ link: Link) -> Bool { !link.connection.isOpen }

    /// Whether what a call failed with means that the whole session is gone: the session itself is asked.
    private func sessionFailure(_ failure: GatewayError, on link: Link) async -> GatewayError {
        let isMissing = (failure.cause as? IceError)?.code == .objectNotExist
        do {
            try await link.beat(timeout: configuration.keepAlive.timeout)
            // It lives: the call was about another object, another session, or a user that is not there. Whoever heard
            // that the session is over would log in again for nothing.
            var missing = failure
            if isMissing || failure.kind == .sessionEnded { missing.kind = .notFound }
            missing.advice = nil
            return missing
        } catch {
            let answer = GatewayError(explaining: error, during: .call, at: link.address)
            guard answer.kind == .sessionExpired || answer.kind == .sessionEnded else { return failure }
            let ended = gone(failure)
            // At once, so that the next call fails with the same.
            sessionIsOver(ended)
            signal.yield(.sessionGone(failure))
            return ended
        }
    }

    /// What is left of the session's limits, reckoned on this side.
    var timeLeft: SessionLimits {
        state.withLock { state in
            guard let session = state.session else { return SessionLimits(idle: .zero, life: .zero) }
            let now = clock.now()
            let sinceAnswer = state.lastAnswer.map { now - $0 } ?? .zero
            return SessionLimits(
                idle: session.limits.idle.map { max(.zero, $0 - sinceAnswer) },
                life: session.limits.life.map { max(.zero, $0 - (now - session.openedAt)) }
            )
        }
    }

    // MARK: Opening

    /// Starts the background task, connects, logs in.
    ///
    /// - Throws: ``GatewayError``, `CancellationError`. Everything is closed then.
    @concurrent func open(with credentials: Credentials, origin: Origin? = nil) async throws {
        let background = Task.detached { [self] in await run() }
        state.withLock { $0.background = background }
        do {
            let (opening, usual) = try await opening(credentials)
            try await communicator.onOneThread {
                var report = ConnectReport()
                do {
                    let opened = try await openPatiently(opening, report: &report)
                    install(opened, origin: origin ?? usual, report: report)
                } catch var error as GatewayError {
                    error.report = report
                    throw error
                }
            }
        } catch {
            let explained = GatewayError.explaining(error, during: .connect, at: nil)
            await shutDown(
                because: explained as? GatewayError
                    ?? GatewayError(.closed, "connecting was cancelled", phase: .connect))
            throw explained
        }
    }

    var conversation: LoginConversation {
        LoginConversation(communicator: communicator, configuration: configuration, clientID: clientID)
    }

    /// What opens the session, and where it comes from then.
    func opening(_ credentials: Credentials, depth: Int = 0) async throws -> (LoginConversation.Opening, Origin) {
        switch credentials.form {
        case .password(let user, let password):
            guard !user.isEmpty, !password.value.isEmpty else {
                throw GatewayError(
                    .badConfiguration, user.isEmpty ? "no user was given" : "no password was given",
                    phase: .configuration)
            }
            return (.logIn(user: user, password: password), .loggedIn)
        case .sessionKey(let key):
            guard !key.value.isEmpty else {
                throw GatewayError(.badConfiguration, "the session's key is empty", phase: .configuration)
            }
            return (.join(key), .joined)
        case .guest:
            return (.logIn(user: "guest", password: Secret("guest")), .loggedIn)
        case .provider(let provide):
            guard depth < 4 else {
                throw GatewayError(
                    .badConfiguration, "the provider of credentials gives only further providers", phase: .configuration
                )
            }
            return try await opening(asking(provide), depth: depth + 1)
        }
    }

    /// A provider is the program's own, and throws what it wants.
    private func asking(_ provide: @Sendable () async throws -> Credentials) async throws -> Credentials {
        do {
            return try await provide()
        } catch let error where error is GatewayError || error is CancellationError {
            throw error
        } catch {
            throw GatewayError(
                .badConfiguration, "the credentials could not be had", phase: .configuration, cause: error)
        }
    }

    func install(_ opened: LoginConversation.Opened, origin: Origin, report: ConnectReport) {
        state.withLock { state in
            let openedAt = state.session?.openedAt
            state.link = opened.link
            state.report = report
            state.session = Session(
                key: opened.link.key,
                userID: opened.context.userId,
                userName: opened.context.userName,
                groupID: opened.context.groupId,
                limits: opened.limits,
                serverVersion: opened.version,
                origin: origin,
                openedAt: openedAt ?? clock.now()
            )
            state.lastAnswer = clock.now()
            state.lastBeat = clock.now()
        }
        let link = opened.link
        watchBeats(of: link)
        link.connection.onClose { [signal] in
            let cause = link.connection.closeError
            signal.yield(
                .lost(
                    link,
                    cause.map { GatewayError(explaining: $0, during: .call, at: link.address) }
                        ?? GatewayError(.connectionLost, "the connection ended", phase: .call)))
        }
        states.publish(.up)
        // What the gateway was opened for goes first; many are closed again right after it.
        link.connection.schedule(after: .milliseconds(100)) { [weak link, signal] in
            if let link { signal.yield(.linked(link)) }
        }
    }
}

extension GatewayConfiguration {
    fileprivate var withoutPassword: GatewayConfiguration {
        var copy = self
        if case .password(let user, _) = credentials.form { copy.credentials = .password(user: user, "") }
        return copy
    }

    fileprivate func communicator(clientID: String) -> CommunicatorConfiguration {
        var result = CommunicatorConfiguration()
        result.timeouts = Timeouts(
            connect: timeouts.connect, handshake: timeouts.handshake, invocation: timeouts.call, close: timeouts.close)
        result.messageSizeMax = messageSizeMax
        // A link does not move to another connection: the session would not be there.
        result.retry = .never
        result.types = omeroTypes
        result.tls = TLSSettings(
            trust: trust,
            verifiesHostname: tls.verifiesHostname,
            minimumVersion: tls.minimumVersion,
            identity: tls.identity
        )
        result.proxy = proxy
        result.implicitContext = ["omero.client.uuid": clientID]
        result.eventLoopGroup = eventLoopGroup
        result.logger = logger
        result.tracer = tracer
        return result
    }
}
