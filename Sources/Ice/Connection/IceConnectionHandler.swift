import IceEncoding
import NIOCore

/// Runs a connection's state machine on its channel: bytes in, actions out, one timer, one flush per turn of the loop.
///
/// Everything here happens on the channel's event loop.
final class IceConnectionHandler: ChannelInboundHandler, NIOScheduledCallbackHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: ConnectionStateMachine<PendingCall>
    private let connection: Connection
    private var context: ChannelHandlerContext?
    private var timer: (due: Instant, scheduled: NIOScheduledCallback)?
    private var flushScheduled = false
    private var reading = false
    /// What the machine wants done. Its storage is the loop's (``ActionStorage``), so idle connections hold none.
    private var actions: [ConnectionStateMachine<PendingCall>.Action] = []
    private let storage: ActionStorage
    private var observer: ConnectionObserver { connection.observer }
    private lazy var dumper = MessageDumper()

    init(_ configuration: ConnectionStateMachine<PendingCall>.Configuration, connection: Connection, now: Instant) {
        self.machine = ConnectionStateMachine(configuration, now: now)
        self.connection = connection
        self.storage = connection.taskExecutor.actions.value
    }

    private var now: Instant { connection.eventLoop.instant }

    var acceptsCalls: Bool { machine.acceptsCalls && context != nil }
    var callsUnderWay: Int { machine.callsUnderWay }

    // MARK: Inbound

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        start()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        observer.received(bytes.readableBytes)
        if observer.dumpsMessages { dumper.received(bytes, on: connection) }
        feed { $0.received(bytes, now: $1, into: &$2) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Replies of servants that ran within this read leave in one write.
        if flushScheduled {
            flushScheduled = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let writable = context.channel.isWritable
        feed { $0.writabilityChanged(writable, now: $1, into: &$2) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            feed { machine, _, actions in machine.transportEnded(nil, into: &actions) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        feed { machine, _, actions in machine.transportEnded(error, into: &actions) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        feed { machine, _, actions in machine.transportEnded(nil, into: &actions) }
        context.fireChannelInactive()
    }

    // MARK: Commands of the connection

    func perform(_ command: Connection.Command) {
        switch command {
        case .call(let call):
            let message = call.message
            call.message = ByteBuffer()
            feed { machine, now, actions in
                let deadline = call.timeout.map { now + $0 }
                machine.call(id: call.id, call, message: message, deadline: deadline, now: now, into: &actions)
            }
        case .cancel(let call):
            if call.id != 0 { feed { _ = $0.cancel(call.id, now: $1, into: &$2) } }
        case .dispatched(let reply):
            feed { $0.dispatchFinished(reply: reply, now: $1, into: &$2) }
        case .close:
            feed { $0.close($1, into: &$2) }
        case .abort(let error):
            feed { machine, _, actions in machine.abort(error, into: &actions) }
        }
    }

    // MARK: Actions

    /// At the channel's being active, or at the handler's arrival on an active channel: whichever comes first.
    private func start() {
        guard !started else { return }
        started = true
        feed { $0.start($1, into: &$2) }
    }

    private typealias Machine = ConnectionStateMachine<PendingCall>

    /// Gives the machine an input and the time, then carries out what it wants.
    private func feed(_ input: (inout Machine, Instant, inout [Machine.Action]) -> Void) {
        if actions.capacity == 0 { actions = storage.take() }
        input(&machine, now, &actions)
        run()
    }

    private func run() {
        if !machine.acceptsCalls, !closing {
            // Before any call hears of it: its repetition must not find this connection again.
            closing = true
            connection.closing()
        }
        // Running an action may lead back here (a servant on the loop answers at once); the outer run goes on.
        guard !running else { return }
        running = true
        while !actions.isEmpty {
            var batch = actions
            actions = storage.take()
            for index in batch.indices { run(batch[index]) }
            storage.giveBack(&batch)
        }
        storage.giveBack(&actions)
        running = false
        adjustTimer()
        adjustReading()
    }
    private var running = false
    private var started = false
    private var closing = false

    private func run(_ action: ConnectionStateMachine<PendingCall>.Action) {
        switch action {
        case .write(let message, let oneway):
            write(message, oneway)
        case .succeed(let call, let reply):
            call.end(.success(reply))
        case .fail(let call, let error):
            call.end(.failure(connection.located(error)))
        case .dispatch(let request):
            connection.dispatch(request, handler: self)
        case .opened:
            connection.opened()
        case .closeTransport:
            if let context {
                flushScheduled = false
                context.flush()
                context.close(promise: nil)
            }
        case .closed(let error):
            timer?.scheduled.cancel()
            timer = nil
            connection.ended(connection.located(error))
        }
    }

    private func write(_ message: ByteBuffer, _ oneway: PendingCall?) {
        guard let context else {
            oneway?.end(.failure(IceError(.connectionClosed, "the connection is closed", phase: .invocation)))
            return
        }
        observer.sent(message.readableBytes)
        if observer.dumpsMessages { dumper.sent(message, on: connection) }
        if let oneway {
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { [connection] result in
                switch result {
                case .success: oneway.end(.success(nil))
                case .failure(let error):
                    let lost = IceError(.connectionLost, "the connection was lost", phase: .invocation, cause: error)
                    oneway.end(.failure(connection.located(lost)))
                }
            }
            context.write(wrapOutboundOut(message), promise: promise)
        } else {
            context.write(wrapOutboundOut(message), promise: nil)
        }
        scheduleFlush(context)
    }

    /// One flush for all that is written in this turn of the loop.
    private func scheduleFlush(_ context: ChannelHandlerContext) {
        guard !flushScheduled else { return }
        flushScheduled = true
        context.eventLoop.assumeIsolated().execute {
            guard self.flushScheduled else { return }
            self.flushScheduled = false
            self.context?.flush()
        }
    }

    private func adjustTimer() {
        guard let due = machine.nextDeadline else { return }
        if let timer {
            // A timer that fires too early only looks again: cheaper than moving it with every call.
            guard due < timer.due else { return }
            timer.scheduled.cancel()
        }
        let delay = max(0, (due - now).clampedNanoseconds)
        guard
            let scheduled = try? connection.eventLoop.assumeIsolated().scheduleCallback(
                in: .nanoseconds(delay), handler: self)
        else { return }
        timer = (due, scheduled)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        feed { $0.timePassed($1, into: &$2) }
    }

    private func adjustReading() {
        let wanted = machine.wantsInput
        guard wanted == paused, let context else { return }
        paused = !wanted
        context.channel.setOption(.autoRead, value: wanted).whenFailure { _ in }
    }
    private var paused = false
}

extension EventLoop {
    /// The loop's time, for the state machines.
    var instant: Instant { Instant(nanoseconds: Int64(truncatingIfNeeded: now.uptimeNanoseconds)) }
}
