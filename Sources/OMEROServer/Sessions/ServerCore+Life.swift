#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROStore
import OMEROAccess
import Synchronization

// How sessions begin and end.
extension ServerCore {
    /// Who asks for a new session.
    struct SessionRequest: Sendable {
        var owner: KnownUser
        var sudoer: KnownUser?
        /// A group's name; empty or `user` for the default group.
        var group: String
        var eventType: String
        var agent: String?
        var address: String?
        var timeToIdle: Int64
        var timeToLive: Int64
        /// The groups that a group leader who acts for the owner may use; nil for all.
        var sudoGroups: [Int64]?
        /// Whether a client is let in with it. Clients are not connected after a restart: in the database only those who
        /// hold the session without one count.
        var isForClient = false
        /// The store's `peopleVersion` from before the owner was read; nil where it is not known.
        var readAt: Int?
    }

    /// Makes a session, with a reference count of 1.
    ///
    /// - Throws: `ApiUsageException` for groups and event types that there are not, `SecurityViolation` for a group
    ///   that a group leader may not act in, `OverUsageException` for too many sessions.
    func create(_ request: SessionRequest) async throws -> LiveSession {
        try checkLimits(owner: request.owner)
        let group = try await self.group(request.group, of: request.owner)
        if let allowed = request.sudoGroups, !allowed.contains(group.id) {
            throw SecurityViolation("Group sudo is not permitted for group \(group.name) (gid=\(group.id))")
        }
        // That one is in every database.
        let eventType = request.eventType.isEmpty ? "User" : request.eventType
        if !request.eventType.isEmpty {
            guard try await directory.isEventType(eventType) else {
                throw ApiUsageException("EventType with value \"\(eventType)\" is unknown.")
            }
        }
        let record = try await directory.insert(
            NewSession(
                uuid: UUID().uuidString.lowercased(),
                ownerID: request.owner.id,
                sudoerID: request.sudoer?.id,
                nodeID: nodeID,
                groupID: group.id,
                timeToIdle: request.timeToIdle,
                timeToLive: request.timeToLive,
                defaultEventType: eventType,
                message: "Initial message.",
                userAgent: request.agent,
                userIP: request.address,
                hasPassword: false,
                referenceCount: request.isForClient ? 0 : 1,
                sudoGroups: request.sudoGroups
            )
        )
        let session = LiveSession(
            record,
            owner: request.owner,
            sudoer: request.sudoer,
            sudoGroups: request.sudoGroups,
            group: group,
            readAt: request.readAt
        )
        let now = ContinuousClock.now
        insert(session, record, started: now, lastAccess: now, references: 1)
        return session
    }

    private func insert(
        _ session: LiveSession,
        _ record: SessionRecord,
        started: ContinuousClock.Instant,
        lastAccess: ContinuousClock.Instant,
        references: Int
    ) {
        state.withLock { state in
            state.live[session.uuid] = session
            state.book.insert(
                SessionEntry(
                    id: record.id,
                    uuid: session.uuid,
                    ownerID: session.owner.id,
                    started: started,
                    timeToIdle: record.timeToIdle,
                    timeToLive: record.timeToLive,
                    lastAccess: lastAccess,
                    references: references,
                    agent: session.agent
                )
            )
        }
    }

    private func checkLimits(owner: KnownUser) throws {
        let (total, own, isStopping) = state.withLock { ($0.book.count, $0.book.count(of: owner.id), $0.isStopping) }
        if isStopping { throw OverUsageException("the server is shutting down") }
        if total >= configuration.sessions.total {
            throw OverUsageException("there are \(total) sessions, which is this server's limit")
        }
        if own >= configuration.sessions.perUser {
            throw OverUsageException("\(owner.name) has \(own) sessions, which is the limit per user")
        }
    }

    /// The group that a session begins in: the one of that name, else the user's default group.
    private func group(_ name: String, of owner: KnownUser) async throws -> GroupRecord {
        if name.isEmpty || name == "user" {
            guard let first = owner.groups.first(where: { $0.id != BuiltIn.userGroup }) else {
                throw ApiUsageException("Can't find default group for \(owner.name)")
            }
            return first
        }
        guard let group = try await directory.group(named: name) else {
            throw ApiUsageException("No such group: \(name)")
        }
        return group
    }

    /// One more client of a session that lives.
    func join(_ uuid: String) throws -> LiveSession {
        do {
            return try state.withLock { state throws(SessionRefusal) in
                _ = try state.book.attach(uuid, now: .now)
                guard let session = state.live[uuid] else { throw .removed(uuid: uuid) }
                return session
            }
        } catch {
            throw Self.exception(for: error)
        }
    }

    /// A client has left. With the last one the session ends, unless the client asked for it to stay.
    func leave(_ client: ClientSession) async {
        backend.remove(identity: client.identity)
        let session = client.session
        // Of a server that stops all clients leave; their sessions are there to be joined after the restart.
        let (left, isStopping) = state.withLock { ($0.isStopping ? nil : $0.book.detach(session.uuid), $0.isStopping) }
        if isStopping { return }
        session.state.withLock { _ = $0.clients.removeValue(forKey: client.clientID) }
        guard let left, !(client.closesOnDestroy && left < 1) else {
            await end(session.uuid, says: "the last client left")
            return
        }
        removeServants(of: session) { $0 == .stateless(client: client.clientID) }
        keep(session)
    }

    /// Ends a session: its servants go, its clients are told, and it is closed in the database. False if it was gone.
    @discardableResult
    func end(_ uuid: String, says reason: String) async -> Bool {
        let ended: LiveSession? = state.withLock { state in
            _ = state.book.remove(uuid)
            return state.live.removeValue(forKey: uuid)
        }
        guard let session = ended else { return false }
        let clients: [ClientSession] = session.state.withLock { state in
            state.isEnded = true
            defer { state.clients = [:] }
            return Array(state.clients.values)
        }
        removeServants(of: session) { _ in true }
        for client in clients { backend.remove(identity: client.identity) }
        do {
            // Also where the task that ends it was cancelled: the session is over, whatever becomes of the task.
            try await Task { [directory] in try await directory.close(session: session.id) }.value
        } catch {
            observer.backgroundFailed("close session \(session.id)", error)
        }
        observer.ended(session: session.id, reason: reason, total: state.withLock { $0.book.count })
        for client in clients {
            // OMERO's own server promises the call-back and never makes it; here a client hears of it if it listens.
            guard let callback = client.callback else { continue }
            try? await ClientCallbackPrx(callback.proxy.oneway()).sessionClosed(timeout: .seconds(2))
        }
        return true
    }

    /// Ends the sessions whose time is up.
    func reap() async {
        let now = Moment.now
        let names = state.withLock { $0.book.timedOut(now: now) }
        for name in names { await end(name, says: "timed out") }
        let states = state.withLock { state in
            state.book.entries.values.compactMap { entry in
                state.live[entry.uuid].map { (entry.id, Self.kept(entry, $0, now: now)) }
            }
        }
        do {
            try await directory.save(Dictionary(states) { first, _ in first })
        } catch {
            observer.backgroundFailed("keep the sessions", error)
        }
    }

    /// Of the references only those without a client: no client is connected after a restart.
    private static func kept(_ entry: SessionEntry, _ session: LiveSession, now: Moment) -> SessionState {
        SessionState(
            groupID: session.group.id,
            lastAccess: Timestamp(now.date(of: entry.lastAccess)),
            referenceCount: max(0, entry.references - session.clients.count),
            hasPassword: false
        )
    }

    func keep(_ session: LiveSession) { background { try? await self.keepNow(session) } }

    /// Returns when the state of the session is in the database.
    func keepNow(_ session: LiveSession) async throws {
        guard let entry = entry(session.uuid) else { return }
        try await directory.save([session.id: Self.kept(entry, session, now: .now)])
    }

    /// Work that nobody waits for; it ends with the server.
    func background(_ job: @escaping @Sendable () async -> Void) { _ = backend.communicator.spawn(job) }

    /// Takes up the sessions that were open when the server stopped, so that their clients can join them again.
    func restoreSessions() async throws {
        let now = Moment.now
        let sudoGroups = try await store.read { try $0.sudoGroupsOfOpenSessions() }
        for record in try await directory.openSessions() {
            guard let state = record.state, let owner = try await directory.user(id: record.ownerID),
                let group = try await directory.group(id: state.groupID)
            else {
                try await directory.close(session: record.id)
                continue
            }
            let sudoer: KnownUser? = if let id = record.sudoerID { try await directory.user(id: id) } else { nil }
            let session = LiveSession(
                record, owner: owner, sudoer: sudoer, sudoGroups: sudoGroups[record.id], group: group)
            // Accesses are written down now and then: a crash loses those since the last time, and no session may
            // end early for that.
            let unwritten = Double(configuration.sessions.reapInterval.components.seconds)
            insert(
                session,
                record,
                started: now.instant(of: record.started.date),
                lastAccess: now.instant(of: state.lastAccess.date.addingTimeInterval(unwritten)),
                references: state.referenceCount
            )
        }
        await reap()
    }

    /// Tells clients that listen, from time to time, that the server is there; until the task is cancelled.
    func sendHeartbeats() async {
        while (try? await Task.sleep(for: configuration.heartbeatInterval)) != nil {
            for callback in liveSessions.flatMap(\.clients).compactMap(\.callback) {
                try? await ClientCallbackPrx(callback.proxy.oneway()).requestHeartbeat(timeout: .seconds(2))
            }
        }
    }
}
