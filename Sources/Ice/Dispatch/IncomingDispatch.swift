import IceEncoding
import NIOCore

/// One request from the moment it is taken off the connection until its reply is handed back.
struct IncomingDispatch: Sendable {
    let request: RequestMessage
    let connection: Connection

    /// Carries out the request with `servant`. On the connection's event loop.
    func start(_ servant: ServantKind, adapter: ObjectAdapter) {
        connection.observer.dispatched()
        let header = request.header
        let current = Current(
            connection: connection,
            adapter: adapter,
            identity: header.identity,
            facet: header.facet,
            operation: header.operation,
            mode: header.mode,
            context: header.context,
            requestID: header.id,
            encoding: request.parameters.encoding
        )
        let invocation = Invocation(IncomingRequest(current: current, parameters: request.parameters), servant)
        if let response = invocation.answerInline() {
            finish(response)
        } else if servant.servant.isOrdered {
            startInOrder(invocation)
        } else {
            startTask { finish(await invocation.answer()) }
        }
    }

    private func startTask(_ job: @escaping @Sendable () async -> Void) {
        if !connection.communicator.spawn(job) {
            finish(.unknownLocalException("the server is shutting down"))
        }
    }

    private func startInOrder(_ invocation: Invocation) {
        let connection = connection
        connection.inOrder {
            self.startTask {
                self.finish(await invocation.answer())
                connection.finishedInOrder()
            }
        }
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
            refuse("the reply could not be encoded: \(error)")
        }
    }

    private func refuse(_ text: String) {
        // A reply that is only a short text can always be encoded.
        connection.submit(.dispatched(try? Message.encodeReply(id: request.header.id, .unknownLocalException(text))))
    }

    private func done(_ reply: ByteBuffer?) {
        guard request.header.id != 0, var reply else { return connection.submit(.dispatched(nil)) }
        let limit = connection.messageSizeMax
        if reply.readableBytes > limit {
            return refuse("a reply of \(reply.readableBytes) bytes is over the limit of \(limit)")
        }
        if request.allowsCompressedReply {
            let level = connection.communicator.configuration.compressionLevel
            reply = (try? compress(reply, level: level)) ?? reply
        }
        connection.submit(.dispatched(reply))
    }
}
