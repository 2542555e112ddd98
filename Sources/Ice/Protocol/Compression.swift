import CBzip2
import NIOCore

/// Why a compressed message cannot be read, or a message not be compressed.
enum CompressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no size before the compressed bytes, or one that no message has.
    case invalidSize
    /// The message would be larger than this side takes.
    case tooLarge(claimed: Int, limit: Int)
    /// The compressed bytes hold more, or less, than the size before them says.
    case wrongSize(claimed: Int)
    /// The bytes end before the compressed stream does.
    case truncated
    /// The bytes are no bzip2 stream, or a damaged one.
    case damaged
    /// Something follows the compressed stream.
    case trailingBytes(Int)
    /// bzip2 failed on this side, for lack of memory; the number is its own.
    case failed(Int32)

    var description: String {
        switch self {
        case .invalidSize: "the size of a compressed message is invalid"
        case .tooLarge(let claimed, let limit):
            "a compressed message of \(claimed) bytes is above the limit of \(limit)"
        case .wrongSize(let claimed): "a compressed message does not have the size of \(claimed) bytes that it claims"
        case .truncated: "a compressed message ends early"
        case .damaged: "a compressed message is damaged"
        case .trailingBytes(let count): "\(count) bytes follow a compressed message"
        case .failed(let code): "bzip2 failed (\(code))"
        }
    }
}

/// bzip2 as Ice's messages use it.
///
/// "A compressed message consists of the header, whose size counts the compressed message, an Int for the size of the
/// message before it was compressed (header included), and the compressed body" (Ice manual, "Protocol Compression").
enum Compression {
    /// The size of a message's header, which is never compressed.
    static let headerSize = 14
    /// Ice compresses no message that is smaller than this, with its header.
    static let smallestMessage = 100
}

/// Compresses the body of a message (what follows the header): the Int and the compressed bytes.
///
/// - Parameter level: bzip2's effort, 1…9.
/// - Returns: nil if the message is too small for it, or would not become smaller.
func compressBody(_ body: ByteBuffer, level: Int) throws(CompressionError) -> ByteBuffer? {
    let total = body.readableBytes + Compression.headerSize
    guard total >= Compression.smallestMessage, let claim = Int32(exactly: total) else { return nil }
    var output = ByteBuffer()
    output.writeInteger(claim, endianness: .little)
    // Room for one byte less than the body: if that doesn't do, there is nothing to gain.
    let room = body.readableBytes - MemoryLayout<Int32>.size - 1
    var status = BZ_OK
    body.withUnsafeReadableBytes { source in
        _ = output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            var count = UInt32(room)
            // bzip2 declares its input mutable, and never writes to it.
            status = BZ2_bzBuffToBuffCompress(
                target.baseAddress?.assumingMemoryBound(to: CChar.self),
                &count,
                UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: CChar.self)),
                UInt32(source.count),
                Int32(min(max(level, 1), 9)),
                0,
                0
            )
            return status == BZ_OK ? Int(count) : 0
        }
    }
    switch status {
    case BZ_OK: return output
    case BZ_OUTBUFF_FULL: return nil
    default: throw .failed(status)
    }
}

/// Compresses a whole message, header and body, if that makes it smaller, and says so in its header.
///
/// A message that gains nothing by it stays as it is; its header then says that the reply may be compressed.
func compress(_ message: ByteBuffer, level: Int) throws(CompressionError) -> ByteBuffer {
    var body = message
    guard var compressed = body.readSlice(length: Compression.headerSize),
        let content = try compressBody(body, level: level)
    else {
        var message = message
        if message.readableBytes >= Compression.headerSize {
            message.setInteger(MessageHeader.Compression.onRequest.rawValue, at: message.readerIndex + 9)
        }
        return message
    }
    let start = compressed.readerIndex
    compressed.setInteger(MessageHeader.Compression.yes.rawValue, at: start + 9)
    let size = UInt32(truncatingIfNeeded: Compression.headerSize + content.readableBytes)
    compressed.setInteger(size, at: start + 10, endianness: .little)
    compressed.writeImmutableBuffer(content)
    return compressed
}

/// Reads the body of a compressed message: what follows the header, as it was before it was compressed.
///
/// The output grows with what bzip2 produces, never with what the message claims.
///
/// - Parameter limit: the size in bytes, with the header, that the message may have.
func decompressBody(_ body: ByteBuffer, limit: Int) throws(CompressionError) -> ByteBuffer {
    var input = body
    guard let number: Int32 = input.readInteger(endianness: .little), number > Compression.headerSize else {
        throw .invalidSize
    }
    let claimed = Int(number)
    guard claimed <= limit else { throw .tooLarge(claimed: claimed, limit: limit) }
    let decompressor = try Decompressor(size: claimed - Compression.headerSize)
    return try decompressor.run(input, claimed: claimed)
}

/// One run of bzip2.
private struct Decompressor: ~Copyable {
    /// In one place for good: bzip2 keeps the address and refuses another one.
    private let stream: UnsafeMutablePointer<bz_stream>
    private let size: Int

    /// What the output grows by at first, and at most.
    private static let smallestStep = 4096
    private static let largestStep = 1 << 20

    init(size: Int) throws(CompressionError) {
        self.size = size
        stream = .allocate(capacity: 1)
        stream.initialize(to: bz_stream())
        let status = BZ2_bzDecompressInit(stream, 0, 0)
        guard status == BZ_OK else { throw .failed(status) }
    }

    deinit {
        BZ2_bzDecompressEnd(stream)
        stream.deallocate()
    }

    func run(_ input: ByteBuffer, claimed: Int) throws(CompressionError) -> ByteBuffer {
        var output = ByteBuffer()
        let status = input.withUnsafeReadableBytes { source in
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: CChar.self))
            stream.pointee.avail_in = UInt32(source.count)
            var status = BZ_OK
            while status == BZ_OK {
                let (left, before) = (stream.pointee.avail_in, output.readableBytes)
                // One byte more than there should be shows that there are too many.
                let room = size + 1 - output.readableBytes
                guard room > 0 else { break }
                let step = min(room, max(Self.smallestStep, min(output.readableBytes, Self.largestStep)))
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: step) { target in
                    stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: CChar.self)
                    stream.pointee.avail_out = UInt32(step)
                    status = BZ2_bzDecompress(stream)
                    return step - Int(stream.pointee.avail_out)
                }
                // Neither input nor output moved: the input has ended.
                if stream.pointee.avail_in == left, output.readableBytes == before { break }
            }
            stream.pointee.next_in = nil
            stream.pointee.next_out = nil
            return status
        }
        guard output.readableBytes <= size else { throw .wrongSize(claimed: claimed) }
        switch status {
        case BZ_STREAM_END:
            guard output.readableBytes == size else { throw .wrongSize(claimed: claimed) }
            guard stream.pointee.avail_in == 0 else { throw .trailingBytes(Int(stream.pointee.avail_in)) }
            return output
        case BZ_OK: throw .truncated
        case BZ_DATA_ERROR, BZ_DATA_ERROR_MAGIC: throw .damaged
        default: throw .failed(status)
        }
    }
}
