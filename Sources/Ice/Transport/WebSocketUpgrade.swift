import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Opens a WebSocket on a client's channel, behind whatever handlers it has.
///
/// Afterwards inbound and outbound data are Ice's bytes. Handlers that read them are added when the future succeeds, in
/// a callback on the channel's event loop: the peer's first bytes may already be there, and follow at once. Time is kept
/// by the caller.
///
/// - Parameter maxFrame: the largest frame that is taken, in bytes.
/// - Returns: fails with ``WebSocketFailure``.
func addWebSocketClient(
    to channel: any Channel,
    host: String,
    port: Int,
    resource: String,
    maxFrame: Int
) -> EventLoopFuture<Void> {
    upgrade(channel) { promise throws in
        let key = WebSocketHandshake.key()
        let request = try WebSocketHandshake.request(
            host: host,
            port: port,
            resource: resource.isEmpty ? "/" : resource,
            key: key
        )
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        let swap = WebSocketSwap(encoder: encoder, decoder: decoder, isClient: true, maxFrame: maxFrame)
        let handshake = WebSocketClientHandshakeHandler(request: request, key: key, swap: swap, promise: promise)
        try channel.pipeline.syncOperations.addHandlers(encoder, decoder, handshake)
    }
}

/// Waits for a client to open a WebSocket on a connection that a server accepted; see
/// ``addWebSocketClient(to:host:port:resource:maxFrame:)``.
func addWebSocketServer(to channel: any Channel, maxFrame: Int) -> EventLoopFuture<Void> {
    upgrade(channel) { promise throws in
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let swap = WebSocketSwap(encoder: encoder, decoder: decoder, isClient: false, maxFrame: maxFrame)
        let handshake = WebSocketServerHandshakeHandler(swap: swap, promise: promise)
        try channel.pipeline.syncOperations.addHandlers(encoder, decoder, handshake)
    }
}

private func upgrade(
    _ channel: any Channel,
    _ add: @escaping @Sendable (EventLoopPromise<Void>) throws -> Void
) -> EventLoopFuture<Void> {
    let promise = channel.eventLoop.makePromise(of: Void.self)
    @Sendable func run() {
        do { try add(promise) } catch { promise.fail(error) }
    }
    // At once where possible, so that nothing can be read before.
    if channel.eventLoop.inEventLoop { run() } else { channel.eventLoop.execute(run) }
    return promise.futureResult
}

/// Replaces HTTP's handlers by WebSocket's.
final class WebSocketSwap {
    private let encoder: any RemovableChannelHandler
    private let decoder: any RemovableChannelHandler
    private let isClient: Bool
    private let maxFrame: Int
    /// What HTTP's parser had left over: the beginning of the peer's frames.
    private var leftOver: [NIOAny] = []

    init(encoder: any RemovableChannelHandler, decoder: any RemovableChannelHandler, isClient: Bool, maxFrame: Int) {
        self.encoder = encoder
        self.decoder = decoder
        self.isClient = isClient
        // NIO allows no limit above 32 bits; control frames may have 125 bytes.
        self.maxFrame = min(max(maxFrame, 125), Int(UInt32.max))
    }

    /// Keeps bytes that come while ``run(_:_:_:)`` is under way.
    func keep(_ data: NIOAny) { leftOver.append(data) }

    /// Removes HTTP's handlers, which ends after its parser's current call; adds WebSocket's; tells the promise, whose
    /// callbacks add those that read; and hands out the bytes that came meanwhile.
    func run(
        _ context: ChannelHandlerContext, _ handler: any RemovableChannelHandler, _ promise: EventLoopPromise<Void>
    ) {
        let pipeline = context.pipeline.syncOperations
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(decoder).assumeIsolated().whenComplete { [self] _ in
            do {
                try pipeline.addHandlers(
                    [
                        WebSocketFrameEncoder(),
                        ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maxFrame)),
                        WebSocketStreamHandler(isClient: isClient, maxFrame: maxFrame),
                    ],
                    position: .after(handler)
                )
            } catch {
                // The channel closed meanwhile.
                return promise.fail(WebSocketFailure(.closed, cause: error))
            }
            promise.succeed()
            for data in leftOver { context.fireChannelRead(data) }
            if !leftOver.isEmpty { context.fireChannelReadComplete() }
            leftOver = []
            pipeline.removeHandler(handler, promise: nil)
        }
    }
}

/// What a client's and a server's handshake have in common: how they end.
protocol WebSocketHandshakeHandler: AnyObject, ChannelInboundHandler, RemovableChannelHandler {
    var swap: WebSocketSwap { get }
    /// Nil once the handshake has ended.
    var promise: EventLoopPromise<Void>? { get set }
    var isUpgraded: Bool { get set }
    /// One part of the peer's HTTP message.
    func received(_ part: InboundIn, _ context: ChannelHandlerContext)
    /// Says to the peer what is left to say, and closes the channel.
    func refuse(_ failure: WebSocketFailure, _ context: ChannelHandlerContext)
}

extension WebSocketHandshakeHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What comes after the upgrade are bytes that HTTP's parser had left over.
        if isUpgraded { return swap.keep(data) }
        if promise != nil { received(unwrapInboundIn(data), context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard promise != nil else { return context.fireErrorCaught(error) }
        fail(context, WebSocketHandshake.failure(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        takePromise()?.fail(WebSocketFailure(.closed))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { takePromise()?.fail(WebSocketFailure(.closed)) }

    /// The HTTP messages were right: from here on there are frames.
    fileprivate func upgrade(_ context: ChannelHandlerContext) {
        guard let promise = takePromise() else { return }
        isUpgraded = true
        swap.run(context, self, promise)
    }

    fileprivate func fail(_ context: ChannelHandlerContext, _ failure: WebSocketFailure) {
        guard let promise = takePromise() else { return }
        promise.fail(failure)
        refuse(failure, context)
    }

    private func takePromise() -> EventLoopPromise<Void>? {
        defer { promise = nil }
        return promise
    }
}

/// Sends a client's request and judges the answer.
final class WebSocketClientHandshakeHandler: WebSocketHandshakeHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let key: String
    let swap: WebSocketSwap
    var promise: EventLoopPromise<Void>?
    var isUpgraded = false
    private var isSent = false
    private var isAccepted = false

    init(request: HTTPRequestHead, key: String, swap: WebSocketSwap, promise: EventLoopPromise<Void>) {
        self.request = request
        self.key = key
        self.swap = swap
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { send(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        send(context)
        context.fireChannelActive()
    }

    private func send(_ context: ChannelHandlerContext) {
        guard !isSent else { return }
        isSent = true
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func received(_ part: HTTPClientResponsePart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let response):
            do throws(WebSocketFailure) {
                try WebSocketHandshake.check(response, key: key)
                isAccepted = true
            } catch {
                fail(context, error)
            }
        case .body: break
        case .end: if isAccepted { upgrade(context) }
        }
    }

    func refuse(_ failure: WebSocketFailure, _ context: ChannelHandlerContext) { context.close(promise: nil) }
}

/// Judges a client's request and answers it.
final class WebSocketServerHandshakeHandler: WebSocketHandshakeHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let swap: WebSocketSwap
    var promise: EventLoopPromise<Void>?
    var isUpgraded = false
    private var response: HTTPResponseHead?

    init(swap: WebSocketSwap, promise: EventLoopPromise<Void>) {
        self.swap = swap
        self.promise = promise
    }

    func received(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let request):
            do throws(WebSocketFailure) {
                response = try WebSocketHandshake.response(to: request)
            } catch {
                fail(context, error)
            }
        case .body: break
        case .end:
            guard let response else { return }
            context.write(wrapOutboundOut(.head(response)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            upgrade(context)
        }
    }

    func refuse(_ failure: WebSocketFailure, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(WebSocketHandshake.refusal(failure))), promise: nil)
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in closing.value.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }
}
