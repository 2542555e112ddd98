public import IceEncoding
import NIOCore

/// The values of a request context.
public typealias Context = [String: String]

/// Whether an operation may be carried out more than once.
public enum OperationMode: UInt8, Sendable, Hashable {
    /// At most once.
    case normal = 0
    /// Written for `nonmutating` operations of old Slice; means the same as idempotent.
    case nonmutating = 1
    /// Any number of times: the outcome is the same.
    case idempotent = 2

    /// Whether repeating the operation does no harm.
    public var isIdempotent: Bool { self != .normal }
}

/// What a request says, apart from its parameters.
struct RequestHeader: Hashable, Sendable {
    /// 0 for a oneway request, which gets no reply.
    var id: Int32
    var identity: Identity
    var facet: String
    var operation: String
    var mode: OperationMode
    var context: Context

    init(
        id: Int32 = 0,
        identity: Identity,
        facet: String = "",
        operation: String,
        mode: OperationMode = .normal,
        context: Context = [:]
    ) {
        self.id = id
        self.identity = identity
        self.facet = facet
        self.operation = operation
        self.mode = mode
        self.context = context
    }
}

struct RequestMessage: Hashable, Sendable {
    var header: RequestHeader
    var parameters: Encapsulation
    /// Whether the caller takes a compressed reply.
    var allowsCompressedReply = false
}

/// What a reply says.
public enum ReplyStatus: Hashable, Sendable {
    /// The result and out-parameters.
    case ok(Encapsulation)
    /// An exception that the operation declares.
    case userException(Encapsulation)
    /// There is no object of that identity.
    indirect case objectNotExist(RequestFailure)
    /// The object is there, but has no such facet.
    indirect case facetNotExist(RequestFailure)
    /// The object has no such operation.
    indirect case operationNotExist(RequestFailure)
    /// The server's runtime failed, as this text says.
    case unknownLocalException(String)
    /// The operation threw an exception that it does not declare, of this type.
    case unknownUserException(String)
    /// The servant failed in another way, as this text says.
    case unknownException(String)
}

/// Which call failed because its target does not exist.
public struct RequestFailure: Hashable, Sendable {
    /// The object that was called.
    public var identity: Identity
    /// Its facet; empty for the object itself.
    public var facet: String
    /// The operation that was called.
    public var operation: String

    public init(identity: Identity, facet: String, operation: String) {
        self.identity = identity
        self.facet = facet
        self.operation = operation
    }
}

struct ReplyMessage: Hashable, Sendable {
    var id: Int32
    var status: ReplyStatus
}

/// A message of the Ice protocol.
enum Message: Hashable, Sendable {
    case request(RequestMessage)
    case batchRequest([RequestMessage])
    case reply(ReplyMessage)
    case validateConnection
    case closeConnection
}

// MARK: Writing

extension RequestHeader {
    /// Writes everything between the request id and the parameters.
    func write(to stream: inout IceOutputStream) {
        identity.write(to: &stream)
        // A facet travels as a sequence of at most one string.
        stream.write(facet.isEmpty ? [] : [facet])
        stream.write(operation)
        stream.write(mode.rawValue)
        stream.write(context)
    }

    init(id: Int32, from stream: inout IceInputStream) throws(MarshalError) {
        let start = stream.position
        let identity = try Identity(from: &stream)
        guard !identity.name.isEmpty else {
            throw MarshalError(.missingValue, at: start, path: "request.identity.name")
        }
        let position = stream.position
        let facets = try [String](from: &stream)
        guard facets.count <= 1 else { throw MarshalError(.invalidProxy, at: position) }
        let operation = try stream.readString()
        let modePosition = stream.position
        let number = try stream.readByte()
        guard let mode = OperationMode(rawValue: number) else {
            throw MarshalError(
                .invalidEnumerator(type: "::Ice::OperationMode", value: Int32(number)),
                at: modePosition
            )
        }
        self.init(
            id: id,
            identity: identity,
            facet: facets.first ?? "",
            operation: operation,
            mode: mode,
            context: try Context(from: &stream)
        )
    }
}

extension Message {
    /// A message without a body.
    static func bare(_ kind: MessageHeader.Kind) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: MessageHeader.size)
        MessageHeader.write(kind, to: &buffer)
        buffer.setInteger(Int32(MessageHeader.size), at: 10, endianness: .little)
        return buffer
    }

    /// A whole request message; `parameters` writes the content of its encapsulation.
    static func encodeRequest(
        _ header: RequestHeader,
        encoding: EncodingVersion,
        format: SliceFormat = .compact,
        parameters: (inout IceOutputStream) throws -> Void
    ) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 192)
        MessageHeader.write(.request, to: &buffer)
        buffer.writeInteger(header.id, endianness: .little)
        // Protocol data is written in encoding 1.0, the parameters in the proxy's.
        var stream = IceOutputStream(encoding: .v1_0, appendingTo: buffer)
        buffer = ByteBuffer()  // the stream is the only owner now: no copy on the next write
        header.write(to: &stream)
        try Self.appendEncapsulation(to: &stream, encoding: encoding, format: format, parameters)
        var message = try (consume stream).finish()
        try MessageHeader.patchSize(of: &message, from: 0)
        return message
    }

    /// A whole request message whose parameters are encoded already.
    static func encodeRequest(
        _ header: RequestHeader,
        parameters: Encapsulation
    ) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 192 + parameters.bytes.readableBytes)
        MessageHeader.write(.request, to: &buffer)
        buffer.writeInteger(header.id, endianness: .little)
        var stream = IceOutputStream(encoding: .v1_0, appendingTo: buffer)
        buffer = ByteBuffer()
        header.write(to: &stream)
        stream.write(parameters)
        var message = try (consume stream).finish()
        try MessageHeader.patchSize(of: &message, from: 0)
        return message
    }

    /// Appends an encapsulation in another encoding than the stream's own.
    static func appendEncapsulation(
        to stream: inout IceOutputStream,
        encoding: EncodingVersion,
        format: SliceFormat,
        _ content: (inout IceOutputStream) throws -> Void
    ) throws {
        let buffer = stream.buffer
        stream.buffer = ByteBuffer()
        var inner = IceOutputStream(encoding: encoding, format: format, appendingTo: buffer)
        let mark = inner.startEncapsulation()
        try content(&inner)
        inner.finishParameters()
        inner.endEncapsulation(mark)
        stream.buffer = try inner.finish()
    }

    /// A whole reply message.
    static func encodeReply(
        id: Int32,
        _ status: ReplyStatus
    ) throws -> ByteBuffer {
        let payload =
            switch status {
            case .ok(let result): result.bytes.readableBytes
            case .userException(let exception): exception.bytes.readableBytes
            default: 64
            }
        var buffer = ByteBufferAllocator().buffer(capacity: MessageHeader.size + 16 + payload)
        MessageHeader.write(.reply, to: &buffer)
        buffer.writeInteger(id, endianness: .little)
        buffer.writeInteger(status.number)
        var stream = IceOutputStream(encoding: .v1_0, appendingTo: buffer)
        buffer = ByteBuffer()  // the stream is the only owner now: no copy on the next write
        switch status {
        case .ok(let encapsulation), .userException(let encapsulation):
            stream.write(encapsulation)
        case .objectNotExist(let failure), .facetNotExist(let failure), .operationNotExist(let failure):
            failure.identity.write(to: &stream)
            stream.write(failure.facet.isEmpty ? [] : [failure.facet])
            stream.write(failure.operation)
        case .unknownLocalException(let text), .unknownUserException(let text), .unknownException(let text):
            stream.write(text)
        }
        var message = try (consume stream).finish()
        try MessageHeader.patchSize(of: &message, from: 0)
        return message
    }

    /// A whole reply whose result or exception is written straight into the message.
    static func encodeReply(
        id: Int32,
        isException: Bool,
        encoding: EncodingVersion,
        format: SliceFormat,
        _ content: (inout IceOutputStream) throws -> Void
    ) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 64)
        MessageHeader.write(.reply, to: &buffer)
        buffer.writeInteger(id, endianness: .little)
        buffer.writeInteger((isException ? 1 : 0) as UInt8)
        var stream = IceOutputStream(encoding: encoding, format: format, appendingTo: buffer)
        buffer = ByteBuffer()
        let mark = stream.startEncapsulation()
        try content(&stream)
        stream.finishParameters()
        stream.endEncapsulation(mark)
        var message = try (consume stream).finish()
        try MessageHeader.patchSize(of: &message, from: 0)
        return message
    }
}

extension ReplyStatus {
    var number: UInt8 {
        switch self {
        case .ok: 0
        case .userException: 1
        case .objectNotExist: 2
        case .facetNotExist: 3
        case .operationNotExist: 4
        case .unknownLocalException: 5
        case .unknownUserException: 6
        case .unknownException: 7
        }
    }
}

// MARK: Reading

extension Message {
    /// Decodes a frame whose body is not compressed (any more).
    init(_ frame: Frame) throws(MarshalError) {
        var stream = IceInputStream(frame.body, encoding: .v1_0)
        switch frame.header.kind {
        case .request:
            let id: Int32 = try stream.readInteger()
            let header = try RequestHeader(id: id, from: &stream)
            self = .request(
                RequestMessage(
                    header: header,
                    parameters: try stream.readEncapsulation(),
                    allowsCompressedReply: frame.header.compression != .no
                )
            )
        case .batchRequest:
            let position = stream.position
            let count = Int(try stream.readInteger(Int32.self))
            // The smallest request of a batch: identity 2, facet 1, operation 1, mode 1, context 1, encapsulation 6.
            guard count >= 0, count <= stream.remaining / 12 else {
                throw MarshalError(.invalidSize(count), at: position)
            }
            var requests: [RequestMessage] = []
            requests.reserveCapacity(count)
            for _ in 0..<count {
                let header = try RequestHeader(id: 0, from: &stream)
                requests.append(RequestMessage(header: header, parameters: try stream.readEncapsulation()))
            }
            self = .batchRequest(requests)
        case .reply:
            let id: Int32 = try stream.readInteger()
            self = .reply(ReplyMessage(id: id, status: try ReplyStatus(from: &stream)))
        case .validateConnection:
            self = .validateConnection
        case .closeConnection:
            self = .closeConnection
        }
        try stream.expectEnd()
    }
}

extension ReplyStatus {
    init(from stream: inout IceInputStream) throws(MarshalError) {
        let position = stream.position
        let number = try stream.readByte()
        switch number {
        case 0: self = .ok(try stream.readEncapsulation())
        case 1: self = .userException(try stream.readEncapsulation())
        case 2: self = .objectNotExist(try RequestFailure(from: &stream))
        case 3: self = .facetNotExist(try RequestFailure(from: &stream))
        case 4: self = .operationNotExist(try RequestFailure(from: &stream))
        case 5: self = .unknownLocalException(try stream.readString())
        case 6: self = .unknownUserException(try stream.readString())
        case 7: self = .unknownException(try stream.readString())
        default:
            throw MarshalError(.invalidEnumerator(type: "reply status", value: Int32(number)), at: position)
        }
    }
}

extension RequestFailure {
    init(from stream: inout IceInputStream) throws(MarshalError) {
        let identity = try Identity(from: &stream)
        let position = stream.position
        let facets = try [String](from: &stream)
        guard facets.count <= 1 else { throw MarshalError(.invalidProxy, at: position) }
        self.init(identity: identity, facet: facets.first ?? "", operation: try stream.readString())
    }
}
