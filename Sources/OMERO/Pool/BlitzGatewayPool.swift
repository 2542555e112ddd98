public import ServiceLifecycle

/// A bounded number of gateways of one user, for servers and programs with many tasks.
///
/// ```swift
/// let pool = BlitzGatewayPool(configuration)
/// // With other services in a ServiceGroup, or in a task group:
/// async let running: Void = pool.run()
/// let name = try await pool.withGateway { gateway in try await gateway.whoAmI().userName }
/// ```
///
/// One ``BlitzGateway`` can be used by many tasks at a time; a pool is for more than one connection carries, and for
/// work that needs a session of its own. Gateways are opened when they are needed, lent in order of arrival, checked
/// after a silence, and closed when nobody needs them, when they are old, or broken.
///
/// **Without ``run()``** the pool works too: gateways are then opened and closed in tasks that belong to nobody. Such a
/// pool has no shutdown: when it is dropped, its gateways close in the background.
public final class BlitzGatewayPool: Service, Sendable {
    private let engine: PoolEngine<GatewaySource>
    private let key: GatewaySource.Key

    /// - Parameters:
    ///   - configuration: for each gateway. Its logger is the pool's too.
    ///   - limits: how many, how old, how long.
    public init(_ configuration: GatewayConfiguration, limits: PoolConfiguration = PoolConfiguration()) {
        engine = PoolEngine(
            GatewaySource(configuration: configuration, checkLimit: limits.checkLimit), limits, perKey: limits.maximum,
            logger: configuration.logger)
        key = GatewaySource.Key(identity: PoolIdentity("only"), credentials: configuration.credentials)
    }

    /// Runs `body` with a gateway that nobody else has meanwhile. It goes back on every way out, with its default
    /// context as it was; one that was closed, or whose session was moved to another group, is replaced. Do not keep
    /// the gateway, or anything made from it, beyond `body`. A body that asks the pool for another one may wait for
    /// itself.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/timedOut`` if none was free within
    ///   ``PoolConfiguration/waitLimit``, ``GatewayError/Kind/throttled`` if too many wait already,
    ///   ``GatewayError/Kind/closed`` after the shutdown; why the server lets nobody in; `CancellationError`; what
    ///   `body` throws.
    public func withGateway<Result>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (BlitzGateway) async throws -> Result
    ) async throws -> Result {
        try await engine.withResource(for: key) { try await body($0.gateway) }
    }

    /// Does the pool's work until the graceful shutdown: then nothing is lent any more, what is lent has
    /// ``PoolConfiguration/shutdownLimit`` to come back, and everything is closed. Cancelling closes at once, also what
    /// is lent. Can be called once.
    ///
    /// - Throws: ``GatewayError`` if it was called before.
    public func run() async throws {
        try await withGracefulShutdownHandler {
            try await engine.run()
        } onGracefulShutdown: {
            self.engine.shutdown()
        }
    }

    /// How many gateways there are, those that are being opened or closed among them.
    public var count: Int { engine.count }

    /// How many wait for a gateway.
    public var waitingCount: Int { engine.waitingCount }
}
