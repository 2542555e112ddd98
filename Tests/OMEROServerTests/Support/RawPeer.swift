import NIOCore
import NIOPosix
import Synchronization

/// A connection that sends bytes as they are, and sees what comes back.
struct RawPeer: Sendable {
    private let channel: any Channel
    private let received: Mutex<[UInt8]>.Shared

    init(port: Int) async throws {
        let received = Mutex<[UInt8]>.Shared([])
        self.received = received
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(received))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    func close() { channel.close(promise: nil) }
    var isOpen: Bool { channel.isActive }
    var bytes: [UInt8] { received.mutex.withLock { $0 } }
}

extension Mutex {
    /// The same lock for several owners.
    final class Shared: Sendable where Value: Sendable {
        let mutex: Mutex<Value>
        init(_ value: Value) { mutex = Mutex<Value>(value) }
    }
}

private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let received: Mutex<[UInt8]>.Shared

    init(_ received: Mutex<[UInt8]>.Shared) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        received.mutex.withLock { $0 += bytes }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Frames of the Ice protocol, right or wrong.
enum Frame {
    static func header(
        kind: UInt8,
        size: Int32,
        magic: String = "IceP",
        version: UInt8 = 1,
        compression: UInt8 = 0
    ) -> [UInt8] {
        Array(magic.utf8) + [version, 0, 1, 0, kind, compression]
            + withUnsafeBytes(of: size.littleEndian) { Array($0) }
    }

    static func message(kind: UInt8, compression: UInt8 = 0, _ body: [UInt8]) -> [UInt8] {
        header(kind: kind, size: Int32(14 + body.count), compression: compression) + body
    }

    static let validation = message(kind: 3, [])

    static func int(_ value: Int32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    static func string(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    /// A request for the router; `encapsulation` is taken as it is.
    static func request(id: Int32 = 1, operation: String, encapsulation: [UInt8]) -> [UInt8] {
        message(
            kind: 0,
            int(id) + string("router") + string("OMERO.Glacier2") + [0] + string(operation) + [0, 0] + encapsulation)
    }
}
