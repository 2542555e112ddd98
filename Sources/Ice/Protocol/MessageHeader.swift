import NIOCore

/// The 14 bytes before every message (Ice manual, "Protocol Messages").
struct MessageHeader: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        case request = 0
        case batchRequest = 1
        case reply = 2
        case validateConnection = 3
        case closeConnection = 4
    }

    enum Compression: UInt8, Sendable {
        /// Not compressed, and the sender wants no compressed reply.
        case no = 0
        /// Not compressed, but the reply may be.
        case onRequest = 1
        /// Compressed, and the reply may be.
        case yes = 2
    }

    static let size = 14
    static let magic: UInt32 = 0x5065_6349  // "IceP", read as little-endian

    var kind: Kind
    var compression: Compression
    /// Bytes of the message, header included.
    var messageSize: Int

    /// Writes the header of a message that is not compressed, with a size of zero; ``patchSize(of:from:)`` sets it once
    /// the message is complete, and ``compress(_:level:)`` the rest where it is wanted.
    static func write(_ kind: Kind, to buffer: inout ByteBuffer) {
        buffer.writeInteger(magic, endianness: .little)
        // Protocol 1.0, then encoding 1.0: the version in which headers are written, whatever the encapsulations use.
        buffer.writeInteger(0x0001_0001 as UInt32, endianness: .little)
        buffer.writeInteger(UInt16(kind.rawValue) | UInt16(Compression.no.rawValue) << 8, endianness: .little)
        buffer.writeInteger(0 as Int32)
    }

    /// Sets the size of the message that begins at `start` and ends with the buffer.
    static func patchSize(of buffer: inout ByteBuffer, from start: Int) throws(MarshalError) {
        let size = buffer.writerIndex - start
        guard let size = Int32(exactly: size) else { throw MarshalError(.valueTooLarge(size), at: 0) }
        buffer.setInteger(size, at: start + 10, endianness: .little)
    }

    /// Reads a header from at least 14 readable bytes.
    init(peeking buffer: ByteBuffer, messageSizeMax: Int) throws(FrameError) {
        let at = buffer.readerIndex
        guard
            let magic = buffer.getInteger(at: at, endianness: .little, as: UInt32.self),
            let versions = buffer.getInteger(at: at + 4, endianness: .little, as: UInt32.self),
            let kind: UInt8 = buffer.getInteger(at: at + 8),
            let compression: UInt8 = buffer.getInteger(at: at + 9),
            let size = buffer.getInteger(at: at + 10, endianness: .little, as: Int32.self)
        else { throw .incompleteHeader }
        guard magic == Self.magic else { throw .badMagic(magic) }
        guard versions & 0xFF == 1 else { throw .unsupportedProtocol(major: UInt8(versions & 0xFF)) }
        // A receiver takes any minor version of the major that it knows.
        guard versions >> 16 & 0xFF == 1 else { throw .unsupportedEncoding(major: UInt8(versions >> 16 & 0xFF)) }
        guard let kind = Kind(rawValue: kind) else { throw .unknownMessage(kind) }
        guard let compression = Compression(rawValue: compression) else { throw .unknownCompression(compression) }
        guard size >= Self.size else { throw .illegalSize(Int(size)) }
        guard size <= messageSizeMax else { throw .tooLarge(Int(size), limit: messageSizeMax) }
        self.kind = kind
        self.compression = compression
        self.messageSize = Int(size)
    }
}

/// A stream of bytes that is not Ice protocol 1.0, or not within the limits.
enum FrameError: Error, Hashable, Sendable, CustomStringConvertible {
    case incompleteHeader
    /// The four bytes that stand where "IceP" belongs.
    case badMagic(UInt32)
    case unsupportedProtocol(major: UInt8)
    case unsupportedEncoding(major: UInt8)
    case unknownMessage(UInt8)
    case unknownCompression(UInt8)
    case illegalSize(Int)
    case tooLarge(Int, limit: Int)

    var description: String {
        switch self {
        case .incompleteHeader: "the message header is incomplete"
        case .badMagic(let magic): "the bytes \(Self.show(magic)) stand where \"IceP\" belongs"
        case .unsupportedProtocol(let major): "protocol version \(major) is not supported"
        case .unsupportedEncoding(let major): "header encoding version \(major) is not supported"
        case .unknownMessage(let kind): "message type \(kind) does not exist"
        case .unknownCompression(let status): "compression status \(status) does not exist"
        case .illegalSize(let size): "a message cannot have \(size) bytes"
        case .tooLarge(let size, let limit): "a message of \(size) bytes is over the limit of \(limit)"
        }
    }

    private static func show(_ magic: UInt32) -> String {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: magic >> ($0 * 8)) }
        if bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            return "\"" + String(decoding: bytes, as: UTF8.self) + "\""
        }
        return bytes.map { "0x" + String($0, radix: 16) }.joined(separator: " ")
    }
}
