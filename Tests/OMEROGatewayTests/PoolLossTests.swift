import Metrics
import MetricsTestKit
import OMERO
import OMEROServer
import Testing

@Suite struct PoolLossTests {
    @Test func `a gateway that is cut off while it is lent comes back to its session, or is replaced`() async throws {
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: server.sslPort ?? 0) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                configuration.reconnect.firstDelay = .milliseconds(20)
                configuration.reconnect.limit = .milliseconds(500)
                configuration.timeouts.close = .seconds(2)
                let pool = BlitzGatewayPool(configuration, limits: .few(2))
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

    @Test func `a gateway whose peer vanished while it was idle is found out before it is lent`() async throws {
        let metrics = TestMetrics()
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: server.sslPort ?? 0) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                configuration.timeouts.close = .milliseconds(500)
                let pool = withMetricsFactory(metrics) {
                    BlitzGatewayPool(
                        configuration,
                        limits: .few(2) {
                            $0.checkAfter = .zero
                            $0.checkLimit = .milliseconds(300)
                        })
                }
                let running = Task { try await pool.run() }
                let first = try await pool.withGateway { $0.sessionKey }
                path.halfOpen()
                async let second = pool.withGateway { gateway in
                    let name = try await gateway.whoAmI().userName
                    #expect(name == "root")
                    return gateway.sessionKey
                }
                // The path is well again only when the silence was noticed.
                try await eventually { metrics.counterTotal(label: "omero.pool.failures") > 0 }
                path.set(.none)
                let key = try await second
                #expect(key != first)
                running.cancel()
                try await running.value
            }
        }
    }

    @Test func `a pool that ends while it opens gateways has not failed`() async throws {
        let metrics = TestMetrics()
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: server.sslPort ?? 0) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                path.set(.blackHole)
                let pool = withMetricsFactory(metrics) { BlitzGatewayPool(configuration, limits: .few(2)) }
                let running = Task { try await pool.run() }
                let waiting = Task { try await pool.withGateway { _ in } }
                try await eventually { pool.count > 0 }
                running.cancel()
                _ = await running.result
                let refusal = await failure { try await waiting.value }
                #expect(refusal != nil)
                #expect(pool.count == 0)
                #expect(metrics.counterTotal(label: "omero.pool.failures") == 0)
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
            let pool = BlitzGatewayPool(configuration, limits: .few(2) { $0.checkAfter = .zero })
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
}
