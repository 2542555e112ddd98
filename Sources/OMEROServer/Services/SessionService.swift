import Ice
import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

/// `omero.api.ISession`
struct SessionService: ISessionServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    private var core: ServerCore { call.core }

    static func requirement(_ operation: String) -> Requirement {
        switch operation {
        case "createUserSession": .userWithPassword
        case "createSessionWithTimeout", "createSessionWithTimeouts", "getMyOpenSessions", "getMyOpenAgentSessions",
            "getMyOpenClientSessions":
            .user
        default: .userOrGuest
        }
    }

    static func isBrief(_ operation: String) -> Bool {
        switch operation {
        case "getSession", "getReferenceCount": true
        default: false
        }
    }

    // MARK: Making sessions

    func createUserSession(
        timeToLiveMilliseconds: Int64,
        timeToIdleMilliseconds: Int64,
        defaultGroup: String,
        current: Current
    ) async throws -> Session? {
        let limits = core.configuration.sessions
        try check(timeToLiveMilliseconds, "timeToLive", limits.maximumUserTimeToLive)
        // OMERO looks at the cap of the life time for both.
        if limits.maximumUserTimeToLive != 0 {
            try check(timeToIdleMilliseconds, "timeToIdle", limits.maximumUserTimeToIdle)
        }
        guard let owner = try await core.directory.user(id: call.session.owner.id) else {
            throw RemovedSessionException("No context for \(call.session.uuid)")
        }
        let sudoer: KnownUser? =
            if let id = call.session.sudoer?.id { try await core.directory.user(id: id) } else { nil }
        return try await create(
            owner: owner,
            sudoer: sudoer,
            group: defaultGroup,
            eventType: "",
            agent: call.context("omero.agent") ?? "createSession",
            toLive: timeToLiveMilliseconds,
            toIdle: timeToIdleMilliseconds,
            sudoGroups: call.session.sudoGroups
        )
    }

    private func check(_ value: Int64, _ name: String, _ maximum: Int64) throws {
        if maximum != 0, value > maximum || value <= 0 {
            throw SecurityViolation("Cannot modify \(name) beyond maximum: \(maximum)")
        }
    }

    func createSessionWithTimeout(
        principal: Principal?,
        timeToLiveMilliseconds: Int64,
        current: Current
    ) async throws -> Session? {
        try await sudo(principal, toLive: timeToLiveMilliseconds, toIdle: 0)
    }

    func createSessionWithTimeouts(
        principal: Principal?,
        timeToLiveMilliseconds: Int64,
        timeToIdleMilliseconds: Int64,
        current: Current
    ) async throws -> Session? {
        try await sudo(principal, toLive: timeToLiveMilliseconds, toIdle: timeToIdleMilliseconds)
    }

    /// A session for somebody else: administrators with the privilege may act for everybody, group leaders in the
    /// groups that they lead.
    private func sudo(_ principal: Principal?, toLive: Int64, toIdle: Int64) async throws -> Session? {
        guard let principal, !principal.name.isEmpty else { throw ApiUsageException("Null principal name.") }
        guard !principal.name.utf8.contains(0) else { throw ApiUsageException("A name cannot have a zero byte.") }
        guard toLive >= 0, toIdle >= 0 else { throw ApiUsageException("limits cannot be negative") }
        guard let owner = try await core.directory.user(named: principal.name) else {
            throw RemovedSessionException("Cannot find a user with name \(principal.name)")
        }
        let rights = call.session.rights
        // Whoever acts for somebody already is still the one who acts.
        let sudoer = try await core.directory.user(id: rights.realOwnerID)
        return try await create(
            owner: owner,
            sudoer: sudoer,
            group: principal.group,
            eventType: principal.eventType,
            agent: call.context("omero.agent") ?? "OMERO.sudo",
            toLive: toLive,
            toIdle: toIdle,
            sudoGroups: rights.has(.sudo) ? nil : rights.leaderOf.ordered
        )
    }

    func createSession(p: Principal?, credentials: String, current: Current) async throws -> Session? {
        if core.entry(credentials) != nil { return model(try core.join(credentials)) }
        guard let p, !p.name.isEmpty else { throw ApiUsageException("Null principal name.") }
        guard p.name.utf8.count <= LoginManager.longestCredential,
            credentials.utf8.count <= LoginManager.longestCredential
        else { throw ApiUsageException("Name or credentials are too long.") }
        guard !p.name.utf8.contains(0) else { throw ApiUsageException("A name cannot have a zero byte.") }
        guard
            try await core.store.checkPassword(credentials, ofUserNamed: p.name, required: core.requiresPasswords)
                .isAccepted,
            let owner = try await core.directory.user(named: p.name)
        else {
            let address = LoginManager.host(of: current.connection.endpoint)
            guard try await core.throttle.failed(user: p.name, address: address) else {
                throw AuthenticationException(reason: "too many failed log-ins from this address")
            }
            throw AuthenticationException(reason: "Authentication exception.")
        }
        let limits = core.configuration.sessions
        return try await create(
            owner: owner,
            sudoer: nil,
            group: p.group,
            eventType: p.eventType,
            agent: call.context("omero.agent"),
            toLive: limits.timeToLive,
            toIdle: limits.timeToIdle,
            sudoGroups: nil
        )
    }

    private func create(
        owner: KnownUser,
        sudoer: KnownUser?,
        group: String,
        eventType: String,
        agent: String?,
        toLive: Int64,
        toIdle: Int64,
        sudoGroups: [Int64]?
    ) async throws -> Session {
        do {
            return model(
                try await core.create(
                    ServerCore.SessionRequest(
                        owner: owner,
                        sudoer: sudoer,
                        group: group,
                        eventType: eventType,
                        agent: agent,
                        address: call.context("omero.ip"),
                        timeToIdle: toIdle,
                        timeToLive: toLive,
                        sudoGroups: sudoGroups
                    )
                )
            )
        } catch let error as any SessionExceptionProtocol {
            throw error
        } catch let error as any SecurityViolationProtocol {
            throw error
        } catch is any ServerErrorProtocol {
            throw AuthenticationException(reason: "Error creating session.")
        }
    }

    // MARK: Looking at sessions

    private func model(_ session: LiveSession) -> Session { core.model(of: session, for: call) }

    func getSession(sessionUuid: String, current: Current) async throws -> Session? {
        model(try core.session(sessionUuid, touches: call.context("quietly") != "true"))
    }

    func getReferenceCount(sessionUuid: String, current: Current) async throws -> Int32 {
        _ = try core.session(sessionUuid)
        return Int32(clamping: core.entry(sessionUuid)?.references ?? 0)
    }

    /// The number of those that still hold the session, -2 if that was the last one, -1 if there is no such session.
    func closeSession(sess: Session?, current: Current) async throws -> Int32 {
        guard let sess else { throw ApiUsageException("session is null") }
        let uuid: String
        do {
            uuid = try sess.uuid
        } catch {
            throw ApiUsageException("session without a uuid")
        }
        guard (try? core.session(uuid, touches: false)) != nil,
            let left = core.state.withLock({ $0.book.detach(uuid) })
        else { return -1 }
        if left > 0 { return Int32(clamping: left) }
        await core.end(uuid, says: "closed")
        return -2
    }

    func getMyOpenSessions(current: Current) async throws -> [Session?] { open { _ in true } }

    func getMyOpenAgentSessions(agent: String, current: Current) async throws -> [Session?] {
        open { $0.agent == agent }
    }

    func getMyOpenClientSessions(current: Current) async throws -> [Session?] {
        let agents: Set = ["OMERO.insight", "OMERO.web", "OMERO.importer"]
        return open { $0.agent.map(agents.contains) ?? false }
    }

    /// The caller's own sessions. Without the privilege to read sessions only those that the same person opened.
    private func open(where isWanted: (LiveSession) -> Bool) -> [Session?] {
        let readsAll = call.session.rights.has(.readSession)
        return core.liveSessions.filter { session in
            session.owner.id == call.session.owner.id && isWanted(session)
                && (readsAll || session.sudoer?.id == call.session.sudoer?.id)
                && (try? core.session(session.uuid, touches: false)) != nil
        }.sorted { $0.started > $1.started }.map(model)
    }

    // MARK: In- and outputs

    func setInput(sess: String, key: String, value: RValue?, current: Current) async throws {
        try core.session(sess).state.withLock { try $0.inputs.set(value, for: key) }
    }

    func setOutput(sess: String, key: String, value: RValue?, current: Current) async throws {
        try core.session(sess).state.withLock { try $0.outputs.set(value, for: key) }
    }

    func getInput(sess: String, key: String, current: Current) async throws -> RValue? {
        try core.session(sess).state.withLock { $0.inputs[key] }
    }

    func getOutput(sess: String, key: String, current: Current) async throws -> RValue? {
        try core.session(sess).state.withLock { $0.outputs[key] }
    }

    func getInputKeys(sess: String, current: Current) async throws -> [String] {
        try core.session(sess).state.withLock { $0.inputs.keys }
    }

    func getOutputKeys(sess: String, current: Current) async throws -> [String] {
        try core.session(sess).state.withLock { $0.outputs.keys }
    }

    func getInputs(sess: String, current: Current) async throws -> [String: RValue?] {
        try core.session(sess).state.withLock { $0.inputs.all }
    }

    func getOutputs(sess: String, current: Current) async throws -> [String: RValue?] {
        try core.session(sess).state.withLock { $0.outputs.all }
    }
}
