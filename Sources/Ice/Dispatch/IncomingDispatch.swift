import IceEncoding
import NIOCore

/// One request from the moment it is taken off the connection until its reply is handed back.
struct IncomingDispatch: Sendable {
    let request: RequestMessage
    let connection: Connection

    /// Carries out the request with `servant`. On the connection's event loop.
    func start(_ found: FoundServant, adapter: ObjectAdapter) {
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
        let invocation = Invocation(IncomingRequest(current: current, parameters: request.parameters), found)
        switch invocation.begin() {
        case .answered(let response):
            finish(response)
        case .task(let work):
            start(work, for: invocation, on: adapter.configuration.executor, isOrdered: found.servant.isOrdered)
        case .briefTask(let work):
            start(work, for: invocation, on: connection.executor, isOrdered: found.servant.isOrdered)
        }
    }

    private func start(
        _ work: @escaping @Sendable () async throws -> OutgoingResponse,
        for invocation: Invocation,
        on executor: (any TaskExecutor)?,
        isOrdered: Bool
    ) {
        guard isOrdered else { return startTask(on: executor) { finish(await invocation.answer(work)) } }
        let connection = connection
        connection.inOrder {
            self.startTask(on: executor) {
                self.finish(await invocation.answer(work))
                connection.finishedInOrder()
            }
        }
    }

    private func startTask(on executor: (any TaskExecutor)?, _ job: @escaping @Sendable () async -> Void) {
        if !connection.communicator.spawn(on: executor, job) {
            finish(.unknownLocalException("the server is shutting down"))
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
