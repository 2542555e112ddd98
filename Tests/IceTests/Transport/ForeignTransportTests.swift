@testable import Ice
import Foundation
import NIOCore
import NIOPosix
import Testing

private let foreignPeers = ProcessInfo.processInfo.environment["SWIFT_OMERO_PEERS"]

/// Our transports against real Ice 3.7, where `eval "$(scripts/peers)"` has made it available.
@Suite("TLS and WebSocket with real Ice", .enabled(if: foreignPeers != nil))
struct ForeignTransportTests {
    static let certificates = ProcessInfo.processInfo.environment["SWIFT_OMERO_CERTS"] ?? ""

    /// "The header of ValidateConnection": what an Ice server says first.
    static let validateConnection: [UInt8] = [0x49, 0x63, 0x65, 0x50, 1, 0, 1, 0, 3, 0, 14, 0, 0, 0]

    @Test("its server says ValidateConnection through our client handlers", arguments: ["tcp", "ssl", "ws", "wss"])
    func server(name: String) async throws {
        let process = Process()
        process.executableURL = URL(filePath: try #require(foreignPeers)).appending(path: "server")
        process.arguments = [
            "--endpoints", "\(name) -h 127.0.0.1 -p 0", "--certs", Self.certificates, "--verify-peer", "1",
        ]
        let (output, input) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        defer {
            // It ends when its input does.
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let text = try #require(line.split(separator: "\n").first { $0.hasPrefix("READY ") }).dropFirst(6)
        let reference = try ProxyReference(parsing: String(text))
        let endpoint = try #require(reference.endpoints.first)
        #expect(endpoint.description.hasPrefix(name))
        #expect(try await Self.firstBytes(from: endpoint) == Self.validateConnection)
    }

    static func firstBytes(from endpoint: Endpoint) async throws -> [UInt8] {
        let group = MultiThreadedEventLoopGroup.singleton
        let address = try #require(endpoint.address)
        let settings = TLSSettings(trust: .roots([.file("\(certificates)/ca.pem")]))
        let context = try endpoint.isSecure ? settings.makeClientContext() : nil
        let port = Int(address.port)
        let answer = group.next().makePromise(of: ByteBuffer.self)
        let channel = try await ClientBootstrap(group: group).connect(host: address.host, port: port).flatMap {
            channel in
            let secured: EventLoopFuture<Void>
            if let context {
                secured = addTLSClient(
                    to: channel, settings: settings, context: context, host: address.host, port: port
                )
                .map { #expect($0.fingerprint != nil) }
            } else {
                secured = channel.eventLoop.makeSucceededVoidFuture()
            }
            let upgraded: EventLoopFuture<Void>
            switch endpoint {
            case .ws(_, let resource), .wss(_, let resource):
                upgraded = secured.flatMap {
                    addWebSocketClient(
                        to: channel, host: address.host, port: port, resource: resource, maxFrame: 1 << 20)
                }
            default: upgraded = secured
            }
            return upgraded.flatMapThrowing {
                try channel.pipeline.syncOperations.addHandler(FirstRead(promise: answer))
                return channel
            }
        }.get()
        let first = await answer.futureResult.result
        // Ice ends a WebSocket that is closed without its CloseConnection; either way the channel does close.
        try? await channel.close()
        return Array(try first.get().readableBytesView)
    }
}
