@testable import Ice
import Foundation
import InteropProcess
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Through a proxy")
struct ProxyTests {
    // MARK: What is said

    /// Feeds `answers` in pieces of `size` bytes; gives back all that was said, and what is left.
    private func talk(
        _ proxy: NetworkProxy, host: String = "example.org", _ answers: [[UInt8]], size: Int = 1
    ) throws -> (said: [[UInt8]], left: [UInt8], isDone: Bool) {
        var handshake = ProxyHandshake(proxy, host: host, port: 4064)
        var said = [try handshake.greeting()]
        var input: ArraySlice<UInt8> = []
        var waiting = Array(answers.joined())[...]
        while true {
            switch try handshake.next(&input) {
            case .say(let bytes): said.append(bytes)
            case .done: return (said, Array(input + waiting), true)
            case .wait:
                if waiting.isEmpty { return (said, Array(input), false) }
                input += waiting.prefix(size)
                waiting = waiting.dropFirst(size)
            }
        }
    }

    @Test("an HTTP proxy is asked with CONNECT, and what follows its answer is the server's", arguments: [1, 7, 1000])
    func http(size: Int) throws {
        let proxy = NetworkProxy(.http, host: "proxy", user: "ami", password: "se:cret")
        let answer = Array("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nIceP".utf8)
        let talk = try talk(proxy, [answer], size: size)
        let request = String(decoding: talk.said[0], as: UTF8.self)
        #expect(
            request
                == "CONNECT example.org:4064 HTTP/1.1\r\nHost: example.org:4064\r\n"
                + "Proxy-Authorization: Basic YW1pOnNlOmNyZXQ=\r\n\r\n")
        #expect(talk.isDone && talk.left == Array("IceP".utf8))
        #expect(!"\(proxy)".contains("se:cret") && !String(reflecting: proxy).contains("se:cret"))
    }

    @Test(
        "an HTTP proxy that refuses, or is none, is an error that says so",
        arguments: [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", NetworkProxyFailure.authentication),
            ("HTTP/1.0 403 Forbidden\r\nContent-Length: 0\r\n\r\n", .status(403, "Forbidden")),
            ("HTTP/1.1 502\r\n\r\n", .status(502, "")),
            ("IceP\u{1}\u{0}", .malformed), ("HTTP/2 200\r\n\r\n", .malformed),
            ("HTTP/1.1 2xx OK\r\n\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 40_000), .malformed),
        ])
    func httpRefusals(answer: String, failure: NetworkProxyFailure) {
        #expect(throws: failure) { try talk(NetworkProxy(.http, host: "p"), [Array(answer.utf8)], size: 100) }
    }

    @Test("hosts can't put lines into a request", arguments: ["a\r\nX: y", "a b", "", "é"])
    func injection(host: String) {
        #expect(throws: NetworkProxyFailure.invalidTarget) { try talk(NetworkProxy(.http, host: "p"), host: host, []) }
    }

    @Test("a SOCKS proxy is told the host's name, and who asks where it wants to know", arguments: [1, 1000])
    func socks(size: Int) throws {
        let plain = try talk(
            NetworkProxy(.socks5, host: "p"), [[5, 0], [5, 0, 0, 1, 1, 2, 3, 4, 5, 6, 73]], size: size)
        #expect(plain.said == [[5, 1, 0], [5, 1, 0, 3, 11] + Array("example.org".utf8) + [15, 224]])
        #expect(plain.isDone && plain.left == [73])
        let named = try talk(
            NetworkProxy(.socks5, host: "p", user: "ami", password: "pw"), host: "10.0.0.7",
            [[5, 2], [1, 0], [5, 0, 0, 3, 2, 65, 66, 0, 1]], size: size)
        #expect(
            named.said == [
                [5, 2, 0, 2], [1, 3] + Array("ami".utf8) + [2] + Array("pw".utf8), [5, 1, 0, 1, 10, 0, 0, 7, 15, 224],
            ])
        #expect(named.isDone && named.left == [])
        let v6 = try talk(NetworkProxy(.socks5, host: "p"), host: "::1", [[5, 0]], size: size)
        #expect(v6.said[1] == [5, 1, 0, 4] + [UInt8](repeating: 0, count: 15) + [1, 15, 224])
    }

    @Test(
        "a SOCKS proxy that refuses, or is none, is an error that says so",
        arguments: [
            ([4, 0], NetworkProxyFailure.malformed), ([5, 0xFF], .authentication), ([5, 2], .malformed),
            ([5, 0, 5, 5], .socks(5)), ([5, 0, 5, 0, 0, 9, 1], .malformed), ([72, 84], .malformed),
        ] as [([UInt8], NetworkProxyFailure)])
    func socksRefusals(answer: [UInt8], failure: NetworkProxyFailure) {
        #expect(throws: failure) { try talk(NetworkProxy(.socks5, host: "p"), [answer]) }
    }

    // MARK: Through one

    static let doors = NetworkProxy.Kind.allCases.flatMap { kind in ["tcp", "ssl", "ws"].map { (kind, $0) } }

    @Test("calls go through, also where the server's greeting comes with the proxy's answer", arguments: doors)
    func calls(kind: NetworkProxy.Kind, transport: String) async throws {
        var server = CommunicatorConfiguration()
        server.tls = TLSSettings(identity: TLSTest.identity("server"))
        try await ScriptedProxy.with(kind) { [server] proxy in
            var client = CommunicatorConfiguration()
            client.tls = TLSSettings(trust: .roots([TLSTest.file("ca.pem")]))
            client.proxy = NetworkProxy(kind, host: "127.0.0.1", port: proxy.port, user: "ami", password: "pw")
            try await withEchoServer("\(transport) -h 127.0.0.1 -p 0", server: server, client: client) {
                _, adapter, echo, _ in
                try await expectEqual(echo.echo("through"), "through")
                #expect(adapter.connections.count == 1)
            }
            #expect(proxy.connections == 1)
        }
    }

    @Test("a proxy that is not there, or refuses, is named, and it is not the server's fault")
    func refusals() async throws {
        try await withEchoServer { _, _, echo, _ in
            var configuration = CommunicatorConfiguration()
            configuration.retry = .never
            let nobody = try await ScriptedServer.start()
            configuration.proxy = NetworkProxy(.http, host: "127.0.0.1", port: nobody.port)
            await nobody.stop()
            try await withCommunicator(configuration) { client in
                let error = await expectError(.connectionRefused) { try await client.proxy(echo.reference).ping() }
                #expect(error?.message.contains("the proxy 127.0.0.1") == true, "\(String(describing: error))")
            }
            let rude = try await ScriptedServer.start(
                greeting: [], onBytes: { $0.send(Array("HTTP/1.1 403 No\r\n\r\n".utf8)) })
            configuration.proxy = NetworkProxy(.http, host: "127.0.0.1", port: rude.port)
            try await withCommunicator(configuration) { client in
                let error = await expectError(.proxyFailure) { try await client.proxy(echo.reference).ping() }
                #expect(error?.phase == .proxy)
                #expect(error?.message.contains("403 No") == true, "\(String(describing: error))")
                expectEqual(error?.mayHaveBeenDispatched, false)
            }
            await rude.stop()
        }
    }

    /// Programs that others wrote, where this machine has them: `apt-get install tinyproxy microsocks`.
    @Test("calls go through tinyproxy and microsocks", .enabled(if: RealProxy.areInstalled), arguments: doors)
    func realProxies(kind: NetworkProxy.Kind, transport: String) async throws {
        var server = CommunicatorConfiguration()
        server.tls = TLSSettings(identity: TLSTest.identity("server"))
        let proxy = try await RealProxy(kind)
        defer { proxy.stop() }
        var client = CommunicatorConfiguration()
        client.tls = TLSSettings(trust: .roots([TLSTest.file("ca.pem")]))
        client.proxy = proxy.address
        try await withEchoServer("\(transport) -h 127.0.0.1 -p 0", server: server, client: client) { _, _, echo, _ in
            try await expectEqual(echo.echo("through"), "through")
        }
    }
}

/// A proxy in small, for one client at a time. It gives its last answer together with the first bytes of the server,
/// where the server speaks first.
private final class ScriptedProxy: Sendable {
    private let listener: any Channel
    private let count: Counter
    var port: Int { listener.localAddress?.port ?? 0 }
    var connections: Int { count.value }

    final class Counter: Sendable {
        private let state = Mutex(0)
        var value: Int { state.withLock { $0 } }
        func add() { state.withLock { $0 += 1 } }
    }

    private init(_ listener: any Channel, _ count: Counter) {
        self.listener = listener
        self.count = count
    }

    static func with(_ kind: NetworkProxy.Kind, _ body: @Sendable (ScriptedProxy) async throws -> Void) async throws {
        let count = Counter()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { client in
                count.add()
                return client.eventLoop.makeCompletedFuture {
                    try client.pipeline.syncOperations.addHandler(ProxyEnd(kind))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(ScriptedProxy(listener, count))
        } catch {
            try? await listener.close()
            throw error
        }
        try? await listener.close()
    }
}

/// The proxy's side of one connection.
private final class ProxyEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let kind: NetworkProxy.Kind
    private var asked: [UInt8] = []
    private var server: (any Channel)?

    init(_ kind: NetworkProxy.Kind) { self.kind = kind }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let server { return server.writeAndFlush(bytes, promise: nil) }
        asked += bytes.readableBytesView
        // Whatever is said twice is not what this waits for, and the client's time runs out.
        switch kind {
        case .http:
            let text = String(decoding: asked, as: UTF8.self)
            guard text.split(separator: "CONNECT").count == 1, text.hasSuffix("\r\n\r\n"),
                let port = text.split(whereSeparator: { ": ".contains($0) }).dropFirst(2).first
            else { return }
            connect(context, Int(port) ?? 0, Array("HTTP/1.1 200 OK\r\n\r\n".utf8))
        case .socks5:
            // Greeting (4 bytes), user and password (8), request for an IPv4 address (10).
            switch asked.count {
            case 4: context.channel.writeAndFlush(ByteBuffer(bytes: [5, 2]), promise: nil)
            case 12: context.channel.writeAndFlush(ByteBuffer(bytes: [1, 0]), promise: nil)
            case 22: connect(context, Int(asked[20]) << 8 | Int(asked[21]), [5, 0, 0, 1, 127, 0, 0, 1, 0, 80])
            default: break
            }
        }
    }

    private func connect(_ context: ChannelHandlerContext, _ port: Int, _ answer: [UInt8]) {
        let client = context.channel
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(ProxyBack(client, answer))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenSuccess { me.value.server = $0 }
    }

    func channelInactive(context: ChannelHandlerContext) { server?.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// From the server to the client, the proxy's answer first.
private final class ProxyBack: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let client: any Channel
    private var answer: [UInt8]

    init(_ client: any Channel, _ answer: [UInt8]) { (self.client, self.answer) = (client, answer) }

    func channelActive(context: ChannelHandlerContext) {
        // A server that waits for its client first would wait for ever.
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { me.value.pass(ByteBuffer()) }
    }

    private func pass(_ bytes: ByteBuffer) {
        guard !answer.isEmpty || bytes.readableBytes > 0 else { return }
        client.writeAndFlush(ByteBuffer(bytes: answer + Array(bytes.readableBytesView)), promise: nil)
        answer = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { pass(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// tinyproxy or microsocks as a child process.
private struct RealProxy {
    private static let programs: [NetworkProxy.Kind: String] = [
        .http: "/usr/bin/tinyproxy", .socks5: "/usr/bin/microsocks",
    ]
    static let areInstalled = programs.values.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    let address: NetworkProxy
    private let process: ForeignProcess

    init(_ kind: NetworkProxy.Kind) async throws {
        let free = try await ScriptedServer.start()
        let port = free.port
        await free.stop()
        let arguments: [String]
        switch kind {
        case .http:
            let file = FileManager.default.temporaryDirectory.appending(path: "tinyproxy-\(port).conf")
            let text = "Port \(port)\nListen 127.0.0.1\nTimeout 60\nBasicAuth ami pw\nLogLevel Critical\n"
            try text.write(to: file, atomically: true, encoding: .utf8)
            arguments = ["-d", "-c", file.path]
        case .socks5:
            arguments = ["-i", "127.0.0.1", "-p", "\(port)", "-u", "ami", "-P", "pw"]
        }
        address = NetworkProxy(kind, host: "127.0.0.1", port: port, user: "ami", password: "pw")
        process = try ForeignProcess(Self.programs[kind] ?? "", arguments)
        try await expectEventually { [address] in
            let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: address.host, port: address.port).get()
            try? await channel?.close()
            return channel != nil
        }
    }

    func stop() { process.terminate() }
}
