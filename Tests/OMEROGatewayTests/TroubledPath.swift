import NIOCore
import NIOPosix
import Synchronization

/// A way to a server on which everything that happens to networks can be made to happen.
final class TroubledPath: Sendable {
    /// What is done to bytes on their way.
    enum Trouble: Sendable, Equatable {
        case none
        /// Taken, and given to nobody.
        case blackHole
        /// Each piece comes later.
        case delay(Duration)
        /// One byte at a time.
        case drip
    }

    private struct State {
        var trouble = Trouble.none
        var isRefusing = false
        var pairs: [(client: any Channel, server: any Channel)] = []
        var accepted = 0
        var isClientsTurn = true
        var roundTrips = 0
    }

    private let state = Mutex(State())
    private let group = MultiThreadedEventLoopGroup.singleton
    private let listener = Mutex<(any Channel)?>(nil)
    private let target: Int
    let port: Int

    private init(target: Int, port: Int) {
        self.target = target
        self.port = port
    }

    /// Runs `body` with a path to the port of this machine.
    static func with<Result: Sendable>(
        to target: Int,
        _ body: (TroubledPath) async throws -> Result
    ) async throws -> Result {
        let free = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = free.localAddress?.port ?? 0
        try await free.close()
        let path = TroubledPath(target: target, port: port)
        try await path.listen()
        do {
            let result = try await body(path)
            await path.close()
            return result
        } catch {
            await path.close()
            throw error
        }
    }

    /// How many connections came.
    var accepted: Int { state.withLock { $0.accepted } }

    /// How many connections clients have open to it.
    var open: Int { state.withLock { $0.pairs.count { $0.client.isActive || $0.server.isActive } } }

    /// How often the server answered and the client spoke again: what a distance costs.
    var roundTrips: Int { state.withLock { $0.roundTrips } }

    fileprivate func passed(fromClient: Bool) {
        state.withLock { state in
            if fromClient, state.isClientsTurn { state.roundTrips += 1 }
            state.isClientsTurn = !fromClient
        }
    }

    func set(_ trouble: Trouble) { state.withLock { $0.trouble = trouble } }

    /// Whether new connections are closed at once.
    func refuse(_ refusing: Bool) { state.withLock { $0.isRefusing = refusing } }

    /// Ends all connections; with a reset, or in the middle of what is being sent.
    func cut() {
        let pairs = state.withLock { state in
            defer { state.pairs = [] }
            return state.pairs
        }
        for pair in pairs {
            pair.client.close(promise: nil)
            pair.server.close(promise: nil)
        }
    }

    /// The server's side goes away without a word, as when its machine loses power.
    func halfOpen() {
        set(.blackHole)
        for pair in state.withLock({ $0.pairs }) { pair.server.close(promise: nil) }
    }

    private func listen() async throws {
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { client in
                let refuses = self.state.withLock { state in
                    state.accepted += 1
                    return state.isRefusing
                }
                if refuses { return client.close() }
                // The client's channel reads nothing before this is done.
                return ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { server in
                        server.eventLoop.makeCompletedFuture {
                            try server.pipeline.syncOperations.addHandler(
                                Forwarder(to: client, path: self, isClients: false))
                        }
                    }
                    .connect(host: "127.0.0.1", port: self.target)
                    .flatMapThrowing { server in
                        self.state.withLock { $0.pairs.append((client, server)) }
                        try client.pipeline.syncOperations.addHandler(
                            Forwarder(to: server, path: self, isClients: true))
                    }
            }
            .bind(host: "127.0.0.1", port: port).get()
        listener.withLock { $0 = channel }
    }

    private func close() async {
        cut()
        try? await listener.withLock { $0 }?.close()
    }

    fileprivate var trouble: Trouble { state.withLock { $0.trouble } }
}

private final class Forwarder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any Channel
    private let path: TroubledPath
    private let isClients: Bool

    init(to other: any Channel, path: TroubledPath, isClients: Bool) {
        self.other = other
        self.path = path
        self.isClients = isClients
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        path.passed(fromClient: isClients)
        switch path.trouble {
        case .none: other.writeAndFlush(bytes, promise: nil)
        case .blackHole: break
        case .delay(let time):
            let (other, piece) = (other, bytes)
            context.eventLoop.scheduleTask(
                in: .nanoseconds(time.components.attoseconds / 1_000_000_000 + time.components.seconds * 1_000_000_000)
            ) {
                other.writeAndFlush(piece, promise: nil)
            }
        case .drip:
            while let byte = bytes.readSlice(length: 1) { other.writeAndFlush(byte, promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // What is lost in a black hole includes the news of the end.
        if path.trouble != .blackHole { other.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
