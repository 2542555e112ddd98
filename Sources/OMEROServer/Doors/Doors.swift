import Glacier2
import Ice
import IceEncoding
import OMEROStore

/// The adapters that clients connect to, each with the router behind it.
struct Doors: Sendable {
    struct Door: Sendable {
        let adapter: ObjectAdapter
        let port: Int
    }
    private(set) var ssl: Door?
    private(set) var tcp: Door?
    private(set) var ws: Door?
    private(set) var wss: Door?

    /// The object that clients log in at.
    static let routerIdentity = Identity(name: "router", category: "OMERO.Glacier2")

    static func open(
        _ configuration: ServerConfiguration,
        _ certificate: ServerCertificate,
        _ router: RouterServant,
        _ communicator: Communicator
    ) async throws -> Doors {
        let wanted = configuration.doors
        guard wanted.ssl != nil || wanted.tcp != nil || wanted.ws != nil || wanted.wss != nil else {
            throw ServerError(.noDoor, "no port is given: nobody could connect")
        }
        var adapter = ObjectAdapterConfiguration()
        adapter.connectionLimit = configuration.connectionLimit
        adapter.activity = router.activity
        // Most calls read the database.
        adapter.executor = Store.executor
        var tls = TLSSettings(trust: .none)
        tls.minimumVersion = .v1_2
        tls.identity = .pem(
            chain: .bytes(Array(certificate.certificatePEM.utf8)),
            key: .bytes(Array(certificate.privateKeyPEM.utf8))
        )
        adapter.tls = tls

        func door(_ transport: String, _ port: Int?) async throws -> Door? {
            guard let port else { return nil }
            let opened = try communicator.createObjectAdapter(
                "Glacier2.\(transport)",
                endpoints: "\(transport) -h \(configuration.doors.host) -p \(port)",
                configuration: adapter
            )
            try router.install(on: opened, identity: routerIdentity)
            try opened.add(RouterFinder(), identity: Identity(name: "RouterFinder", category: "Ice"))
            try await opened.activate()
            return Door(
                adapter: opened,
                port: opened.publishedEndpoints.compactMap(\.address).first.map { Int($0.port) } ?? port)
        }
        var doors = Doors()
        doors.ssl = try await door("ssl", wanted.ssl)
        doors.tcp = try await door("tcp", wanted.tcp)
        doors.ws = try await door("ws", wanted.ws)
        doors.wss = try await door("wss", wanted.wss)
        return doors
    }
}

/// `Ice::RouterFinder`: tells clients that know only the address which object the router is.
private struct RouterFinder: InlineServant {
    var typeIDs: [String] { ["::Ice::RouterFinder"] }

    func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse {
        guard request.current.operation == "getRouter" else { throw request.operationNotExist() }
        try request.readNothing()
        let proxy = request.current.adapter.createProxy(Doors.routerIdentity)
        return try request.respond { Proxy.writeNullable(proxy, to: &$0) }
    }
}
