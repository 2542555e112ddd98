import BlitzCommands
import Foundation
import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROServer

/// `server-bench router`: what a call through the router costs, beside the same call straight to a servant, as lines
/// of JSON. With other arguments it is the command `blitz`, so that one build has both.
@main
struct ServerBench {
    static func main() async throws {
        guard CommandLine.arguments.dropFirst().first == "router" else { return await runBlitz() }
        try await OMEROServer.withServer { server in
            var configuration = CommunicatorConfiguration()
            configuration.types = omeroTypes
            try await withCommunicator(configuration) { ice in
                try await measure(server, ice)
            }
        }
    }

    static func measure(_ server: OMEROServer, _ ice: Communicator) async throws {
        let adapter = try ice.createObjectAdapter("direct", endpoints: "tcp -h 127.0.0.1 -p 0")
        try adapter.add(DirectServant(), identity: Identity(name: "direct"))
        try await adapter.activate()
        let direct = try ice.proxy("direct:" + adapter.publishedEndpoints.map(\.description).joined(separator: ":"))

        let door = try ice.proxy("OMERO.Glacier2/router:tcp -h 127.0.0.1 -p \(server.tcpPort ?? 0)")
        let router = Glacier2Router(door)
        let options = CallOptions(context: ["omero.client.uuid": UUID().uuidString])
        guard let session = try await router.createSession(userID: "root", password: "omero", options: options) else {
            return
        }
        let factory = ServiceFactoryPrx(session)
        let straight = ServiceFactoryPrx(direct)
        var times: [String: [Double]] = [:]
        typealias Work = @Sendable () async throws -> Void
        let calls: [(name: String, work: Work)] = [
            ("direct", { _ = try await straight.activeServices() }),
            ("routed", { _ = try await factory.activeServices() }),
            ("direct-ping", { try await direct.ping() }),
            ("routed-ping", { try await session.ping() }),
        ]
        for _ in 0..<15 {
            for call in calls { times[call.name, default: []].append(try await seconds(of: 1000, call.work)) }
        }
        for (name, values) in times.sorted(by: { $0.key < $1.key }) {
            print("{\"name\": \"\(name)\", \"value\": \(values.sorted()[values.count / 2] * 1e6)}")
        }
        fflush(nil)
    }

    /// Per call.
    static func seconds(of count: Int, _ call: @escaping @Sendable () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        for _ in 0..<count { try await call() }
        return (ContinuousClock.now - start) / .seconds(count)
    }
}

/// Answers `activeServices` as a session without services does.
struct DirectServant: Servant {
    var typeIDs: [String] { ["::omero::api::ServiceFactory"] }

    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        guard request.current.operation == "activeServices" else { throw request.operationNotExist() }
        try request.readNothing()
        return try request.respond { [String]().write(to: &$0) }
    }
}
