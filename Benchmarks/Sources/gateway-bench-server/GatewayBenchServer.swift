import Foundation
import OMERO
import OMEROServer

/// The server of gateway-bench, and what needs one in its own process.
@main struct GatewayBenchServer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        switch (arguments.dropFirst().first, arguments.count) {
        case ("serve", 2): try await serve()
        case ("share", 3): try await share(Double(arguments[2]) ?? 60)
        default: fatalError("gateway-bench-server serve | share SECONDS")
        }
    }

    /// As `blitz serve` does, with its data in a folder.
    static func serve() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = ServerConfiguration.testing
        configuration.dataFolder = folder.path()
        try await OMEROServer.withServer(configuration) { server in
            try await BenchData.fill(port: server.sslPort ?? 0)
            tell("READY \(server.sslPort ?? 0)")
            // Until the other end of standard input goes away.
            while readLine() != nil {}
        }
    }

    /// 200 tasks over one gateway, each in one of four groups: for scripts/soak, with the thread sanitizer. Ends with 1
    /// if an answer was of another group than was asked for.
    static func share(_ seconds: Double) async throws {
        var setup = ServerConfiguration.testing
        setup.sampleData = true
        let (right, wrong) = try await OMEROServer.withServer(setup) { server in
            var configuration = GatewayConfiguration(
                addresses: [ServerAddress(host: "127.0.0.1", port: server.sslPort ?? 0)],
                credentials: .password(user: "sample-leader", "leader-1"))
            configuration.trust = .none
            return try await BlitzGateway.withConnection(configuration) { gateway in
                let groups = try await gateway.myGroups().filter { $0.name != "user" }
                let end = ContinuousClock.now + .seconds(seconds)
                return try await withThrowingTaskGroup(of: (Int, Int).self) { tasks in
                    for number in 0..<200 {
                        let group = groups[number % groups.count]
                        let scoped = gateway.inGroup(group.id)
                        tasks.addTask {
                            var (right, wrong) = (0, 0)
                            repeat {
                                let found = try await scoped.rows(
                                    "select p.details.group.id from Project p", as: Int64.self)
                                let me = try await scoped.whoAmI()
                                let isRight = !found.isEmpty && found.allSatisfy { $0 == group.id }
                                if isRight, me.groupID == group.id { right += 2 } else { wrong += 1 }
                            } while ContinuousClock.now < end
                            return (right, wrong)
                        }
                    }
                    return try await tasks.reduce(into: (0, 0)) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
                }
            }
        }
        tell("\(right) answers of the group that was asked for, \(wrong) of others")
        exit(right > 0 && wrong == 0 ? 0 : 1)
    }

    /// Whoever reads waits for it.
    private static func tell(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
