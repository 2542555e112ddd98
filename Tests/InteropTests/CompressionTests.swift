import Ice
import InteropPeer
import Logging
import Synchronization
import Testing

@Suite("Compression between us and real Ice servers", .needsPeers, .serialized)
struct InteropCompressionTests {
    @Test("what is to be compressed is compressed, both ways, and nothing else", arguments: ForeignPeer.allCases)
    func compression(foreign: ForeignPeer) async throws {
        try await withForeignServer(foreign, [.tcp, .wss]) { _, proxies in
            for reference in proxies.values.map(\.reference) {
                let log = TraceLog()
                var configuration = Peers.configuration("client")
                configuration.logger = log.logger
                try await withCommunicator(configuration) { communicator in
                    let plain = PeerProxy(communicator.proxy(reference))
                    let compressed = PeerProxy(plain.proxy.compressed(true))
                    let bytes = [UInt8](repeating: 7, count: 10_000)
                    try await expectEqual(plain.echoBytes(bytes), bytes)
                    #expect(log.take() == ["request 0", "reply 0"])
                    try await expectEqual(compressed.echoBytes(bytes), bytes)
                    #expect(log.take() == ["request 2", "reply 2"])
                    // A short request stays as it is; its reply need not.
                    try await expectEqual(compressed.graph(500).count, 500)
                    #expect(log.take() == ["request 1", "reply 2"])
                }
            }
        }
    }
}

/// Notes kind and compression status of the requests and replies in the trace log.
private final class TraceLog: Sendable {
    private let messages = Mutex<[String]>([])

    func take() -> [String] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }

    var logger: Logger { Logger(label: "trace") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: TraceLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let text = "\(event.metadata?["ice.message"] ?? "")"
            guard let kind = ["request", "reply"].first(where: { text.contains("(\($0))") }),
                let status = text.firstRange(of: "compression status = ")
            else { return }
            log.messages.withLock { $0.append("\(kind) \(text[status.upperBound])") }
        }
    }
}
