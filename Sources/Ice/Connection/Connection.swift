public import IceEncoding
import NIOCore
import NIOPosix
import Synchronization

/// An established Ice connection, client's or server's side.
///
/// Calls of any number of tasks share it. Cancelling a task's call ends its wait and leaves the connection as it is.
public final class Connection: Sendable {
    enum Command: Sendable {
        case call(PendingCall)
        case cancel(PendingCall)
        /// A dispatch is over, with its reply (none for oneway requests).
        case dispatched(ByteBuffer?)
        case close
        case abort(IceError)
    }

    private struct Mailbox {
        var commands: [Command] = []
        var drainScheduled = false
    }

    private struct State {
        var handler: NIOLoopBound<IceConnectionHandler>?
        var closeError: IceError?
        var isClosing = false
        var onClose: [@Sendable (IceError) -> Void] = []
        var adapter: ObjectAdapter?
        /// Kept by the promise until the peer has validated the connection.
        var opened: EventLoopPromise<Void>?
        var ordered: OrderedDispatch?
    }

    let channel: any Channel
    let eventLoop: any EventLoop
    let communicator: Communicator
    let observer: ConnectionObserver
    /// Where it leads to or came from, as an endpoint string.
    public let endpoint: String
    /// Whether the endpoint asks for compressed requests (`-z`).
    let compresses: Bool
    let messageSizeMax: Int
    /// What TLS agreed on, nil for plain connections.
    public let tls: TLSPeerInfo?
    /// Set once, before the handler is added to the pipeline.
    private let handler: NIOLoopBoundBox<IceConnectionHandler?>
    private let mailbox = Mutex(Mailbox())
    private let state = Mutex(State())
    private let lastID = Atomic<Int32>(0)

    /// Must be made on the channel's event loop.
    init(
        channel: any Channel,
        communicator: Communicator,
        endpoint: String,
        compresses: Bool,
        messageSizeMax: Int,
        tls: TLSPeerInfo?,
        adapter: ObjectAdapter?
    ) {
        self.channel = channel
        self.eventLoop = channel.eventLoop
        self.communicator = communicator
        self.endpoint = endpoint
        self.compresses = compresses
        self.messageSizeMax = messageSizeMax
        self.tls = tls
        self.observer = communicator.observer
        self.handler = NIOLoopBoundBox(nil, eventLoop: channel.eventLoop)
        state.withLock { $0.adapter = adapter }
    }

    /// Adds the Ice protocol to the channel. On its event loop.
    func start(_ configuration: ConnectionStateMachine<PendingCall>.Configuration) throws -> EventLoopFuture<Void> {
        let handler = IceConnectionHandler(configuration, connection: self, now: eventLoop.instant)
        self.handler.value = handler
        observer.connectionOpened()
        let opened = eventLoop.makePromise(of: Void.self)
        state.withLock { $0.opened = opened }
        try channel.pipeline.syncOperations.addHandler(handler)
        return opened.futureResult
    }

    // MARK: Executor

    /// The executor of the connection's event loop. A task that prefers it calls without a hop between threads:
    ///
    /// ```swift
    /// try await withTaskExecutorPreference(connection.executor) { try await proxy.ping() }
    /// ```
    ///
    /// Work that blocks or computes for long does not belong there.
    public var executor: any TaskExecutor { communicator.executors.executor(for: eventLoop) }

    // MARK: Calls

    /// A request id that was not used for a long time. Never 0, which marks oneway requests.
    func nextRequestID() -> Int32 {
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue & .max
        return id == 0 ? nextRequestID() : id
    }

    /// Sends a request and waits for its reply; nil for a oneway request, once it is written.
    func call(_ message: ByteBuffer, id: Int32, timeout: Duration?) async throws -> ReplyMessage? {
        let call = PendingCall(id: id, message: message, timeout: timeout)
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                call.continuation = continuation
                submit(.call(call))
            }
        } onCancel: {
            submit(.cancel(call))
        }
    }

    /// Hands a command to the connection's event loop, or carries it out at once when called there.
    func submit(_ command: Command) {
        if eventLoop.inEventLoop {
            perform(command)
            return
        }
        let wake = mailbox.withLock { mailbox in
            mailbox.commands.append(command)
            defer { mailbox.drainScheduled = true }
            return !mailbox.drainScheduled
        }
        if wake { eventLoop.execute { self.drain() } }
    }

    private func drain() {
        var commands: [Command] = []
        mailbox.withLock { mailbox in
            swap(&commands, &mailbox.commands)
            mailbox.drainScheduled = false
        }
        for command in commands { perform(command) }
    }

    private func perform(_ command: Command) {
        switch command {
        case .call(let call): guard call.submit() else { return }
        case .cancel(let call): call.cancel()
        case .dispatched, .close, .abort: break
        }
        if let handler = handler.value {
            handler.perform(command)
        } else if case .call(let call) = command {
            call.end(.failure(closeError ?? IceError(.connectionClosed, "the connection is closed")))
        }
    }

    // MARK: Life

    /// Whether it can take calls, as far as is known without asking the peer.
    public var isOpen: Bool { state.withLock { $0.closeError == nil && !$0.isClosing } }

    /// Why it ended; nil while it is open.
    public var closeError: IceError? { state.withLock { $0.closeError } }

    /// Closes the connection: calls and dispatches under way may end, within the communicator's close time-out.
    public func close() { submit(.close) }

    /// Closes the connection at once; calls under way fail.
    public func abort() {
        submit(.abort(IceError(.connectionClosed, "the connection was closed by this side", phase: .close)))
    }

    /// Waits until the connection has ended.
    public func waitUntilClosed() async {
        try? await channel.closeFuture.get()
    }

    /// Calls `body` when the connection ends, at once if it has ended.
    func whenClosed(_ body: @escaping @Sendable (IceError) -> Void) {
        let error = state.withLock { state -> IceError? in
            if state.closeError == nil { state.onClose.append(body) }
            return state.closeError
        }
        if let error { body(error) }
    }

    /// Carries out `body`, in the communicator's task tree, when the connection ends; at once if it has ended.
    public func onClose(_ body: @escaping @Sendable () async -> Void) {
        whenClosed { [communicator] _ in _ = communicator.spawn(body) }
    }

    func opened() { takeOpened()?.succeed() }

    private func takeOpened() -> EventLoopPromise<Void>? {
        state.withLock { state in
            defer { state.opened = nil }
            return state.opened
        }
    }

    func closing() { state.withLock { $0.isClosing = true } }

    func ended(_ error: IceError) {
        takeOpened()?.fail(error)
        let callbacks = state.withLock { state in
            state.closeError = error
            defer { state.onClose = [] }
            return state.onClose
        }
        handler.value = nil
        observer.connectionClosed()
        for callback in callbacks { callback(error) }
    }

    /// The error with this connection's endpoint in it.
    func located(_ error: IceError) -> IceError {
        var error = error
        if error.endpoint == nil { error.endpoint = endpoint }
        return error
    }

    // MARK: Dispatch

    /// The adapter whose servants answer the peer's requests on this connection: a server's own, or the one that a
    /// client lends for call-backs (``setAdapter(_:)``).
    public var adapter: ObjectAdapter? { state.withLock { $0.adapter } }

    /// Lets the peer call servants of `adapter` over this connection (Ice: bidirectional connections).
    public func setAdapter(_ adapter: ObjectAdapter?) {
        state.withLock { $0.adapter = adapter }
    }

    /// A proxy for an object that the peer serves over this very connection. It ends with the connection.
    public func createProxy(_ identity: Identity) -> Proxy {
        Proxy(
            reference: ProxyReference(identity: identity),
            communicator: communicator,
            route: .fixed(self)
        )
    }

    func dispatch(_ request: RequestMessage, handler: IceConnectionHandler) {
        let dispatch = IncomingDispatch(request: request, connection: self)
        guard let adapter else {
            // Without an adapter nobody answers here; Ice says so with ObjectNotExist.
            return dispatch.finish(.objectNotExist(request.failure))
        }
        adapter.dispatch(dispatch)
    }

    /// Starts `work` when what came before it on this connection is done.
    func inOrder(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.ordered.add(work) }?()
    }

    /// The piece of work that had its turn is done.
    func finishedInOrder() {
        state.withLock { $0.ordered.finished() }?()
    }
}

/// The chain of requests to servants that ask for one at a time per connection.
struct OrderedDispatch {
    /// What waits for the piece that has its turn; the chain exists while there is one.
    fileprivate var waiting: [@Sendable () -> Void] = []
}

extension OrderedDispatch? {
    /// The work if it may start now; else it waits.
    fileprivate mutating func add(_ work: @escaping @Sendable () -> Void) -> (@Sendable () -> Void)? {
        if case .some = self {
            self?.waiting.append(work)
            return nil
        }
        self = OrderedDispatch()
        return work
    }

    /// The next, now that one is done.
    fileprivate mutating func finished() -> (@Sendable () -> Void)? {
        guard let chain = self, !chain.waiting.isEmpty else {
            self = nil
            return nil
        }
        return self?.waiting.removeFirst()
    }
}
