import Logging
import Metrics
import MetricsTestKit
import OMERO
import OMEROServer
import ServiceLifecycle
import Testing

@Suite struct PoolTests {
    private func limits(_ maximum: Int, _ change: (inout PoolConfiguration) -> Void = { _ in }) -> PoolConfiguration {
        var limits = PoolConfiguration()
        limits.maximum = maximum
        limits.waitLimit = .seconds(60)
        limits.shutdownLimit = .seconds(20)
        change(&limits)
        return limits
    }

    /// A server with a pool of `root`'s that runs.
    private func withPool(
        _ limits: PoolConfiguration,
        _ body: @Sendable (BlitzGatewayPool, OMEROServer, Task<Void, any Error>) async throws -> Void
    ) async throws {
        try await OMEROServer.withServer { server in
            let pool = BlitzGatewayPool(
                server.gatewayConfiguration(.password(user: "root", "omero")), limits: limits)
            let running = Task { try await pool.run() }
            do {
                try await body(pool, server, running)
            } catch {
                running.cancel()
                _ = await running.result
                throw error
            }
            running.cancel()
            try await running.value
            #expect(pool.count == 0)
            #expect(server.sessionCount == 0)
        }
    }

    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
        #expect(condition())
    }

    @Test func `64 tasks share 4 gateways, and nothing is left behind`() async throws {
        let metrics = TestMetrics()
        try await withMetricsFactory(metrics) {
            try await withPool(limits(4) { $0.name = "test" }) { pool, server, _ in
                let keys = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<64 {
                        group.addTask {
                            try await pool.withGateway { gateway in
                                let name = try await gateway.whoAmI().userName
                                #expect(name == "root")
                                return gateway.sessionKey
                            }
                        }
                    }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect((1...4).contains(keys.count))
                #expect(server.sessionCount == keys.count)
                #expect(pool.waitingCount == 0)
            }
        }
        #expect(metrics.counterTotal(label: "omero.pool.leases") == 64)
        #expect((1...4).contains(metrics.counterTotal(label: "omero.pool.opened")))
        #expect(metrics.counterTotal(label: "omero.pool.opened") == metrics.counterTotal(label: "omero.pool.closed"))
        #expect(metrics.counterTotal(label: "omero.pool.failures") == 0)
        let own = metrics.counters.filter { $0.label.hasPrefix("omero.pool.") }
        #expect(own.count == 5)
        for counter in own { #expect(counter.dimensions.map { "\($0.0)=\($0.1)" } == ["pool=test"]) }
    }

    @Test func `a gateway goes back with its default group as it was, and is replaced if it was closed`() async throws {
        try await withPool(limits(1)) { pool, server, _ in
            let first = try await pool.withGateway { gateway in
                gateway.setDefaultGroup(.all)
                return gateway.sessionKey
            }
            let second = try await pool.withGateway { gateway in
                #expect(gateway.callContext.group == .session)
                let key = gateway.sessionKey
                await gateway.close()
                return key
            }
            #expect(first == second)
            let third = try await pool.withGateway { gateway in
                _ = try await gateway.whoAmI()
                return gateway.sessionKey
            }
            #expect(third != first)
        }
    }

    @Test func `a gateway that is cut off while it is lent comes back to its session, or is replaced`() async throws {
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: server.sslPort ?? 0) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                configuration.reconnect.firstDelay = .milliseconds(20)
                configuration.reconnect.limit = .milliseconds(500)
                configuration.timeouts.close = .seconds(2)
                let pool = BlitzGatewayPool(configuration, limits: limits(2))
                let running = Task { try await pool.run() }
                let (before, after) = try await pool.withGateway { gateway in
                    let key = gateway.sessionKey
                    path.cut()
                    let name = try await gateway.whoAmI().userName
                    #expect(name == "root")
                    return (key, gateway.sessionKey)
                }
                #expect(before == after)
                // The server is away for longer than a gateway tries.
                let lost = await failure {
                    try await pool.withGateway { gateway in
                        path.refuse(true)
                        path.cut()
                        _ = try await gateway.whoAmI()
                    }
                }
                #expect(lost?.kind == .connectionLost)
                async let waiting = pool.withGateway { gateway in
                    let name = try await gateway.whoAmI().userName
                    #expect(name == "root")
                    return gateway.sessionKey
                }
                try await Task.sleep(for: .milliseconds(300))
                path.refuse(false)
                let fresh = try await waiting
                #expect(fresh != before)
                running.cancel()
                try await running.value
                #expect(pool.count == 0)
            }
        }
    }

    @Test func `a server that was started again is found by the next who wants a gateway`() async throws {
        let (pool, port) = try await OMEROServer.withServer { server in
            var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
            // The server has another certificate the next time.
            configuration.trust = .none
            configuration.reconnect.limit = .milliseconds(300)
            configuration.timeouts.close = .seconds(2)
            let pool = BlitzGatewayPool(configuration, limits: limits(2) { $0.checkAfter = .zero })
            _ = try await pool.withGateway { try await $0.whoAmI().userName }
            #expect(server.sessionCount == 1)
            return (pool, server.sslPort)
        }
        var again = ServerConfiguration.testing
        again.doors.ssl = port
        let name = try await OMEROServer.withServer(again) { _ in
            try await pool.withGateway { try await $0.whoAmI().userName }
        }
        #expect(name == "root")
    }

    @Test func `a session that was ended from outside is replaced`() async throws {
        try await withPool(limits(1)) { pool, server, _ in
            let key = try await pool.withGateway { $0.sessionKey }
            try await server.withRoot { other in
                let was = try await other.endSession(withKey: key)
                #expect(was)
            }
            // Whoever gets it first may be the one who finds out.
            let name = try await pool.withGateway { try? await $0.whoAmI().userName }
            let next = try await pool.withGateway { try await $0.whoAmI().userName }
            #expect(name == nil || name == "root")
            #expect(next == "root")
        }
    }

    @Test func `who gives up waiting leaves no trace, and who comes later is served`() async throws {
        try await withPool(limits(1)) { pool, _, _ in
            try await pool.withGateway { _ in
                let waiting = Task { try await pool.withGateway { _ in } }
                try await until { pool.waitingCount == 1 }
                waiting.cancel()
                let result = await waiting.result
                #expect(throws: CancellationError.self) { try result.get() }
                #expect(pool.waitingCount == 0)
            }
            try await pool.withGateway { _ = try await $0.whoAmI() }
            #expect(pool.count == 1)
        }
    }

    @Test func `a task that is cancelled while it has a gateway gives it back whole`() async throws {
        try await withPool(limits(1)) { pool, _, _ in
            let (lent, isLent) = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await pool.withGateway { _ in
                    isLent.finish()
                    try await Task.sleep(for: .seconds(60))
                }
            }
            for await _ in lent {}
            holder.cancel()
            _ = await holder.result
            try await pool.withGateway { _ = try await $0.whoAmI() }
            #expect(pool.count == 1)
        }
    }

    @Test func `a graceful shutdown refuses who waits, and waits for who has a gateway`() async throws {
        try await OMEROServer.withServer { server in
            let pool = BlitzGatewayPool(
                server.gatewayConfiguration(.password(user: "root", "omero")), limits: limits(1))
            let group = ServiceGroup(services: [pool], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await group.run() }
            try await pool.withGateway { gateway in
                let waiting = Task { await failure { try await pool.withGateway { _ in } } }
                try await until { pool.waitingCount == 1 }
                await group.triggerGracefulShutdown()
                let refused = await waiting.value
                #expect(refused?.kind == .closed)
                // What is lent still works.
                _ = try await gateway.whoAmI()
            }
            try await running.value
            #expect(pool.count == 0)
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `a pool that nobody runs works, and leaves nothing when it is dropped`() async throws {
        try await OMEROServer.withServer { server in
            var pool: BlitzGatewayPool? = BlitzGatewayPool(
                server.gatewayConfiguration(.password(user: "root", "omero")), limits: limits(2))
            let name = try await pool?.withGateway { try await $0.whoAmI().userName }
            #expect(name == "root")
            #expect(server.sessionCount == 1)
            pool = nil
            try await until { server.sessionCount == 0 }
        }
    }

    // MARK: Identities

    @Test func `two identities never get each other's session, and a wrong password gets none`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let member = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(member) { member in
                let people: [(Credentials, String)] = [
                    (.password(user: "sample-leader", "leader-1"), "sample-leader"),
                    (.sessionKey(member.sessionKey), "sample-member"),
                ]
                let pools = BlitzGatewayPools(
                    server.gatewayConfiguration(.guest), limits: limits(3) { $0.maximumPerIdentity = 2 })
                let running = Task { try await pools.run() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<40 {
                        let (credentials, name) = people[number % 2]
                        group.addTask {
                            try await pools.withGateway(for: credentials) { gateway in
                                let me = try await gateway.whoAmI().userName
                                #expect(me == name)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(pools.identityCount == 2)
                #expect(pools.count <= 3)
                let wrong = await failure {
                    try await pools.withGateway(for: .password(user: "sample-leader", "wrong")) { _ in }
                }
                #expect(wrong?.kind == .wrongUserOrPassword)
                let nobody = await failure { try await pools.withGateway(for: .provider { .guest }) { _ in } }
                #expect(nobody?.kind == .badConfiguration)
                running.cancel()
                try await running.value
                #expect(pools.identityCount == 0)
                // A session that was joined stays when the pool leaves it.
                let me = try await member.whoAmI().userName
                #expect(me == "sample-member")
                #expect(server.sessionCount == 1)
            }
        }
    }

    @Test func `an identity that nobody uses vanishes`() async throws {
        try await OMEROServer.withServer { server in
            let pools = BlitzGatewayPools(
                server.gatewayConfiguration(.guest), limits: limits(2) { $0.idleLimit = .milliseconds(100) })
            let running = Task { try await pools.run() }
            let root = Credentials.provider { .password(user: "root", "omero") }
            let name = try await pools.withGateway(for: PoolIdentity("1"), root) { try await $0.whoAmI().userName }
            #expect(name == "root")
            try await until { pools.identityCount == 0 }
            #expect(pools.count == 0)
            #expect(server.sessionCount == 0)
            running.cancel()
            try await running.value
        }
    }
}
