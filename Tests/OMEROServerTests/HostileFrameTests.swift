import Foundation
import Ice
import OMEROServer
import Testing

@Suite("Hostile input: frames and connections", .serialized)
struct HostileFrameTests {
    struct Case: Sendable {
        let name: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }
    }

    static let fatal: [Case] = [
        Case("HTTP", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
        Case("wrong magic", Frame.header(kind: 0, size: 14, magic: "IceX")),
        Case("protocol version 2", Frame.header(kind: 0, size: 14, version: 2)),
        Case("message type 9", Frame.header(kind: 9, size: 14)),
        Case("compression status 7", Frame.header(kind: 0, size: 14, compression: 7)),
        Case("size 5", Frame.header(kind: 0, size: 5)),
        Case("size -1", Frame.header(kind: 0, size: -1)),
        Case("size of 2 GB", Frame.header(kind: 0, size: .max)),
        Case("one byte over the limit", Frame.header(kind: 0, size: 250_000 * 1024 + 1)),
        Case("request cut short", Frame.message(kind: 0, Frame.int(1) + [6, 1, 2])),
        Case("string longer than its message", Frame.message(kind: 0, Frame.int(1) + [255] + Frame.int(.max))),
        Case("batch of 2^31-1 requests", Frame.message(kind: 1, Frame.int(.max))),
        Case("batch of -1 requests", Frame.message(kind: 1, Frame.int(-1))),
        Case(
            "compressed rubbish",
            Frame.message(kind: 0, compression: 2, Frame.int(1000) + Array("BZh9 this is not bzip2".utf8))),
        Case("compressed, said to be 2 GB", Frame.message(kind: 0, compression: 2, Frame.int(.max) + [1, 2, 3])),
    ]

    @Test("a connection that speaks rubbish is closed and the others are answered")
    func fatalFrames() async throws {
        try await withServer { server, ice in
            let other = try await TestClient(ice, server)
            for input in Self.fatal {
                let peer = try await RawPeer(port: server.tcpPort ?? 0)
                peer.send(input.bytes)
                try await expectEventually(input.name, within: .seconds(5)) { !peer.isOpen }
                let isAnswered = try await other.isAnswered()
                #expect(isAnswered, "\(input.name)")
            }
            expectEqual(server.sessionCount, 1)
            try await other.logOut()
        }
    }

    static let wrongArguments: [Case] = [
        Case("encapsulation longer than the message", Frame.int(1000) + [1, 1]),
        Case("encapsulation of size 3", Frame.int(3) + [1, 1]),
        Case("encapsulation of size -5", Frame.int(-5) + [1, 1]),
        Case("encoding 9.9", Frame.int(6) + [9, 9]),
        Case("no arguments", Frame.int(6) + [1, 1]),
        Case("a string of 2 GB", Frame.int(11) + [1, 1, 255] + Frame.int(.max).dropLast()),
        Case("text that is not UTF-8", Frame.int(12) + [1, 1, 2, 0xFF, 0xFE, 2, 0xC3, 0x28].prefix(8)),
    ]

    @Test("a log-in with broken arguments is answered with an exception or the connection's end")
    func brokenArguments() async throws {
        try await withServer { server, ice in
            let other = try await TestClient(ice, server)
            for input in Self.wrongArguments {
                let peer = try await RawPeer(port: server.tcpPort ?? 0)
                peer.send(Frame.request(operation: "createSession", encapsulation: input.bytes))
                // Either a reply after the greeting, which says an exception (status 1…7), or the end.
                try await expectEventually(input.name, within: .seconds(5)) {
                    !peer.isOpen || peer.bytes.count > Frame.validation.count + 18
                }
                let reply = peer.bytes.dropFirst(Frame.validation.count)
                if reply.count > 18 { #expect(reply[reply.startIndex + 18] != 0, "\(input.name)") }
                let isAnswered = try await other.isAnswered()
                #expect(isAnswered, "\(input.name)")
                peer.close()
            }
            expectEqual(server.sessionCount, 1)
            try await other.logOut()
        }
    }

    @Test("announced sizes cost no memory: 100 connections that promise 240 MB each")
    func promisedSizes() async throws {
        try await withServer { server, ice in
            let other = try await TestClient(ice, server)
            let before = residentMemory()
            var peers: [RawPeer] = []
            for _ in 0..<100 {
                let peer = try await RawPeer(port: server.tcpPort ?? 0)
                peer.send(Frame.header(kind: 0, size: 240 << 20) + [UInt8](repeating: 1, count: 1000))
                peers.append(peer)
            }
            let isAnswered = try await other.isAnswered()
            #expect(isAnswered)
            #expect(residentMemory() - before < 200 << 20)
            for peer in peers { peer.close() }
            try await other.logOut()
        }
    }

    @Test("a flood of connections that never finish the handshake holds nobody up, and is closed")
    func unfinishedHandshakes() async throws {
        try await withServer { server, ice in
            var peers: [RawPeer] = []
            for number in 0..<300 {
                let peer = try await RawPeer(port: server.sslPort ?? 0)
                // The beginning of a ClientHello, or nothing.
                if number % 2 == 0 { peer.send([0x16, 3, 1, 2, 0, 1, 0]) }
                peers.append(peer)
            }
            var plain: [RawPeer] = []
            for number in 0..<300 {
                let peer = try await RawPeer(port: server.tcpPort ?? 0)
                if number % 2 == 0 { peer.send(Array("IceP".utf8)) }
                plain.append(peer)
            }
            for secure in [true, false] {
                let client = try await TestClient(ice, server, secure: secure)
                let isAnswered = try await client.isAnswered()
                #expect(isAnswered)
                try await client.logOut()
            }
            try await expectEventually(within: .seconds(40)) { peers.allSatisfy { !$0.isOpen } }
            for peer in plain { peer.close() }
        }
    }

    @Test("rubbish in place of TLS ends the connection")
    func rubbishInPlaceOfTLS() async throws {
        try await withServer { server, ice in
            let peer = try await RawPeer(port: server.sslPort ?? 0)
            peer.send(Frame.validation)
            try await expectEventually { !peer.isOpen }
            let client = try await TestClient(ice, server, secure: true)
            let isAnswered = try await client.isAnswered()
            #expect(isAnswered)
            try await client.logOut()
        }
    }
}

/// Of this process, in bytes; 0 where the system doesn't say.
func residentMemory() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let words = text.split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
}
