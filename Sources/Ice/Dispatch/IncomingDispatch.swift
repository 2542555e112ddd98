import IceEncoding
import Logging
import NIOCore
import Tracing

/// One request from the moment it is taken off the connection until its reply is handed back.
struct IncomingDispatch: Sendable {
    let request: RequestMessage
    let connection: Connection

    /// Carries out the request with `servant`. On the connection's event loop.
    func start(_ servant: any Servant, adapter: ObjectAdapter) {
        let descriptor = servant is any RawServant ? nil : servant.operation(request.header.operation)
        let incoming = IncomingRequest(
            current: Current(
                connection: connection,
                adapter: adapter,
                identity: request.header.identity,
                facet: request.header.facet,
                operation: request.header.operation,
                mode: request.header.mode,
                context: request.header.context,
                requestID: request.header.id,
                encoding: request.parameters.encoding
            ),
            parameters: request.parameters,
            descriptor: descriptor
        )
        connection.observer.dispatched()
        do {
            if !(servant is any RawServant) {
                if let answer = try builtIn(incoming, servant) { return finish(answer) }
                try checkMode(descriptor)
            }
            if let inline = servant as? any InlineServant {
                return finish(try inline.dispatchInline(incoming))
            }
        } catch {
            return finish(error, incoming)
        }
        if servant.isOrdered {
            startInOrder(incoming, servant)
        } else {
            startTask { await run(incoming, servant) }
        }
    }

    private func startTask(_ job: @escaping @Sendable () async -> Void) {
        if !connection.communicator.spawn(job) {
            finish(.unknownLocalException("the server is shutting down"))
        }
    }

    private func startInOrder(_ incoming: IncomingRequest, _ servant: any Servant) {
        let connection = connection
        let start: @Sendable () -> Void = {
            self.startTask {
                await self.run(incoming, servant)
                connection.eventLoop.execute {
                    connection.orderedDispatch.finished()?()
                }
            }
        }
        connection.orderedDispatch.add(start)?()
    }

    private func run(_ incoming: IncomingRequest, _ servant: any Servant) async {
        do {
            guard let tracer = connection.communicator.configuration.tracer else {
                return finish(try await servant.dispatch(incoming))
            }
            var context = ServiceContext.topLevel
            tracer.extract(request.header.context, into: &context, using: ContextExtractor())
            let response = try await tracer.withSpan(incoming.current.operation, context: context, ofKind: .server) {
                span in
                span.attributes["rpc.system"] = "ice"
                span.attributes["rpc.method"] = incoming.current.operation
                return try await servant.dispatch(incoming)
            }
            finish(response)
        } catch {
            finish(error, incoming)
        }
    }

    // MARK: Operations of every object

    private func builtIn(_ incoming: IncomingRequest, _ servant: any Servant) throws -> OutgoingResponse? {
        switch incoming.current.operation {
        case "ice_ping":
            try incoming.readNothing()
            return try incoming.respond()
        case "ice_isA":
            let typeID = try incoming.read { try $0.readString() }
            return try incoming.respond { $0.write(typeID == "::Ice::Object" || servant.typeIDs.contains(typeID)) }
        case "ice_id":
            try incoming.readNothing()
            return try incoming.respond { $0.write(servant.typeIDs.first ?? "::Ice::Object") }
        case "ice_ids":
            try incoming.readNothing()
            return try incoming.respond { $0.write(Set(servant.typeIDs + ["::Ice::Object"]).sorted()) }
        default:
            return nil
        }
    }

    /// A caller must not take an operation for idempotent that isn't (Ice: `checkMode`).
    private func checkMode(_ descriptor: OperationDescriptor?) throws {
        guard let descriptor, request.header.mode.isIdempotent, !descriptor.mode.isIdempotent else { return }
        throw IceError(.marshal, "operation \(descriptor.name) is not idempotent, the request says it is")
    }

    // MARK: Answers

    func finish(_ response: OutgoingResponse) {
        switch response.content {
        case .none: done(nil)
        case .message(let message): done(message)
        case .status(let status): finish(status)
        }
    }

    func finish(_ status: ReplyStatus) {
        guard request.header.id != 0 else { return done(nil) }
        do {
            done(try Message.encodeReply(id: request.header.id, status))
        } catch {
            failed("the reply could not be encoded: \(error)")
        }
    }

    private func finish(_ error: any Error, _ incoming: IncomingRequest) {
        switch error {
        case let exception as any UserException:
            finish(exception, incoming)
        case let error as IceError:
            let failure = error.requestFailure ?? request.failure
            switch error.code {
            case .objectNotExist: finish(.objectNotExist(failure))
            case .facetNotExist: finish(.facetNotExist(failure))
            case .operationNotExist: finish(.operationNotExist(failure))
            case .unknownException: finish(.unknownException(error.message))
            case .unknownUserException: finish(.unknownUserException(error.message))
            default: finish(.unknownLocalException(error.description))
            }
        case let error as MarshalError:
            finish(.unknownLocalException("marshalling failed: \(error)"))
        default:
            // Only the type travels: the text of an arbitrary error may hold what is none of the caller's business.
            connection.observer.logger?.debug(
                "servant failed",
                metadata: [LogKey.operation: "\(request.header.operation)", LogKey.error: "\(error)"]
            )
            finish(.unknownException("\(type(of: error))"))
        }
    }

    private func finish(_ exception: any UserException, _ incoming: IncomingRequest) {
        let descriptor = type(of: exception).descriptor
        if let declared = incoming.descriptor?.exceptions, !declared.contains(where: descriptor.isA) {
            return finish(.unknownUserException(descriptor.typeID))
        }
        guard request.header.id != 0 else { return done(nil) }
        do {
            done(
                try Message.encodeReply(
                    id: request.header.id,
                    isException: true,
                    encoding: request.parameters.encoding.isSupported ? request.parameters.encoding : .v1_1,
                    format: incoming.format
                ) { $0.write(exception: exception) }
            )
        } catch {
            failed("the exception could not be encoded: \(error)")
        }
    }

    private func failed(_ text: String) {
        // A reply with a text can always be encoded.
        done(try? Message.encodeReply(id: request.header.id, .unknownLocalException(text)))
    }

    private func done(_ reply: ByteBuffer?) {
        guard request.header.id != 0, var reply else { return connection.submit(.dispatched(nil)) }
        let limit = connection.messageSizeMax
        if reply.readableBytes > limit {
            return failed("a reply of \(reply.readableBytes) bytes is over the limit of \(limit)")
        }
        if request.allowsCompressedReply {
            let level = connection.communicator.configuration.compressionLevel
            reply = (try? compress(reply, level: level)) ?? reply
        }
        connection.submit(.dispatched(reply))
    }
}

/// Finds the trace's context in the request's.
private struct ContextExtractor: Extractor {
    func extract(key: String, from carrier: Context) -> String? { carrier[key] }
}
