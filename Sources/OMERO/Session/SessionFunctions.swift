import IceEncoding
import OMEROAPI
import OMEROModel
import Synchronization

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// An open session on the server.
public struct SessionInfo: Sendable, Hashable, Identifiable {
    /// The number of its row.
    public var id: Int64
    /// **A secret**: whoever has it can join the session. Servers show only one's own.
    public var key: String
    /// The number of the user whose session it is.
    public var ownerID: Int64
    /// The user's log-in name, where the server sent it.
    public var ownerName: String?
    /// How long it lives.
    public var limits: SessionLimits
    /// When it was opened.
    public var started: Date
    /// The program that opened it, as it named itself.
    public var agent: String?

    init(_ session: Session) throws {
        guard let id = session.id else {
            throw GatewayError(.protocolError, "the server sent a session without an id", phase: .call)
        }
        self.id = id
        key = try session.uuid
        let user = try session.owner
        ownerID = user.id ?? -1
        ownerName = try? user.omeName
        limits = try SessionLimits(session)
        started = try session.started
        agent = try session.userAgent
    }
}

extension SessionInfo: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the key.
    public var description: String { "session \(id) of user \(ownerID)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

// The session itself.
extension BlitzGateway {
    /// What the server says of this session. Counts as a sign of life.
    public func session() async throws -> SessionInfo {
        let key = sessionKey
        let session = try await withService(ISessionPrx.self, repeatable: true) {
            try await $0.getSession(sessionUuid: key)
        }
        guard let session else { throw GatewayError(.sessionExpired, "the session is over", phase: .session) }
        return try SessionInfo(session)
    }

    /// The session's limits, as they were when it was opened or last changed here.
    public var sessionLimits: SessionLimits {
        core.state.withLock { $0.session?.limits } ?? SessionLimits(idle: nil, life: nil)
    }

    /// What is left at most: of the idle limit since the last answer, and of the life limit since the session was
    /// opened or joined here. Nil for no limit; reckoned on this side, without asking.
    public var timeLeft: SessionLimits { core.timeLeft }

    /// How many clients are in the session, this one among them.
    public func referenceCount() async throws -> Int {
        let key = sessionKey
        return try await Int(
            withService(ISessionPrx.self, repeatable: true) { try await $0.getReferenceCount(sessionUuid: key) })
    }

    /// Touches the session once, so that it does not end for idleness. Needed only where ``KeepAlivePolicy`` is off.
    public func keepAlive() async throws {
        let timeout = core.configuration.keepAlive.timeout
        try await core.perform(repeatable: true) { try await $0.beat(timeout: timeout) }
    }

    /// Changes how long the session lives. Users can lengthen the idle time up to what the server allows;
    /// administrators can do anything.
    ///
    /// - Parameters:
    ///   - idle: after so much silence the session ends; nil leaves that as it is, zero takes the limit away, where the
    ///     server allows that.
    ///   - life: after this time it ends in any case; nil and zero mean the same.
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/noPermission`` for what only administrators may set,
    ///   ``GatewayError/Kind/invalidRequest`` for less than nothing.
    public func setLimits(idle: Duration? = nil, life: Duration? = nil) async throws {
        guard ![idle, life].contains(where: { $0.map { $0 < .zero } ?? false }) else {
            throw GatewayError(.invalidRequest, "a session's limit can't be negative", phase: .call)
        }
        let key = sessionKey
        let request = UpdateSessionTimeoutRequest.make { draft in
            draft.session = key
            if let idle { draft.timeToIdle = idle.milliseconds }
            if let life { draft.timeToLive = life.milliseconds }
        }
        _ = try await submit(request)
        core.state.withLock { state in
            if let idle { state.session?.limits.idle = idle > .zero ? idle : nil }
            if let life { state.session?.limits.life = life > .zero ? life : nil }
        }
    }

    // MARK: One's own sessions

    /// The open sessions of this user, this one among them.
    public func mySessions() async throws -> [SessionInfo] {
        try await withService(ISessionPrx.self, repeatable: true) { try await $0.getMyOpenSessions() }
            .compactMap { try $0.map(SessionInfo.init) }
    }

    /// Ends a session for everyone who joined it.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func endSession(withKey key: String) async throws -> Bool {
        let session = Session.make { $0.uuid = key }
        return try await withService(ISessionPrx.self) { sessions in
            var wasThere = false
            for _ in 0..<1000 {
                let left = try await sessions.closeSession(sess: session)
                if left == -1 { return wasThere }
                wasThere = true
                if left <= 0 { return true }
            }
            return wasThere
        }
    }

    // MARK: The whole session's group

    /// Moves the whole session to another group: **for every client that is in it**, and for all calls that name no
    /// group. The server refuses while calls or stateful services are open. Prefer ``GatewayContext/inGroup(_:)``.
    ///
    /// - Throws: ``GatewayError``, ``GatewayError/Kind/notInGroup`` if the user does not belong to the group.
    public func switchSession(toGroup id: Int64) async throws {
        let before = try await whoAmI().groupID
        guard before != id else { return }
        _ = try await core.perform(repeatable: true) { link in
            try await link.factory.setSecurityContext(obj: IObject(ExperimenterGroup.unloaded(id)))
        }
        core.state.withLock { $0.formerGroup = before }
    }

    /// Undoes ``switchSession(toGroup:)``.
    ///
    /// - Returns: whether there was something to undo.
    @discardableResult
    public func switchBack() async throws -> Bool {
        guard let former = core.state.withLock({ $0.formerGroup }) else { return false }
        try await switchSession(toGroup: former)
        core.state.withLock { $0.formerGroup = nil }
        return true
    }
}
