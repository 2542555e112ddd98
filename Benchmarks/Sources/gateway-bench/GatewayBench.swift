#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif
import OMERO

/// What is measured of the gateway, one kind per run; scripts/lib/bench_gateway.py does the same with omero-py. Linked
/// with what a client needs and nothing else, as its memory counts; the server is gateway-bench-server's.
@main struct GatewayBench {
    /// As gateway-bench-server has it.
    private static let user = "bench-user"

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let port = Int(arguments[2]), let count = Int(arguments[3]) else {
            fatalError("gateway-bench KIND PORT COUNT")
        }
        var configuration = GatewayConfiguration(
            addresses: [ServerAddress(host: "127.0.0.1", port: port)],
            credentials: .password(user: user, "bench-password"))
        // omero-py verifies nothing.
        configuration.trust = .none
        switch arguments[1] {
        case "connect": try await connect(configuration, count)
        case "context": try await context(configuration, count)
        case "whoami": try await whoami(configuration, count)
        case "mixed": try await mixed(configuration, count)
        case "memory": try await memory(configuration, count)
        default: fatalError("no such kind: \(arguments[1])")
        }
    }

    static func print(times: [Double]) {
        Swift.print("TIMES " + times.map { String($0) }.joined(separator: " "))
    }

    /// What was answered: it must be the same on both sides.
    static func print(facts: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        Swift.print("FACTS " + String(decoding: try encoder.encode(facts), as: UTF8.self))
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// From nothing to the first answer.
    static func connect(_ configuration: GatewayConfiguration, _ count: Int) async throws {
        var times: [Double] = []
        for _ in 0..<count {
            let started = ContinuousClock.now
            let gateway = try await BlitzGateway.connect(configuration)
            guard try await gateway.whoAmI().userName == user else { fatalError("another user") }
            times.append(seconds(.now - started))
            await gateway.close()
        }
        print(times: times)
    }

    /// One call after the other over one connection, after some to get warm.
    private static func times(of count: Int, _ body: () async throws -> Void) async throws -> [Double] {
        for _ in 0..<20 { try await body() }
        var times: [Double] = []
        for _ in 0..<count {
            let started = ContinuousClock.now
            try await body()
            times.append(seconds(.now - started))
        }
        return times
    }

    /// `getEventContext` and nothing else.
    static func context(_ configuration: GatewayConfiguration, _ count: Int) async throws {
        try await BlitzGateway.withConnection(configuration) { gateway in
            print(times: try await times(of: count) { _ = try await gateway.whoAmI() })
        }
    }

    static func whoami(_ configuration: GatewayConfiguration, _ count: Int) async throws {
        try await BlitzGateway.withConnection(configuration) { gateway in
            try print(facts: try await WhoAmI(asking: gateway))
            print(times: try await times(of: count) { _ = try await WhoAmI(asking: gateway) })
        }
    }

    /// Calls of several kinds, by 32 tasks over one gateway.
    static func mixed(_ configuration: GatewayConfiguration, _ count: Int) async throws {
        try await BlitzGateway.withConnection(configuration) { gateway in
            let pages = WebPages(gateway: gateway, group: try await gateway.whoAmI().groupID)
            for number in 0..<4 { try print(facts: try await pages.part(number)) }
            for number in 0..<40 { _ = try await pages.part(number) }
            let started = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for task in 0..<32 {
                    tasks.addTask {
                        for number in stride(from: task, to: count, by: 32) { _ = try await pages.part(number) }
                    }
                }
                try await tasks.waitForAll()
            }
            print(times: [seconds(.now - started)])
        }
    }

    /// A process that holds so many gateways; what it has of memory stands in /proc.
    static func memory(_ configuration: GatewayConfiguration, _ count: Int) async throws {
        var gateways: [BlitzGateway] = []
        for _ in 0..<count { gateways.append(try await BlitzGateway.connect(configuration)) }
        for gateway in gateways { _ = try await gateway.whoAmI() }
        Swift.print("READY \(gateways.count)")
        // Whoever reads waits for it.
        fflush(nil)
        while readLine() != nil {}
        for gateway in gateways { await gateway.close() }
    }
}
