public import IceEncoding
import NIOCore

/// Carries out the requests for one or more Ice objects.
///
/// Generated servant protocols refine this one; by hand, switch over `request.current.operation`.
public protocol Servant: Sendable {
    /// The type ids of all its interfaces, the most derived one first. `::Ice::Object` need not be among them.
    var typeIDs: [String] { get }
    /// What is known of an operation; nil lets any mode and every exception pass.
    func operation(_ name: String) -> OperationDescriptor?
    /// Whether requests of one connection are carried out one after the other, in their order.
    var isOrdered: Bool { get }
    /// Says how a request is to be carried out, on the connection's event loop: nothing may be waited for here.
    ///
    /// Most servants need none of their own: it calls ``dispatch(_:)`` in a task. Throws as that does.
    func begin(_ request: IncomingRequest) throws -> Handling
    /// Carries out one request.
    ///
    /// A thrown `UserException` goes to the caller as it is, `IceError.operationNotExist` and its
    /// siblings become what they say, everything else an unknown exception.
    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse
}

extension Servant {
    public var isOrdered: Bool { false }
    public func operation(_ name: String) -> OperationDescriptor? { nil }
    public func begin(_ request: IncomingRequest) throws -> Handling { .task { try await dispatch(request) } }
}

/// How a request is carried out.
public enum Handling: Sendable {
    /// It was, at once.
    case answered(OutgoingResponse)
    /// By a task, on the threads that the adapter's configuration names.
    case task(@Sendable () async throws -> OutgoingResponse)
    /// By a task on the connection's event loop: no hop between threads, for what neither blocks nor computes for
    /// long.
    case briefTask(@Sendable () async throws -> OutgoingResponse)
}

/// A servant that answers at once: it runs on the connection's event loop, without a task of its own.
///
/// The fastest way to answer what needs no waiting and no long computing. Requests of a connection are answered in
/// their order.
public protocol InlineServant: Servant {
    /// Carries out one request, on the connection's event loop: it must not wait for anything. Throws as
    /// ``Servant/dispatch(_:)`` does.
    func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse
}

extension InlineServant {
    public func begin(_ request: IncomingRequest) throws -> Handling { .answered(try dispatchInline(request)) }
    public func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse { try dispatchInline(request) }
}

/// A servant that gets every request as bytes, `ice_ping` and its siblings included (Ice: `Blobject`).
public protocol RawServant: Servant {}

/// What the interface's description says of one operation.
public struct OperationDescriptor: Sendable, Hashable {
    /// The name in Slice.
    public var name: String
    /// Whether the operation may be carried out more than once.
    public var mode: OperationMode
    /// How results and exceptions are written; nil for the communicator's way.
    public var format: SliceFormat?
    /// The type ids of the exceptions that it declares; derived ones are allowed too.
    public var exceptions: [String]

    public init(_ name: String, mode: OperationMode = .normal, format: SliceFormat? = nil, exceptions: [String] = []) {
        self.name = name
        self.mode = mode
        self.format = format
        self.exceptions = exceptions
    }

    /// The operations of an interface, by name.
    public static func table(_ operations: [OperationDescriptor]) -> [String: OperationDescriptor] {
        Dictionary(operations.map { ($0.name, $0) }) { first, _ in first }
    }
}

/// Who calls what, and how.
public struct Current: Sendable {
    /// The connection on which the request came; proxies made from it call the client back.
    public var connection: Connection
    /// The adapter that took the request.
    public var adapter: ObjectAdapter
    /// Which object is called.
    public var identity: Identity
    /// Which facet of the object; empty for the object itself.
    public var facet: String
    /// The operation's name.
    public var operation: String
    /// What the caller takes the operation for.
    public var mode: OperationMode
    /// What the caller sends along with the call.
    public var context: Context
    /// 0 for a request without a reply.
    public var requestID: Int32
    /// The encoding of the parameters, and of the answer.
    public var encoding: EncodingVersion
}

/// A request on its way to a servant.
public struct IncomingRequest: Sendable {
    /// Who calls what, and how.
    public internal(set) var current: Current
    /// The encoded parameters.
    public let parameters: Encapsulation
    /// What the servant says of the operation.
    var descriptor: OperationDescriptor?

    /// Decodes the parameters; all of them have to be read.
    ///
    /// - Throws: `MarshalError`, which the caller receives as an unknown local exception.
    public func read<Result>(_ body: (inout IceInputStream) throws -> Result) throws -> Result {
        try parameters.decode(for: current.connection.communicator, body)
    }

    /// Checks that there are no parameters.
    public func readNothing() throws { try read { _ in } }

    /// An answer without a result.
    public func respond() throws -> OutgoingResponse { try respond { _ in } }

    /// An answer whose out-parameters and result `write` writes.
    public func respond(_ write: (inout IceOutputStream) throws -> Void) throws -> OutgoingResponse {
        guard current.requestID != 0 else { return OutgoingResponse(content: .none) }
        let message = try Message.encodeReply(
            id: current.requestID,
            isException: false,
            encoding: current.encoding,
            format: format,
            write
        )
        return OutgoingResponse(content: .message(message))
    }

    /// An answer that is encoded already.
    public func respond(with status: ReplyStatus) -> OutgoingResponse { OutgoingResponse(content: .status(status)) }

    /// The error of a servant that doesn't have the operation.
    public func operationNotExist() -> IceError { current.operationNotExist() }

    var format: SliceFormat { descriptor?.format ?? current.connection.communicator.configuration.format }
}

/// What a servant answers.
public struct OutgoingResponse: Sendable {
    enum Content: Sendable {
        case none
        case message(ByteBuffer)
        case status(ReplyStatus)
    }
    var content: Content
}

extension Current {
    /// The error of a servant that doesn't have the operation.
    public func operationNotExist() -> IceError {
        .requestFailed(.operationNotExist, "the operation", requestFailure)
    }

    var requestFailure: RequestFailure { RequestFailure(identity: identity, facet: facet, operation: operation) }
}

extension RequestMessage {
    var failure: RequestFailure {
        RequestFailure(identity: header.identity, facet: header.facet, operation: header.operation)
    }
}
