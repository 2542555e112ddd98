import Foundation
@testable import OMERO
import OMEROServer
import Synchronization
import Testing

@Suite struct LossTests {
    @Test func `a session that ended while the connection was lost is over, and never another identity`()
        async throws
    {
        try await withTroubledGateway { gateway, path, server in
            let log = StateLog(gateway)
            let key = gateway.sessionKey
            path.refuse(true)
            path.cut()
            try await server.withRoot { other in
                let was = try await other.endSession(withKey: key)
                #expect(was)
            }
            path.refuse(false)
            let states = await log.states(until: "endedByServer")
            #expect(states.last == "endedByServer")
            let error = await failure { _ = try await gateway.whoAmI() }
            #expect(error?.kind == .sessionEnded)
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `closing while the server is away takes no longer than its limit`() async throws {
        try await withTroubledGateway { gateway, path, _ in
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
        try await withTroubledGateway { gateway, path, _ in
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
        weak var core: GatewayCore?
        do {
            let (gateway, log) = try await OMEROServer.withServer(first) { server in
                port.withLock { $0 = server.sslPort ?? 0 }
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.reconnect.firstDelay = .milliseconds(50)
                let gateway = try await BlitzGateway.connect(configuration)
                let log = StateLog(gateway)
                _ = try await gateway.whoAmI()
                return (gateway, log)
            }
            core = gateway.core
            let key = gateway.sessionKey
            let started = ContinuousClock.now
            var second = first
            second.doors.ssl = port.withLock { $0 }
            try await OMEROServer.withServer(second) { server in
                let me = try await gateway.whoAmI()
                #expect(me.userName == "root")
                #expect(gateway.sessionKey == key)
                let course = await log.course(until: "up")
                #expect(course == ["up", "lost", "retrying", "up"])
                #expect(ContinuousClock.now - started < .seconds(10))
                #expect(server.sessionCount == 1)
                await gateway.close()
                try await eventually { server.sessionCount == 0 && server.clientCount == 0 }
            }
        }
        try await eventually { core == nil }
    }

    @Test func `connecting, losing and closing leave no file handle behind`() async throws {
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: server.sslPort ?? 0) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                configuration.reconnect.firstDelay = .milliseconds(10)
                for round in 0..<5 {
                    let gateway = try await BlitzGateway.connect(configuration)
                    #expect(path.socketsOfClients == 1)
                    path.cut()
                    _ = try await gateway.whoAmI()
                    await gateway.close(round % 2 == 0 ? .whenLast : .forEveryone)
                    #expect(!gateway.isConnected)
                }
                // At least one of each connection's is there while it lives.
                #expect(path.accepted == 10)
                for _ in 0..<200 where server.clientCount > 0 || path.open > 0 {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(server.clientCount == 0)
                #expect(server.sessionCount == 0)
                #expect(path.open == 0)
                try await eventually { path.socketsOfClients == 0 }
            }
        }
    }
}
