import Foundation
import OMERO
import OMEROServer
import Synchronization
import Testing

/// The names of the states that a gateway goes through.
final class StateLog: Sendable {
    private let names = Mutex<[String]>([])
    private let task: Task<Void, Never>

    init(_ gateway: BlitzGateway) {
        let states = gateway.states
        let (source, continuation) = AsyncStream.makeStream(of: String.self)
        task = Task {
            for await state in states { continuation.yield(state.name) }; continuation.finish()
        }
        sink = source
    }
    private let sink: AsyncStream<String>

    /// The states up to the first of that name, within the limit.
    func states(until name: String, limit: Duration = .seconds(20)) async -> [String] {
        await withTaskGroup(of: [String]?.self) { group in
            group.addTask {
                for await next in self.sink {
                    let all = self.names.withLock { names in
                        names.append(next)
                        return names
                    }
                    if next == name, all.count > 1 { return all }
                }
                return self.names.withLock { $0 }
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? self.names.withLock { $0 } + ["(no \(name) in time)"]
        }
    }
}

@Suite struct LossTests {
    /// A gateway over a path that can be troubled, with short waits.
    private func withPath(
        _ change: @Sendable (inout GatewayConfiguration) -> Void = { _ in },
        server configuration: ServerConfiguration = .testing,
        _ body: @Sendable (BlitzGateway, TroubledPath, OMEROServer) async throws -> Void
    ) async throws {
        try await OMEROServer.withServer(configuration) { server in
            try await TroubledPath.with(to: server.sslPort ?? 0) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                configuration.reconnect.firstDelay = .milliseconds(20)
                configuration.reconnect.limit = .seconds(15)
                configuration.timeouts.close = .seconds(2)
                change(&configuration)
                let gateway = try await BlitzGateway.connect(configuration)
                do {
                    try await body(gateway, path, server)
                    await gateway.close(.forEveryone)
                } catch {
                    await gateway.close(.forEveryone)
                    throw error
                }
            }
        }
    }

    @Test func `a connection that is cut comes back to the same session, and calls go on`() async throws {
        try await withPath { gateway, path, server in
            let log = StateLog(gateway)
            let key = gateway.sessionKey
            path.cut()
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
            #expect(gateway.sessionKey == key)
            let states = await log.states(until: "up")
            #expect(states.first == "up")
            #expect(states.contains("lost"))
            #expect(states.contains("retrying"))
            #expect(server.sessionCount == 1)
        }
    }

    @Test func `a server that refuses for a while is found again`() async throws {
        try await withPath { gateway, path, _ in
            path.refuse(true)
            path.cut()
            async let me = gateway.whoAmI()
            try await Task.sleep(for: .milliseconds(300))
            path.refuse(false)
            let name = try await me.userName
            #expect(name == "root")
        }
    }

    @Test func `a black hole is noticed by the beats, and left when it opens`() async throws {
        try await withPath { configuration in
            configuration.keepAlive.interval = .milliseconds(100)
            configuration.keepAlive.timeout = .milliseconds(300)
            configuration.timeouts.connect = .seconds(3)
            configuration.timeouts.handshake = .seconds(3)
        } _: { gateway, path, _ in
            let log = StateLog(gateway)
            path.set(.blackHole)
            let lost = await log.states(until: "lost")
            #expect(lost.last == "lost")
            path.set(.none)
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
        }
    }

    @Test func `a peer that vanished without a word is noticed`() async throws {
        try await withPath { configuration in
            configuration.keepAlive.interval = .milliseconds(100)
            configuration.keepAlive.timeout = .milliseconds(300)
            configuration.timeouts.handshake = .seconds(3)
        } _: { gateway, path, _ in
            let log = StateLog(gateway)
            path.halfOpen()
            let lost = await log.states(until: "lost")
            #expect(lost.last == "lost")
            path.set(.none)
            let up = await log.states(until: "up")
            #expect(up.last == "up")
        }
    }

    @Test(arguments: [TroubledPath.Trouble.drip, .delay(.milliseconds(30))])
    fileprivate func `a slow path is slow, not broken`(_ trouble: TroubledPath.Trouble) async throws {
        try await withPath { gateway, path, _ in
            path.set(trouble)
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
            #expect(gateway.state.name == "up")
        }
    }

    @Test func `a server that stays away is given up within the limit, and calls say so`() async throws {
        try await withPath { configuration in
            configuration.reconnect.limit = .milliseconds(800)
        } _: { gateway, path, _ in
            let log = StateLog(gateway)
            path.refuse(true)
            path.cut()
            let started = ContinuousClock.now
            let error = await failure { _ = try await gateway.whoAmI() }
            #expect(ContinuousClock.now - started < .seconds(10))
            #expect(error?.kind == .connectionLost)
            #expect((error?.attempts ?? 0) > 1)
            let states = await log.states(until: "failed")
            #expect(states.last == "failed")
            let later = await failure { _ = try await gateway.whoAmI() }
            #expect(later?.kind == .connectionLost)
        }
    }

    @Test func `a session that was killed is not found again, and says so`() async throws {
        try await withPath { configuration in
            configuration.keepAlive.interval = .milliseconds(100)
        } _: { gateway, path, server in
            let log = StateLog(gateway)
            let key = gateway.sessionKey
            try await server.withRoot { other in
                let was = try await other.endSession(withKey: key)
                #expect(was)
            }
            let error = await failure {
                for _ in 0..<200 {
                    _ = try await gateway.whoAmI()
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            #expect([.sessionEnded, .sessionExpired].contains(error?.kind))
            let states = await log.states(until: "endedByServer", limit: .seconds(5))
            #expect(["endedByServer", "expired"].contains(states.last { !$0.hasPrefix("(") }))
        }
    }

    @Test func `a session that ended while the connection was lost is expired, and never another identity`()
        async throws
    {
        try await withPath { gateway, path, server in
            let log = StateLog(gateway)
            let key = gateway.sessionKey
            path.refuse(true)
            path.cut()
            try await server.withRoot { other in
                let was = try await other.endSession(withKey: key)
                #expect(was)
            }
            path.refuse(false)
            let states = await log.states(until: "expired")
            #expect(states.last == "expired")
            let error = await failure { _ = try await gateway.whoAmI() }
            #expect(error?.kind == .sessionExpired)
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `closing while the server is away takes no longer than its limit`() async throws {
        try await withPath { gateway, path, _ in
            path.set(.blackHole)
            let started = ContinuousClock.now
            await gateway.close()
            #expect(ContinuousClock.now - started < .seconds(6))
            let error = await failure { _ = try await gateway.whoAmI() }
            #expect(error?.kind == .closed)
            path.set(.none)
        }
    }

    @Test func `a call that is cancelled ends at once and leaves the gateway whole`() async throws {
        try await withPath { gateway, path, _ in
            path.set(.blackHole)
            let call = Task { try await gateway.whoAmI() }
            try await Task.sleep(for: .milliseconds(50))
            let started = ContinuousClock.now
            call.cancel()
            let result = await call.result
            #expect(ContinuousClock.now - started < .seconds(5))
            #expect(throws: CancellationError.self) { try result.get() }
            path.set(.none)
        }
    }
}

@Suite struct RestartTests {
    @Test func `a server that restarts on its data finds its sessions, and clients find theirs`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("restart-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var first = ServerConfiguration.testing
        first.dataFolder = folder
        first.shutdownGrace = .milliseconds(200)
        let port = Mutex(0)
        let gateway = try await OMEROServer.withServer(first) { server in
            port.withLock { $0 = server.sslPort ?? 0 }
            var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
            configuration.reconnect.firstDelay = .milliseconds(50)
            let gateway = try await BlitzGateway.connect(configuration)
            _ = try await gateway.whoAmI()
            return gateway
        }
        let key = gateway.sessionKey
        let log = StateLog(gateway)
        var second = first
        second.doors.ssl = port.withLock { $0 }
        try await OMEROServer.withServer(second) { _ in
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
            #expect(gateway.sessionKey == key)
            let states = await log.states(until: "up")
            #expect(states.last == "up")
            await gateway.close()
        }
    }

    @Test func `connecting, losing and closing leave no file handle behind`() async throws {
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: server.sslPort ?? 0) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                configuration.reconnect.firstDelay = .milliseconds(10)
                for round in 0..<5 {
                    let gateway = try await BlitzGateway.connect(configuration)
                    path.cut()
                    _ = try await gateway.whoAmI()
                    await gateway.close(round % 2 == 0 ? .whenLast : .forEveryone)
                    #expect(!gateway.isConnected)
                }
                // Sockets of this test: the path's own, and what it has open at either end.
                for _ in 0..<200 where server.clientCount > 0 || path.open > 0 {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(server.clientCount == 0)
                #expect(server.sessionCount == 0)
                #expect(path.open == 0)
            }
        }
    }
}
