import NIOCore
import Testing

@testable import Ice

@Suite("Cutting a stream into messages")
struct FrameDecoderTests {
    /// A message of `size` bytes whose body repeats `byte`.
    private func message(_ size: Int, _ byte: UInt8) -> ByteBuffer {
        var buffer = Message.bare(.reply)
        buffer.writeRepeatingByte(byte, count: size - MessageHeader.size)
        buffer.setInteger(Int32(size), at: 10, endianness: .little)
        return buffer
    }

    @Test("large messages that share storage one after the other do not overwrite each other while they are held")
    func heldMessages() throws {
        var frames = FrameDecoder(messageSizeMax: 1 << 20)
        var held: [ByteBuffer] = []
        for byte: UInt8 in 1...6 {
            var bytes = message(300_000, byte)
            while let part = bytes.readSlice(length: min(7001, max(bytes.readableBytes, 1))) {
                frames.append(part)
                if let frame = try frames.next() { held.append(frame.body) }
                if bytes.readableBytes == 0 { break }
            }
            if byte == 3 { held.removeFirst() }
            if byte == 4 { frames.releaseMemory() }
        }
        #expect(held.count == 5)
        for (body, byte) in zip(held, [2, 3, 4, 5, 6] as [UInt8]) {
            #expect(body.readableBytes == 300_000 - MessageHeader.size)
            #expect(body.readableBytesView.allSatisfy { $0 == byte })
        }
    }

    @Test("a claimed size allocates nothing: room grows with what has arrived")
    func claimedSize() throws {
        var frames = FrameDecoder(messageSizeMax: .max)
        var header = Message.bare(.reply)
        header.setInteger(Int32.max, at: 10, endianness: .little)
        frames.append(header)
        #expect(try frames.next() == nil)
        frames.append(ByteBuffer(repeating: 0, count: 1000))
        #expect(try frames.next() == nil)
        #expect(frames.bufferedBytes == 1014)
    }

    @Test("a peer that speaks something else is known by its first four bytes")
    func otherProtocols() throws {
        var frames = FrameDecoder(messageSizeMax: 1 << 20)
        frames.append(ByteBuffer(string: "SSH"))
        #expect(try frames.next() == nil)
        frames.append(ByteBuffer(string: "-2.0"))
        #expect(throws: FrameError.self) { _ = try frames.next() }
    }
}
