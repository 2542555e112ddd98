import Foundation
import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROServer

/// One connection with one session, among others of the same communicator.
struct TestClient: Sendable {
    let router: Glacier2Router
    let factory: ServiceFactoryPrx
    let connection: Connection

    var session: String { factory.proxy.identity.name }

    init(
        _ communicator: Communicator,
        _ server: OMEROServer,
        user: String = "root",
        password: String = "omero",
        secure: Bool = false,
        clientID: String = UUID().uuidString,
        context: Context = [:]
    ) async throws {
        let router = try Glacier2Router(communicator.router(server, secure: secure))
        let full = context.merging(["omero.client.uuid": clientID]) { given, _ in given }
        let session = try await router.createSession(
            userID: user, password: password, options: CallOptions(context: full))
        guard let session else { throw IceError(.objectNotExist, "no session") }
        self.router = router
        factory = ServiceFactoryPrx(session)
        connection = try await router.router.connection()
    }

    func admin() async throws -> IAdminPrx {
        guard let proxy = try await factory.getAdminService() else { throw IceError(.objectNotExist, "no service") }
        return IAdminPrx(proxy.proxy.withRouter(router.router))
    }

    func sessions() async throws -> ISessionPrx {
        guard let proxy = try await factory.getSessionService() else { throw IceError(.objectNotExist, "no service") }
        return ISessionPrx(proxy.proxy.withRouter(router.router))
    }

    /// An object behind the router, whether it is this client's or not.
    func object(_ identity: Identity) -> Proxy { factory.proxy.withIdentity(identity) }

    /// Whether the server answers it.
    func isAnswered() async throws -> Bool {
        try await admin().getEventContext() != nil
    }

    func logOut() async throws {
        try? await router.destroySession()
        connection.close()
    }
}

extension Communicator {
    /// The router of a server, over a connection of its own.
    func router(_ server: OMEROServer, secure: Bool = false) throws -> Proxy {
        let endpoint =
            secure ? "ssl -h 127.0.0.1 -p \(server.sslPort ?? 0)" : "tcp -h 127.0.0.1 -p \(server.tcpPort ?? 0)"
        return try proxy("OMERO.Glacier2/router:" + endpoint).withConnectionID(UUID().uuidString)
    }
}

/// Runs `body` with a server and a communicator for its clients.
func withServer(
    _ configuration: ServerConfiguration = .testing,
    _ body: @Sendable (OMEROServer, Communicator) async throws -> Void
) async throws {
    try await OMEROServer.withServer(configuration) { server in
        var ice = CommunicatorConfiguration()
        ice.types = omeroTypes
        ice.messageSizeMax = 64 << 20
        ice.tls = TLSSettings(trust: .none)
        // How quick a server is depends on what else the machine does: a test that hangs is ended by the round's limit.
        ice.timeouts.invocation = nil
        try await withCommunicator(ice) { try await body(server, $0) }
    }
}
