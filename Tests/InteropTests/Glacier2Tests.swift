import Foundation
import Glacier2
import Ice
import InteropPeer
import InteropProcess
import InteropTypes
import Testing

/// Our client behind the real glacier2router, and real clients behind our router.
@Suite("Glacier2", .needsPeers, .serialized)
struct Glacier2Tests {
    static let sessionTimeout = 30

    // MARK: Our client, the real router

    @Test("our client logs in at the real router, calls through it and is called back", arguments: Transport.allCases)
    func client(transport: Transport) async throws {
        try await withRealRouter([transport]) { communicator, router, peer in
            let uuid = UUID().uuidString
            let session = try #require(
                try await router.createSession(
                    userID: "user",
                    password: "password",
                    options: CallOptions(context: ["omero.client.uuid": uuid, "omero.agent": "tests"])
                )
            )
            #expect(session.identity.category == "session-" + uuid)
            try await expectEqual(session.isA("::Glacier2::Session"), true)
            let facts: [String: String] = try await PeerCalls(session).get("context")
            #expect(facts["user"] == "user" && facts["omero.client.uuid"] == uuid && facts["omero.agent"] == "tests")
            try await expectEqual(router.getSessionTimeout(), .seconds(Self.sessionTimeout))
            try await expectEqual(router.getACMTimeout(), .seconds(Self.sessionTimeout))
            try await router.refreshSession()
            for encoding in [EncodingVersion.v1_0, .v1_1] {
                for compress in [false, true] {
                    let calls = PeerCalls(peer.withRouter(router.router).withEncoding(encoding).compressed(compress))
                    try await calls.values()
                    try await calls.classes()
                    if encoding == .v1_1 { try await calls.optionals() }
                    try await calls.exceptions()
                    try await calls.unknownSlices()
                    try await calls.requests()
                }
            }
            try await callbacks(router, PeerCalls(peer.withRouter(router.router)))
            try await router.destroySession()
            let error = await #expect(throws: IceError.self) { try await peer.withRouter(router.router).ping() }
            #expect([.connectionLost, .connectionClosedByPeer].contains(error?.code), "\(error as Any)")
        }
    }

    private func callbacks(_ router: Glacier2Router, _ calls: PeerCalls) async throws {
        let adapter = try await router.createCallbackAdapter()
        let category = try await router.getCategoryForClient()
        #expect(!category.isEmpty)
        let servant = CallbackServant()
        let proxy = try adapter.add(servant, identity: Identity(name: "callback", category: category))
        #expect(!proxy.reference.endpoints.isEmpty)
        try await expectEqual(calls.callProxy(proxy, 5), 15)
        #expect(servant.received == (0..<5).map { "call \($0)" })
        for stranger in [
            Identity(name: "callback", category: "not-" + category), Identity(name: "absent", category: category),
        ] {
            let error = await #expect(throws: IceError.self) {
                _ = try await calls.callProxy(proxy.withIdentity(stranger), 1)
            }
            #expect(error?.code == .objectNotExist)
        }
        await adapter.deactivate()
    }

    @Test("the real router's refusals reach our client as what they are, and leave the connection usable")
    func refusals() async throws {
        try await withRealRouter([.ssl]) { _, router, peer in
            let denied = await #expect(throws: PermissionDeniedException.self) {
                _ = try await router.createSession(userID: "user", password: "wrong")
            }
            #expect(denied?.reason == "wrong password")
            let refused = await #expect(throws: CannotCreateSessionException.self) {
                _ = try await router.createSession(userID: "nobody", password: "password")
            }
            #expect(refused?.reason == "nobody gets no session")
            await #expect(throws: SessionNotExistException.self) { try await router.refreshSession() }
            await #expect(throws: SessionNotExistException.self) { try await router.destroySession() }
            _ = try await router.createSession(userID: "user", password: "password")
            await #expect(throws: CannotCreateSessionException.self) {
                _ = try await router.createSession(userID: "user", password: "password")
            }
            try await peer.withRouter(router.router).ping()
            try await router.destroySession()
        }
    }

    @Test("a communicator's router is used by every proxy, and the router itself is called straight")
    func defaultRouter() async throws {
        try await withRealRouter([.tcp]) { communicator, router, peer in
            communicator.setRouter(router.router)
            _ = try await router.createSession(userID: "user", password: "password")
            let number: Int32 = try await PeerCalls(communicator.proxy(peer.reference)).call("echoInt", 7 as Int32)
            #expect(number == 7)
            try await communicator.proxy(router.router.proxy.reference).ping()
            try await router.destroySession()
        }
    }

    // MARK: Real clients, our router

    @Test("OMERO's Ice logs in at our router over every transport, compressed and plain", arguments: [false, true])
    func logIns(remoteBackend: Bool) async throws {
        try await withSwiftRouter(Transport.allCases, remote: remoteBackend) { routers, peer in
            // At once, as each spends most of its time asleep.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for router in routers.values {
                    group.addTask {
                        for compression in [[], ["--compress"]] {
                            try await expectSuccess(
                                .python,
                                client: "glacier2_client",
                                ["--router", router, "--proxy", peer, "--session-timeout", "\(Self.sessionTimeout)"]
                                    + ["--certs", Peers.certificates] + compression
                                    + (remoteBackend ? [] : ["--server-lacks-unknown"])
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("every operation passes our router", arguments: ForeignPeer.allCases, [false, true])
    func everything(peer: ForeignPeer, remote: Bool) async throws {
        try await withSwiftRouter([.ssl], remote: remote) { routers, target in
            let router = try #require(routers[.ssl])
            for encoding in ["1.0", "1.1"] {
                try await expectSuccess(
                    peer,
                    ["--proxy", target, "--encoding", encoding, "--router", router, "--certs", Peers.certificates]
                        + (remote ? [] : ["--server-lacks-unknown"]),
                    exceptions: [
                        "callMe": remote ? "needs a connection to the server itself" : nil,
                        "other connection": "has no session",
                    ].compactMapValues { $0 }
                )
            }
        }
    }

    // MARK: Set-up

    /// Runs `body` with glacier2router 3.7 in front of a back end in Python.
    private func withRealRouter(
        _ transports: [Transport],
        _ body: @Sendable (_ communicator: Communicator, _ router: Glacier2Router, _ peer: Proxy) async throws -> Void
    ) async throws {
        let process = try ForeignProcess(
            Peers.python,
            [
                Peers.folder + "/glacier2/run_glacier2.py", "--certs", Peers.certificates,
                "--transports", transports.map(\.rawValue).joined(separator: ","),
                "--session-timeout", "\(Self.sessionTimeout)",
            ]
        )
        defer { process.stop() }
        let proxies = try await process.line("READY").split(separator: "\t").map(String.init)
        try #require(proxies.count == 2)
        var configuration = Peers.configuration("client")
        configuration.types = interopTypes.merging(glacier2Types)
        configuration.retry = .never
        try await withCommunicator(configuration) { communicator in
            let router = Glacier2Router(try communicator.proxy(proxies[0]))
            try await body(communicator, router, communicator.proxy(proxies[1]))
        }
    }

    /// Runs `body` with our router in front of a back end in this process, or of one in Python.
    private func withSwiftRouter(
        _ transports: [Transport],
        remote: Bool,
        _ body: @Sendable (_ routers: [Transport: String], _ peer: String) async throws -> Void
    ) async throws {
        var configuration = Peers.configuration("server")
        configuration.types = interopTypes.merging(glacier2Types)
        try await withCommunicator(configuration) { communicator in
            guard remote else {
                let backend = try communicator.createObjectAdapter("backend")
                let identity = Identity(name: "interop")
                try backend.add(PeerServant(), identity: identity)
                try backend.add(PeerServant(facet: "second"), identity: identity, facet: "second")
                try backend.addDefaultServant(PeerServant(), category: "default")
                let manager = LocalSessionManager(backend: backend)
                return try await body(startRouter(communicator, transports, manager, backend), "interop")
            }
            let process = try ForeignProcess(Peers.python, [Peers.folder + "/glacier2/glacier2_backend.py"])
            defer { process.stop() }
            let proxies = try await process.line("READY").split(separator: "\t").map(String.init)
            try #require(proxies.count == 3)
            let manager = RemoteSessionManager(
                manager: try communicator.proxy(proxies[0]),
                verifier: try communicator.proxy(proxies[1])
            )
            try await body(startRouter(communicator, transports, manager, nil), proxies[2])
        }
    }

    private func startRouter(
        _ communicator: Communicator,
        _ transports: [Transport],
        _ manager: some SessionManager,
        _ backend: ObjectAdapter?
    ) async throws -> [Transport: String] {
        var routing = RouterConfiguration()
        routing.sessionTimeout = .seconds(Self.sessionTimeout)
        let router = RouterServant(manager: manager, backend: backend, configuration: routing)
        var door = ObjectAdapterConfiguration()
        door.activity = router.activity
        let clients = try communicator.createObjectAdapter(
            "clients",
            endpoints: transports.map { "\($0.rawValue) -h 127.0.0.1 -p 0" }.joined(separator: ":"),
            configuration: door
        )
        let servers = try communicator.createObjectAdapter("servers", endpoints: "tcp -h 127.0.0.1 -p 0")
        try await servers.activate()
        let identity = Identity(name: "router", category: "Glacier2")
        try router.install(on: clients, identity: identity, servers: servers)
        try await clients.activate()
        let proxies = clients.publishedEndpoints.map { clients.createProxy(identity).withEndpoints([$0]).description }
        return Dictionary(uniqueKeysWithValues: zip(transports, proxies))
    }
}

extension PeerCalls {
    /// Has the server call `proxy` back so many times.
    func callProxy(_ callback: Proxy, _ times: Int32) async throws -> Int32 {
        try await proxy.invoke("callProxy") { stream in
            stream.write(callback as Proxy?)
            stream.write(times)
        } read: {
            try $0.readInteger()
        }
    }
}

/// `#expect(actual == expected)` for calls: inside closures the macro hides their `try` from the compiler.
func expectEqual<Value: Equatable>(
    _ actual: Value,
    _ expected: Value,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual == expected, sourceLocation: sourceLocation)
}
