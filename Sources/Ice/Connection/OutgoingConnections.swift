import IceEncoding
import NIOCore
import Synchronization

/// The connections that a communicator has opened: one per endpoint and connection id, shared by all proxies.
///
/// Whoever asks while one is being made waits for that one.
final class OutgoingConnections: Sendable {
    private struct Key: Hashable {
        var endpoint: Endpoint
        var connectionID: String
    }

    private enum Entry {
        case connecting(EventLoopFuture<Connection>, ConnectAttempt)
        case open(Connection)
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var closed = false
    }
    private let state = Mutex(State())

    /// A connection to one of the endpoints: one that exists, else the first that can be made.
    func connection(
        to endpoints: [Endpoint],
        secureOnly: Bool,
        settings: ProxySettings,
        communicator: Communicator,
        for reference: ProxyReference
    ) async throws -> Connection {
        let candidates = Self.order(endpoints, secureOnly: secureOnly, settings: settings)
        guard !candidates.isEmpty else {
            throw IceError(.noEndpoint, Self.noEndpointText(reference, secureOnly: secureOnly), phase: .connect)
        }
        if let open = existing(candidates, settings.connectionID) { return open }
        var failures: [IceError] = []
        for endpoint in candidates {
            do {
                return try await connect(to: endpoint, connectionID: settings.connectionID, communicator)
            } catch let error as IceError {
                failures.append(error)
            }
            try Task.checkCancellation()
        }
        guard var error = failures.last else { throw CancellationError() }
        if failures.count > 1 {
            error.message = "no endpoint could be reached: " + failures.map(\.description).joined(separator: "; ")
            error.endpoint = nil
        }
        throw error
    }

    /// Usable endpoints in the order in which they are tried. As in Ice: plain ones first unless secure ones are
    /// preferred, and within each kind as the proxy wants.
    static func order(_ endpoints: [Endpoint], secureOnly: Bool, settings: ProxySettings) -> [Endpoint] {
        var usable = endpoints.filter { $0.address != nil && (!secureOnly || $0.isSecure) }
        if settings.endpointSelection == .random { usable.shuffle() }
        let first = usable.filter { $0.isSecure == settings.prefersSecure }
        return first + usable.filter { $0.isSecure != settings.prefersSecure }
    }

    private static func noEndpointText(_ reference: ProxyReference, secureOnly: Bool) -> String {
        if reference.endpoints.isEmpty {
            return reference.adapterID.isEmpty
                ? "the proxy has no endpoints"
                : "the proxy has no endpoints, only the adapter id \(reference.adapterID); it needs a router"
        }
        return secureOnly ? "the proxy has no secure endpoint that can be used" : "the proxy has no usable endpoint"
    }

    private func existing(_ endpoints: [Endpoint], _ connectionID: String) -> Connection? {
        state.withLock { state in
            for endpoint in endpoints {
                if case .open(let connection)? = state.entries[Key(endpoint: endpoint, connectionID: connectionID)],
                    connection.isOpen
                {
                    return connection
                }
            }
            return nil
        }
    }

    private func connect(
        to endpoint: Endpoint,
        connectionID: String,
        _ communicator: Communicator
    ) async throws -> Connection {
        let key = Key(endpoint: endpoint, connectionID: connectionID)
        let (future, isNew) = try state.withLock { state throws(IceError) -> (EventLoopFuture<Connection>, Bool) in
            guard !state.closed else { throw IceError(.shutDown, "the communicator has ended") }
            switch state.entries[key] {
            case .connecting(let future, _): return (future, false)
            case .open(let connection) where connection.isOpen:
                return (connection.eventLoop.makeSucceededFuture(connection), false)
            case .open, nil:
                let attempt = ConnectAttempt()
                let future = Connector(communicator: communicator, endpoint: endpoint, attempt: attempt).connect()
                state.entries[key] = .connecting(future, attempt)
                return (future, true)
            }
        }
        // Not under the lock: on the future's own loop the callback may run at once.
        if isNew { future.whenComplete { self.finished(key, $0) } }
        return try await future.cancellableGet()
    }

    private func finished(_ key: Key, _ result: Result<Connection, any Error>) {
        let surplus = state.withLock { state -> Connection? in
            guard case .success(let connection) = result else {
                state.entries[key] = nil
                return nil
            }
            if state.closed {
                state.entries[key] = nil
                return connection
            }
            state.entries[key] = .open(connection)
            return nil
        }
        if let surplus { return surplus.close() }
        guard case .success(let connection) = result else { return }
        connection.whenClosed { _ in
            self.state.withLock { state in
                if case .open(let current)? = state.entries[key], current === connection { state.entries[key] = nil }
            }
        }
    }

    /// How many there are, made or being made.
    var count: Int { state.withLock { $0.entries.count } }

    func closeAll() async {
        let entries = state.withLock { state in
            state.closed = true
            return Array(state.entries.values)
        }
        for entry in entries {
            switch entry {
            case .open(let connection): connection.close()
            case .connecting(_, let attempt): attempt.abort()
            }
        }
        for entry in entries {
            switch entry {
            case .open(let connection): await connection.waitUntilClosed()
            // What was made all the same is closed at once (see `finished`).
            case .connecting(let future, _): await (try? future.get())?.waitUntilClosed()
            }
        }
    }
}

/// What a connection is being made with, so that who does not want it any more need not wait for its time-outs.
final class ConnectAttempt: Sendable {
    private struct State {
        var channels: [any Channel] = []
        var isAborted = false
    }
    private let state = Mutex(State())

    func use(_ channel: any Channel) {
        let isAborted = state.withLock { state in
            state.channels.append(channel)
            return state.isAborted
        }
        if isAborted { channel.close(promise: nil) }
    }

    func abort() {
        let channels = state.withLock { state in
            state.isAborted = true
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}

extension EventLoopFuture where Value: Sendable {
    /// Waits for the value; a cancelled task stops waiting, the future goes on.
    func cancellableGet() async throws -> Value {
        let once = Once<Value>()
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                once.wait(continuation)
                whenComplete { once.end($0) }
            }
        } onCancel: {
            once.end(.failure(CancellationError()))
        }
    }
}

/// A continuation that only the first end resumes.
private final class Once<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case waiting(UnsafeContinuation<Value, any Error>)
        case ended(Result<Value, any Error>)
        case resumed
    }
    private let state = Mutex(State.idle)

    func wait(_ continuation: UnsafeContinuation<Value, any Error>) {
        let result = state.withLock { state -> Result<Value, any Error>? in
            if case .ended(let result) = state {
                state = .resumed
                return result
            }
            state = .waiting(continuation)
            return nil
        }
        if let result { continuation.resume(with: result) }
    }

    func end(_ result: Result<Value, any Error>) {
        let continuation = state.withLock { state -> UnsafeContinuation<Value, any Error>? in
            switch state {
            case .idle:
                state = .ended(result)
                return nil
            case .waiting(let continuation):
                state = .resumed
                return continuation
            case .ended, .resumed:
                return nil
            }
        }
        continuation?.resume(with: result)
    }
}
