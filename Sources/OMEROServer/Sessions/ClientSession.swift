import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import Synchronization

/// One client of a session: what Glacier2 calls the session, and OMERO the service factory.
final class ClientSession: RoutedSession, Sendable {
    let core: ServerCore
    let session: LiveSession
    /// The client's own id, `omero.client.uuid`.
    let clientID: String
    let connection: Connection
    private let state: Mutex<State>

    private struct State {
        var closesOnDestroy = true
        var hasPassword: Bool
        var callback: ClientCallbackPrx?
        var isDestroyed = false
    }

    init(core: ServerCore, session: LiveSession, clientID: String, connection: Connection, hasPassword: Bool) {
        self.core = core
        self.session = session
        self.clientID = clientID
        self.connection = connection
        state = Mutex(State(hasPassword: hasPassword))
    }

    /// Of the service factory: its name is the session's key, which clients read there.
    var identity: Identity { Identity(name: session.uuid, category: "session-" + clientID) }
    var proxy: Proxy? { core.backend.createProxy(identity) }

    /// Whether the client logged in with a password, or proved later that it knows it.
    var hasPassword: Bool {
        get { state.withLock { $0.hasPassword } }
        set { state.withLock { $0.hasPassword = newValue } }
    }

    /// Whether the session may end with its last client.
    var closesOnDestroy: Bool {
        get { state.withLock { $0.closesOnDestroy } }
        set { state.withLock { $0.closesOnDestroy = newValue } }
    }

    var callback: ClientCallbackPrx? {
        get { state.withLock { $0.callback } }
        set { state.withLock { $0.callback = newValue } }
    }

    // A client reaches the servants of its own session, and nothing else. Its id is the client's own choice, so that
    // the category alone would let it into the service factory of a session whose client has the same.
    func accepts(_ identity: Identity) -> Bool { identity.category == session.uuid || identity == self.identity }

    func refresh() async {}

    func destroy() async {
        let isFirst = state.withLock { state in
            defer { state.isDestroyed = true }
            return !state.isDestroyed
        }
        if isFirst { await core.leave(self) }
    }
}
