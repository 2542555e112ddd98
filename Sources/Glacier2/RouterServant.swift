public import Ice
public import IceEncoding
import Synchronization

/// How a client wants to log in.
public struct Login: Sendable {
    /// The user, as the client says.
    public var userID: String
    /// The password, as the client says.
    public var password: String
    /// The request: its context, its connection with the peer's certificate.
    public var current: Current
}

/// Decides who may have a session, and makes it.
public protocol SessionManager: Sendable {
    /// - Throws: ``PermissionDeniedException``, ``CannotCreateSessionException`` or exceptions derived from them.
    func createSession(_ login: Login) async throws -> any RoutedSession
}

/// A session behind the router.
public protocol RoutedSession: Sendable {
    /// What `createSession` answers.
    var proxy: Proxy? { get }
    /// The client, or the router for it, said that it is still there.
    func refresh() async
    /// The client has logged out, or its connection has ended. Called once.
    func destroy() async
    /// Whether the client may call objects with that identity (`Glacier2.Filter.Category`). What is refused looks as
    /// if it did not exist.
    func accepts(_ identity: Identity) -> Bool
}

extension RoutedSession {
    public func refresh() async {}
    public func accepts(_ identity: Identity) -> Bool { true }
}

/// What a router is made of.
public struct RouterConfiguration: Sendable {
    /// After how much silence a session ends; answered by `getSessionTimeout` and `getACMTimeout`. The adapter's
    /// `ActivityPolicy` carries it out: see ``RouterServant/activity``.
    public var sessionTimeout: Duration = .seconds(600)
    /// Whether request contexts travel on (`Glacier2.Client.ForwardContext`).
    public var forwardsContext = true
    /// How many proxies a session's routing table holds (`Glacier2.RoutingTable.MaxSize`).
    public var routingTableSize = 1000

    public init() {}
}

/// A Glacier2 router: logs clients in and passes their requests on, and the call-backs back to them.
///
/// ```swift
/// let router = RouterServant(manager: manager, backend: services)
/// try router.install(on: clientDoor, identity: Identity(name: "router", category: "Glacier2"))
/// ```
///
/// Requests for objects of `backend` are carried out there without another connection; all others go to the proxies
/// that the client announced with `addProxies`. A connection has one session and a session one connection.
public final class RouterServant: Servant {
    let manager: any SessionManager
    /// What it was made with.
    public let configuration: RouterConfiguration
    /// The adapter whose servants stand behind the router in this process.
    let backend: ObjectAdapter?
    let sessions = SessionTable()
    /// The door for call-backs from other processes.
    private let serverProxy = Mutex<Proxy?>(nil)

    public init(
        manager: some SessionManager,
        backend: ObjectAdapter? = nil,
        configuration: RouterConfiguration = .init()
    ) {
        self.manager = manager
        self.backend = backend
        self.configuration = configuration
    }

    public var typeIDs: [String] { ["::Glacier2::Router", "::Ice::Router", "::Ice::Object"] }

    /// The policy for the adapter that clients connect to: silence for the session's time-out ends connection and
    /// session, without a word, as Glacier2 does it.
    public var activity: ActivityPolicy {
        ActivityPolicy(timeout: configuration.sessionTimeout, heartbeat: .onDispatch, close: .onIdleForceful)
    }

    /// Puts the router onto the adapter that clients connect to, and, if call-backs come from other processes, its
    /// other side onto the adapter that servers connect to.
    public func install(on clients: ObjectAdapter, identity: Identity, servers: ObjectAdapter? = nil) throws {
        try clients.add(self, identity: identity)
        try clients.addDefaultServant(RequestForwarder(router: self), category: "")
        if let servers {
            try servers.addDefaultServant(CallbackForwarder(router: self), category: "")
            let proxy = servers.createProxy(Identity(name: "dummy"))
            serverProxy.withLock { $0 = proxy }
        }
    }

    /// A proxy that reaches a client's call-back object over the client's own connection; nil when the session that
    /// the category belongs to is gone.
    public func callbackProxy(_ identity: Identity) -> Proxy? {
        sessions.find(category: identity.category)?.connection.createProxy(identity)
    }

    /// How many clients have a session.
    public var sessionCount: Int { sessions.count }

    /// Ends a client's session and its connection.
    public func disconnect(_ connection: Connection) async {
        if let entry = sessions.remove(connection) { await entry.session.destroy() }
        connection.close()
    }

    // MARK: Glacier2::Router

    static let operations: [String: OperationDescriptor] = {
        let sessionExceptions = [
            PermissionDeniedException.typeID, CannotCreateSessionException.typeID,
        ]
        let list: [OperationDescriptor] = [
            .init("getClientProxy", mode: .nonmutating),
            .init("getServerProxy", mode: .nonmutating),
            .init("addProxies", mode: .idempotent),
            .init("getCategoryForClient", mode: .nonmutating),
            .init("createSession", format: .sliced, exceptions: sessionExceptions),
            .init("createSessionFromSecureConnection", format: .sliced, exceptions: sessionExceptions),
            .init("refreshSession", exceptions: [SessionNotExistException.typeID]),
            .init("destroySession", exceptions: [SessionNotExistException.typeID]),
            .init("getSessionTimeout", mode: .nonmutating),
            .init("getACMTimeout", mode: .nonmutating),
        ]
        return Dictionary(uniqueKeysWithValues: list.map { ($0.name, $0) })
    }()

    public func operation(_ name: String) -> OperationDescriptor? { Self.operations[name] }

    public func begin(_ request: IncomingRequest) throws -> Handling {
        switch request.current.operation {
        case "createSession", "refreshSession", "destroySession": .task { try await self.dispatch(request) }
        default: .answered(try answerAtOnce(request))
        }
    }

    public func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        let connection = request.current.connection
        switch request.current.operation {
        case "createSession":
            let (user, password) = try request.read { (try $0.readString(), try $0.readString()) }
            let login = Login(userID: user, password: password, current: request.current)
            return try await answer(request, try await createSession(login))
        case "refreshSession":
            try request.readNothing()
            guard let entry = sessions.find(connection) else { throw SessionNotExistException() }
            await entry.session.refresh()
            return try request.respond()
        case "destroySession":
            try request.readNothing()
            guard let entry = sessions.remove(connection) else { throw SessionNotExistException() }
            await entry.session.destroy()
            return try request.respond()
        default:
            return try answerAtOnce(request)
        }
    }

    /// What is known without asking anybody.
    private func answerAtOnce(_ request: IncomingRequest) throws -> OutgoingResponse {
        let connection = request.current.connection
        switch request.current.operation {
        case "createSessionFromSecureConnection":
            try request.readNothing()
            throw PermissionDeniedException(reason: "log-in by certificate is not supported")
        case "getClientProxy":
            try request.readNothing()
            return try request.respond { stream in
                Proxy.writeNullable(nil, to: &stream)
                // The routing table exists: clients have to announce proxies.
                stream.writeOptional(tag: 1, true)
            }
        case "getServerProxy":
            try request.readNothing()
            _ = try entry(for: connection)
            let proxy = serverProxy.withLock { $0 } ?? request.current.adapter.createProxy(Identity(name: "dummy"))
            return try request.respond { Proxy.writeNullable(proxy, to: &$0) }
        case "addProxies":
            let proxies = try request.read { try [Proxy?](from: &$0) }
            let evicted = try entry(for: connection).routes.add(proxies.compactMap { $0?.withRouter(nil) })
            return try request.respond { $0.write(evicted.map(Optional.some)) }
        case "getCategoryForClient":
            try request.readNothing()
            let category = try entry(for: connection).category
            return try request.respond { $0.write(category) }
        case "getSessionTimeout":
            try request.readNothing()
            let seconds = configuration.sessionTimeout.components.seconds
            return try request.respond { $0.write(seconds) }
        case "getACMTimeout":
            try request.readNothing()
            let seconds = Int32(clamping: configuration.sessionTimeout.components.seconds)
            return try request.respond { $0.write(seconds) }
        default:
            throw request.operationNotExist()
        }
    }

    private func answer(_ request: IncomingRequest, _ session: any RoutedSession) async throws -> OutgoingResponse {
        try request.respond { Proxy.writeNullable(session.proxy, to: &$0) }
    }

    private func createSession(_ login: Login) async throws -> any RoutedSession {
        let connection = login.current.connection
        // The place is taken before the manager is asked: two log-ins at once on one connection get one session.
        guard sessions.reserve(connection) else { throw CannotCreateSessionException(reason: "session exists") }
        let session: any RoutedSession
        do {
            session = try await manager.createSession(login)
        } catch {
            sessions.release(connection)
            throw error
        }
        let entry = RoutedConnection(
            connection: connection,
            session: session,
            routes: RoutingTable(limit: configuration.routingTableSize)
        )
        sessions.fill(entry)
        connection.onClose { [sessions] in
            if let entry = sessions.remove(connection) { await entry.session.destroy() }
        }
        return session
    }

    /// The session of a connection.
    ///
    /// - Throws: `ObjectNotExist` after closing the connection, as Glacier2 does it with clients that are not
    ///   logged in.
    func entry(for connection: Connection) throws -> RoutedConnection {
        if let entry = sessions.find(connection) { return entry }
        connection.abort()
        throw IceError(.objectNotExist, "there is no session on this connection")
    }
}
