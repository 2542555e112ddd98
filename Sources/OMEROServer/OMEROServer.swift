#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROStore
public import ServiceLifecycle
import Synchronization

/// An OMERO server: in a test, in a program, or behind `blitz serve`.
///
/// ```swift
/// try await OMEROServer.withServer { server in
///     // omero-py, or any other OMERO client, can log in at server.sslPort as root, password omero
/// }
/// ```
///
/// A server that is not scoped so has one ``run()``; cancelling it, or a graceful shutdown of the service group that
/// runs it, stops the server.
public final class OMEROServer: Service, Sendable {
    /// What it was made with.
    public let configuration: ServerConfiguration
    let core: ServerCore
    let router: RouterServant
    private let communicator: Communicator
    private let doors: Doors
    private let folder: DataFolder?

    /// Where clients connect with TLS; nil if that door is closed.
    public var sslPort: Int? { doors.ssl?.port }
    /// Where clients connect without encryption; nil if that door is closed.
    public var tcpPort: Int? { doors.tcp?.port }
    /// Where clients connect by WebSocket without encryption; nil if that door is closed.
    public var wsPort: Int? { doors.ws?.port }
    /// Where clients connect by WebSocket with TLS; nil if that door is closed.
    public var wssPort: Int? { doors.wss?.port }
    /// SHA-256 of the certificate, in hexadecimal with colons.
    public let certificateFingerprint: String
    /// The password of `root`, if this start made it: it is kept nowhere else.
    public let generatedRootPassword: String?

    /// The version of OMERO whose behaviour this server has, as `IConfig.getVersion` answers it.
    public static let omeroVersion = "5.6.17"

    init(
        configuration: ServerConfiguration,
        core: ServerCore,
        router: RouterServant,
        communicator: Communicator,
        doors: Doors,
        folder: DataFolder?,
        fingerprint: String,
        generatedRootPassword: String?
    ) {
        self.configuration = configuration
        self.core = core
        self.router = router
        self.communicator = communicator
        self.doors = doors
        self.folder = folder
        certificateFingerprint = fingerprint
        self.generatedRootPassword = generatedRootPassword
    }

    /// How many sessions there are.
    public var sessionCount: Int { core.state.withLock { $0.book.count } }
    /// How many clients are connected with a session.
    public var clientCount: Int { router.sessionCount }
    /// How many servants the sessions have.
    public var servantCount: Int { core.backend.servantCount }

    /// Serves until it is cancelled or gracefully shut down; then ends in an orderly way.
    public func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.communicator.run() }
            group.addTask { await cancelWhenGracefulShutdown { await self.core.sendHeartbeats() } }
            group.addTask {
                await cancelWhenGracefulShutdown {
                    while !Task.isCancelled {
                        do {
                            try await Task.sleep(for: self.configuration.sessions.reapInterval)
                        } catch {
                            break
                        }
                        await self.core.reap()
                    }
                }
                await self.stop()
            }
        }
    }

    /// Tells the clients, lets calls in flight end, closes doors and database. Sessions stay in the database: their
    /// clients can join them when the server is there again.
    private func stop() async {
        // Also when the task was cancelled: what is to be done takes a limited time.
        await Task {
            core.state.withLock { $0.isStopping = true }
            let grace = configuration.shutdownGrace
            await withDiscardingTaskGroup { group in
                for client in core.liveSessions.flatMap(\.clients) {
                    guard let callback = client.callback else { continue }
                    group.addTask {
                        try? await ClientCallbackPrx(callback.proxy.oneway())
                            .shutdownIn(milliseconds: grace.components.seconds * 1000, timeout: .seconds(1))
                    }
                }
            }
            let end = ContinuousClock.now + grace
            while ContinuousClock.now < end,
                core.liveSessions.contains(where: { $0.state.withLock { $0.activeCalls > 0 } })
            {
                try? await Task.sleep(for: .milliseconds(20))
            }
            await core.reap()
            core.observer.stopped(sessions: sessionCount, clients: clientCount, servants: servantCount)
            await communicator.shutdown()
            do {
                try await core.store.write { [core] in try $0.markNodeDown(id: core.nodeID) }
                try await core.store.close()
            } catch {
                core.observer.backgroundFailed("close the database", error)
            }
            folder?.unlock()
        }.value
    }

    /// Runs `body` with a server, which stops on every way out. In memory and on free ports unless the configuration
    /// says otherwise.
    public static func withServer<Result: Sendable>(
        _ configuration: ServerConfiguration = .testing,
        _ body: @Sendable (OMEROServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(configuration)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            do {
                let result = try await body(server)
                group.cancelAll()
                try? await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                try? await group.waitForAll()
                throw error
            }
        }
    }
}

extension ServerConfiguration {
    /// In memory, on free ports of this machine, root's password `omero`. Passwords are hashed in no time, which is
    /// safe against nobody.
    public static var testing: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.doors = .ephemeral
        configuration.rootPassword = "omero"
        configuration.passwordCost = .negligible
        return configuration
    }
}
