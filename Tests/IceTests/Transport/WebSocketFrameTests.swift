@testable import Ice
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@Suite("Frames of WebSocket")
struct WebSocketFrameTests {
    /// One side's handlers after the upgrade; the bytes that it sends are read with `sent`.
    static func channel(isClient: Bool = true, maxFrame: Int = 1000) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers(
            WebSocketFrameEncoder(),
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maxFrame)),
            WebSocketStreamHandler(isClient: isClient, maxFrame: maxFrame)
        )
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    static func sent(_ channel: EmbeddedChannel) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }

    @Test("fragments are one stream, and a ping between them is answered")
    func fragments() throws {
        let channel = try Self.channel(isClient: true)
        try channel.writeInbound(
            ByteBuffer(bytes: [0x02, 2, 1, 2, 0x89, 2, 7, 8, 0x00, 0, 0x00, 1, 3, 0x80, 1, 4, 0x82, 1, 5]))
        #expect(try WebSocketPair.received(channel) == [1, 2, 3, 4, 5])
        let pong = try Self.sent(channel)
        // A client's frames are masked: header, key, payload.
        #expect(pong.prefix(2) == [0x8a, 0x82])
        #expect(pong.count == 8)
        #expect(zip(pong[2..<4], pong[6..<8]).map { $0 ^ $1 } == [7, 8])
    }

    @Test("a client's frames are masked, a server's are not; nothing is sent for nothing")
    func masking() throws {
        let server = try Self.channel(isClient: false)
        try server.writeOutbound(ByteBuffer(bytes: [1, 2, 3]))
        try server.writeOutbound(ByteBuffer())
        #expect(try Self.sent(server) == [0x82, 3, 1, 2, 3])
        let client = try Self.channel(isClient: true)
        try client.writeOutbound(ByteBuffer(bytes: [1, 2, 3]))
        let bytes = try Self.sent(client)
        #expect(bytes.count == 9 && bytes[1] == 0x83)
        #expect((0..<3).map { bytes[2 + $0] ^ bytes[6 + $0] } == [1, 2, 3])
    }

    @Test(
        "a breach of the rules closes with its code",
        arguments: [
            ([0x81, 1, 65], WebSocketFailure.Reason.textFrame, 1003),
            ([0x82, 0x81, 1, 2, 3, 4, 5], .wrongMasking, 1002),
            ([0xc2, 1, 1], .reservedBits, 1002),
            ([0x80, 1, 1], .wrongFragment, 1002),
            ([0x02, 1, 1, 0x82, 1, 1], .wrongFragment, 1002),
            ([0x83, 1, 1], .unknownFrame, 1002),
            ([0x82, 126, 3, 0xe9], .frameTooLarge(limit: 1000), 1009),
            ([0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255], .frameTooLarge(limit: 1000), 1009),
        ] as [([UInt8], WebSocketFailure.Reason, Int)])
    func breaches(bytes: [UInt8], reason: WebSocketFailure.Reason, code: Int) throws {
        let channel = try Self.channel()
        let error = #expect(throws: WebSocketFailure.self) { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
        #expect(error?.reason == reason)
        let close = try Self.sent(channel)
        #expect(close.first == 0x88 && close.count == 8)
        if close.count == 8 {
            #expect(Int(close[2] ^ close[6]) << 8 | Int(close[3] ^ close[7]) == code)
        }
        #expect(!channel.isActive)
    }

    @Test("a server refuses frames without a mask")
    func unmasked() throws {
        let channel = try Self.channel(isClient: false)
        let error = #expect(throws: WebSocketFailure.self) {
            try channel.writeInbound(ByteBuffer(bytes: [0x82, 1, 1]))
        }
        #expect(error?.reason == .wrongMasking)
    }

    @Test("control frames are short and whole", arguments: [[0x89, 126, 0, 200], [0x09, 1, 1]] as [[UInt8]])
    func control(bytes: [UInt8]) throws {
        let channel = try Self.channel()
        let error = #expect(throws: WebSocketFailure.self) { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
        guard case .malformedFrame = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("the peer's close frame is answered, and the connection ended")
    func closedByPeer() throws {
        let channel = try Self.channel(isClient: false)
        try channel.writeInbound(ByteBuffer(bytes: [0x88, 0x82, 0, 0, 0, 0, 3, 232]))
        #expect(try Self.sent(channel) == [0x88, 2, 3, 232])
        #expect(!channel.isActive)
    }

    @Test("the peer's close for a reason is an error")
    func closedForReason() throws {
        let channel = try Self.channel()
        let error = #expect(throws: WebSocketFailure.self) {
            try channel.writeInbound(ByteBuffer(bytes: [0x88, 4, 3, 234, 104, 105]))
        }
        #expect(error?.reason == .closedByPeer(code: 1002, reason: "hi"))
    }

    @Test("closing sends a close frame, waits for the peer's, and not for ever")
    func closing() throws {
        for answers in [true, false] {
            let channel = try Self.channel(isClient: false)
            let closed = channel.close()
            #expect(try Self.sent(channel) == [0x88, 2, 3, 232])
            #expect(channel.isActive)
            if answers {
                try channel.writeInbound(ByteBuffer(bytes: [0x88, 0x82, 0, 0, 0, 0, 3, 232]))
            } else {
                channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            }
            try closed.wait()
            #expect(!channel.isActive)
        }
    }
}
