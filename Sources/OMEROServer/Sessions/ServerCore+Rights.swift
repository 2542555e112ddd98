import Ice
import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROStore
import Synchronization

// What a session's user may do.
extension ServerCore {
    /// Who calls, with `omero.group`, `omero.user` and `omero.share` of the call's context taken in.
    ///
    /// - Throws: `AccessRefusal`.
    func caller(_ session: LiveSession, _ context: [String: String]) async throws -> Caller {
        let wanted = CallContext(context)
        let (rights, group) = session.state.withLock { ($0.rights, $0.group) }
        let current = SessionContext(groupID: group.id)
        let needed = wanted.neededGroupID(session: current)
        let facts: GroupFacts? =
            if let needed, needed != group.id { try await people.group(needed) } else { group.facts }
        return try wanted.caller(rights, session: current, group: needed == nil ? nil : facts)
    }

    /// Reads a session's rights and group again, unless nobody's changed since they were read.
    func reload(_ session: LiveSession) async throws {
        let version = store.peopleVersion
        guard session.state.withLock({ $0.readAt }) != version else { return }
        guard let owner = try await directory.user(id: session.owner.id) else {
            await end(session.uuid, says: "the user was deleted")
            throw RemovedSessionException("No context for \(session.uuid)")
        }
        let sudoer: KnownUser? = if let id = session.sudoer?.id { try await directory.user(id: id) } else { nil }
        session.update(owner: owner, sudoer: sudoer, group: try await directory.group(id: session.group.id))
        session.state.withLock { $0.readAt = version }
    }

    /// Reads the rights of all sessions again: users or groups have changed.
    func reloadAll() async {
        for session in liveSessions {
            do {
                try await reload(session)
            } catch {
                observer.backgroundFailed("read the rights of session \(session.id)", error)
            }
        }
    }
}
