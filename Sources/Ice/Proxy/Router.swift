import IceEncoding
import Synchronization

/// The client's side of an `Ice::Router`: calls of proxies that use it travel over the router's connection, and
/// call-backs arrive there.
public final class Router: Sendable {
    private struct State {
        var clientProxy: Proxy?
        var hasRoutingTable = true
        /// What the router knows on `connection`.
        var known: Set<Identity> = []
        var connection: ObjectIdentifier?
    }

    /// The router object itself, called straight.
    public let proxy: Proxy
    private let state = Mutex(State())

    public init(_ proxy: Proxy) {
        self.proxy = proxy.withRouter(nil)
    }

    /// The router that is reached over `connection` and no other: what is called through it fails once that has ended,
    /// instead of going over a new connection that has no session there.
    public init(_ identity: Identity, on connection: Connection) {
        self.proxy = connection.createProxy(identity)
    }

    // MARK: Ice::Router

    /// The proxy to send requests to; nil when that is the router's own connection. Glacier2 answers nil.
    public func getClientProxy() async throws -> (proxy: Proxy?, hasRoutingTable: Bool) {
        try await proxy.invoke("getClientProxy", mode: .nonmutating) { stream in
            let client = try Proxy.readNullable(from: &stream)
            // Since Ice 3.6; before, every router had a table.
            return (client, try stream.readOptional(tag: 1, as: Bool.self) ?? true)
        }
    }

    /// The proxy whose endpoints stand in the proxies of call-back objects.
    public func getServerProxy() async throws -> Proxy? {
        try await proxy.invoke("getServerProxy", mode: .nonmutating) { stream in
            try Proxy.readNullable(from: &stream)
        }
    }

    /// Tells the router where to send what is called on these proxies; the ones it had to forget for them.
    public func addProxies(_ proxies: [Proxy]) async throws -> [Proxy] {
        try await proxy.invoke("addProxies", mode: .idempotent) { stream in
            stream.write(proxies.map(Optional.some))
        } read: { stream in
            try [Proxy?](from: &stream).compactMap { $0 }
        }
    }

    // MARK: Routing

    /// The router's connection, after the router has learnt of `target`.
    func connection(for target: Proxy) async throws -> Connection {
        let client = try await clientProxy()
        let connection = try await client.connection()
        let isNew = state.withLock { state in
            if state.connection != ObjectIdentifier(connection) {
                // Another connection is another session, with an empty table.
                state.connection = ObjectIdentifier(connection)
                state.known = []
            }
            return state.hasRoutingTable && !state.known.contains(target.identity)
        }
        guard isNew, !target.isLocal(to: proxy) else { return connection }
        try await add([target])
        return connection
    }

    /// Lets the router know these proxies, in one call, before the first call on each of them has to.
    ///
    /// The router's own question for its client proxy, where it is still open, travels at the same time: a first call
    /// through a router costs one round trip instead of two.
    public func learn(_ targets: [Proxy]) async throws {
        async let client = clientProxy()
        if state.withLock({ $0.clientProxy == nil }) {
            // Over the connection on which the client proxy is asked for: Glacier2's is the same.
            try await add(targets)
        }
        let connection = try await client.connection()
        let unknown = state.withLock { state in
            if state.connection == nil { state.connection = ObjectIdentifier(connection) }
            guard state.connection == ObjectIdentifier(connection), state.hasRoutingTable else { return [Proxy]() }
            return targets.filter { !state.known.contains($0.identity) }
        }
        if !unknown.isEmpty { try await add(unknown) }
    }

    private func add(_ targets: [Proxy]) async throws {
        let evicted = try await addProxies(targets)
        state.withLock { state in
            state.known.formUnion(targets.map(\.identity))
            for proxy in evicted { state.known.remove(proxy.identity) }
        }
    }

    private func clientProxy() async throws -> Proxy {
        if let known = state.withLock({ $0.clientProxy }) { return known }
        let answer = try await getClientProxy()
        let client = answer.proxy?.withRouter(nil) ?? proxy
        state.withLock { state in
            state.clientProxy = client
            state.hasRoutingTable = answer.hasRoutingTable
        }
        return client
    }

    /// The connection to the router, once it is made.
    public func connection() async throws -> Connection {
        try await clientProxy().connection()
    }
}

extension Proxy {
    /// Whether it stands for the router itself.
    fileprivate func isLocal(to router: Proxy) -> Bool { identity == router.identity }
}
