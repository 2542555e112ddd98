public import IceEncoding
import NIOCore
import Synchronization

/// Stands for an Ice object and calls its operations.
///
/// A proxy is a value: the functions that change something (`withContext`, `oneway`, …) give a new one. Proxies with
/// the same endpoints share their connection.
public struct Proxy: Sendable, Hashable {
    enum Route: Sendable, Hashable {
        /// Straight to one of the reference's endpoints.
        case direct
        /// Over this connection and no other.
        case fixed(Connection)
        /// Through an `Ice::Router`.
        case routed(Router)

        static func == (left: Route, right: Route) -> Bool {
            switch (left, right) {
            case (.direct, .direct): true
            case (.fixed(let a), .fixed(let b)): a === b
            case (.routed(let a), .routed(let b)): a === b
            default: false
            }
        }

        func hash(into hasher: inout Hasher) {
            switch self {
            case .direct: hasher.combine(0)
            case .fixed(let connection): hasher.combine(ObjectIdentifier(connection))
            case .routed(let router): hasher.combine(ObjectIdentifier(router))
            }
        }
    }

    /// What is said on the wire and in strings.
    public let reference: ProxyReference
    /// The communicator that carries out the calls.
    public let communicator: Communicator
    let route: Route
    var settings: ProxySettings
    /// The connection of the last call, so that the next one need not look for it. Shared by copies.
    let cache: ConnectionSlot
    let batch: BatchQueue

    init(
        reference: ProxyReference,
        communicator: Communicator,
        route: Route,
        settings: ProxySettings = ProxySettings(),
        cache: ConnectionSlot = ConnectionSlot()
    ) {
        self.reference = reference
        self.communicator = communicator
        self.route = route
        self.settings = settings
        self.cache = cache
        self.batch = BatchQueue()
    }

    public static func == (left: Proxy, right: Proxy) -> Bool {
        left.reference == right.reference && left.settings == right.settings && left.route == right.route
            && left.communicator === right.communicator
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(reference)
        hasher.combine(settings)
    }

    /// Which object is called.
    public var identity: Identity { reference.identity }
    /// Which facet of the object; empty for the object itself.
    public var facet: String { reference.facet }

    // MARK: Other proxies

    /// The same object with another reference; the connection is kept only if it still leads there.
    private func with(_ change: (inout ProxyReference) -> Void) -> Proxy {
        var changed = reference
        change(&changed)
        let samePlace = changed.endpoints == reference.endpoints && changed.secure == reference.secure
        return Proxy(
            reference: changed,
            communicator: communicator,
            route: route,
            settings: settings,
            cache: samePlace ? cache : ConnectionSlot()
        )
    }

    private func with(newConnection: Bool = false, _ change: (inout ProxySettings) -> Void) -> Proxy {
        var changed = settings
        change(&changed)
        return Proxy(
            reference: reference,
            communicator: communicator,
            route: route,
            settings: changed,
            cache: newConnection ? ConnectionSlot() : cache
        )
    }

    /// Another object at the same place, without a facet.
    public func withIdentity(_ identity: Identity) -> Proxy {
        with { reference in
            reference.identity = identity
            reference.facet = ""
        }
    }
    /// Another facet of the same object.
    public func withFacet(_ facet: String) -> Proxy { with { $0.facet = facet } }
    /// Calls wait for the answer.
    public func twoway() -> Proxy { with { $0.mode = .twoway } }
    /// Calls end when the request is written; nothing is known about what became of it.
    public func oneway() -> Proxy { with { $0.mode = .oneway } }
    /// Calls are collected and leave with ``flushBatchRequests()``.
    public func batchOneway() -> Proxy { with { $0.mode = .batchOneway } }
    /// Only encrypted endpoints are used.
    public func secure(_ secure: Bool = true) -> Proxy { with { $0.secure = secure } }
    /// Parameters are written in that encoding.
    public func withEncoding(_ encoding: EncodingVersion) -> Proxy { with { $0.encoding = encoding } }
    /// The object is looked for at these endpoints, and at no adapter's.
    public func withEndpoints(_ endpoints: [Endpoint]) -> Proxy {
        with { reference in
            reference.endpoints = endpoints
            reference.adapterID = ""
        }
    }
    /// The context of every call that doesn't bring its own; joined with the communicator's, these values first.
    public func withContext(_ context: Context?) -> Proxy { with { $0.context = context } }
    /// How long each call may take; nil for the communicator's.
    public func withInvocationTimeout(_ timeout: Duration?) -> Proxy { with { $0.invocationTimeout = timeout } }
    /// Compresses requests, or not; nil leaves it to endpoint and communicator.
    public func compressed(_ compress: Bool?) -> Proxy { with { $0.compress = compress } }
    /// Proxies with another connection id don't share a connection.
    public func withConnectionID(_ id: String) -> Proxy { with(newConnection: true) { $0.connectionID = id } }
    /// Whether endpoints are tried in their order or in a random one (Ice's default).
    public func withEndpointSelection(_ selection: EndpointSelection) -> Proxy {
        with(newConnection: true) { $0.endpointSelection = selection }
    }
    /// Tries encrypted endpoints before others.
    public func preferringSecure(_ prefer: Bool = true) -> Proxy {
        with(newConnection: true) { $0.prefersSecure = prefer }
    }
    /// Calls through `router`, or straight for nil.
    public func withRouter(_ router: Router?) -> Proxy {
        Proxy(
            reference: reference,
            communicator: communicator,
            route: router.map { .routed($0) } ?? .direct,
            settings: settings
        )
    }

    // MARK: Connection

    /// The connection over which calls travel; makes it if there is none.
    public func connection() async throws -> Connection {
        if let connection = cache.connection { return connection }
        let connection: Connection
        switch route {
        case .fixed(let fixed):
            if let error = fixed.closeError { throw error }
            return fixed
        case .routed(let router):
            connection = try await router.connection(for: self)
            return connection  // a router forgets proxies: it is asked each time
        case .direct:
            connection = try await communicator.outgoing.connection(
                to: reference.endpoints,
                secureOnly: reference.secure,
                settings: settings,
                communicator: communicator,
                for: reference
            )
        }
        cache.store(connection)
        return connection
    }
}

extension Proxy: CustomStringConvertible {
    /// The proxy's string, as Ice prints it.
    public var description: String { reference.description }
}

/// In which order a proxy's endpoints are tried.
public enum EndpointSelection: Hashable, Sendable {
    /// In an order drawn by chance, so that many clients spread over the endpoints.
    case random
    /// In the order in which the proxy has them.
    case ordered
}

/// What a proxy keeps to itself: it neither travels nor stands in its string.
struct ProxySettings: Hashable, Sendable {
    var context: Context?
    var invocationTimeout: Duration?
    var compress: Bool?
    var connectionID = ""
    var endpointSelection = EndpointSelection.random
    var prefersSecure = false
}

/// Remembers a connection until it ends.
final class ConnectionSlot: Sendable {
    private let slot = Mutex<Connection?>(nil)

    var connection: Connection? {
        slot.withLock { slot in
            if let connection = slot, connection.isOpen { return connection }
            slot = nil
            return nil
        }
    }

    func store(_ connection: Connection) { slot.withLock { $0 = connection } }
    func clear() { slot.withLock { $0 = nil } }
}

// A proxy as a parameter, member or element: nil is the null proxy.
extension Proxy: SliceNullable {
    public static var nullableSliceType: SliceType { .proxy(nil) }
    public static var minimumNullableWireSize: Int { 2 }

    public static func readNullable(from stream: inout IceInputStream) throws(MarshalError) -> Proxy? {
        let position = stream.position
        guard let reference = try stream.readProxy() else { return nil }
        guard let communicator = stream.binding as? Communicator else {
            throw MarshalError(.invalidProxy, at: position, path: "a proxy in a stream without a communicator")
        }
        return communicator.proxy(reference)
    }

    public static func writeNullable(_ value: Proxy?, to stream: inout IceOutputStream) {
        stream.write(value?.reference)
    }
}
