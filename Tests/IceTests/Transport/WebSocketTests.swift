@testable import Ice
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOWebSocket
import Testing

/// How a future has ended; waiting for one of a loop that nobody runs would be for ever.
func ended(_ future: EventLoopFuture<Void>, _ channel: EmbeddedChannel) throws {
    channel.embeddedEventLoop.run()
    var result: Result<Void, any Error> = .failure(StillRunning())
    future.assumeIsolated().whenComplete { result = $0 }
    try result.get()
}

struct StillRunning: Error {}

/// A client's and a server's channel whose bytes go to each other.
struct WebSocketPair {
    let client = EmbeddedChannel()
    let server = EmbeddedChannel()
    let clientUpgrade: EventLoopFuture<Void>
    let serverUpgrade: EventLoopFuture<Void>

    init(maxFrame: Int = 1 << 20, resource: String = "/") throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 4065)
        serverUpgrade = addWebSocketServer(to: server, maxFrame: maxFrame)
        try server.connect(to: address).wait()
        clientUpgrade = addWebSocketClient(
            to: client,
            host: "localhost",
            port: 4065,
            resource: resource,
            maxFrame: maxFrame
        )
        try client.connect(to: address).wait()
    }

    /// Carries bytes over, `size` at a time, until nothing moves.
    func pump(size: Int = .max) throws {
        var moved = true
        while moved {
            moved = false
            for (from, to) in [(client, server), (server, client)] {
                // NIO removes its HTTP handlers in a task of the event loop.
                from.embeddedEventLoop.run()
                while var bytes = try from.readOutbound(as: ByteBuffer.self) {
                    moved = true
                    while let part = bytes.readSlice(length: min(size, bytes.readableBytes)), part.readableBytes > 0 {
                        if to.isActive { try to.writeInbound(part) }
                    }
                }
            }
        }
    }

    /// Everything that a side's handlers got, joined.
    static func received(_ channel: EmbeddedChannel) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readInbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }
}

@Suite("WebSocket")
struct WebSocketTests {
    static let request =
        "GET /r HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ice.zeroc.com\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    @Test("client and server upgrade, and bytes go both ways, however they are cut", arguments: [1, 3, 1000, .max])
    func bothWays(size: Int) throws {
        let pair = try WebSocketPair()
        try pair.pump(size: size)
        try ended(pair.clientUpgrade, pair.client)
        try ended(pair.serverUpgrade, pair.server)
        let messages = (size < 1000 ? [1, 125, 126, 1000] : [1, 125, 126, 65535, 65536, 200_000]).map {
            ByteBuffer(repeating: UInt8(truncatingIfNeeded: $0), count: $0)
        }
        for message in messages {
            try pair.client.writeOutbound(message)
            try pair.server.writeOutbound(message)
        }
        try pair.pump(size: size)
        let expected = messages.flatMap { Array($0.readableBytesView) }
        #expect(try WebSocketPair.received(pair.server) == expected)
        #expect(try WebSocketPair.received(pair.client) == expected)
    }

    @Test("a client asks as Ice does")
    func request() throws {
        let channel = EmbeddedChannel()
        _ = addWebSocketClient(to: channel, host: "::1", port: 4065, resource: "", maxFrame: 1000)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let text = String(buffer: try #require(try channel.readOutbound(as: ByteBuffer.self)))
        #expect(text.hasPrefix("GET / HTTP/1.1\r\nHost: [::1]:4065\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"))
        #expect(
            text.contains("Sec-WebSocket-Protocol: ice.zeroc.com\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "))
        #expect(text.hasSuffix("==\r\n\r\n"))
    }

    @Test("the answer to a key is the one of RFC 6455")
    func acceptance() {
        #expect(WebSocketHandshake.acceptance(of: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(WebSocketHandshake.key() != WebSocketHandshake.key())
    }

    @Test(
        "hosts and resources can't put lines into a request",
        arguments: [("h\r\nX: y", "/"), ("h", "/ x"), ("", "/"), ("h", "/é")])
    func injection(host: String, resource: String) throws {
        let channel = EmbeddedChannel()
        let upgrade = addWebSocketClient(to: channel, host: host, port: 1, resource: resource, maxFrame: 1000)
        #expect(Self.failure(upgrade, channel) == .invalidTarget)
    }

    static func failure(_ future: EventLoopFuture<Void>, _ channel: EmbeddedChannel) -> WebSocketFailure.Reason? {
        do {
            try ended(future, channel)
            return nil
        } catch {
            return (error as? WebSocketFailure)?.reason
        }
    }

    // MARK: Servers that refuse

    @Test(
        "a client says why a server's answer won't do",
        arguments: [
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc",
                WebSocketFailure.Reason.status(404, "Not Found")
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .status(200, "OK")),
            ("HTTP/1.0 101 Switching Protocols\r\n\r\n", .notHTTP),
            ("HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n", .missingHeader("Upgrade")),
            ("HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", .invalidHeader("Upgrade", value: "h2c")),
            (
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n",
                .invalidHeader("Connection", value: "close")
            ),
            (
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                .missingHeader("Sec-WebSocket-Accept")
            ),
            (
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
                .wrongProtocol("chat")
            ),
            (
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: abc\r\n\r\n",
                .invalidHeader("Sec-WebSocket-Accept", value: "abc")
            ),
            ("IceP\u{1}\u{0}\u{1}\u{0}\u{3}\u{0}\u{e}\u{0}\u{0}\u{0}", .notHTTP),
            ("HTTP/1.1 101 X\r\nX: \(String(repeating: "a", count: 200_000))\r\n\r\n", .headersTooLarge),
            ("", .closed),
        ])
    func refusals(response: String, reason: WebSocketFailure.Reason) throws {
        let channel = EmbeddedChannel()
        let upgrade = addWebSocketClient(to: channel, host: "h", port: 1, resource: "/", maxFrame: 1000)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        if response.isEmpty {
            try channel.close().wait()
        } else {
            _ = try? channel.writeInbound(ByteBuffer(string: response))
        }
        #expect(Self.failure(upgrade, channel) == reason)
        #expect(!channel.isActive)
    }

    @Test("what follows the server's answer at once reaches the handlers that the upgrade's callback adds")
    func leftOver() throws {
        let channel = EmbeddedChannel()
        let upgrade = addWebSocketClient(to: channel, host: "h", port: 1, resource: "/", maxFrame: 1000)
        upgrade.assumeIsolated().whenSuccess { try? channel.pipeline.syncOperations.addHandler(Doubler()) }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let request = String(buffer: try #require(try channel.readOutbound(as: ByteBuffer.self)))
        let key = try #require(request.split(separator: "Sec-WebSocket-Key: ").last?.split(separator: "\r\n").first)
        var response = ByteBuffer(
            string: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n"
                + "Sec-WebSocket-Accept: \(WebSocketHandshake.acceptance(of: String(key)))\r\n\r\n"
        )
        // Two frames and the beginning of a third.
        response.writeBytes([0x82, 2, 1, 2, 0x02, 1, 3, 0x80])
        try channel.writeInbound(response)
        try ended(upgrade, channel)
        try channel.writeInbound(ByteBuffer(bytes: [1, 4]))
        #expect(try WebSocketPair.received(channel) == [1, 1, 2, 2, 3, 3, 4, 4])
    }

    // MARK: Clients that are refused

    @Test(
        "a server says why a client's request won't do, to both sides",
        arguments: [
            ("POST / HTTP/1.1", "GET /r HTTP/1.1", WebSocketFailure.Reason.method("POST"), "405"),
            ("GET /r HTTP/1.0", "GET /r HTTP/1.1", .notHTTP, "400"),
            ("X: websocket", "Upgrade: websocket", .missingHeader("Upgrade"), "426"),
            ("Upgrade: h2c", "Upgrade: websocket", .invalidHeader("Upgrade", value: "h2c"), "400"),
            ("Version: 12", "Version: 13", .invalidHeader("Sec-WebSocket-Version", value: "12"), "426"),
            ("Protocol: chat, mqtt", "Protocol: ice.zeroc.com", .wrongProtocol("chat, mqtt"), "400"),
            ("Key: AAAA", "Key: dGhlIHNhbXBsZSBub25jZQ==", .invalidHeader("Sec-WebSocket-Key", value: "AAAA"), "400"),
            ("IceP\u{1}", "GET /r HTTP/1.1", .notHTTP, "400"),
        ])
    func refused(new: String, old: String, reason: WebSocketFailure.Reason, status: String) throws {
        let channel = EmbeddedChannel()
        let upgrade = addWebSocketServer(to: channel, maxFrame: 1000)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let parts = Self.request.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        _ = try? channel.writeInbound(ByteBuffer(string: parts.joined(separator: new)))
        #expect(Self.failure(upgrade, channel) == reason)
        let answer = try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        #expect(answer?.hasPrefix("HTTP/1.1 \(status) ") == true)
        #expect(!channel.isActive)
    }

    @Test(
        "a client may name no subprotocol, or several",
        arguments: ["", "Sec-WebSocket-Protocol: chat, ICE.zeroc.com\r\n"])
    func subprotocols(header: String) throws {
        let channel = EmbeddedChannel()
        let upgrade = addWebSocketServer(to: channel, maxFrame: 1000)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let parts = Self.request.split(separator: "Sec-WebSocket-Protocol: ice.zeroc.com\r\n")
        try channel.writeInbound(ByteBuffer(string: parts.joined(separator: header)))
        try ended(upgrade, channel)
        let answer = String(buffer: try #require(try channel.readOutbound(as: ByteBuffer.self)))
        #expect(answer.contains("Sec-WebSocket-Protocol: ice.zeroc.com") == !header.isEmpty)
        #expect(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    }
}

/// Passes on every byte twice.
final class Doubler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data).readableBytesView.flatMap { [$0, $0] }
        context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: bytes)))
    }
}
