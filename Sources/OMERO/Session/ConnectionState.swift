import Synchronization

/// What a gateway's connection is up to.
public enum ConnectionState: Sendable, Hashable, CustomStringConvertible {
    /// The first connection is being made.
    case connecting
    /// Calls go through.
    case up
    /// The connection broke; the session may still be there.
    case lost(GatewayError)
    /// Attempt number `attempt` (from 1) to get back to the session follows after a pause.
    case retrying(attempt: Int, after: Duration)
    /// The session's time is over. Final.
    case expired(GatewayError)
    /// Somebody ended the session: an administrator, or its user elsewhere. Final.
    case endedByServer(GatewayError)
    /// The server said that it stops in so long.
    case shuttingDown(in: Duration)
    /// The connection was lost, and there was no way back within the time for it. Final.
    case failed(GatewayError)
    /// This side closed the gateway. Final.
    case closed

    /// Whether nothing comes after it.
    public var isFinal: Bool {
        switch self {
        case .expired, .endedByServer, .failed, .closed: true
        case .connecting, .up, .lost, .retrying, .shuttingDown: false
        }
    }

    /// The state without its details, such as `up` or `retrying`.
    public var name: String {
        switch self {
        case .connecting: "connecting"
        case .up: "up"
        case .lost: "lost"
        case .retrying: "retrying"
        case .expired: "expired"
        case .endedByServer: "endedByServer"
        case .shuttingDown: "shuttingDown"
        case .failed: "failed"
        case .closed: "closed"
        }
    }

    public var description: String {
        switch self {
        case .connecting, .up, .closed: name
        case .lost(let error), .expired(let error), .endedByServer(let error), .failed(let error): "\(name): \(error)"
        case .retrying(let attempt, let delay): "retrying (\(attempt), in \(delay.readable))"
        case .shuttingDown(let delay): "shutting down in \(delay.readable)"
        }
    }
}

/// Tells any number of listeners each state, beginning with the present one.
final class StateBroadcast: Sendable {
    private struct State {
        var current = ConnectionState.connecting
        var listeners: [Int: AsyncStream<ConnectionState>.Continuation] = [:]
        var lastID = 0
    }
    private let state = Mutex(State())

    var current: ConnectionState { state.withLock { $0.current } }

    /// After a final state nothing is taken any more.
    func publish(_ new: ConnectionState) {
        let finished = state.withLock { state -> [AsyncStream<ConnectionState>.Continuation] in
            guard !state.current.isFinal else { return [] }
            state.current = new
            // Under the lock, so that all listeners hear the same order.
            for listener in state.listeners.values { listener.yield(new) }
            guard new.isFinal else { return [] }
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in finished { listener.finish() }
    }

    /// Ends after a final state. A listener that does not listen misses the oldest states, not the newest.
    func stream() -> AsyncStream<ConnectionState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ConnectionState.self, bufferingPolicy: .bufferingNewest(64))
        state.withLock { state in
            continuation.yield(state.current)
            guard !state.current.isFinal else { return continuation.finish() }
            state.lastID += 1
            let id = state.lastID
            state.listeners[id] = continuation
            continuation.onTermination = { [weak self] _ in
                // Not under the lock that `publish` holds: it finishes listeners after letting go.
                self?.forget(id)
            }
        }
        return stream
    }

    private func forget(_ id: Int) {
        _ = state.withLock { $0.listeners.removeValue(forKey: id) }
    }

    var listenerCount: Int { state.withLock { $0.listeners.count } }
}
