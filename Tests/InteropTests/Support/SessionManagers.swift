import Glacier2
import Ice

/// Lets users in as Peers/glacier2/glacier2_backend.py does, with sessions in this process.
struct LocalSessionManager: SessionManager {
    let backend: ObjectAdapter

    func createSession(_ login: Login) async throws -> any RoutedSession {
        if login.password == "wrong" { throw PermissionDeniedException(reason: "wrong password") }
        if login.userID == "nobody" { throw CannotCreateSessionException(reason: "nobody gets no session") }
        var facts = login.current.context
        facts["user"] = login.userID
        let category = "session-" + (facts["omero.client.uuid"] ?? "")
        let proxy = try backend.addWithUUID(SessionServant(facts: facts), category: category)
        return LocalSession(proxy: proxy, backend: backend)
    }
}

private struct LocalSession: RoutedSession {
    let proxy: Proxy?
    let backend: ObjectAdapter

    func destroy() async {
        if let proxy { backend.remove(identity: proxy.identity) }
    }
}

/// The object that stands for a session: says what `createSession` was called with.
private struct SessionServant: InlineServant {
    let facts: Context

    var typeIDs: [String] { ["::Glacier2::Session", "::interop::Peer"] }

    func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse {
        try request.readNothing()
        guard request.current.operation == "context" else { throw request.operationNotExist() }
        return try request.respond { $0.write(facts) }
    }
}

/// Asks the session manager and the permissions verifier of a back end elsewhere, as glacier2router does.
struct RemoteSessionManager: SessionManager {
    let manager: Proxy
    let verifier: Proxy

    func createSession(_ login: Login) async throws -> any RoutedSession {
        let options = CallOptions(context: login.current.context)
        let verdict = try await verifier.invoke("checkPermissions", mode: .nonmutating, options: options) { stream in
            stream.write(login.userID)
            stream.write(login.password)
        } read: { stream in
            (reason: try stream.readString(), isAllowed: try stream.readBool())
        }
        guard verdict.isAllowed else { throw PermissionDeniedException(reason: verdict.reason) }
        let session = try await manager.invoke("create", format: .sliced, options: options) { stream in
            stream.write(login.userID)
            stream.write(nil as Proxy?)
        } read: { stream in
            try Proxy?(from: &stream)
        }
        return RemoteSession(proxy: session)
    }
}

private struct RemoteSession: RoutedSession {
    let proxy: Proxy?

    func destroy() async { try? await proxy?.invoke("destroy") }
}
