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
    /// Storage of the last large message: fresh pages cost more than everything else about a large message.
    private var spare: Spare?

    /// Boxed: only few connections carry large messages.
    private indirect enum Spare { case storage(ByteBuffer) }

    init(messageSizeMax: Int) { self.messageSizeMax = messageSizeMax }

    /// Bytes that arrived and belong to a message that is not complete or not taken yet.
    var bufferedBytes: Int { pending.readableBytes }

    mutating func append(_ bytes: ByteBuffer) {
        if pending.readableBytes == 0 {
            // The usual case: whole messages in one read, sliced without a copy.
            pending = bytes
            return
        }
        if let header, pending.writableBytes < bytes.readableBytes {
            let arrived = pending.readableBytes + bytes.readableBytes
            if header.messageSize >= Self.largeMessage, case .storage(var storage)? = spare {
                // The pages of the last large message, if nobody holds it any more.
                spare = nil
                storage.clear()
                storage.writeImmutableBuffer(pending)
                pending = storage
            }
            // Few copies, and never more room than four times what has arrived.
            pending.discardReadBytes()
            pending.reserveCapacity(max(arrived, min(header.messageSize, 4 * arrived)))
        }
        pending.writeImmutableBuffer(bytes)
    }

    /// From this size on a message's storage is kept for the next one.
    private static let largeMessage = 1 << 17

    /// Gives up what is kept for later messages.
    mutating func releaseMemory() { spare = nil }

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
        if header.messageSize >= Self.largeMessage, pending.readableBytes == 0 { spare = .storage(pending) }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        message.moveReaderIndex(forwardBy: MessageHeader.size)
        return Frame(header: header, body: message)
    }
}
