import Glacier2
import Ice
import Synchronization
import Testing

@Suite("A router and its client over loopback")
struct RouterServantTests {
    @Test("an object that is gone from the router's process does not exist; it is not called unreachable")
    func goneObject() async throws {
        try await withRouter { router, backend, manager in
            let proxy = try backend.add(WhoServant(), identity: Identity(name: "service"))
            let client = router.router.proxy.communicator
            let service = client.proxy(proxy.reference).withRouter(router.router)
            _ = try await router.createSession(userID: "user", password: "")
            try await service.ping()
            backend.remove(identity: proxy.identity)
            let error = await #expect(throws: IceError.self) { try await service.ping() }
            #expect(error?.code == .objectNotExist)
        }
    }

    @Test("a session ends once: with its log-out, or with its connection")
    func sessionEnds() async throws {
        try await withRouter { router, _, manager in
            _ = try await router.createSession(userID: "user", password: "")
            try await router.destroySession()
            #expect(manager.ended.withLock { $0 } == 1)
            await #expect(throws: SessionNotExistException.self) { try await router.destroySession() }
            _ = try await router.createSession(userID: "user", password: "")
            let connection = try await router.router.connection()
            connection.close()
            await connection.waitUntilClosed()
            let end = ContinuousClock.now + .seconds(10)
            while manager.ended.withLock({ $0 }) < 2, .now < end { try await Task.sleep(for: .milliseconds(5)) }
            #expect(manager.ended.withLock { $0 } == 2)
        }
    }

    @Test("without a session nothing behind the router can be called, and the connection is closed")
    func noSession() async throws {
        try await withRouter { router, backend, _ in
            try backend.add(WhoServant(), identity: Identity(name: "service"))
            // Straight over the router's connection, as a proxy with a router announces itself first.
            let service = router.router.proxy.withIdentity(Identity(name: "service"))
            await #expect(throws: IceError.self) { try await service.ping() }
            let connection = try await router.router.connection()
            await #expect(throws: SessionNotExistException.self) { try await router.refreshSession() }
            #expect(connection.isOpen)
        }
    }
}

private struct WhoServant: InlineServant {
    var typeIDs: [String] { ["::test::Who"] }
    func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse { throw request.operationNotExist() }
}

/// Lets everybody in, and counts the sessions that ended.
private final class Manager: SessionManager, Sendable {
    let ended = Mutex(0)

    struct Session: RoutedSession {
        let manager: Manager
        var proxy: Proxy? { nil }
        func destroy() async { manager.ended.withLock { $0 += 1 } }
    }

    func createSession(_ login: Login) async throws -> any RoutedSession { Session(manager: self) }
}

private func withRouter(
    _ body: @Sendable (_ router: Glacier2Router, _ backend: ObjectAdapter, _ manager: Manager) async throws -> Void
) async throws {
    var configuration = CommunicatorConfiguration()
    configuration.types = glacier2Types
    configuration.retry = .never
    try await withCommunicator(configuration) { [configuration] server in
        let backend = try server.createObjectAdapter("backend")
        let manager = Manager()
        let servant = RouterServant(manager: manager, backend: backend)
        let door = try server.createObjectAdapter("door", endpoints: "tcp -h 127.0.0.1 -p 0")
        let identity = Identity(name: "router", category: "Glacier2")
        try servant.install(on: door, identity: identity)
        try await door.activate()
        try await withCommunicator(configuration) { client in
            let router = Glacier2Router(client.proxy(door.createProxy(identity).reference))
            try await body(router, backend, manager)
        }
    }
}
