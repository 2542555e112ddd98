import IceEncoding
import NIOCore

/// One Ice connection, client's or server's side: bytes and events in, actions out.
///
/// It knows no channel, no clock and no task; `Waiter` is whatever the driver resumes when a call ends.
///
/// **What each invalid input is.** Bytes that are not Ice, or a message that the phase doesn't allow, are the peer's
/// violation: a typed error, and the connection is closed. Legitimately dropped are: a reply to a call that was
/// cancelled or has timed out, requests that arrive after CloseConnection was sent (the peer repeats them elsewhere),
/// heartbeats, the answer of a dispatch that ends after the connection, and a second close.
struct ConnectionStateMachine<Waiter: Sendable>: Sendable {
    enum Role: Hashable, Sendable { case client, server }

    /// A class: all connections of a listener share one.
    final class Configuration: Sendable {
        let role: Role
        let messageSizeMax: Int
        /// How long the peer may take to validate the connection.
        let handshakeTimeout: Duration
        /// How long an orderly close may take.
        let closeTimeout: Duration
        let activity: ActivityPolicy
        /// Requests carried out at a time.
        let dispatchLimit: Int
        /// Bytes of requests that may wait for their turn before reading stops.
        let backlogLimit: Int

        init(
            role: Role,
            messageSizeMax: Int,
            handshakeTimeout: Duration,
            closeTimeout: Duration,
            activity: ActivityPolicy,
            dispatchLimit: Int,
            backlogLimit: Int
        ) {
            self.role = role
            self.messageSizeMax = messageSizeMax
            self.handshakeTimeout = handshakeTimeout
            self.closeTimeout = closeTimeout
            self.activity = activity
            self.dispatchLimit = dispatchLimit
            self.backlogLimit = backlogLimit
        }
    }

    /// The large and the rare ones are boxed: every connection keeps room for a few actions, also when it is idle.
    enum Action: Sendable {
        /// Write the message; tell the waiter (of a oneway call) once it is on its way.
        case write(ByteBuffer, Waiter?)
        case succeed(Waiter, ReplyMessage)
        indirect case fail(Waiter, IceError)
        indirect case dispatch(RequestMessage)
        /// The peer has validated the connection.
        case opened
        /// Write what is still queued, then close the transport.
        case closeTransport
        /// The connection is over. Comes exactly once.
        indirect case closed(IceError)
    }

    private struct HeldCall: Sendable {
        var id: Int32
        var message: ByteBuffer
        var oneway: Waiter?
    }

    private enum Phase: Sendable {
        /// Client: the peer has not sent ValidateConnection. Can become active or closed.
        case validating(deadline: Instant)
        /// Can become closing or closed.
        case active
        /// Waits for calls and dispatches to end before it says goodbye. Can become saidGoodbye or closed.
        case draining(deadline: Instant)
        /// CloseConnection was sent; the peer closes the transport. Can become closed.
        case saidGoodbye(deadline: Instant)
        case closed
    }

    let configuration: Configuration
    private var phase: Phase
    private var frames: FrameDecoder
    private var calls = RequestTable<Waiter>()
    private var ledger = DispatchLedger()
    private var activity: ActivityMonitor
    /// Calls made before the peer validated the connection: nothing of them was sent.
    private var held: [HeldCall] = []
    private var writable = true

    init(_ configuration: Configuration, now: Instant) {
        self.configuration = configuration
        self.phase =
            configuration.role == .client ? .validating(deadline: now + configuration.handshakeTimeout) : .active
        self.frames = FrameDecoder(messageSizeMax: configuration.messageSizeMax)
        self.activity = ActivityMonitor(policy: configuration.activity, now: now)
    }

    // MARK: What the driver may ask

    var isClosed: Bool { if case .closed = phase { true } else { false } }
    /// Whether calls may be made: validating or active.
    var acceptsCalls: Bool {
        switch phase {
        case .validating, .active: true
        case .draining, .saidGoodbye, .closed: false
        }
    }
    var callsUnderWay: Int { calls.count }
    var dispatchesInFlight: Int { ledger.inFlight }
    /// Whether bytes should be read: false while too many requests wait, or while the peer doesn't take the replies.
    var wantsInput: Bool {
        !ledger.isFull(backlogLimit: configuration.backlogLimit) && (writable || ledger.isIdle)
    }
    /// When ``timePassed(_:into:)`` is to be called next.
    var nextDeadline: Instant? {
        var next = calls.earliestDeadline
        func include(_ instant: Instant?) {
            if let instant, instant < next ?? .never { next = instant }
        }
        switch phase {
        case .validating(let deadline): include(deadline)
        case .active: include(activity.nextCheck)
        case .draining(let deadline), .saidGoodbye(let deadline): include(deadline)
        case .closed: return nil
        }
        return next
    }

    // MARK: Transport

    /// The transport is ready. A server speaks first.
    mutating func start(_ now: Instant, into actions: inout [Action]) {
        activity = ActivityMonitor(policy: configuration.activity, now: now)
        if configuration.role == .server {
            actions.append(.write(Message.bare(.validateConnection), nil))
            actions.append(.opened)
        } else {
            phase = .validating(deadline: now + configuration.handshakeTimeout)
        }
    }

    mutating func received(_ bytes: ByteBuffer, now: Instant, into actions: inout [Action]) {
        guard !isClosed else { return }
        activity.received(now)
        frames.append(bytes)
        takeFrames(now, into: &actions)
    }

    /// The peer closed its side, or the transport failed with `error`.
    mutating func transportEnded(_ error: (any Error)?, into actions: inout [Action]) {
        switch phase {
        case .closed: return
        case .saidGoodbye:
            end(IceError(.connectionClosed, "the connection was closed", phase: .close), into: &actions)
        case .validating:
            end(
                IceError(
                    .connectionLost,
                    "the connection ended before the peer said that it speaks Ice",
                    phase: .validation,
                    cause: error
                ),
                into: &actions
            )
        case .active, .draining:
            end(
                IceError(
                    .connectionLost,
                    frames.bufferedBytes > 0
                        ? "the connection broke in the middle of a message" : "the connection was lost",
                    phase: .invocation,
                    cause: error
                ),
                into: &actions
            )
        }
    }

    /// The transport takes bytes again, or has enough for now.
    mutating func writabilityChanged(_ writable: Bool, now: Instant, into actions: inout [Action]) {
        self.writable = writable
        if writable { takeFrames(now, into: &actions) }
    }

    // MARK: Calls

    /// Makes a call with a complete message. The id of a oneway call is 0; its waiter is told when the message is
    /// written.
    mutating func call(
        id: Int32,
        _ waiter: Waiter,
        message: ByteBuffer,
        deadline: Instant?,
        now: Instant,
        into actions: inout [Action]
    ) {
        guard acceptsCalls else {
            let error = IceError(.connectionClosed, "the connection is closing", phase: .invocation)
            return actions.append(.fail(waiter, error))
        }
        guard message.readableBytes <= configuration.messageSizeMax else {
            let error = IceError(
                .messageTooLarge,
                "a request of \(message.readableBytes) bytes is over the limit of \(configuration.messageSizeMax)",
                phase: .invocation
            )
            return actions.append(.fail(waiter, error))
        }
        if id != 0, !calls.insert(id, waiter, deadline: deadline) {
            let error = IceError(.limitReached, "the request id \(id) is still in use", phase: .invocation)
            return actions.append(.fail(waiter, error))
        }
        let oneway = id == 0 ? waiter : nil
        if case .validating = phase {
            held.append(HeldCall(id: id, message: message, oneway: oneway))
        } else {
            activity.sent(now)
            actions.append(.write(message, oneway))
        }
    }

    /// The caller no longer waits. The connection lives on; a late reply is dropped.
    ///
    /// - Parameter id: a twoway call's; oneway calls share the id 0 and end when they are written.
    mutating func cancel(_ id: Int32, now: Instant, into actions: inout [Action]) -> Waiter? {
        guard id != 0 else { return nil }
        let waiter = calls.remove(id)
        held.removeAll { $0.id == id }
        drained(now, into: &actions)
        return waiter
    }

    // MARK: Dispatch

    /// A dispatch is over; `reply` is nil for a oneway request.
    mutating func dispatchFinished(reply: ByteBuffer?, now: Instant, into actions: inout [Action]) {
        let next = ledger.finished(limit: configuration.dispatchLimit)
        guard !isClosed else { return }
        if let reply {
            activity.sent(now)
            actions.append(.write(reply, nil))
        }
        if let next { actions.append(.dispatch(next)) }
        if frames.bufferedBytes > 0 { takeFrames(now, into: &actions) }
        drained(now, into: &actions)
    }

    // MARK: Closing

    /// Lets what is under way finish, then says goodbye.
    mutating func close(_ now: Instant, into actions: inout [Action]) {
        switch phase {
        case .validating:
            end(IceError(.connectionClosed, "the connection was closed", phase: .close), into: &actions)
        case .active:
            phase = .draining(deadline: now + configuration.closeTimeout)
            drained(now, into: &actions)
        case .draining, .saidGoodbye, .closed:
            return
        }
    }

    /// Closes without courtesy.
    mutating func abort(_ error: IceError, into actions: inout [Action]) {
        end(error, into: &actions)
    }

    // MARK: Time

    mutating func timePassed(_ now: Instant, into actions: inout [Action]) {
        for waiter in calls.removeExpired(now) {
            // Held calls were never sent, but their connection's own time-out comes first in practice.
            let error = IceError(
                .invocationTimeout,
                "no reply within the invocation's time",
                phase: .invocation,
                mayHaveBeenDispatched: true
            )
            actions.append(.fail(waiter, error))
        }
        switch phase {
        case .validating(let deadline) where deadline <= now:
            end(
                IceError(
                    .handshakeTimeout,
                    "the peer accepted the connection but did not greet as an Ice server in time",
                    phase: .validation
                ),
                into: &actions
            )
        case .draining(let deadline) where deadline <= now:
            end(
                IceError(.connectionClosed, "the connection was closed before its calls ended", phase: .close),
                into: &actions)
        case .saidGoodbye(let deadline) where deadline <= now:
            end(IceError(.connectionClosed, "the connection was closed", phase: .close), into: &actions)
        case .active:
            let verdict = activity.check(
                now,
                policy: configuration.activity,
                callsUnderWay: !calls.isEmpty,
                dispatching: !ledger.isIdle
            )
            switch verdict {
            case .nothing: frames.releaseMemory()
            case .sendHeartbeat:
                frames.releaseMemory()
                activity.sent(now)
                actions.append(.write(Message.bare(.validateConnection), nil))
            case .closeGracefully:
                close(now, into: &actions)
            case .peerSilent:
                end(
                    IceError(
                        .peerSilent,
                        "nothing was heard from the peer for \(configuration.activity.timeout?.readable ?? "long")",
                        phase: .invocation
                    ),
                    into: &actions
                )
            }
        case .draining:
            drained(now, into: &actions)
        case .validating, .saidGoodbye, .closed:
            break
        }
    }

    // MARK: Inside

    private mutating func takeFrames(_ now: Instant, into actions: inout [Action]) {
        do {
            while wantsInput, !isClosed, let frame = try frames.next() {
                try take(frame, now: now, into: &actions)
            }
        } catch let error as IceError {
            end(error, into: &actions)
        } catch {
            var failure = IceError.protocolError(error)
            if case .validating = phase { failure.phase = .validation }
            end(failure, into: &actions)
        }
    }

    private mutating func take(_ frame: Frame, now: Instant, into actions: inout [Action]) throws {
        if case .validating = phase {
            guard frame.header.kind == .validateConnection, frame.body.readableBytes == 0 else {
                throw IceError(
                    .protocolError,
                    "the peer's first message is not ValidateConnection",
                    phase: .validation
                )
            }
            phase = .active
            activity = ActivityMonitor(policy: configuration.activity, now: now)
            actions.append(.opened)
            for call in held { actions.append(.write(call.message, call.oneway)) }
            held = []
            return
        }
        var frame = frame
        if frame.header.compression == .yes {
            frame.body = try decompressBody(frame.body, limit: configuration.messageSizeMax)
        }
        switch try Message(frame) {
        case .validateConnection:
            break  // a heartbeat
        case .closeConnection:
            peerSaidGoodbye(into: &actions)
        case .reply(let reply):
            guard let waiter = calls.remove(reply.id) else { return }
            actions.append(.succeed(waiter, reply))
            drained(now, into: &actions)
        case .request(let request):
            admit(request, into: &actions)
        case .batchRequest(let requests):
            for request in requests { admit(request, into: &actions) }
        }
    }

    private mutating func admit(_ request: RequestMessage, into actions: inout [Action]) {
        switch phase {
        case .saidGoodbye, .closed: return
        // Goodbye is due once the dispatches have ended; only our own calls may still need the peer's requests.
        case .draining where calls.isEmpty: return
        default: break
        }
        if ledger.admit(request, limit: configuration.dispatchLimit) { actions.append(.dispatch(request)) }
    }

    /// The peer has stopped: whatever it had not answered, it did not carry out.
    private mutating func peerSaidGoodbye(into actions: inout [Action]) {
        let error = IceError(.connectionClosedByPeer, "the peer closed the connection", phase: .invocation)
        for waiter in calls.removeAll() { actions.append(.fail(waiter, error)) }
        end(error, into: &actions)
    }

    /// Says goodbye once a draining connection has nothing left to do.
    private mutating func drained(_ now: Instant, into actions: inout [Action]) {
        guard case .draining(let deadline) = phase, calls.isEmpty, ledger.isIdle else { return }
        phase = .saidGoodbye(deadline: deadline)
        actions.append(.write(Message.bare(.closeConnection), nil))
    }

    private mutating func end(_ error: IceError, into actions: inout [Action]) {
        if case .closed = phase { return }
        // While validating every call is a held one, so nothing of it reached the peer.
        let nothingSent = if case .validating = phase { true } else { false }
        phase = .closed
        for call in held {
            if let waiter = call.oneway { actions.append(.fail(waiter, error)) }
        }
        held = []
        var failure = error
        failure.mayHaveBeenDispatched = !nothingSent && error.code != .connectionClosedByPeer
        for waiter in calls.removeAll() { actions.append(.fail(waiter, failure)) }
        ledger.dropWaiting()
        frames = FrameDecoder(messageSizeMax: configuration.messageSizeMax)
        actions.append(.closeTransport)
        actions.append(.closed(error))
    }
}
