@testable import Ice
import Foundation
import InteropProcess
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
        let process = try ForeignProcess(
            try #require(foreignPeers) + "/server",
            ["--endpoints", "\(name) -h 127.0.0.1 -p 0", "--certs", Self.certificates, "--verify-peer", "1"])
        defer { process.stop() }
        let text = try await process.line("READY")
        let reference = try ProxyReference(parsing: text)
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
