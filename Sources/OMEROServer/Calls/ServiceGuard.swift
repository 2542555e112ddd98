import Ice
import OMEROAccess
import OMEROAPI

/// Stands before a service: every call touches the session, is evaluated and allowed or refused here, and errors leave
/// as OMERO's exceptions.
struct ServiceGuard<Service: CallService>: Servant {
    let core: ServerCore
    /// The client for whom the servant was made. Others of the session may call it too.
    let client: ClientSession
    let make: @Sendable (Call) -> Service

    var typeIDs: [String] { Service.interfaceIDs }
    func operation(_ name: String) -> OperationDescriptor? { Service.operations[name] }

    func begin(_ request: IncomingRequest) throws -> Handling {
        Service.isBrief(request.current.operation)
            ? .briefTask { try await dispatch(request) } : .task { try await dispatch(request) }
    }

    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        let operation = request.current.operation
        guard Service.operations[operation] != nil else { throw request.operationNotExist() }
        let caller = client.session.client(on: request.current.connection) ?? client
        return try await core.withCall(request.current, caller) { call in
            try call.check(Service.requirement(operation))
            do {
                return try await make(call).dispatch(request)
            } catch let error as IceError where error.code == .operationNotExist {
                // The interface has it, this server has not: said by name, so that nobody searches for a typing error.
                throw InternalException(unsupported: "\(Service.interfaceIDs[0]).\(operation)")
            }
        }
    }
}

extension ServiceGuard where Service: StatelessService {
    init(core: ServerCore, client: ClientSession) {
        self.init(core: core, client: client) { Service($0) }
    }
}
