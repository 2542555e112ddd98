@testable import Ice
import Testing

/// What the suites about faults share: a peer that misbehaves, and a client that must get over it.
protocol FaultSuite: Sendable, SendableMetatype {}

extension FaultSuite {
    /// Gives up at once, so that a test sees each error.
    var quick: CommunicatorConfiguration {
        var configuration = CommunicatorConfiguration()
        configuration.retry = .never
        return configuration
    }

    var trusting: CommunicatorConfiguration {
        var configuration = quick
        configuration.tls = TLSSettings(trust: .roots([TLSTest.file("ca.pem")]))
        return configuration
    }

    var serverTLS: TLSSettings { TLSSettings(identity: TLSTest.identity("server")) }

    /// Runs `body` with a proxy for an object at this port.
    func withClient(
        _ port: Int,
        _ kind: String = "tcp",
        _ configuration: CommunicatorConfiguration? = nil,
        _ body: @Sendable (Proxy) async throws -> Void
    ) async throws {
        try await withCommunicator(configuration ?? quick) { client in
            try await body(client.proxy("echo:\(kind) -h 127.0.0.1 -p \(port)"))
        }
    }

    /// Runs `body` with a misbehaving peer and a proxy for an object there. Then the peer makes place for a real server,
    /// and the next call over the proxy has to work.
    func withPeer(
        _ kind: String = "tcp",
        greeting: [UInt8] = ScriptedServer.greeting,
        tls: TLSSettings? = nil,
        client: CommunicatorConfiguration? = nil,
        onRequest: @escaping @Sendable (ScriptedServer.Request) -> Void = { _ in },
        onBytes: (@Sendable (ScriptedServer.Peer) -> Void)? = nil,
        body: @Sendable (ScriptedServer, Proxy) async throws -> Void
    ) async throws {
        let peer = try await ScriptedServer.start(greeting: greeting, onBytes: onBytes, onRequest: onRequest)
        let port = peer.port
        try await withClient(port, kind, client) { echo in
            do {
                try await body(peer, echo)
            } catch {
                await peer.stop()
                throw error
            }
            let connection = peer.connections > 0 ? try? await openConnection(echo) : nil
            await peer.stop()
            await connection?.waitUntilClosed()
            try await expectMended(echo, port, kind, tls: tls)
        }
    }

    /// The connection that the proxy's last call has left open, if any.
    func openConnection(_ proxy: Proxy) async throws -> Connection? {
        guard proxy.communicator.outgoing.count > 0 else { return nil }
        return try await proxy.connection()
    }
}

/// What a busy machine may add to a time-out. Far less than the time-outs that a test leaves as they are.
let slack = Duration.seconds(5)

/// Expects an error that names its endpoint and comes in its time.
@discardableResult
func expectFailure(
    _ code: IceError.Code,
    _ port: Int,
    within limit: Duration,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> IceError? {
    let begun = ContinuousClock.now
    let error = await expectError(code, sourceLocation: sourceLocation, body)
    let taken = ContinuousClock.now - begun
    #expect(taken < limit + slack, sourceLocation: sourceLocation)
    if let error {
        let endpoint = error.endpoint ?? "none"
        #expect(endpoint.contains("-h 127.0.0.1 -p \(port)"), "\(error)", sourceLocation: sourceLocation)
    }
    return error
}

/// Starts a real server at the port, and expects the next call over the proxy to reach it.
func expectMended(
    _ echo: Proxy,
    _ port: Int,
    _ kind: String = "tcp",
    tls: TLSSettings? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    var server = CommunicatorConfiguration()
    server.tls = tls
    try await withEchoServer("\(kind) -h 127.0.0.1 -p \(port)", server: server) { _, _, _, _ in
        try await expectEqual(echo.echo("mended"), "mended", sourceLocation: sourceLocation)
    }
}
