import Foundation
import Ice
import InteropPeer
import InteropTypes

/// What the measurements call; answers at once, on the connection's event loop.
struct BenchServant: InlineServant {
    var typeIDs: [String] { ["::interop::Peer"] }

    func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse {
        switch request.current.operation {
        case "echoInt":
            let value = try request.read { try $0.readInteger(Int32.self) }
            return try request.respond { $0.write(value) }
        case "echoBytes":
            let bytes = try request.read { try $0.readBytes() }
            return try request.respond { $0.write(bytes: bytes) }
        case "count":
            _ = try request.read { try $0.readInteger(Int32.self) }
            return try request.respond()
        default:
            throw request.operationNotExist()
        }
    }
}

struct Bench: Sendable {
    let options: [String: String]

    func configuration(_ role: String) -> CommunicatorConfiguration {
        var configuration = CommunicatorConfiguration()
        configuration.messageSizeMax = 256 << 20
        configuration.metrics = false
        configuration.types = interopTypes
        if let certificates = options["certs"] {
            configuration.tls = TLSSettings(
                trust: .roots([.file(certificates + "/ca.pem")]),
                identity: .pem(
                    chain: .file(certificates + "/\(role).pem"), key: .file(certificates + "/\(role).key")),
                clientCertificates: .optional(roots: [.file(certificates + "/ca.pem")])
            )
        }
        return configuration
    }

    func withServer(_ body: @Sendable (ObjectAdapter) async throws -> Void) async throws {
        try await withCommunicator(configuration("server")) { communicator in
            let adapter = try communicator.createObjectAdapter(
                "bench", endpoints: options["endpoints"] ?? "tcp -h 127.0.0.1 -p 0")
            try adapter.add(BenchServant(), identity: Identity(name: "interop"))
            try await adapter.activate()
            try await body(adapter)
        }
    }

    func serve() async throws {
        try await withServer { adapter in
            print("READY \(adapter.createProxy(Identity(name: "interop")))")
            fflush(nil)
            await Task.detached { while readLine() != nil {} }.value
        }
    }

    /// Prints the process's memory without connections, with one and with all.
    func idleServer() async throws {
        let wanted = Int(options["connections"] ?? "") ?? 1000
        try await withServer { adapter in
            report("rss-0", residentBytes())
            print("READY \(adapter.createProxy(Identity(name: "interop")))")
            fflush(nil)
            var first = true
            while adapter.connections.count < wanted {
                if first, adapter.connections.count >= 1 {
                    first = false
                    report("rss-1", residentBytes())
                }
                try await Task.sleep(for: .milliseconds(1))
            }
            try await Task.sleep(for: .milliseconds(500))
            report("rss-all", residentBytes())
            await Task.detached { while readLine() != nil {} }.value
        }
    }

    func client() async throws {
        try await withCommunicator(configuration("client")) { communicator in
            let proxy = try communicator.proxy(options["proxy"] ?? "")
            try await proxy.ping()
            let executor = try await proxy.connection().executor
            report("latency-task", try await latency(proxy))
            report("latency", try await withTaskExecutorPreference(executor) { try await latency(proxy) })
            report("throughput-task", try await throughput(proxy))
            report("throughput", try await withTaskExecutorPreference(executor) { try await throughput(proxy) })
            report("bulk-task", try await bulk(proxy))
            report("bulk", try await withTaskExecutorPreference(executor) { try await bulk(proxy) })
        }
    }

    /// Only calls one after the other, on the connection's executor or from a task elsewhere. What two numbers of
    /// calls differ by, in instructions or system calls, is the cost of a call.
    func sequential() async throws {
        let count = Int32(options["calls"] ?? "") ?? 1000
        try await withCommunicator(configuration("client")) { communicator in
            let proxy = try communicator.proxy(options["proxy"] ?? "")
            try await proxy.ping()
            let executor = options["from"] == "task" ? nil : try await proxy.connection().executor
            try await withTaskExecutorPreference(executor) {
                for number in 0..<count { _ = try await echo(proxy, number) }
            }
        }
    }

    /// Microseconds per call, one after the other.
    private func latency(_ proxy: Proxy) async throws -> Double {
        let count = 5000
        return try await median {
            let start = ContinuousClock.now
            for number in 0..<count { _ = try await echo(proxy, Int32(number)) }
            return seconds(since: start) / Double(count) * 1e6
        }
    }

    /// Calls per second with 64 in flight.
    private func throughput(_ proxy: Proxy) async throws -> Double {
        let count = 50_000
        return try await median {
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask { for number in 0..<count / 64 { _ = try await echo(proxy, Int32(number)) } }
                }
                try await group.waitForAll()
            }
            return Double(count / 64 * 64) / seconds(since: start)
        }
    }

    /// Round trips of 1 MiB per second.
    private func bulk(_ proxy: Proxy) async throws -> Double {
        let count = 100
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        return try await median {
            let start = ContinuousClock.now
            for _ in 0..<count {
                let echoed = try await proxy.invoke(
                    "echoBytes",
                    mode: .idempotent,
                    write: { $0.write(bytes) },
                    read: { try [UInt8](from: &$0) }
                )
                guard echoed.count == bytes.count else { throw CancellationError() }
            }
            return Double(count) / seconds(since: start)
        }
    }

    private func echo(_ proxy: Proxy, _ number: Int32) async throws -> Int32 {
        try await proxy.invoke(
            "echoInt", mode: .idempotent, write: { $0.write(number) }, read: { try $0.readInteger() })
    }

    private func residentBytes() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = Double(line.split(separator: " ").dropFirst().first ?? "")
        else { return 0 }
        return kibibytes * 1024
    }
}

/// Microseconds to encode and to decode 10,000 instances in compact form.
func codec() throws {
    let items = itemGraph(10_000)
    func encode() throws -> IceOutputStream {
        var stream = IceOutputStream(encoding: .v1_1, format: .compact)
        stream.write(items)
        stream.finishParameters()
        return stream
    }
    let bytes = try encode().finish()
    func time(_ body: () throws -> Void) rethrows -> Double {
        var runs: [Double] = []
        for _ in 0..<5 {
            let start = ContinuousClock.now
            for _ in 0..<20 { try body() }
            runs.append(seconds(since: start) / 20 * 1e6)
        }
        return runs.sorted()[2]
    }
    _ = try time { _ = try encode() }
    report("encode", try time { _ = try encode().finish() })
    report(
        "decode",
        try time {
            var stream = IceInputStream(bytes, types: interopTypes)
            let items = try [Item?](from: &stream)
            try stream.finish()
            guard items.count == 10_000 else { throw CancellationError() }
        }
    )
}
