import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

/// `omero.cmd.UpdateSessionTimeoutRequest`: other limits for a session that the caller may see.
struct UpdateSessionTimeout: Command {
    let request: UpdateSessionTimeoutRequest

    func run(step: Int, _ call: Call) async throws -> Response {
        let core = call.core
        guard let session = try? core.session(request.session, touches: false), call.maySee(session),
            let entry = core.entry(session.uuid)
        else { throw CommandError(name: "no-session") }
        guard request.timeToLive != nil || request.timeToIdle != nil else {
            throw CommandError(name: "no-update-performed", parameters: ["session": request.session])
        }
        let limits = core.configuration.sessions
        let toLive = try limit(
            "timeToLive", request.timeToLive, entry.timeToLive, maximum: limits.maximumUserTimeToLive, call)
        let toIdle = try limit(
            "timeToIdle", request.timeToIdle, entry.timeToIdle, maximum: limits.maximumUserTimeToIdle, call)
        try await core.directory.update(session: session.id, timeToIdle: toIdle, timeToLive: toLive)
        core.state.withLock { $0.book.setTimes(session.uuid, toIdle: toIdle, toLive: toLive) }
        return Response(OK.make())
    }

    /// Who is no administrator cannot switch a limit off, and gets at most the maximum.
    private func limit(_ field: String, _ target: Int64?, _ current: Int64, maximum: Int64, _ call: Call) throws
        -> Int64
    {
        guard let target, target != current else { return current }
        if call.caller.identity.isAdmin { return max(0, target) }
        guard target > 0 else {
            throw CommandError(
                name: "non-admin-disabling",
                parameters: ["field": field, "target": String(target), "current": String(current)]
            )
        }
        return maximum > 0 ? min(target, maximum) : target
    }
}

/// `omero.cmd.CurrentSessionsRequest`: who is there. Of sessions that the caller may not see only user and group.
struct CurrentSessions: Command {
    func run(step: Int, _ call: Call) async throws -> Response {
        let core = call.core
        let sessions = core.liveSessions.filter { session in
            (try? core.session(session.uuid, touches: false)) != nil
                && (!call.isGuest || session.owner.id == call.session.owner.id)
        }.sorted { $0.id < $1.id }
        let seen = sessions.map(call.maySee)
        let now = Moment.now
        return Response(
            CurrentSessionsResponse.make { response in
                response.sessions = zip(sessions, seen).map { $1 ? core.model(of: $0, for: call) : nil }
                response.contexts = zip(sessions, seen).map { $1 ? core.eventContext(of: $0) : Self.outline($0) }
                response.data = zip(sessions, seen).map { session, isSeen in
                    guard isSeen, let entry = core.entry(session.uuid) else { return [:] }
                    return [
                        "hitCount": .long(Int64(entry.hits)), "lastAccessTime": .time(now.date(of: entry.lastAccess)),
                    ]
                }
            }
        )
    }

    private static func outline(_ session: LiveSession) -> EventContext {
        EventContext.make { context in
            context.userId = session.owner.id
            context.userName = session.owner.name
            context.groupId = session.group.id
            context.groupName = session.group.name
            context.isAdmin = session.rights.isAdmin
            context.groupPermissions = nil
        }
    }
}

/// `omero.cmd.ResetPasswordRequest`: a new password by mail. This server sends no mail, and says so.
struct ResetPassword: Command {
    let request: ResetPasswordRequest

    func run(step: Int, _ call: Call) async throws -> Response {
        if request.omename.isEmpty { throw CommandError(name: "no-omename") }
        if request.email.isEmpty { throw CommandError(name: "no-email") }
        throw CommandError(
            name: "mail-send-failed",
            parameters: ["message": "no mail is configured (omero.mail.config): ask an administrator for a password"]
        )
    }
}

extension Call {
    /// Whether the caller may see a session: administrators all, users their own; without the privilege to read
    /// sessions only those that the same person opened.
    func maySee(_ other: LiveSession) -> Bool {
        caller.sessionFilter.passes(ownerID: other.owner.id, sudoerID: other.sudoer?.id)
    }
}
