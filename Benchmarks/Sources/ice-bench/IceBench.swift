import Foundation
import Ice
import Synchronization

/// Swift's side of `scripts/bench ice`: a server, and clients that measure one thing each and print it as JSON.
///
///     ice-bench server --endpoints "tcp -h 127.0.0.1 -p 0" [--certs DIR]
///     ice-bench latency|throughput|bulk --proxy "…" [--count N] [--certs DIR]
@main
struct IceBench {
    static func main() async throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        guard !arguments.isEmpty else { return print("usage: ice-bench MODE [--option value]…") }
        let mode = arguments.removeFirst()
        var options: [String: String] = [:]
        while arguments.count >= 2 {
            options[String(arguments.removeFirst().drop { $0 == "-" })] = arguments.removeFirst()
        }
        let bench = Bench(options: options)
        switch mode {
        case "server": try await bench.serve()
        case "latency": try await bench.latency()
        case "throughput": try await bench.throughput()
        case "bulk": try await bench.bulk()
        default: print("no such mode: \(mode)")
        }
    }
}

struct PeerServant: InlineServant {
    var typeIDs: [String] { ["::interop::Peer"] }

    func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse {
        switch request.current.operation {
        case "echoInt":
            let value = try request.read { try $0.readInteger(Int32.self) }
            return try request.respond { $0.write(value) }
        case "echoBytes":
            let bytes = try request.read { try $0.readBytes() }
            return try request.respond { $0.write(bytes: bytes) }
        default:
            throw request.operationNotExist()
        }
    }
}

struct Bench: Sendable {
    let options: [String: String]

    var configuration: CommunicatorConfiguration {
        var configuration = CommunicatorConfiguration()
        configuration.messageSizeMax = 256 << 20
        configuration.metrics = false
        return configuration
    }

    func serve() async throws {
        try await withCommunicator(configuration) { communicator in
            let adapter = try communicator.createObjectAdapter(
                "bench", endpoints: options["endpoints"] ?? "tcp -h 127.0.0.1 -p 0")
            try adapter.add(PeerServant(), identity: Identity(name: "interop"))
            try await adapter.activate()
            print("READY \(adapter.createProxy(Identity(name: "interop")))")
            fflush(nil)
            // Ends with its standard input.
            await Task.detached { while readLine() != nil {} }.value
        }
    }

    func withProxy(_ body: @Sendable (Proxy, Int) async throws -> Void) async throws {
        try await withCommunicator(configuration) { communicator in
            let proxy = try communicator.proxy(options["proxy"] ?? "")
            try await proxy.ping()
            try await body(proxy, Int(options["count"] ?? "") ?? 20_000)
        }
    }

    func latency() async throws {
        try await withProxy { proxy, count in
            func run() async throws {
                for number in 0..<count { _ = try await echo(proxy, Int32(number)) }
            }
            func median() async throws -> Double {
                try await run()
                var runs: [Double] = []
                for _ in 0..<5 {
                    let start = ContinuousClock.now
                    try await run()
                    runs.append((ContinuousClock.now - start) / .microseconds(1) / Double(count))
                }
                return runs.sorted()[2]
            }
            report("latency-task", try await median())
            let executor = try await proxy.connection().executor
            let onLoop = try await withTaskExecutorPreference(executor) { try await median() }
            report("latency-executor", onLoop)
        }
    }

    func throughput() async throws {
        try await withProxy { proxy, count in
            func run() async throws {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<64 {
                        group.addTask {
                            for number in 0..<count / 64 { _ = try await echo(proxy, Int32(number)) }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            func median() async throws -> Double {
                try await run()
                var runs: [Double] = []
                for _ in 0..<5 {
                    let start = ContinuousClock.now
                    try await run()
                    runs.append(Double(count) / ((ContinuousClock.now - start) / .seconds(1)))
                }
                return runs.sorted()[2]
            }
            report("calls-per-second-tasks", try await median())
            let executor = try await proxy.connection().executor
            report("calls-per-second", try await withTaskExecutorPreference(executor) { try await median() })
        }
    }

    func bulk() async throws {
        try await withProxy { proxy, count in
            let bytes = [UInt8](repeating: 7, count: 1 << 20)
            let executor = try await proxy.connection().executor
            func run() async throws {
                for _ in 0..<count {
                    let echoed = try await proxy.invoke(
                        "echoBytes", mode: .idempotent, write: { $0.write(bytes) }, read: { try [UInt8](from: &$0) })
                    precondition(echoed.count == bytes.count)
                }
            }
            func median() async throws -> Double {
                try await run()
                var runs: [Double] = []
                for _ in 0..<5 {
                    let start = ContinuousClock.now
                    try await run()
                    runs.append(Double(count) / ((ContinuousClock.now - start) / .seconds(1)))
                }
                return runs.sorted()[2]
            }
            report("bulk-tasks", try await median())
            report("bulk", try await withTaskExecutorPreference(executor) { try await median() })
        }
    }

    func echo(_ proxy: Proxy, _ number: Int32) async throws -> Int32 {
        try await proxy.invoke(
            "echoInt", mode: .idempotent, write: { $0.write(number) }, read: { try $0.readInteger() })
    }

    func report(_ name: String, _ value: Double) {
        print("{\"name\":\"\(name)\",\"value\":\(value)}")
        fflush(nil)
    }
}
