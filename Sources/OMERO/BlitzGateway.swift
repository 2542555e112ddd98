import Ice
import Synchronization

/// A connection to an OMERO server, as one user: the way to everything else in this module.
///
/// ```swift
/// let configuration = try GatewayConfiguration("omero.example.org", .password(user: "ami", password))
/// try await BlitzGateway.withConnection(configuration) { gateway in
///     let me = try await gateway.whoAmI()
///     print(me.userName, "in", me.groupName)
///     let everywhere = gateway.inAllGroups
/// }
/// ```
///
/// Any number of tasks may use one gateway, and light values made from it (``GatewayContext/inGroup(_:)``), at the
/// same time: the group belongs to a call, not to the connection. The session is kept alive by itself, and found again
/// after a loss. Who does not close a gateway does no harm: when it is dropped it closes in the background.
public final class BlitzGateway: GatewayContext, Sendable {
    /// What becomes of the session when its gateway closes.
    public enum Ending: Hashable, Sendable, CaseIterable {
        /// A session that this gateway made ends, unless others have joined it; one that it joined stays.
        case whenLast
        /// The session stays until its idle limit: its key can be used to join it.
        case leave
        /// The session ends for everyone who joined it.
        case forEveryone
    }

    let core: GatewayCore
    private let defaultContext: Mutex<CallContext>

    /// A gateway is its own context: calls go to its default group.
    public var gateway: BlitzGateway { self }
    /// The group and the owner of calls that name none; see ``setDefaultGroup(_:)``.
    public var callContext: CallContext { defaultContext.withLock { $0 } }

    init(core: GatewayCore, context: CallContext = CallContext()) {
        self.core = core
        defaultContext = Mutex(context)
    }

    deinit { core.abandon() }

    // MARK: Connecting

    /// Runs `body` with a connected gateway, and closes it on every way out.
    ///
    /// - Throws: ``GatewayError`` if connecting fails; what `body` throws.
    public static func withConnection<Result>(
        _ configuration: GatewayConfiguration,
        closing ending: Ending = .whenLast,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (BlitzGateway) async throws -> Result
    ) async throws -> Result {
        let gateway = try await connect(configuration)
        do {
            let result = try await body(gateway)
            await gateway.close(ending)
            return result
        } catch {
            await gateway.close(ending)
            throw error
        }
    }

    /// Connects and logs in. Call ``close(_:)`` when done, or prefer
    /// ``withConnection(_:closing:isolation:_:)``, which does so.
    ///
    /// - Throws: ``GatewayError`` with the phase that failed; `CancellationError`.
    public static func connect(_ configuration: GatewayConfiguration) async throws -> BlitzGateway {
        try await connect(configuration, origin: nil)
    }

    static func connect(
        _ configuration: GatewayConfiguration,
        origin: GatewayCore.Origin?,
        clock: GatewayClock = GatewayClock()
    ) async throws -> BlitzGateway {
        let core = GatewayCore(configuration, clock: clock)
        try await core.open(with: configuration.credentials, origin: origin)
        let gateway = BlitzGateway(core: core)
        do {
            try await gateway.chooseGroupOfJoinedSession()
        } catch {
            await gateway.close(.leave)
            throw error
        }
        return gateway
    }

    /// A joined session's own group is that of all who joined it: the one that was asked for is kept on this side.
    private func chooseGroupOfJoinedSession() async throws {
        guard case .joined = core.state.withLock({ $0.session?.origin }) else { return }
        switch core.configuration.group {
        case .userDefault: break
        case .id(let id): setDefaultGroup(.id(id))
        case .named(let name): setDefaultGroup(.id(try await group(named: name).id))
        }
    }

    /// Ends or leaves the session and closes the connection. Calls under way fail with ``GatewayError/Kind/closed``.
    /// Takes at most ``GatewayTimeouts/close``; may be called again.
    public func close(_ ending: Ending = .whenLast) async { await core.close(ending) }

    // MARK: State

    /// Whether calls go through, as far as is known without asking.
    public var isConnected: Bool { (try? core.linkNow()) != nil }

    /// What the connection is up to now.
    public var state: ConnectionState { core.states.current }

    /// The states from now on, beginning with the present one; ends after a final one.
    public var states: AsyncStream<ConnectionState> { core.states.stream() }

    /// What was done to connect, last time.
    public var report: ConnectReport { core.state.withLock { $0.report } }

    /// The server, as it was configured; the one in use where there are several.
    public var address: ServerAddress? {
        core.state.withLock { $0.link?.address } ?? core.configuration.addresses.first
    }

    /// Whether the traffic is encrypted at present.
    public var isEncrypted: Bool { core.state.withLock { $0.link?.connection.tls != nil } }

    /// The server's version, as it said at log-in.
    public var serverVersion: ServerVersion? { core.state.withLock { $0.session?.serverVersion } }

    /// The number of the user whose session it is.
    public var userID: Int64 { core.state.withLock { $0.session?.userID ?? -1 } }

    /// The log-in name of the user whose session it is.
    public var userName: String { core.state.withLock { $0.session?.userName ?? "" } }

    /// The key of the session. **A secret**: whoever has it is this user as long as the session lives.
    public var sessionKey: String { core.state.withLock { $0.session?.key.value ?? "" } }

    // MARK: Default context

    /// From now on calls that name no group go to this one. Values made before keep theirs.
    public func setDefaultGroup(_ group: GroupSelection) { defaultContext.withLock { $0.group = group } }

    /// For the pool, which takes gateways back as they were lent.
    func setDefaultContext(_ context: CallContext) { defaultContext.withLock { $0 = context } }

    /// Whether the whole session is in another group than at first.
    var hasMovedSession: Bool { core.state.withLock { $0.formerGroup != nil } }
}
