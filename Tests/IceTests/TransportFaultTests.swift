@testable import Ice
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("What goes wrong below Ice, in TLS and WebSocket, is said and mended")
struct TransportFaultTests: FaultSuite {
    // MARK: TLS

    @Test("a certificate other than the pinned one is refused, and both fingerprints are said")
    func wrongPin() async throws {
        let pinned = try TLSTest.fingerprint("other")
        let error = try await expectTLSFailure(.pinned([pinned]), server: "server", mendedBy: "other")
        #expect(error?.message.contains("\(pinned)") == true)
        let found = try TLSTest.fingerprint("server")
        #expect(error?.message.contains("\(found)") == true)
        #expect((error?.cause as? TLSFailure)?.reason == .fingerprintMismatch(expected: [pinned], found: found))
    }

    @Test("a certificate of an unknown authority is refused")
    func unknownAuthority() async throws {
        let error = try await expectTLSFailure(.roots([TLSTest.file("ca.pem")]), server: "stranger", mendedBy: "server")
        #expect((error?.cause as? TLSFailure)?.reason == .unknownAuthority)
    }

    @Test("a certificate for another host is refused")
    func wrongHost() async throws {
        let error = try await expectTLSFailure(
            .roots([TLSTest.file("ca.pem")]), server: "wronghost", mendedBy: "server")
        #expect((error?.cause as? TLSFailure)?.reason == .hostnameMismatch(host: "127.0.0.1"))
    }

    @Test("a plain peer at a TLS endpoint does not speak TLS")
    func plainPeer() async throws {
        try await withPeer("ssl", tls: serverTLS, client: trusting) { peer, echo in
            let error = await expectFailure(.tlsFailure, peer.port, within: .zero) { try await echo.ping() }
            expectEqual(error?.phase, .tls)
            #expect((error?.cause as? TLSFailure)?.reason == .notTLS)
            expectEqual(error?.mayHaveBeenDispatched, false)
        }
    }

    @Test(
        "a TLS handshake that is never finished costs the handshake time-out",
        arguments: [[], [0x16, 3, 3, 0x40, 0, 2]])
    func stalledTLS(greeting: [UInt8]) async throws {
        var configuration = trusting
        configuration.timeouts.handshake = .seconds(1)
        try await withPeer("ssl", greeting: greeting, tls: serverTLS, client: configuration, onBytes: { _ in }) {
            peer, echo in
            let error = await expectFailure(.handshakeTimeout, peer.port, within: .seconds(1)) {
                try await echo.ping()
            }
            expectEqual(error?.phase, .tls)
            expectEqual(error?.mayHaveBeenDispatched, false)
        }
    }

    // MARK: WebSocket

    @Test("a web server that knows no WebSocket says so with its status")
    func webSocketRefused() async throws {
        try await withPeer(
            "ws", greeting: [],
            onBytes: { peer in
                peer.send(Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8))
            }
        ) { peer, echo in
            let error = await expectFailure(.webSocketFailure, peer.port, within: .zero) { try await echo.ping() }
            expectEqual(error?.phase, .webSocket)
            #expect(error?.message.contains("404 Not Found") == true)
            expectEqual(error?.mayHaveBeenDispatched, false)
        }
    }

    @Test("a web server that never answers the upgrade costs the handshake time-out")
    func webSocketStalled() async throws {
        var configuration = quick
        configuration.timeouts.handshake = .seconds(1)
        try await withPeer("ws", greeting: [], client: configuration, onBytes: { _ in }) { peer, echo in
            let error = await expectFailure(.handshakeTimeout, peer.port, within: .seconds(1)) {
                try await echo.ping()
            }
            expectEqual(error?.phase, .webSocket)
        }
    }

    // MARK: Servers

    @Test("connections that never begin TLS are closed after the handshake time-out, and others are served meanwhile")
    func flood() async throws {
        var server = CommunicatorConfiguration()
        server.tls = serverTLS
        server.timeouts.handshake = .milliseconds(700)
        var limits = ObjectAdapterConfiguration()
        limits.connectionLimit = 210
        try await withEchoServer(
            "ssl -h 127.0.0.1 -p 0", server: server, client: trusting, adapter: limits
        ) { _, _, echo, _ in
            let endpoint = try #require(echo.reference.endpoints.first?.address)
            // Twice: the places of the first flood are given back.
            for round in 1...2 {
                let flood = try await Flood.start(200, port: Int(endpoint.port))
                let begun = ContinuousClock.now
                try await expectEqual(echo.withConnectionID("\(round)").echo("still served"), "still served")
                try await expectEventually { flood.closed == 200 }
                #expect(.now - begun < .milliseconds(700) + slack)
            }
            try await expectEqual(echo.withConnectionID("last").echo("served"), "served")
        }
    }

    // MARK: Helpers

    /// A server with the wrong certificate, then one with the right one at the same place.
    private func expectTLSFailure(
        _ trust: TLSTrust,
        server wrong: String,
        mendedBy right: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> IceError? {
        let failure = Mutex<IceError?>(nil)
        var client = quick
        client.tls = TLSSettings(trust: trust)
        let peer = try await ScriptedServer.start()
        let port = peer.port
        await peer.stop()
        try await withClient(port, "ssl", client) { echo in
            var server = CommunicatorConfiguration()
            server.tls = TLSSettings(identity: TLSTest.identity(wrong))
            try await withEchoServer("ssl -h 127.0.0.1 -p \(port)", server: server) { _, _, _, _ in
                let error = await expectFailure(.tlsFailure, port, within: .zero, sourceLocation: sourceLocation) {
                    try await echo.ping()
                }
                expectEqual(error?.phase, .tls, sourceLocation: sourceLocation)
                expectEqual(error?.mayHaveBeenDispatched, false, sourceLocation: sourceLocation)
                failure.withLock { $0 = error }
            }
            try await expectMended(echo, port, "ssl", tls: TLSSettings(identity: TLSTest.identity(right)))
        }
        return failure.withLock { $0 }
    }
}

/// Connections that say nothing.
private final class Flood: Sendable {
    private let count = Mutex(0)

    /// How many the server has closed.
    var closed: Int { count.withLock { $0 } }

    static func start(_ number: Int, port: Int) async throws -> Flood {
        let flood = Flood()
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        for _ in 0..<number {
            let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
            channel.closeFuture.whenComplete { _ in flood.count.withLock { $0 += 1 } }
        }
        return flood
    }
}
