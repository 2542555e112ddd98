import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import Synchronization

/// One connection to a router, with the OMERO session that was opened or joined on it. When the connection ends, the
/// link is over; a reconnect makes another.
final class Link: Sendable {
    let address: ServerAddress
    let connection: Connection
    let router: Glacier2Router
    let factory: ServiceFactoryPrx
    /// The session's UUID: who has it is its user.
    let key: Secret
    /// By the types of their proxies: every call looks here.
    private let services = Mutex<[ObjectIdentifier: Proxy]>([:])

    init(
        address: ServerAddress,
        connection: Connection,
        router: Glacier2Router,
        factory: ServiceFactoryPrx,
        key: Secret
    ) {
        self.address = address
        self.connection = connection
        self.router = router
        self.factory = factory
        self.key = key
    }

    /// The session's stateless service of that interface; asked for once.
    func service<Service: TypedProxy>(_: Service.Type = Service.self) async throws -> Service {
        let type = ObjectIdentifier(Service.self)
        if let known = services.withLock({ $0[type] }) { return Service(known) }
        let proxy = try await find(Service.self, phase: .call)
        services.withLock { $0[type] = proxy }
        return Service(proxy)
    }

    private func find(_ type: any TypedProxy.Type, phase: GatewayError.Phase) async throws -> Proxy {
        let name = type.serviceName
        if let proxy = try await factory.getByName(name: name)?.proxy { return proxy }
        throw GatewayError(.serverError, "the server has no service \(name)", phase: phase)
    }

    /// Fetches several services at once, so that their first calls cost no further round trips.
    func prepare(_ types: [any TypedProxy.Type]) async throws {
        let found = try await withThrowingTaskGroup(of: (ObjectIdentifier, Proxy).self) { group in
            for type in types {
                group.addTask { (ObjectIdentifier(type), try await self.find(type, phase: .login)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await router.router.learn(found.map(\.1))
        services.withLock { services in
            services.reserveCapacity(found.count)
            for (type, proxy) in found { services[type] = proxy }
        }
    }

    /// Touches the session, so that it does not end for idleness.
    func beat(timeout: Duration) async throws {
        _ = try await factory.keepAllAlive(proxies: [], timeout: timeout)
    }

    /// Leaves the router; the server decides by ``ServiceFactoryPrx/detachOnDestroy(context:timeout:)`` what becomes
    /// of the session.
    func leave(timeout: Duration) async {
        try? await router.destroySession(options: CallOptions(timeout: timeout))
        connection.close()
    }
}

extension TypedProxy {
    /// `::omero::api::IAdmin` is asked for as `omero.api.IAdmin`.
    static var serviceName: String {
        typeID.split(separator: ":").joined(separator: ".")
    }
}
