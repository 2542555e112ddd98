import Ice
import IceEncoding
import OMEROAPI
import Synchronization

// The servants of sessions: all that a client can call but for its service factory.
extension ServerCore {
    /// Registers a servant of a session under a name, unless there is one of that name already; its proxy.
    ///
    /// - Throws: `OverUsageException` for too many servants, `RemovedSessionException` if the session has ended.
    func addServant(
        named name: String, _ kind: LiveSession.ServantKind, to session: LiveSession, _ make: () -> any Servant
    ) throws -> Proxy {
        let identity = Identity(name: name, category: session.uuid)
        let isNew = try session.state.withLock { state in
            guard state.servants[name] == nil else { return false }
            guard state.servants.count < configuration.sessions.servants else {
                throw OverUsageException("Servants per session: \(state.servants.count)")
            }
            guard !state.isEnded else { throw RemovedSessionException("No context for \(session.uuid)") }
            state.servants[name] = kind
            return true
        }
        guard isNew else { return backend.createProxy(identity) }
        let proxy = try backend.add(make(), identity: identity)
        // Where the session ended between the two, nobody else takes the servant away again.
        guard !session.state.withLock({ $0.isEnded }) else {
            backend.remove(identity: identity)
            throw RemovedSessionException("No context for \(session.uuid)")
        }
        return proxy
    }

    func removeServant(_ name: String, of session: LiveSession) {
        session.state.withLock { _ = $0.servants.removeValue(forKey: name) }
        backend.remove(identity: Identity(name: name, category: session.uuid))
    }

    func removeServants(of session: LiveSession, where isGone: (LiveSession.ServantKind) -> Bool) {
        let names = session.state.withLock { state in
            let names = state.servants.filter { isGone($0.value) }.map(\.key)
            for name in names { state.servants[name] = nil }
            return names
        }
        for name in names { backend.remove(identity: Identity(name: name, category: session.uuid)) }
    }
}
