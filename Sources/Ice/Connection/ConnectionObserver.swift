import IceEncoding
import Logging
import Metrics
import NIOCore

/// What a communicator reports about its connections and calls.
///
/// Names are stable; labels are few: never an identity, which may hold a session's key.
final class ConnectionObserver: Sendable {
    private struct Meters: Sendable {
        let calls = Counter(label: "ice.calls")
        let failures = Counter(label: "ice.calls.failed")
        let retries = Counter(label: "ice.calls.retried")
        let latency = Timer(label: "ice.call.duration", preferredDisplayUnit: .milliseconds)
        let bytesIn = Counter(label: "ice.bytes.received")
        let bytesOut = Counter(label: "ice.bytes.sent")
        let opened = Counter(label: "ice.connections.opened")
        let closed = Counter(label: "ice.connections.closed")
        let dispatches = Counter(label: "ice.dispatches")
    }

    private let meters: Meters?
    let logger: Logger?
    /// Whether messages are dumped: asked once, as it is looked at for every message.
    let dumpsMessages: Bool

    init(logger: Logger?, metrics: Bool) {
        self.logger = logger
        self.dumpsMessages = logger.map { $0.logLevel <= .trace } ?? false
        self.meters = metrics ? Meters() : nil
    }

    func called(duration: Duration, failed: Bool) {
        guard let meters else { return }
        meters.calls.increment()
        if failed { meters.failures.increment() }
        meters.latency.recordNanoseconds(duration.clampedNanoseconds)
    }
    func retried() { meters?.retries.increment() }
    func received(_ bytes: Int) { meters?.bytesIn.increment(by: bytes) }
    func sent(_ bytes: Int) { meters?.bytesOut.increment(by: bytes) }
    func connectionOpened() { meters?.opened.increment() }
    func connectionClosed() { meters?.closed.increment() }
    func dispatched() { meters?.dispatches.increment() }
}

/// Logs the messages of one connection at trace level.
final class MessageDumper {
    /// Finds the messages in what arrives; bytes that are none are the state machine's business, not this one's.
    private var frames: FrameDecoder? = FrameDecoder(messageSizeMax: .max)

    func received(_ bytes: ByteBuffer, on connection: Connection) {
        frames?.append(bytes)
        do {
            while let frame = try frames?.next() {
                log("received", MessageDump(frame), connection)
            }
        } catch {
            frames = nil
        }
    }

    func sent(_ message: ByteBuffer, on connection: Connection) {
        log("sent", MessageDump(message), connection)
    }

    private func log(_ direction: String, _ dump: MessageDump, _ connection: Connection) {
        connection.observer.logger?.trace(
            "ice message",
            metadata: [
                LogKey.direction: "\(direction)", LogKey.endpoint: "\(connection.endpoint)",
                LogKey.message: "\(dump)",
            ]
        )
    }
}

/// The metadata keys of this module's log lines.
enum LogKey {
    static let endpoint = "ice.endpoint"
    static let operation = "ice.operation"
    static let error = "ice.error"
    static let adapter = "ice.adapter"
    static let attempt = "ice.attempt"
    static let message = "ice.message"
    static let direction = "ice.direction"
}
