@testable import OMERO
import OMEROServer
import Synchronization
import Testing

/// The names of the states that a gateway goes through.
final class StateLog: Sendable {
    private let names = Mutex<[String]>([])
    private let task: Task<Void, Never>
    private let sink: AsyncStream<String>

    init(_ gateway: BlitzGateway) {
        let states = gateway.states
        let (source, continuation) = AsyncStream.makeStream(of: String.self)
        task = Task {
            for await state in states { continuation.yield(state.name) }
            continuation.finish()
        }
        sink = source
    }

    /// The states up to the next of that name, within the limit.
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

    /// The same, with attempts that follow one another as one.
    func course(until name: String, limit: Duration = .seconds(20)) async -> [String] {
        var course: [String] = []
        for state in await states(until: name, limit: limit) where course.last != state { course.append(state) }
        return course
    }
}

/// Runs `body` with a gateway of root's over a path that can be troubled, with short waits; afterwards nothing of it
/// may be left: no session, no connection at either end, no socket of the gateway's and but the listening one of the
/// server's, no task, no listener.
func withTroubledGateway(
    _ change: @Sendable (inout GatewayConfiguration) -> Void = { _ in },
    server configuration: ServerConfiguration = .testing,
    clock: GatewayClock = GatewayClock(),
    encrypted: Bool = true,
    _ body: @Sendable (BlitzGateway, TroubledPath, OMEROServer) async throws -> Void
) async throws {
    try await OMEROServer.withServer(configuration) { server in
        let door = try #require(encrypted ? server.sslPort : server.tcpPort)
        try await TroubledPath.with(to: door) { path in
            var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
            configuration.addresses = [
                ServerAddress(transport: encrypted ? .ssl : .tcp, host: "127.0.0.1", port: path.port)
            ]
            configuration.reconnect.firstDelay = .milliseconds(20)
            configuration.reconnect.limit = .seconds(15)
            configuration.timeouts.close = .seconds(2)
            change(&configuration)
            weak var core: GatewayCore?
            do {
                let gateway = try await BlitzGateway.connect(configuration, origin: nil, clock: clock)
                core = gateway.core
                do {
                    try await body(gateway, path, server)
                } catch {
                    await gateway.close(.forEveryone)
                    throw error
                }
                path.set(.none)
                await gateway.close(.forEveryone)
                #expect(gateway.core.states.listenerCount == 0)
                #expect(gateway.core.state.withLock { $0.background == nil })
                #expect(gateway.core.communicator.isShutDown)
            }
            // Whatever task still ran would hold it.
            try await eventually { core == nil }
            try await eventually { server.clientCount == 0 && path.open == 0 }
            try await eventually { path.socketsOfClients == 0 }
            try await eventually { OpenSocket.all.count { $0.port == door } == 1 }
        }
    }
}
