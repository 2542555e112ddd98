@testable import Ice
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A peer at loopback that does what a test says, right or wrong.
final class ScriptedServer: Sendable {
    /// A request that it has read.
    struct Request: Sendable {
        /// 1 for the first connection that was accepted.
        var connection: Int
        /// 1 for the first request on any connection.
        var number: Int
        var id: Int32
        var operation: String
        var peer: Peer

        func reply() { peer.send(replyBytes) }

        var replyBytes: [UInt8] {
            guard let reply = try? Message.encodeReply(id: id, .ok(.empty(.v1_1))) else { return [] }
            return Array(reply.readableBytesView)
        }
    }

    /// The other end of one connection.
    struct Peer: Sendable {
        var channel: any Channel

        func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
        /// An orderly end (FIN) after what was sent.
        func close() { channel.close(promise: nil) }
        /// Ends with RST.
        func reset() {
            let channel = channel
            guard let options = channel as? any SocketOptionProvider else { return }
            options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    static let greeting = Array(Message.bare(.validateConnection).readableBytesView)
    static let goodbye = Array(Message.bare(.closeConnection).readableBytesView)

    private struct State {
        var connections = 0
        var greeted = 0
        var requests = 0
        var peers: [any Channel] = []
    }
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)
    private let greeting: [UInt8]
    private let onBytes: (@Sendable (Peer) -> Void)?
    private let onRequest: @Sendable (Request) -> Void

    private init(
        greeting: [UInt8],
        onBytes: (@Sendable (Peer) -> Void)?,
        onRequest: @escaping @Sendable (Request) -> Void
    ) {
        self.greeting = greeting
        self.onBytes = onBytes
        self.onRequest = onRequest
    }

    /// - Parameters:
    ///   - greeting: what it says as soon as it has accepted a connection.
    ///   - onBytes: is called for everything that arrives; with it nothing is read as Ice messages.
    static func start(
        greeting: [UInt8] = ScriptedServer.greeting,
        onBytes: (@Sendable (Peer) -> Void)? = nil,
        onRequest: @escaping @Sendable (Request) -> Void = { _ in }
    ) async throws -> ScriptedServer {
        let server = ScriptedServer(greeting: greeting, onBytes: onBytes, onRequest: onRequest)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 511)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptedHandler(server: server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.listener.withLock { $0 = listener }
        return server
    }

    var port: Int { listener.withLock { $0?.localAddress?.port } ?? 0 }
    /// How many connections it has accepted.
    var connections: Int { state.withLock { $0.connections } }
    /// On how many of them its greeting was handed to the operating system.
    var greeted: Int { state.withLock { $0.greeted } }
    /// How many requests it has read.
    var requests: Int { state.withLock { $0.requests } }

    /// Closes everything. The port is free afterwards.
    func stop() async {
        let listener = listener.withLock { $0 }
        try? await listener?.close()
        for peer in state.withLock({ $0.peers }) { try? await peer.close() }
    }

    fileprivate func accepted(_ channel: any Channel) -> Int {
        let number = state.withLock { state in
            state.connections += 1
            state.peers.append(channel)
            return state.connections
        }
        if !greeting.isEmpty {
            channel.writeAndFlush(ByteBuffer(bytes: greeting)).whenSuccess { self.state.withLock { $0.greeted += 1 } }
        }
        return number
    }

    fileprivate func received(on channel: any Channel) -> Bool {
        onBytes?(Peer(channel: channel))
        return onBytes == nil
    }

    fileprivate func received(_ request: RequestMessage, connection: Int, on channel: any Channel) {
        let number = state.withLock { state in
            state.requests += 1
            return state.requests
        }
        onRequest(
            Request(
                connection: connection,
                number: number,
                id: request.header.id,
                operation: request.header.operation,
                peer: Peer(channel: channel)
            )
        )
    }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let server: ScriptedServer
    private var number = 0
    private var frames = FrameDecoder(messageSizeMax: 1 << 20)

    init(server: ScriptedServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) { number = server.accepted(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard server.received(on: context.channel) else { return }
        frames.append(unwrapInboundIn(data))
        while let frame = try? frames.next() {
            guard case .request(let request) = try? Message(frame) else { continue }
            server.received(request, connection: number, on: context.channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
