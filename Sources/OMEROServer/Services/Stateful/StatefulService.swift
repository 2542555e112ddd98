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

/// A service that keeps something between calls. Every `create…` makes a new one, which lives until it is closed or its
/// session ends: when its client goes and the session stays, others of the session can take it over by its name.
protocol StatefulService: CallService, StatefulServiceInterfaceServant {
    /// What is kept between calls.
    associatedtype Memory: Sendable
    var call: Call { get }
    /// The name of the servant, which `activeServices` lists.
    var servantName: String { get }
    init(_ call: Call, servantName: String, memory: Memory)
    static func makeMemory() -> Memory
    /// Does what is left to do before the servant goes.
    func finish() async throws
}

extension StatefulService {
    // OMERO accepts both, and nothing comes of them.
    func activate(current: Current) async throws {}
    func passivate(current: Current) async throws {}

    func getCurrentEventContext(current: Current) async throws -> EventContext? {
        try await call.core.eventContext(of: call)
    }

    /// The servant goes whether or not what was left to do could be done.
    func close(current: Current) async throws {
        defer { call.core.removeServant(servantName, of: call.session) }
        try await finish()
    }
}

extension ServerCore {
    /// Makes a servant of a stateful service for a client.
    ///
    /// - Throws: `OverUsageException` for too many servants of the session.
    func create<Service: StatefulService>(_ type: Service.Type, _ service: String, for call: Call) throws -> Proxy {
        let name = UUID().uuidString.lowercased() + service
        let memory = Service.makeMemory()
        let servant = ServiceGuard<Service>(core: self, client: call.client) { call in
            Service(call, servantName: name, memory: memory)
        }
        return try addServant(named: name, .stateful, to: call.session) { servant }
    }

    /// `omero.sys.EventContext` of a call: the session's, with the group and the user that the call's context names.
    func eventContext(of call: Call) async throws -> EventContext {
        let session = eventContext(of: call.session)
        let user: NamedUser? =
            if let id = call.caller.actsFor { try await directory.user(id: id).map(NamedUser.init) } else { nil }
        let groupID = call.caller.group.id
        let group = groupID < 0 ? nil : try await directory.group(id: groupID)
        return GraphBuilder.build { builder in
            let copy = builder.copy(session)
            builder.update(copy) { context in
                context.groupId = groupID
                context.groupName = group?.name ?? ""
                context.groupPermissions = group?.facts.permissions
                guard let user else { return }
                context.userId = user.id
                context.userName = user.name
            }
            return copy
        }
    }
}
