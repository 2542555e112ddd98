#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Ice
import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

// What clients see of sessions.
extension ServerCore {
    /// `omero.model.Session`, loaded, as ISession answers it.
    func model(of session: LiveSession, for call: Call) -> Session {
        let entry = entry(session.uuid)
        let group = session.group
        return Session.make { draft in
            draft.id = session.id
            draft.version = 0
            draft.uuid = session.uuid
            draft.owner = .unloaded(session.owner.id)
            draft.sudoer = session.sudoer.map { .unloaded($0.id) }
            draft.node = .unloaded(session.nodeID)
            draft.timeToIdle = entry?.timeToIdle ?? 0
            draft.timeToLive = entry?.timeToLive ?? 0
            draft.started = session.started
            draft.message = "Initial message."
            draft.defaultEventType = session.eventType
            draft.userAgent = session.agent
            draft.details = Details.make { details in
                details.owner = .unloaded(session.owner.id)
                details.group = .unloaded(group.id)
                details.permissions = Permissions("rw----")
                details.event = eventContext(of: session)
                details.call = call.current.context
            }
        }
    }

    /// `omero.sys.EventContext` of the session, whatever the call's context says.
    func eventContext(of session: LiveSession) -> EventContext {
        let state = session.state.withLock { $0 }
        return EventContext.make { context in
            context.shareId = -1
            context.sessionId = session.id
            context.sessionUuid = session.uuid
            context.userId = session.owner.id
            context.userName = session.owner.name
            context.sudoerId = session.sudoer?.id
            context.sudoerName = session.sudoer?.name
            context.groupId = state.group.id
            context.groupName = state.group.name
            context.isAdmin = state.rights.isAdmin
            context.adminPrivileges = state.rights.privileges.map(\.rawValue).sorted()
            context.eventId = -1
            context.eventType = session.eventType
            context.memberOfGroups = state.rights.memberOf.ordered
            context.leaderOfGroups = state.rights.leaderOf.ordered
            context.groupPermissions = state.group.facts.permissions
        }
    }
}
