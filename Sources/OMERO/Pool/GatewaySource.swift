import Ice

/// Gateways, as a pool has them.
struct GatewaySource: PoolSource {
    /// Whose gateways they are, and how they are opened. Equal by the identity alone.
    struct Key: Hashable, Sendable {
        let identity: PoolIdentity
        let credentials: Credentials

        static func == (one: Key, other: Key) -> Bool { one.identity == other.identity }
        func hash(into hasher: inout Hasher) { hasher.combine(identity) }
    }

    struct Resource: Sendable {
        let gateway: BlitzGateway
        /// What its calls went with before anyone changed it.
        let context: CallContext
    }

    let configuration: GatewayConfiguration
    let checkLimit: Duration

    func open(_ key: Key) async throws -> Resource {
        var configuration = configuration
        configuration.credentials = key.credentials
        let gateway = try await BlitzGateway.connect(configuration)
        return Resource(gateway: gateway, context: gateway.callContext)
    }

    func isFinal(_ failure: GatewayError) -> Bool {
        switch failure.kind {
        // What may be over by itself: the server is started again, the network comes back.
        case .cannotResolve, .refused, .unreachable, .timedOut, .connectionLost, .serverError: false
        // Somebody hung up before the first word.
        case .notAnOMEROServer: !((failure.cause as? IceError)?.code.isEndOfConnection ?? false)
        // Without anything said of certificates or versions: somebody hung up.
        case .tls: failure.tls != .handshake
        default: true
        }
    }

    func check(_ resource: Resource) async throws {
        let limit = checkLimit
        try await withLimit(limit) {
            GatewayError(.timedOut, "no sign of life within \(limit.readable)", phase: .session)
        } _: {
            try await resource.gateway.keepAlive()
        }
    }

    func close(_ resource: Resource) async {
        // In a task of its own: the session on the server is to end also when the pool's task was cancelled.
        await Task { await resource.gateway.close() }.value
    }

    func takeBack(_ resource: Resource) -> PoolCondition {
        let gateway = resource.gateway
        // Whoever moved the whole session to another group leaves it to nobody.
        guard !gateway.state.isFinal, !gateway.hasMovedSession else { return .broken }
        gateway.setDefaultContext(resource.context)
        return gateway.isConnected ? .whole : .doubtful
    }

    func breakage(of resource: Resource) -> @Sendable () async -> Void {
        let states = resource.gateway.states
        return { for await state in states where state.isFinal { return } }
    }
}
