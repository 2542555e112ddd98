import Foundation
import Logging
import OMEROStore
import ServiceLifecycle
import Testing

@testable import OMEROServer

@Suite("A server's life")
struct ServerLifeTests {
    private func openSession(_ server: OMEROServer, user: String = "root", toIdle: Int64 = 600_000) async throws
        -> LiveSession
    {
        let owner = try #require(try await server.core.directory.user(named: user))
        return try await server.core.create(
            ServerCore.SessionRequest(
                owner: owner, sudoer: nil, group: "", eventType: "", agent: "test", address: nil, timeToIdle: toIdle,
                timeToLive: 0, sudoGroups: nil))
    }

    @Test("in a test it is one line: in memory, on free ports")
    func oneLine() async throws {
        let ports = try await OMEROServer.withServer { server in
            #expect(server.sessionCount == 0 && server.clientCount == 0)
            #expect(server.generatedRootPassword == nil)
            return [server.sslPort, server.tcpPort]
        }
        #expect(ports.allSatisfy { $0 != nil && $0 != 0 })
    }

    @Test("an error of the body comes out, and the server has stopped")
    func bodyFails() async throws {
        struct Failure: Error {}
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path
            await #expect(throws: Failure.self) {
                try await OMEROServer.withServer(configuration) { _ in throw Failure() }
            }
            try DataFolder(path).unlock()
        }
    }

    @Test("several servers live side by side")
    func several() async throws {
        try await OMEROServer.withServer { first in
            try await OMEROServer.withServer { second in
                #expect(first.sslPort != second.sslPort)
                #expect(first.certificateFingerprint != second.certificateFingerprint)
            }
        }
    }

    @Test("a server without a door is refused")
    func noDoor() async {
        var configuration = ServerConfiguration.testing
        configuration.doors.ssl = nil
        configuration.doors.tcp = nil
        let error = await #expect(throws: ServerError.self) { try await OMEROServer.start(configuration) }
        #expect(error?.reason == .noDoor)
    }

    @Test("without a password for root the first start makes one, the second doesn't")
    func generatedPassword() async throws {
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path
            configuration.rootPassword = nil
            let made = try await OMEROServer.withServer(configuration) { $0.generatedRootPassword }
            #expect(made?.count == 20)
            #expect(try await OMEROServer.withServer(configuration) { $0.generatedRootPassword } == nil)
        }
    }

    @Test("after an orderly end and a new start sessions can be joined, those that were closed cannot")
    func restart() async throws {
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path
            let server = try await OMEROServer.start(configuration)
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: server)], logger: .init(label: "test")))
            async let running: Void = group.run()
            let (kept, closed) = (try await openSession(server), try await openSession(server))
            #expect(await server.core.end(closed.uuid, says: ""))
            // What SIGTERM does.
            await group.triggerGracefulShutdown()
            try await running

            let (uuid, gone) = (kept.uuid, closed.uuid)
            try await OMEROServer.withServer(configuration) { server in
                #expect(server.sessionCount == 1)
                let joined = try server.core.join(uuid)
                #expect(joined.owner.name == "root")
                #expect(joined.group.name == "system")
                #expect(server.core.entry(uuid)?.references == 2)
                #expect(throws: (any Error).self) { try server.core.join(gone) }
            }
        }
    }

    @Test("a session that a cancelled task ends is closed in the database, too")
    func endedByACancelledTask() async throws {
        try await OMEROServer.withServer { server in
            let session = try await openSession(server)
            let ending = Task {
                while !Task.isCancelled { await Task.yield() }
                return await server.core.end(session.uuid, says: "")
            }
            ending.cancel()
            #expect(await ending.value)
            #expect(try await server.core.directory.openSessions().isEmpty)
        }
    }

    @Test("a session whose time ran out while the server was away is gone")
    func timedOutMeanwhile() async throws {
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path
            // So much more a session lives after a restart, since accesses are not written down at once.
            configuration.sessions.reapInterval = .milliseconds(1)
            let uuid = try await OMEROServer.withServer(configuration) { server in
                try await openSession(server, toIdle: 1).uuid
            }
            try await Task.sleep(for: .milliseconds(5))
            try await OMEROServer.withServer(configuration) { server in
                #expect(server.sessionCount == 0)
                #expect(throws: (any Error).self) { try server.core.join(uuid) }
            }
        }
    }

    @Test("every run is a node, which its sessions name, and which is down when it ended")
    func nodes() async throws {
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path
            let first = try await OMEROServer.withServer(configuration) { server in
                let session = try await openSession(server)
                #expect(session.nodeID == server.core.nodeID)
                return session.nodeID
            }
            try await OMEROServer.withServer(configuration) { server in
                let nodes = try await server.core.store.read { try $0.nodes() }.filter { $0.id != 0 }
                #expect(nodes.map(\.id) == [first, server.core.nodeID])
                #expect(nodes.map { $0.down == nil } == [false, true])
                #expect(server.core.liveSessions.map(\.nodeID) == [first])
            }
        }
    }

    @Test("the limits on sessions refuse with their numbers")
    func limits() async throws {
        var configuration = ServerConfiguration.testing
        configuration.sessions.perUser = 2
        configuration.sessions.total = 3
        try await OMEROServer.withServer(configuration) { server in
            for _ in 0..<2 { _ = try await openSession(server) }
            let own = await #expect(throws: (any Error).self) { try await openSession(server) }
            #expect(own.map { "\($0)" }?.contains("root has 2 sessions, which is the limit per user") == true)
            _ = try await openSession(server, user: "guest")
            let all = await #expect(throws: (any Error).self) { try await openSession(server, user: "guest") }
            #expect(all.map { "\($0)" }?.contains("there are 3 sessions, which is this server's limit") == true)
        }
    }
}
