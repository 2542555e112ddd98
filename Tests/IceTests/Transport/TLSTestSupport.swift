@testable import Ice
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// What tests of TLS share: certificates, and connections over loopback.
enum TLSTest {
    static let group = MultiThreadedEventLoopGroup.singleton

    static func file(_ name: String) -> TLSSource {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Data")
        return .file(folder.appending(path: name).path(percentEncoded: false))
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        guard case .file(let path) = file(name) else { return [] }
        return Array(try Data(contentsOf: URL(filePath: path)))
    }

    static func identity(_ name: String) -> TLSIdentity { .pem(chain: file("\(name).pem"), key: file("\(name).key")) }

    static func fingerprint(_ name: String) throws -> CertificateFingerprint {
        CertificateFingerprint(ofCertificate: try NIOSSLCertificate.fromPEMBytes(bytes("\(name).pem"))[0].toDERBytes())
    }

    /// How both sides' handshakes ended.
    struct Outcome: Sendable {
        var client: Result<TLSPeerInfo, any Error>
        var server: Result<TLSPeerInfo, any Error>
        /// What reached the client's handlers after the handshake: an answer to a byte, or an error.
        var afterwards: Result<ByteBuffer, any Error>?

        var clientFailure: TLSFailure.Reason? {
            if case .failure(let error as TLSFailure) = client { return error.reason }
            return nil
        }
    }

    /// Connects to a server with these settings; `talk` sends a byte and waits for its echo.
    static func connect(
        client: TLSSettings,
        server: TLSSettings,
        host: String = "127.0.0.1",
        talk: Bool = false
    ) async throws -> Outcome {
        let serverContext = try server.makeServerContext()
        let clientContext = try client.makeClientContext()
        let accepted = group.next().makePromise(of: TLSPeerInfo.self)
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                addTLSServer(to: channel, context: serverContext).cascade(to: accepted)
                return channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let done = group.next().makePromise(of: TLSPeerInfo.self)
        let answer = group.next().makePromise(of: ByteBuffer.self)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                addTLSClient(to: channel, settings: client, context: clientContext, host: host, port: port).cascade(
                    to: done)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FirstRead(promise: answer))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        var outcome = Outcome(client: await done.futureResult.result, server: .failure(CancellationError()))
        if talk {
            channel.writeAndFlush(ByteBuffer(bytes: [42]), promise: nil)
            outcome.afterwards = await answer.futureResult.result
        }
        if case .failure = outcome.client {
            // A server that never saw this client would wait for ever, and the test with it.
            _ = group.next().scheduleTask(in: .seconds(20)) { accepted.fail(ChannelError.eof) }
        }
        outcome.server = await accepted.futureResult.result
        try? await channel.close()
        try await listener.close()
        answer.fail(ChannelError.eof)
        return outcome
    }

    /// Connects to a server that answers a client's first bytes with these, and then closes.
    static func connect(toServerSaying bytes: [UInt8]) async throws -> TLSFailure.Reason? {
        let settings = TLSSettings(trust: .roots([file("ca.pem")]))
        let context = try settings.makeClientContext()
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Rude(bytes: bytes))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let done = group.next().makePromise(of: TLSPeerInfo.self)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                addTLSClient(to: channel, settings: settings, context: context, host: "localhost", port: port).cascade(
                    to: done)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .connect(host: "127.0.0.1", port: port).get()
        let result = await done.futureResult.result
        try? await channel.close()
        try await listener.close()
        if case .failure(let error as TLSFailure) = result { return error.reason }
        return nil
    }
}

/// Sends back what it reads.
final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Answers whatever comes with the same bytes, and closes.
final class Rude: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        context.close(promise: nil)
    }
}

/// Keeps the first bytes, or the first error.
final class FirstRead: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<ByteBuffer>

    init(promise: EventLoopPromise<ByteBuffer>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { promise.succeed(unwrapInboundIn(data)) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }
}

extension EventLoopFuture where Value: Sendable {
    /// Waits for either end.
    var result: Result<Value, any Error> {
        get async {
            do { return .success(try await get()) } catch { return .failure(error) }
        }
    }
}
