import NIOCore

/// A message as it stood on the wire.
struct Frame: Hashable, Sendable {
    var header: MessageHeader
    /// What follows the header; still compressed where the header says so.
    var body: ByteBuffer
}

/// Cuts a stream of bytes into messages.
///
/// Storage grows with the bytes that arrive, never with the size that a header claims.
struct FrameDecoder: Sendable {
    private var pending = ByteBuffer()
    private let messageSizeMax: Int
    private var header: MessageHeader?

    init(messageSizeMax: Int) { self.messageSizeMax = messageSizeMax }

    /// Bytes that arrived and belong to a message that is not complete or not taken yet.
    var bufferedBytes: Int { pending.readableBytes }

    mutating func append(_ bytes: ByteBuffer) {
        if pending.readableBytes == 0 {
            // The usual case: whole messages in one read, sliced without a copy.
            pending = bytes
        } else {
            if let header, pending.writableBytes < bytes.readableBytes {
                // Doubling up to the message's size: few copies, and never more than twice what has arrived.
                let wanted = min(header.messageSize, 2 * (pending.readableBytes + bytes.readableBytes))
                pending.discardReadBytes()
                pending.reserveCapacity(max(wanted, pending.readableBytes + bytes.readableBytes))
            }
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// The next complete message, or nil until more bytes arrive.
    mutating func next() throws(FrameError) -> Frame? {
        let header: MessageHeader
        if let known = self.header {
            header = known
        } else {
            guard pending.readableBytes >= MessageHeader.size else {
                // A peer that speaks something else may say less than a header and wait.
                if let magic = pending.getInteger(at: pending.readerIndex, endianness: .little, as: UInt32.self),
                    magic != MessageHeader.magic
                {
                    throw .badMagic(magic)
                }
                return nil
            }
            header = try MessageHeader(peeking: pending, messageSizeMax: messageSizeMax)
            self.header = header
        }
        guard var message = pending.readSlice(length: header.messageSize) else { return nil }
        self.header = nil
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        message.moveReaderIndex(forwardBy: MessageHeader.size)
        return Frame(header: header, body: message)
    }
}
