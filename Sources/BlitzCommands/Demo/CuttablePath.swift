import NIOCore
import NIOPosix
import Synchronization

/// A way to a port of this machine that can be cut: it stands for a cable, or for a network that fails.
final class CuttablePath: Sendable {
    private struct State {
        var isCut = false
        var channels: [any NIOCore.Channel] = []
    }

    private let state = Mutex(State())
    private let target: Int
    private let listener = Mutex<(any NIOCore.Channel)?>(nil)

    private init(target: Int) { self.target = target }

    /// Where the path begins.
    var port: Int { listener.withLock { $0?.localAddress?.port } ?? 0 }

    /// Runs `body` with a path to that port.
    static func with<Result: Sendable>(to target: Int, _ body: (CuttablePath) async throws -> Result) async throws
        -> Result
    {
        let path = CuttablePath(target: target)
        try await path.open()
        do {
            let result = try await body(path)
            await path.close()
            return result
        } catch {
            await path.close()
            throw error
        }
    }

    /// Ends all connections, and takes no other before ``mend()``.
    func cut() {
        let channels = state.withLock { state in
            defer { state.channels = [] }
            state.isCut = true
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func mend() { state.withLock { $0.isCut = false } }

    private func open() async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { client in
                guard !self.state.withLock({ $0.isCut }) else { return client.close() }
                // The client's side reads nothing before this is done.
                return ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { server in
                        server.eventLoop.makeCompletedFuture {
                            try server.pipeline.syncOperations.addHandler(Passage(to: client))
                        }
                    }
                    .connect(host: "127.0.0.1", port: self.target)
                    .flatMapThrowing { server in
                        self.state.withLock { $0.channels += [client, server] }
                        try client.pipeline.syncOperations.addHandler(Passage(to: server))
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    private func close() async {
        cut()
        try? await listener.withLock { $0 }?.close()
    }
}

/// Passes on what comes, and the end of it.
private final class Passage: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any NIOCore.Channel

    init(to other: any NIOCore.Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
