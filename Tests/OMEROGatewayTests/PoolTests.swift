import Logging
import Metrics
import MetricsTestKit
import OMERO
import OMEROServer
import ServiceLifecycle
import Testing

@Suite struct PoolTests {
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

    @Test func `64 tasks share 4 gateways, and nothing is left behind`() async throws {
        let metrics = TestMetrics()
        try await withMetricsFactory(metrics) {
            try await withPool(.few(4) { $0.name = "test" }) { pool, server, _ in
                // Else quick tasks are done with fewer, and the pool ends while it still opens others.
                let meeting = Meeting(of: 4)
                let keys = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<64 {
                        group.addTask {
                            try await pool.withGateway { gateway in
                                await meeting.join(gateway.sessionKey)
                                let name = try await gateway.whoAmI().userName
                                #expect(name == "root")
                                return gateway.sessionKey
                            }
                        }
                    }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect(keys.count == 4)
                #expect(server.sessionCount == 4)
                #expect(pool.waitingCount == 0)
            }
        }
        #expect(metrics.counterTotal(label: "omero.pool.leases") == 64)
        #expect(metrics.counterTotal(label: "omero.pool.opened") == 4)
        #expect(metrics.counterTotal(label: "omero.pool.closed") == 4)
        #expect(metrics.counterTotal(label: "omero.pool.failures") == 0)
        let own = metrics.counters.filter { $0.label.hasPrefix("omero.pool.") }
        #expect(own.count == 5)
        for counter in own { #expect(counter.dimensions.map { "\($0.0)=\($0.1)" } == ["pool=test"]) }
    }

    @Test func `a gateway goes back with its default group as it was, and is replaced if it was closed`() async throws {
        try await withPool(
            .few(1) {
                // With a check each time.
                $0.checkAfter = .zero
                $0.checkLimit = .seconds(30)
            }
        ) { pool, server, _ in
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

    @Test func `a gateway whose session was moved to another group is replaced`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let pool = BlitzGatewayPool(
                server.gatewayConfiguration(.password(user: "sample-leader", "leader-1")), limits: .few(1))
            let running = Task { try await pool.run() }
            let moved = try await pool.withGateway { gateway in
                let other = try await gateway.group(named: "sample-read-only").id
                try await gateway.switchSession(toGroup: other)
                return try await gateway.whoAmI().groupName
            }
            #expect(moved == "sample-read-only")
            let next = try await pool.withGateway { try await $0.whoAmI().groupName }
            #expect(next == "sample-private")
            running.cancel()
            try await running.value
        }
    }

    @Test func `a session that was ended from outside is replaced`() async throws {
        try await withPool(.few(1)) { pool, server, _ in
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
        try await withPool(.few(1)) { pool, _, _ in
            try await pool.withGateway { _ in
                let waiting = Task { try await pool.withGateway { _ in } }
                try await eventually { pool.waitingCount == 1 }
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
        try await withPool(.few(1)) { pool, _, _ in
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
                server.gatewayConfiguration(.password(user: "root", "omero")), limits: .few(1))
            let group = ServiceGroup(services: [pool], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await group.run() }
            try await pool.withGateway { gateway in
                let waiting = Task { await failure { try await pool.withGateway { _ in } } }
                try await eventually { pool.waitingCount == 1 }
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
                server.gatewayConfiguration(.password(user: "root", "omero")), limits: .few(2))
            let name = try await pool?.withGateway { try await $0.whoAmI().userName }
            #expect(name == "root")
            #expect(server.sessionCount == 1)
            pool = nil
            try await eventually { server.sessionCount == 0 }
        }
    }
}

/// Whoever joins waits until so many different ones have.
private actor Meeting {
    private let count: Int
    private var names: Set<String> = []
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(of count: Int) { self.count = count }

    func join(_ name: String) async {
        names.insert(name)
        guard names.count < count else {
            for each in waiting { each.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
