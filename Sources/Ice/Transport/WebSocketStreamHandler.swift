import NIOCore
import NIOWebSocket

/// Turns frames into the stream of bytes that they carry, and bytes into frames.
///
/// "An Ice message may span frames, and a frame hold several": the payloads of binary frames and their continuations are
/// one stream. As in Ice, each buffer that is written becomes one frame, and no frame is empty, which Ice would refuse.
final class WebSocketStreamHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    private enum State {
        case open
        /// This side sent its close frame and waits for the peer's.
        case closing(timer: Scheduled<Void>, promise: EventLoopPromise<Void>?)
        /// Nothing more is sent or passed on.
        case closed
    }

    private let isClient: Bool
    private let maxFrame: Int
    private let closeTimeout: TimeAmount
    private var state = State.open
    /// Whether the last data frame said that more of its message follows.
    private var isInMessage = false

    init(isClient: Bool, maxFrame: Int, closeTimeout: TimeAmount = .seconds(1)) {
        self.isClient = isClient
        self.maxFrame = maxFrame
        self.closeTimeout = closeTimeout
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closed = state { return }
        var frame = unwrapInboundIn(data)
        if let problem = problem(with: frame) { return fail(context, problem) }
        // NIO hands out the bytes as they came.
        if let key = frame.maskKey { frame.data.webSocketUnmask(key) }
        switch frame.opcode {
        case .binary, .continuation:
            isInMessage = !frame.fin
            if frame.data.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(frame.data)) }
        case .ping:
            // A peer that asks and doesn't read gets no queue of answers.
            guard case .open = state, context.channel.isWritable else { return }
            context.writeAndFlush(wrapOutboundOut(self.frame(.pong, frame.data)), promise: nil)
        case .connectionClose: receivedClose(context, frame.data)
        default: break  // A pong answers nothing that was asked.
        }
    }

    private func problem(with frame: WebSocketFrame) -> WebSocketFailure.Reason? {
        // "A server MUST NOT mask any frames", and a client must all (RFC 6455, section 5.1).
        guard (frame.maskKey == nil) == isClient else { return .wrongMasking }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return .reservedBits }
        switch frame.opcode {
        case .binary: return isInMessage ? .wrongFragment : nil
        case .continuation: return isInMessage ? nil : .wrongFragment
        case .text: return .textFrame
        case .ping, .pong, .connectionClose: return nil
        default: return .unknownFrame
        }
    }

    /// The peer's close frame, which is answered with the same code; then the connection ends.
    private func receivedClose(_ context: ChannelHandlerContext, _ data: ByteBuffer) {
        var data = data
        // Without a code it is 1005, which is never sent (RFC 6455, section 7.4.1).
        let code = data.readInteger(as: UInt16.self).map(Int.init) ?? 1005
        switch state {
        case .closed: return
        case .closing(let timer, let promise):
            state = .closed
            timer.cancel()
            context.close(promise: promise)
        case .open:
            state = .closed
            if ![1000, 1001, 1005].contains(code) {
                let reason = String(buffer: data)
                context.fireErrorCaught(WebSocketFailure(.closedByPeer(code: code, reason: reason)))
            }
            sendClose(context, code: code == 1005 ? 1000 : code)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(context, .frameTooLarge(limit: maxFrame))
        case let error as NIOWebSocketError: fail(context, .malformedFrame("\(error)"))
        default: context.fireErrorCaught(error)
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: WebSocketFailure.Reason) {
        let before = state
        state = .closed
        switch before {
        case .closed: return
        case .closing(let timer, let promise):
            timer.cancel()
            context.close(promise: promise)
        case .open:
            context.fireErrorCaught(WebSocketFailure(reason))
            let code =
                switch reason {
                case .textFrame: 1003
                case .frameTooLarge: 1009
                default: 1002
                }
            sendClose(context, code: code)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .closing(let timer, let promise) = state {
            timer.cancel()
            promise?.succeed()
        }
        state = .closed
        context.fireChannelInactive()
    }

    // MARK: Writing

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .open = state else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let bytes = unwrapOutboundIn(data)
        guard bytes.readableBytes > 0 else {
            promise?.succeed()
            return
        }
        context.write(wrapOutboundOut(frame(.binary, bytes)), promise: promise)
    }

    /// Sends a close frame and gives the peer a moment to answer it.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all else {
            // A stream of frames has no half that can be closed.
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        switch state {
        case .open:
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let timer = context.eventLoop.assumeIsolated().scheduleTask(in: closeTimeout) {
                let (handler, context) = bound.value
                guard case .closing(_, let promise) = handler.state else { return }
                handler.state = .closed
                context.close(promise: promise)
            }
            state = .closing(timer: timer, promise: promise)
            sendClose(context, code: 1000)
        case .closing(let timer, let earlier):
            // Asked again: no more waiting.
            state = .closed
            timer.cancel()
            context.close(promise: promise)
            earlier?.succeed()
        case .closed:
            context.close(promise: promise)
        }
    }

    private func sendClose(_ context: ChannelHandlerContext, code: Int) {
        var data = context.channel.allocator.buffer(capacity: 2)
        data.writeInteger(UInt16(truncatingIfNeeded: code))
        context.writeAndFlush(wrapOutboundOut(frame(.connectionClose, data)), promise: nil)
    }

    private func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        // "a client MUST mask all frames that it sends", each with a fresh random key (RFC 6455, section 5.3).
        WebSocketFrame(fin: true, opcode: opcode, maskKey: isClient ? .random() : nil, data: data)
    }
}
