/// How a connection is kept alive and when it is closed for silence (Ice 3.6: active connection management).
public struct ActivityPolicy: Hashable, Sendable {
    /// When heartbeats are sent, every half of the time-out.
    public enum Heartbeat: Hashable, Sendable {
        /// Never.
        case off
        /// While requests of the peer are being carried out, so that it knows this side is alive.
        case onDispatch
        /// While there is nothing else on the connection.
        case onIdle
        /// At any time.
        case always
    }

    /// What ends a connection on which nothing arrived for the time-out.
    public enum Close: Hashable, Sendable {
        /// Nothing: silence does not end it.
        case off
        /// Closed in an orderly way if no call is under way on either side.
        case onIdle
        /// Broken off if a call to the peer is under way: the peer is taken for dead.
        case onInvocation
        /// Both.
        case onInvocationAndIdle
        /// As both, and without courtesy.
        case onIdleForceful
    }

    /// How long a connection may be silent. Nil switches both heartbeats and closing off.
    public var timeout: Duration?
    /// When heartbeats are sent.
    public var heartbeat: Heartbeat
    /// What silence ends.
    public var close: Close

    public init(
        timeout: Duration? = .seconds(60), heartbeat: Heartbeat = .onDispatch, close: Close = .onInvocationAndIdle
    ) {
        self.timeout = timeout
        self.heartbeat = heartbeat
        self.close = close
    }
}

/// Decides when to send a heartbeat and when silence ends a connection.
struct ActivityMonitor: Sendable {
    enum Verdict: Hashable, Sendable {
        case nothing
        case sendHeartbeat
        case closeGracefully
        case peerSilent
    }

    private var lastReceived: Instant
    private var lastSent: Instant
    private(set) var nextCheck: Instant?

    init(policy: ActivityPolicy, now: Instant) {
        lastReceived = now
        lastSent = now
        nextCheck = policy.timeout.map { now + $0 / 2 }
    }

    mutating func received(_ now: Instant) { lastReceived = now }
    mutating func sent(_ now: Instant) { lastSent = now }

    /// What is due, at or after ``nextCheck``.
    mutating func check(
        _ now: Instant, policy: ActivityPolicy, callsUnderWay: Bool, dispatching: Bool
    ) -> Verdict {
        guard let timeout = policy.timeout, let due = nextCheck, due <= now else { return .nothing }
        nextCheck = now + timeout / 2
        let quietSince = max(lastReceived, lastSent)
        if now - lastReceived >= timeout {
            let busy = callsUnderWay || dispatching
            switch policy.close {
            case .off: break
            case .onIdle where !busy && now - quietSince >= timeout: return .closeGracefully
            case .onInvocation where callsUnderWay: return .peerSilent
            case .onInvocationAndIdle where callsUnderWay: return .peerSilent
            case .onInvocationAndIdle where !busy && now - quietSince >= timeout: return .closeGracefully
            case .onIdleForceful: return .peerSilent
            default: break
            }
        }
        switch policy.heartbeat {
        case .off: return .nothing
        case .onDispatch: return dispatching ? .sendHeartbeat : .nothing
        case .onIdle: return !callsUnderWay && !dispatching && now - lastSent >= timeout / 2 ? .sendHeartbeat : .nothing
        case .always: return .sendHeartbeat
        }
    }
}
