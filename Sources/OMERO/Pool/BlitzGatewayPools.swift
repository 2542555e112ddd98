public import ServiceLifecycle

/// Gateways of many users, for web applications: each identity has a small pool of its own, and all together are
/// bounded. An identity that nobody uses for ``PoolConfiguration/idleLimit`` vanishes with its gateways.
///
/// ```swift
/// let pools = BlitzGatewayPools(configuration)
/// async let running: Void = pools.run()
/// // For each request:
/// try await pools.withGateway(for: .sessionKey(key)) { gateway in … }
/// ```
///
/// Where the bound over all holds somebody up, the gateway that was idle longest gives way, whosever it is; where none
/// is idle, those who came first are served first, over all identities. A gateway on a joined session leaves the
/// session open when it closes.
///
/// Works without ``run()`` as ``BlitzGatewayPool`` does.
public final class BlitzGatewayPools: Service, Sendable {
    private let engine: PoolEngine<GatewaySource>

    /// - Parameters:
    ///   - configuration: for each gateway, but for the credentials, which are not looked at. Its logger is the pools'
    ///     too.
    ///   - limits: how many in all and for each identity, how old, how long.
    public init(_ configuration: GatewayConfiguration, limits: PoolConfiguration = PoolConfiguration()) {
        engine = PoolEngine(
            GatewaySource(configuration: configuration, checkLimit: limits.checkLimit), limits,
            perKey: limits.maximumPerIdentity, logger: configuration.logger)
    }

    /// Runs `body` with a gateway of whom the credentials belong to; see ``BlitzGatewayPool/withGateway(isolation:_:)``.
    ///
    /// The server sees a password once for each gateway: one that was changed there is noticed by the next opening.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration`` for ``Credentials/provider(_:)``, which
    ///   needs ``withGateway(for:_:isolation:_:)``; and what ``BlitzGatewayPool/withGateway(isolation:_:)`` throws.
    public func withGateway<Result>(
        for credentials: Credentials,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (BlitzGateway) async throws -> Result
    ) async throws -> Result {
        guard let identity = PoolIdentity(credentials) else {
            throw GatewayError(
                .badConfiguration, "credentials on request do not say whose they are",
                advice: "Name the identity as well", phase: .configuration)
        }
        return try await withGateway(for: identity, credentials, body)
    }

    /// Runs `body` with a gateway of that identity.
    ///
    /// - Parameters:
    ///   - identity: whose gateways these are; the program has made sure of it.
    ///   - credentials: what opens a gateway of that identity, if one has to be opened; the newest are taken.
    ///   - isolation: the actor on which `body` runs, that of the caller.
    ///   - body: what is done with the gateway, which it must not keep.
    /// - Throws: as ``BlitzGatewayPool/withGateway(isolation:_:)``.
    public func withGateway<Result>(
        for identity: PoolIdentity,
        _ credentials: Credentials,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (BlitzGateway) async throws -> Result
    ) async throws -> Result {
        let key = GatewaySource.Key(identity: identity, credentials: credentials)
        return try await engine.withResource(for: key) { try await body($0.gateway) }
    }

    /// Does the pools' work; see ``BlitzGatewayPool/run()``.
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

    /// How many identities have gateways or wait for them.
    public var identityCount: Int { engine.keyCount }
}
