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

    /// Why a connection ended. Boxed, as nearly all connections at a time have no such reason.
    private indirect enum End { case because(IceError) }

    private struct State {
        var end: End?
        var isClosing = false
        var onClose: [@Sendable (IceError) -> Void] = []
        var adapter: ObjectAdapter?
        /// Kept by the promise until the peer has validated the connection.
        var opened: EventLoopPromise<Void>?
        var ordered: OrderedDispatch?

        var closeError: IceError? { if case .because(let error)? = end { error } else { nil } }
    }

    let channel: any Channel
    let communicator: Communicator
    let taskExecutor: EventLoopTaskExecutor
    private let origin: ConnectionOrigin
    /// The client's address, on the server's side.
    private let remote: SocketAddress?
    /// What TLS agreed on, nil for plain connections.
    public let tls: TLSPeerInfo?
    /// Set before the handler is added to the pipeline, taken back at the end. Only the channel's event loop touches
    /// it, after `init` as well as before: that makes it safe.
    private nonisolated(unsafe) var handler: IceConnectionHandler?
    private let mailbox = Mutex(Mailbox())
    private let state = Mutex(State())
    private let lastID = Atomic<Int32>(0)

    /// Must be made on the channel's event loop.
    init(
        channel: any Channel,
        communicator: Communicator,
        origin: ConnectionOrigin,
        tls: TLSPeerInfo?
    ) {
        self.channel = channel
        self.communicator = communicator
        self.taskExecutor = communicator.executors.executor(for: channel.eventLoop)
        self.origin = origin
        self.remote = origin.adapter == nil ? nil : channel.remoteAddress
        self.tls = tls
        state.withLock { $0.adapter = origin.adapter }
    }

    var eventLoop: any EventLoop { channel.eventLoop }
    var observer: ConnectionObserver { communicator.observer }
    var messageSizeMax: Int { origin.messageSizeMax }
    /// Whether the endpoint asks for compressed requests (`-z`).
    var compresses: Bool { origin.adapter == nil && origin.endpoint.address?.compress ?? false }
    /// Where it leads to or came from, as an endpoint string.
    public var endpoint: String { origin.endpoint.at(remote).description }

    /// Adds the Ice protocol to the channel. On its event loop.
    func start(_ configuration: ConnectionStateMachine<PendingCall>.Configuration) throws -> EventLoopFuture<Void> {
        let handler = IceConnectionHandler(configuration, connection: self, now: eventLoop.instant)
        self.handler = handler
        observer.connectionOpened()
        let opened = eventLoop.makePromise(of: Void.self)
        state.withLock { $0.opened = opened }
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            ended(located(IceError(.connectionLost, "the connection was lost", phase: .validation, cause: error)))
            throw error
        }
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
    public var executor: any TaskExecutor { taskExecutor }

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
        if let handler {
            handler.perform(command)
        } else if case .call(let call) = command {
            call.end(.failure(closeError ?? IceError(.connectionClosed, "the connection is closed")))
        }
    }

    // MARK: Life

    /// Whether it can take calls, as far as is known without asking the peer.
    public var isOpen: Bool { state.withLock { $0.end == nil && !$0.isClosing } }

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
            if state.end == nil { state.onClose.append(body) }
            return state.closeError
        }
        if let error { body(error) }
    }

    /// Carries out `body`, in the communicator's task tree, when the connection ends; at once if it has ended.
    public func onClose(_ body: @escaping @Sendable () async -> Void) {
        whenClosed { [communicator] _ in _ = communicator.spawn(body) }
    }

    /// Carries out `body` on the connection's event loop after so long, whatever becomes of the connection.
    package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        _ = eventLoop.scheduleTask(in: .nanoseconds(max(0, delay.clampedNanoseconds)), body)
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
            state.end = .because(error)
            // An adapter for call-backs holds its router, and that this connection.
            state.adapter = nil
            defer { state.onClose = [] }
            return state.onClose
        }
        handler = nil
        observer.connectionClosed()
        origin.adapter?.ended(self)
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

/// What the connections of one listener have in common; one that this side opened has its own.
final class ConnectionOrigin: Sendable {
    /// The listener's, or the one that was connected to.
    let endpoint: Endpoint
    let messageSizeMax: Int
    /// Whose listener it was; nil for a connection that this side opened.
    let adapter: ObjectAdapter?

    init(endpoint: Endpoint, messageSizeMax: Int, adapter: ObjectAdapter?) {
        self.endpoint = endpoint
        self.messageSizeMax = messageSizeMax
        self.adapter = adapter
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
