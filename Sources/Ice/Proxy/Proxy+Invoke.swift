public import IceEncoding
import Logging
import NIOCore
import Tracing

/// What may differ from call to call.
public struct CallOptions: Sendable, Hashable {
    /// Replaces the proxy's and the communicator's context; nil keeps it.
    public var context: Context?
    /// Replaces the proxy's and the communicator's invocation time-out; nil keeps it.
    public var timeout: Duration?

    public init(context: Context? = nil, timeout: Duration? = nil) {
        self.context = context
        self.timeout = timeout
    }
}

extension Proxy {
    /// Calls an operation that returns something.
    ///
    /// - Parameters:
    ///   - operation: the operation's name in Slice.
    ///   - mode: whether the call may be repeated although it may have been carried out.
    ///   - format: how class instances among the parameters are written; nil for the communicator's way.
    ///   - options: context and time limit of this call.
    ///   - write: writes the parameters; may be called again for a further attempt.
    ///   - read: reads the out-parameters and the result.
    /// - Throws: the `UserException` that the operation threw, ``IceError``, or `CancellationError`.
    public func invoke<Result>(
        _ operation: String,
        mode: OperationMode = .normal,
        format: SliceFormat? = nil,
        options: CallOptions = .init(),
        write: (inout IceOutputStream) throws -> Void = { _ in },
        read: (inout IceInputStream) throws -> Result
    ) async throws -> Result {
        guard reference.mode == .twoway else {
            throw IceError(.illegalArgument, "\(operation) returns something and needs a twoway proxy")
        }
        let reply = try await request(operation, mode: mode, format: format, options: options, write: write)
        guard let reply else { throw IceError(.protocolError, "a twoway call ended without a reply") }
        let encapsulation = try result(of: reply)
        do {
            return try encapsulation.decode(for: communicator, read)
        } catch let error as MarshalError {
            throw located(.marshal(error, mayHaveBeenDispatched: true))
        }
    }

    /// Calls an operation that returns nothing; over a oneway or batch proxy it doesn't wait for the object.
    public func invoke(
        _ operation: String,
        mode: OperationMode = .normal,
        format: SliceFormat? = nil,
        options: CallOptions = .init(),
        write: (inout IceOutputStream) throws -> Void = { _ in }
    ) async throws {
        switch reference.mode {
        case .twoway:
            try await invoke(operation, mode: mode, format: format, options: options, write: write, read: { _ in })
        case .oneway:
            _ = try await request(operation, mode: mode, format: format, options: options, write: write)
        case .batchOneway:
            try batch.add(
                header(operation, mode, options),
                encoding: reference.encoding,
                format: format ?? communicator.configuration.format,
                write
            )
        case .datagram, .batchDatagram:
            throw IceError(.noEndpoint, "datagrams are not supported")
        }
    }

    /// Calls an operation with parameters that are already encoded, and leaves the result so (Ice: `ice_invoke`).
    public func invokeRaw(
        _ operation: String,
        mode: OperationMode = .normal,
        parameters: Encapsulation,
        options: CallOptions = .init()
    ) async throws -> ReplyStatus {
        let reply = try await attempt(operation, mode: mode, options: options) { header in
            try Message.encodeRequest(header, parameters: parameters)
        }
        return reply?.status ?? .ok(.empty(reference.encoding))
    }

    /// Sends the requests that were collected by a batch proxy.
    public func flushBatchRequests() async throws {
        guard let requests = batch.take() else { return }
        let connection = try await connection()
        let message = try requests.message(compression: compression(on: connection), communicator: communicator)
        _ = try await connection.call(message, id: 0, timeout: nil)
    }

    // MARK: Operations of every object

    /// Asks whether the object can be reached.
    public func ping(options: CallOptions = .init()) async throws {
        try await invoke("ice_ping", mode: .nonmutating, options: options)
    }

    /// Whether the object has the interface `typeID`.
    public func isA(_ typeID: String, context: Context? = nil) async throws -> Bool {
        try await invoke("ice_isA", mode: .nonmutating, options: .init(context: context)) { stream in
            stream.write(typeID)
        } read: { stream in
            try stream.readBool()
        }
    }

    /// The type id of the object's most derived interface.
    public func typeID(options: CallOptions = .init()) async throws -> String {
        try await invoke("ice_id", mode: .nonmutating, options: options, read: { try $0.readString() })
    }

    /// The type ids of all the object's interfaces.
    public func typeIDs(options: CallOptions = .init()) async throws -> [String] {
        try await invoke("ice_ids", mode: .nonmutating, options: options, read: { try [String](from: &$0) })
    }

    // MARK: Inside

    /// A call's own context replaces all others. Without one the proxy's and the communicator's are joined, the
    /// proxy's values first (Ice 3.6 and 3.7 do so).
    private func context(_ options: CallOptions) -> Context {
        let implicit = communicator.configuration.implicitContext
        guard let own = options.context else {
            return settings.context.map { implicit.merging($0) { $1 } } ?? implicit
        }
        return own
    }

    private func header(_ operation: String, _ mode: OperationMode, _ options: CallOptions) -> RequestHeader {
        RequestHeader(
            identity: reference.identity,
            facet: reference.facet,
            operation: operation,
            mode: mode,
            context: context(options)
        )
    }

    private func request(
        _ operation: String,
        mode: OperationMode,
        format: SliceFormat?,
        options: CallOptions,
        write: (inout IceOutputStream) throws -> Void
    ) async throws -> ReplyMessage? {
        let encoding = reference.encoding
        guard encoding.isSupported else {
            throw IceError.marshal(MarshalError(.unsupportedEncoding(encoding), at: 0))
        }
        return try await attempt(operation, mode: mode, options: options) { header in
            do {
                return try Message.encodeRequest(
                    header,
                    encoding: encoding,
                    format: format ?? communicator.configuration.format,
                    parameters: write
                )
            } catch let error as MarshalError {
                throw IceError.marshal(error)
            }
        }
    }

    /// Connects, sends, waits; and does so again where ``RetryPolicy`` allows it.
    private func attempt(
        _ operation: String,
        mode: OperationMode,
        options: CallOptions,
        encode: (RequestHeader) throws -> ByteBuffer
    ) async throws -> ReplyMessage? {
        guard let tracer = communicator.configuration.tracer else {
            return try await attemptUntraced(operation, mode: mode, options: options, encode: encode)
        }
        return try await tracer.withSpan(operation, ofKind: .client) { span in
            span.attributes["rpc.system"] = "ice"
            span.attributes["rpc.method"] = operation
            var options = options
            var context = context(options)
            tracer.inject(span.context, into: &context, using: ContextInjector())
            options.context = context
            return try await attemptUntraced(operation, mode: mode, options: options, encode: encode)
        }
    }

    private func attemptUntraced(
        _ operation: String,
        mode: OperationMode,
        options: CallOptions,
        encode: (RequestHeader) throws -> ByteBuffer
    ) async throws -> ReplyMessage? {
        let observer = communicator.observer
        var header = header(operation, mode, options)
        let timeout = options.timeout ?? settings.invocationTimeout ?? communicator.configuration.timeouts.invocation
        let started = ContinuousClock.now
        var attempts = 0
        while true {
            do {
                let connection = try await connection()
                header.id = reference.mode == .twoway ? connection.nextRequestID() : 0
                var message = try encode(header)
                if compression(on: connection) {
                    message = try compress(message, level: communicator.configuration.compressionLevel)
                }
                let reply = try await connection.call(message, id: header.id, timeout: timeout)
                observer.called(duration: .now - started, failed: false)
                return reply
            } catch let error as IceError {
                attempts += 1
                let delay = communicator.configuration.retry.delay(
                    beforeAttempt: attempts,
                    after: error,
                    idempotent: mode.isIdempotent
                )
                cache.clear()
                guard let delay, isRepeatable, !communicator.isShutDown else {
                    observer.called(duration: .now - started, failed: true)
                    throw error
                }
                observer.retried()
                observer.logger?.debug(
                    "ice call repeated",
                    metadata: [
                        LogKey.operation: "\(operation)", LogKey.attempt: "\(attempts)", LogKey.error: "\(error)",
                    ]
                )
                if delay > .zero { try await Task.sleep(for: delay) }
            }
        }
    }

    /// A fixed proxy can't move to another connection.
    private var isRepeatable: Bool { if case .fixed = route { false } else { true } }

    private func compression(on connection: Connection) -> Bool {
        communicator.configuration.compression ?? settings.compress ?? connection.compresses
    }

    private func result(of reply: ReplyMessage) throws -> Encapsulation {
        switch reply.status {
        case .ok(let encapsulation):
            return encapsulation
        case .userException(let encapsulation):
            throw userException(in: encapsulation)
        case .objectNotExist(let failure):
            throw located(.requestFailed(.objectNotExist, "the object", failure))
        case .facetNotExist(let failure):
            throw located(.requestFailed(.facetNotExist, "the facet", failure))
        case .operationNotExist(let failure):
            throw located(.requestFailed(.operationNotExist, "the operation", failure))
        case .unknownLocalException(let text):
            throw located(.init(.unknownLocalException, text, phase: .invocation, mayHaveBeenDispatched: true))
        case .unknownUserException(let text):
            throw located(.init(.unknownUserException, text, phase: .invocation, mayHaveBeenDispatched: true))
        case .unknownException(let text):
            throw located(.init(.unknownException, text, phase: .invocation, mayHaveBeenDispatched: true))
        }
    }

    private func userException(in encapsulation: Encapsulation) -> any Error {
        do {
            return try encapsulation.decodeException(for: communicator)
        } catch {
            if case .unknownException(let id) = error.reason {
                return located(
                    .init(.unknownUserException, "exception \(id), which is not known here", phase: .invocation)
                )
            }
            return located(.marshal(error, mayHaveBeenDispatched: true))
        }
    }

    private func located(_ error: IceError) -> IceError {
        var error = error
        error.endpoint = error.endpoint ?? cache.connection?.endpoint
        return error
    }
}

/// Carries the trace's context in the request's.
private struct ContextInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout Context) { carrier[key] = value }
}

extension Encapsulation {
    /// Decodes the content with the communicator's classes; everything has to be read.
    func decode<Result>(
        for communicator: Communicator,
        _ read: (inout IceInputStream) throws -> Result
    ) throws -> Result {
        var stream = try IceInputStream(
            self,
            types: communicator.configuration.types,
            binding: communicator,
            nestingLimit: communicator.configuration.nestingLimit
        )
        let result = try read(&stream)
        try stream.finish()
        return result
    }

    func decodeException(for communicator: Communicator) throws(MarshalError) -> any UserException {
        var stream = try IceInputStream(
            self,
            types: communicator.configuration.types,
            binding: communicator,
            nestingLimit: communicator.configuration.nestingLimit
        )
        return try stream.readException()
    }
}
