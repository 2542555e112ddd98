public import IceEncoding
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Limits and doors of an object adapter.
public struct ObjectAdapterConfiguration: Sendable {
    /// Connections held at a time; further ones are closed as they come.
    public var connectionLimit = 10_000
    /// Requests of one connection that are carried out at a time.
    public var dispatchLimit = 100
    /// Bytes of requests of one connection that may wait for their turn before it is read no further.
    public var backlogLimit = 1 << 20
    /// The largest message; nil for the communicator's limit.
    public var messageSizeMax: Int?
    /// Heartbeats and idle close of the accepted connections; nil for the communicator's policy.
    public var activity: ActivityPolicy?
    /// Key, certificate and demands on clients' certificates for `ssl` and `wss` endpoints; nil for the communicator's.
    public var tls: TLSSettings?
    /// The threads that carry out servants' tasks; nil for those that all tasks share.
    public var executor: (any TaskExecutor)?

    public init() {}
}

/// Holds servants and answers requests with them, at endpoints of its own or over connections that this side opened.
public final class ObjectAdapter: Sendable {
    private struct State {
        var servants = ServantTable()
        var listeners: [Listener] = []
        var connections: [ObjectIdentifier: Connection] = [:]
        var pending = 0
        var published: [Endpoint] = []
        var isDeactivated = false
    }

    /// The adapter's name; empty for one without.
    public let name: String
    /// Whose adapter it is.
    public let communicator: Communicator
    /// What it was made with.
    public let configuration: ObjectAdapterConfiguration
    let endpoints: [Endpoint]
    private let state = Mutex(State())

    init(
        name: String,
        communicator: Communicator,
        endpoints: [Endpoint],
        configuration: ObjectAdapterConfiguration
    ) {
        self.name = name
        self.communicator = communicator
        self.endpoints = endpoints
        self.configuration = configuration
    }

    /// The largest message that it takes or sends.
    var messageSizeMax: Int { configuration.messageSizeMax ?? communicator.configuration.messageSizeMax }

    // MARK: Servants

    /// Adds a servant for an object.
    ///
    /// - Throws: ``IceError/Code/illegalArgument`` for an empty name, or if there is a servant for object and facet.
    @discardableResult
    public func add(_ servant: some Servant, identity: Identity, facet: String = "") throws -> Proxy {
        guard !identity.name.isEmpty else { throw IceError(.illegalArgument, "an identity needs a name") }
        guard state.withLock({ $0.servants.add(servant, identity, facet: facet) }) else {
            throw IceError(.illegalArgument, "there is a servant for \(identity) already")
        }
        return createProxy(identity).withFacet(facet)
    }

    /// Adds a servant under a name that nobody can guess.
    public func addWithUUID(_ servant: some Servant, category: String = "") throws -> Proxy {
        try add(servant, identity: Identity(name: randomName(), category: category))
    }

    /// Adds a servant for the objects of a category that have none of their own; the empty category is all of them.
    public func addDefaultServant(_ servant: some Servant, category: String) throws {
        guard state.withLock({ $0.servants.addDefault(servant, category: category) }) else {
            throw IceError(.illegalArgument, "there is a default servant for category \"\(category)\" already")
        }
    }

    /// Takes a servant away; calls that it carries out already go on.
    ///
    /// - Returns: the servant, if there was one.
    @discardableResult
    public func remove(identity: Identity, facet: String = "") -> (any Servant)? {
        state.withLock { $0.servants.remove(identity, facet: facet) }
    }

    /// Takes the servant of a category away.
    ///
    /// - Returns: the servant, if there was one.
    @discardableResult
    public func removeDefaultServant(category: String) -> (any Servant)? {
        state.withLock { $0.servants.removeDefault(category: category) }
    }

    /// The servant that answers for an object, if there is one.
    public func find(_ identity: Identity, facet: String = "") -> (any Servant)? {
        if case .found(let found) = state.withLock({ $0.servants.find(identity, facet: facet) }) {
            return found.servant
        }
        return nil
    }

    /// How many servants it holds, default servants left out.
    public var servantCount: Int { state.withLock { $0.servants.count } }

    func dispatch(_ dispatch: IncomingDispatch) {
        let header = dispatch.request.header
        switch state.withLock({ $0.servants.find(header.identity, facet: header.facet) }) {
        case .found(let servant): dispatch.start(servant, adapter: self)
        case .noObject: dispatch.finish(.objectNotExist(dispatch.request.failure))
        case .noFacet: dispatch.finish(.facetNotExist(dispatch.request.failure))
        }
    }

    /// Says how one of its servants carries out a request that arrived elsewhere, such as at a router; nil if there is
    /// none for the request's object.
    public func begin(_ request: IncomingRequest) -> Handling? {
        switch state.withLock({ $0.servants.find(request.current.identity, facet: request.current.facet) }) {
        case .found(let servant):
            var request = request
            request.current.adapter = self
            let invocation = Invocation(request, servant)
            switch invocation.begin() {
            case .answered(let response): return .answered(response)
            case .task(let work): return .task { await invocation.answer(work) }
            case .briefTask(let work): return .briefTask { await invocation.answer(work) }
            }
        case .noObject:
            return nil
        case .noFacet:
            return .answered(request.respond(with: .facetNotExist(request.current.requestFailure)))
        }
    }

    // MARK: Proxies

    /// Where its objects can be reached from outside.
    public var publishedEndpoints: [Endpoint] { state.withLock { $0.published } }

    /// A proxy for one of its objects, whether there is a servant for it or not.
    public func createProxy(_ identity: Identity) -> Proxy {
        communicator.proxy(ProxyReference(identity: identity, endpoints: publishedEndpoints))
    }

    /// Serves call-backs that arrive through a router: over the router's connection, with its endpoints in the
    /// proxies of this adapter's objects.
    public func use(_ router: Router) async throws {
        let server = try await router.getServerProxy()
        try await router.connection().setAdapter(self)
        state.withLock { $0.published = server?.reference.endpoints ?? [] }
    }

    // MARK: Life

    /// Starts to accept connections at its endpoints. Afterwards ``publishedEndpoints`` holds the actual ports.
    ///
    /// - Throws: ``IceError`` with phase `listen`: a port in use, an address that is not this machine's, no TLS key.
    public func activate() async throws {
        var published: [Endpoint] = []
        for endpoint in endpoints {
            let listener: Listener
            do {
                listener = try await Listener.start(endpoint, adapter: self)
            } catch {
                await closeListeners()
                throw error
            }
            let keep = state.withLock { state in
                if !state.isDeactivated { state.listeners.append(listener) }
                return !state.isDeactivated
            }
            guard keep else {
                await listener.close()
                throw IceError(.shutDown, "the object adapter was deactivated", phase: .listen)
            }
            published += listener.publishedEndpoints
        }
        state.withLock { $0.published = published }
        communicator.observer.logger?.debug(
            "ice adapter active",
            metadata: [
                LogKey.adapter: "\(name)", LogKey.endpoint: "\(published.map(\.description).joined(separator: ":"))",
            ]
        )
    }

    /// Stops accepting, lets dispatches end within the close time-out, closes its connections. May be called again.
    public func deactivate() async {
        let connections = state.withLock { state in
            state.isDeactivated = true
            return Array(state.connections.values)
        }
        await closeListeners()
        for connection in connections { connection.close() }
        for connection in connections { await connection.waitUntilClosed() }
        communicator.remove(self)
    }

    private func closeListeners() async {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { await listener.close() }
    }

    /// The connections that clients hold to it.
    public var connections: [Connection] { state.withLock { Array($0.connections.values) } }

    /// Takes a place for a connection that is being accepted; false if there is none left.
    func reserve() -> Bool {
        state.withLock { state in
            guard !state.isDeactivated, state.connections.count + state.pending < configuration.connectionLimit else {
                return false
            }
            state.pending += 1
            return true
        }
    }

    /// Gives the place back: the connection did not come about.
    func release() { state.withLock { $0.pending -= 1 } }

    /// Turns the place into a connection; false if the adapter was deactivated meanwhile.
    func accepted(_ connection: Connection) -> Bool {
        state.withLock { state in
            state.pending -= 1
            if !state.isDeactivated { state.connections[ObjectIdentifier(connection)] = connection }
            return !state.isDeactivated
        }
    }

    /// A connection that it had accepted has ended.
    func ended(_ connection: Connection) {
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }
}

/// 128 random bits in hexadecimal.
func randomName() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
        let bits = String(generator.next() as UInt64, radix: 16)
        return String(repeating: "0", count: 16 - bits.count) + bits
    }.joined()
}
