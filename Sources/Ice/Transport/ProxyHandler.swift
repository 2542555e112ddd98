import NIOCore

/// Has a proxy connect to the host, on a channel that leads to the proxy.
///
/// Afterwards the channel's bytes are the server's. Handlers that read them are added when the future succeeds, in a
/// callback on the channel's event loop: the server's first bytes may already be there, and follow at once. Time is kept
/// by the caller.
///
/// - Returns: fails with ``NetworkProxyFailure``.
func addProxy(_ proxy: NetworkProxy, to channel: any Channel, host: String, port: Int) -> EventLoopFuture<Void> {
    let promise = channel.eventLoop.makePromise(of: Void.self)
    do {
        let handler = ProxyHandler(ProxyHandshake(proxy, host: host, port: port), promise)
        try channel.pipeline.syncOperations.addHandler(handler)
    } catch {
        promise.fail(NetworkProxyFailure.closed)
    }
    return promise.futureResult
}

/// Carries the handshake with a proxy out, then goes.
private final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var handshake: ProxyHandshake
    private var input: ArraySlice<UInt8> = []
    private var hasBegun = false
    /// Nil once the handshake has ended.
    private var promise: EventLoopPromise<Void>?

    init(_ handshake: ProxyHandshake, _ promise: EventLoopPromise<Void>) {
        self.handshake = handshake
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        // A channel that was just connected is active before it says so: once is enough.
        guard !hasBegun else { return }
        hasBegun = true
        do { say(try handshake.greeting(), context) } catch { fail(error, context) }
    }

    private func say(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let promise else { return context.fireChannelRead(data) }
        input += unwrapInboundIn(data).readableBytesView
        do {
            while true {
                switch try handshake.next(&input) {
                case .wait: return
                case .say(let bytes): say(bytes, context)
                case .done:
                    self.promise = nil
                    promise.succeed()
                    if !input.isEmpty { context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: input))) }
                    context.pipeline.syncOperations.removeHandler(self, promise: nil)
                    return
                }
            }
        } catch {
            fail(error, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed, context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard promise != nil else { return context.fireErrorCaught(error) }
        fail(.closed, context)
    }

    private func fail(_ failure: NetworkProxyFailure, _ context: ChannelHandlerContext) {
        promise?.fail(failure)
        promise = nil
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise?.fail(NetworkProxyFailure.closed)
        promise = nil
    }
}
