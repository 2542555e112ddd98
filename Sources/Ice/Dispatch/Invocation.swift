import IceEncoding
import Logging
import Tracing

/// One request and the servant that carries it out; whatever happens, it ends in a response.
struct Invocation: Sendable {
    let request: IncomingRequest
    private let servant: any Servant
    private let isRaw: Bool

    init(_ request: IncomingRequest, _ found: FoundServant) {
        var request = request
        request.descriptor = found.isRaw ? nil : found.servant.operation(request.current.operation)
        self.request = request
        servant = found.servant
        isRaw = found.isRaw
    }

    private var current: Current { request.current }
    private var communicator: Communicator { current.connection.communicator }

    /// The response if it needs no task: the operations of every object, refusals, servants that answer at once; else
    /// what is to be done for it.
    func begin() -> Handling {
        do {
            if !isRaw {
                if let answer = try builtIn() { return .answered(answer) }
                try checkMode()
            }
            return try servant.begin(request)
        } catch {
            return .answered(response(for: error))
        }
    }

    /// The response of work that may take its time.
    func answer(_ work: () async throws -> OutgoingResponse) async -> OutgoingResponse {
        do {
            guard let tracer = communicator.configuration.tracer else { return try await work() }
            var context = ServiceContext.topLevel
            tracer.extract(current.context, into: &context, using: ContextExtractor())
            return try await tracer.withSpan(current.operation, context: context, ofKind: .server) { span in
                span.attributes["rpc.system"] = "ice"
                span.attributes["rpc.method"] = current.operation
                return try await work()
            }
        } catch {
            return response(for: error)
        }
    }

    // MARK: Operations of every object

    private func builtIn() throws -> OutgoingResponse? {
        switch current.operation {
        case "ice_ping":
            try request.readNothing()
            return try request.respond()
        case "ice_isA":
            let typeID = try request.read { try $0.readString() }
            return try request.respond { $0.write(typeID == "::Ice::Object" || servant.typeIDs.contains(typeID)) }
        case "ice_id":
            try request.readNothing()
            return try request.respond { $0.write(servant.typeIDs.first ?? "::Ice::Object") }
        case "ice_ids":
            try request.readNothing()
            return try request.respond { $0.write(Set(servant.typeIDs + ["::Ice::Object"]).sorted()) }
        default:
            return nil
        }
    }

    /// A caller must not take an operation for idempotent that isn't (Ice: `checkMode`).
    private func checkMode() throws {
        guard let descriptor = request.descriptor, current.mode.isIdempotent, !descriptor.mode.isIdempotent else {
            return
        }
        throw IceError(.marshal, "operation \(descriptor.name) is not idempotent, the request says it is")
    }

    // MARK: Errors

    private func response(for error: any Error) -> OutgoingResponse {
        switch error {
        case let exception as any UserException:
            return response(for: exception)
        case let error as IceError:
            let failure = error.requestFailure ?? current.requestFailure
            switch error.code {
            case .objectNotExist: return request.respond(with: .objectNotExist(failure))
            case .facetNotExist: return request.respond(with: .facetNotExist(failure))
            case .operationNotExist: return request.respond(with: .operationNotExist(failure))
            case .unknownException: return request.respond(with: .unknownException(error.message))
            case .unknownUserException: return request.respond(with: .unknownUserException(error.message))
            default: return request.respond(with: .unknownLocalException(error.description))
            }
        case let error as MarshalError:
            return request.respond(with: .unknownLocalException("marshalling failed: \(error)"))
        default:
            // Only the type travels: the text of an arbitrary error may hold what is none of the caller's business.
            communicator.observer.logger?.debug(
                "servant failed",
                metadata: [LogKey.operation: "\(current.operation)", LogKey.error: "\(error)"]
            )
            return request.respond(with: .unknownException("\(type(of: error))"))
        }
    }

    private func response(for exception: any UserException) -> OutgoingResponse {
        let descriptor = type(of: exception).descriptor
        if let declared = request.descriptor?.exceptions, !declared.contains(where: descriptor.isA) {
            return request.respond(with: .unknownUserException(descriptor.typeID))
        }
        guard current.requestID != 0 else { return OutgoingResponse(content: .none) }
        do {
            let message = try Message.encodeReply(
                id: current.requestID,
                isException: true,
                encoding: current.encoding.isSupported ? current.encoding : .v1_1,
                format: request.format
            ) { $0.write(exception) }
            return OutgoingResponse(content: .message(message))
        } catch {
            return request.respond(with: .unknownLocalException("the exception could not be encoded: \(error)"))
        }
    }
}

/// Finds the trace's context in the request's.
private struct ContextExtractor: Extractor {
    func extract(key: String, from carrier: Context) -> String? { carrier[key] }
}
