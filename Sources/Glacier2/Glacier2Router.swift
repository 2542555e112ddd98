public import Ice

/// A Glacier2 router as its clients see it: sessions, and the way to everything behind it.
///
/// ```swift
/// let router = Glacier2Router(try communicator.proxy("Glacier2/router:ssl -h example.org -p 4064"))
/// communicator.setRouter(router.router)
/// let session = try await router.createSession(userID: "me", password: secret)
/// ```
///
/// The session belongs to the router's connection and ends with it.
public struct Glacier2Router: Sendable {
    /// The router for proxies and communicators.
    public let router: Router
    private var proxy: Proxy { router.proxy }

    public init(_ proxy: Proxy) { router = Router(proxy) }

    /// The router that is reached over `connection` and no other. The session lives and ends with that connection.
    public init(_ identity: Identity, on connection: Connection) { router = Router(identity, on: connection) }

    /// Logs in. The answer is the session, or nil if the router has no session manager.
    ///
    /// - Throws: ``PermissionDeniedException``, ``CannotCreateSessionException`` and exceptions derived from it,
    ///   `IceError`.
    public func createSession(
        userID: String,
        password: String,
        options: CallOptions = .init()
    ) async throws -> Proxy? {
        let session = try await proxy.invoke("createSession", format: .sliced, options: options) { stream in
            stream.write(userID)
            stream.write(password)
        } read: { stream in
            try Proxy.readNullable(from: &stream)
        }
        return session?.withRouter(router)
    }

    /// Logs in with the certificate of the connection.
    public func createSessionFromSecureConnection(options: CallOptions = .init()) async throws -> Proxy? {
        try await proxy.invoke("createSessionFromSecureConnection", format: .sliced, options: options) { stream in
            try Proxy.readNullable(from: &stream)
        }?.withRouter(router)
    }

    /// Keeps the session from timing out.
    ///
    /// - Throws: ``SessionNotExistException``.
    public func refreshSession() async throws { try await proxy.invoke("refreshSession") }

    /// Ends the session.
    ///
    /// - Throws: ``SessionNotExistException``.
    public func destroySession(options: CallOptions = .init()) async throws {
        try await proxy.invoke("destroySession", options: options)
    }

    /// The category that the identities of call-back objects must have to be reachable from behind the router.
    public func getCategoryForClient() async throws -> String {
        try await proxy.invoke("getCategoryForClient", mode: .nonmutating, read: { try $0.readString() })
    }

    /// After how much silence the router ends the session; nil for never.
    public func getSessionTimeout() async throws -> Duration? {
        let seconds = try await proxy.invoke("getSessionTimeout", mode: .nonmutating) { stream in
            try stream.readInteger(Int64.self)
        }
        return seconds > 0 ? .seconds(seconds) : nil
    }

    /// After how much silence the router closes a connection; nil for never.
    public func getACMTimeout() async throws -> Duration? {
        let seconds = try await proxy.invoke("getACMTimeout", mode: .nonmutating) { stream in
            try stream.readInteger(Int32.self)
        }
        return seconds > 0 ? .seconds(Int64(seconds)) : nil
    }

    /// An adapter for call-backs: its objects are reachable from behind the router.
    ///
    /// Add servants under the category of ``getCategoryForClient()``. Needs a session.
    public func createCallbackAdapter(_ name: String = "callbacks") async throws -> ObjectAdapter {
        let adapter = try proxy.communicator.createObjectAdapter(name)
        try await adapter.use(router)
        return adapter
    }
}
