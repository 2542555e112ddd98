@testable import Ice
import NIOCore
import Testing

@Suite("Compressed messages")
struct CompressionTests {
    static func body(_ count: Int, of byte: UInt8 = 7) -> ByteBuffer { ByteBuffer(repeating: byte, count: count) }

    static func noise(_ count: Int) -> ByteBuffer {
        var state: UInt64 = 88_172_645_463_325_252
        return ByteBuffer(
            bytes: (0..<count).map { _ in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return UInt8(truncatingIfNeeded: state >> 32)
            }
        )
    }

    static func compressed(_ body: ByteBuffer) throws -> ByteBuffer { try #require(try compressBody(body, level: 1)) }

    @Test(
        "what was compressed comes back, at every level and size", arguments: 1...9, [86, 100, 4096, 70_000, 3_000_000])
    func roundTrip(level: Int, size: Int) throws {
        let body = Self.body(size)
        let compressed = try #require(try compressBody(body, level: level))
        #expect(compressed.readableBytes < body.readableBytes)
        #expect(compressed.getInteger(at: 0, endianness: .little, as: Int32.self) == Int32(size + 14))
        #expect(try decompressBody(compressed, limit: size + 14) == body)
    }

    @Test("text that is half noise comes back")
    func mixed() throws {
        var body = Self.noise(50_000)
        body.writeImmutableBuffer(Self.body(200_000))
        #expect(try decompressBody(Self.compressed(body), limit: 1 << 20) == body)
    }

    @Test("messages below 100 bytes, and those that don't become smaller, stay as they are")
    func notWorth() throws {
        #expect(try compressBody(Self.body(85), level: 1) == nil)
        #expect(try compressBody(ByteBuffer(), level: 1) == nil)
        #expect(try compressBody(Self.noise(10_000), level: 9) == nil)
        #expect(try compressBody(Self.noise(86), level: 9) == nil)
    }

    @Test("a whole message says in its header that it is compressed, and how large it is then")
    func message() throws {
        var message = ByteBuffer(bytes: [0x49, 0x63, 0x65, 0x50, 1, 0, 1, 0, 0, 1])
        message.writeInteger(1014 as UInt32, endianness: .little)
        message.writeImmutableBuffer(Self.body(1000))
        var compressed = try compress(message, level: 1)
        #expect(compressed.getInteger(at: 9, as: UInt8.self) == 2)
        #expect(compressed.getInteger(at: 10, endianness: .little, as: UInt32.self) == UInt32(compressed.readableBytes))
        #expect(compressed.readBytes(length: 9) == Array(message.readableBytesView.prefix(9)))
        compressed.moveReaderIndex(forwardBy: 5)
        #expect(try decompressBody(compressed, limit: 1014) == Self.body(1000))
        let short = message.getSlice(at: 0, length: 60) ?? message
        #expect(try compress(short, level: 1) == short)
    }

    @Test("a message above the limit is refused before anything is read")
    func limit() throws {
        let compressed = try Self.compressed(Self.body(1000))
        #expect(throws: CompressionError.tooLarge(claimed: 1014, limit: 1013)) {
            try decompressBody(compressed, limit: 1013)
        }
        #expect(try decompressBody(compressed, limit: 1014).readableBytes == 1000)
    }

    @Test("a bomb that claims to be small is stopped at what it claims")
    func bomb() throws {
        var bomb = try Self.compressed(Self.body(50_000_000, of: 0))
        #expect(bomb.readableBytes < 1000)
        bomb.setInteger(1000 as Int32, at: 0, endianness: .little)
        #expect(throws: CompressionError.wrongSize(claimed: 1000)) { try decompressBody(bomb, limit: 1 << 20) }
    }

    @Test("a large claim over little content allocates little, and is refused")
    func claim() throws {
        var small = try Self.compressed(Self.body(1000))
        small.setInteger(Int32.max, at: 0, endianness: .little)
        #expect(throws: CompressionError.wrongSize(claimed: Int(Int32.max))) { try decompressBody(small, limit: .max) }
    }

    @Test("sizes that no message has are refused", arguments: [-1, 0, 13, 14, Int32.min])
    func sizes(size: Int32) throws {
        var compressed = try Self.compressed(Self.body(1000))
        compressed.setInteger(size, at: 0, endianness: .little)
        #expect(throws: CompressionError.invalidSize) { try decompressBody(compressed, limit: .max) }
    }

    @Test("every truncation is refused")
    func truncated() throws {
        let compressed = try Self.compressed(Self.body(5000))
        for length in 0..<compressed.readableBytes {
            let part = compressed.getSlice(at: 0, length: length) ?? ByteBuffer()
            #expect(throws: length < 4 ? CompressionError.invalidSize : .truncated) {
                try decompressBody(part, limit: 1 << 20)
            }
        }
    }

    @Test("every flipped bit is noticed or harmless, and traps nowhere")
    func damaged() throws {
        let compressed = try Self.compressed(Self.body(5000))
        for index in 4..<compressed.readableBytes {
            for bit in 0..<8 {
                var copy = compressed
                copy.setInteger((copy.getInteger(at: index, as: UInt8.self) ?? 0) ^ 1 << bit, at: index)
                // The level in the stream's header and padding bits at its end may change without harm.
                if let body = try? decompressBody(copy, limit: 1 << 20) { #expect(body == Self.body(5000)) }
            }
        }
    }

    @Test("noise and trailing bytes are refused")
    func rubbish() throws {
        var noise = ByteBuffer(integer: 5014 as Int32, endianness: .little)
        noise.writeImmutableBuffer(Self.noise(500))
        #expect(throws: CompressionError.damaged) { try decompressBody(noise, limit: 1 << 20) }
        var trailing = try Self.compressed(Self.body(5000))
        trailing.writeInteger(0 as UInt8)
        #expect(throws: CompressionError.trailingBytes(1)) { try decompressBody(trailing, limit: 1 << 20) }
    }
}
