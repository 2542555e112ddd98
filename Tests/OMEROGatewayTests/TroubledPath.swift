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
        /// One byte at a time, with a pause between them.
        case slowDrip(Duration)
    }

    /// Who sends bytes.
    enum Side: Sendable { case client, server }

    private struct State {
        var trouble = Trouble.none
        var reset: (side: Side, bytesLeft: Int)?
        var isRefusing = false
        var pairs: [(client: any Channel, server: any Channel)] = []
        var accepted = 0
        var clientPorts: Set<Int> = []
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

    /// How many sockets of this process are still there that clients had made for it, whatever became of their connections.
    var socketsOfClients: Int {
        let ports = state.withLock { $0.clientPorts }
        return OpenSocket.all.count { ports.contains($0.port) && [nil, port].contains($0.peerPort) }
    }

    /// How often the server answered and the client spoke again: what a distance costs.
    var roundTrips: Int { state.withLock { $0.roundTrips } }

    /// How many of these bytes still go through before both ends get a reset; nil for all, and no reset.
    fileprivate func passing(_ count: Int, from side: Side) -> Int? {
        state.withLock { state in
            if side == .client, state.isClientsTurn { state.roundTrips += 1 }
            state.isClientsTurn = side == .server
            guard let reset = state.reset, reset.side == side else { return nil }
            if count < reset.bytesLeft {
                state.reset?.bytesLeft -= count
                return nil
            }
            state.reset = nil
            return reset.bytesLeft
        }
    }

    /// After so many further bytes of that side both ends of the connection get a reset (RST), wherever in a message
    /// that is.
    func reset(after bytes: Int, from side: Side) { state.withLock { $0.reset = (side, bytes) } }

    func set(_ trouble: Trouble) {
        let pairs = state.withLock { state in
            state.trouble = trouble
            return state.pairs
        }
        guard trouble != .blackHole else { return }
        // The news of an end comes out of a black hole, too.
        for (client, server) in pairs where client.isActive != server.isActive {
            client.close(promise: nil)
            server.close(promise: nil)
        }
    }

    /// Whether new connections are closed at once.
    func refuse(_ refusing: Bool) { state.withLock { $0.isRefusing = refusing } }

    /// Ends all connections.
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
                    if let port = client.remoteAddress?.port { state.clientPorts.insert(port) }
                    return state.isRefusing
                }
                if refuses { return client.close() }
                // The client's channel reads nothing before this is done.
                return ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { server in
                        server.eventLoop.makeCompletedFuture {
                            try server.pipeline.syncOperations.addHandler(
                                Forwarder(to: client, path: self, side: .server))
                        }
                    }
                    .connect(host: "127.0.0.1", port: self.target)
                    .flatMapThrowing { server in
                        self.state.withLock { $0.pairs.append((client, server)) }
                        try client.pipeline.syncOperations.addHandler(
                            Forwarder(to: server, path: self, side: .client))
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
    private let side: TroubledPath.Side
    /// What was taken and not given on yet: bytes come late, never in another order.
    private var waiting = CircularBuffer<(bytes: ByteBuffer, due: NIODeadline)>()

    init(to other: any Channel, path: TroubledPath, side: TroubledPath.Side) {
        self.other = other
        self.path = path
        self.side = side
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let last = path.passing(bytes.readableBytes, from: side) {
            other.writeAndFlush(bytes.getSlice(at: bytes.readerIndex, length: last) ?? ByteBuffer(), promise: nil)
            for channel in [other, context.channel] { channel.reset() }
            return
        }
        switch path.trouble {
        case .none:
            giveWhatIsDue(.distantFuture)
            other.writeAndFlush(bytes, promise: nil)
        case .blackHole: break
        case .delay(let time): hold(bytes, until: .now() + TimeAmount(time), context.eventLoop)
        case .drip:
            while let byte = bytes.readSlice(length: 1) { other.writeAndFlush(byte, promise: nil) }
        case .slowDrip(let pause):
            var due = max(waiting.last?.due ?? .now(), .now())
            while let byte = bytes.readSlice(length: 1) {
                due = due + TimeAmount(pause)
                hold(byte, until: due, context.eventLoop)
            }
        }
    }

    private func hold(_ bytes: ByteBuffer, until due: NIODeadline, _ loop: any EventLoop) {
        waiting.append((bytes, due))
        loop.assumeIsolated().scheduleTask(deadline: due) { self.giveWhatIsDue(.now()) }
    }

    private func giveWhatIsDue(_ now: NIODeadline) {
        while let first = waiting.first, first.due <= now {
            waiting.removeFirst()
            other.writeAndFlush(first.bytes, promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // What is lost in a black hole includes the news of the end.
        if path.trouble != .blackHole { other.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

extension Channel {
    /// Ends with RST instead of FIN.
    fileprivate func reset() {
        guard let options = self as? any SocketOptionProvider else { return }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in self.close(promise: nil) }
    }
}
