import NIOCore
import NIOSSL
import NIOTLS

/// Adds TLS to a client's channel, which should be connected or about to be.
///
/// - Parameters:
///   - context: what ``TLSSettings/makeClientContext()`` made of the same settings.
///   - host: the host of the endpoint: a name, which is sent to the server (SNI), or an address, which isn't.
/// - Returns: what is known of the server once the handshake is complete; fails with ``TLSFailure``.
func addTLSClient(
    to channel: any Channel,
    settings: TLSSettings,
    context: NIOSSLContext,
    host: String,
    port: Int
) -> EventLoopFuture<TLSPeerInfo> {
    if channel.eventLoop.inEventLoop,
        let prepared = try? channel.pipeline.syncOperations.handler(type: TLSHandshakeHandler.self)
    {
        return prepared.outcome
    }
    // "Literal IPv4 and IPv6 addresses are not permitted in 'HostName'" (RFC 6066, section 3).
    let isAddress = host.utf8.contains(UInt8(ascii: ":")) || (try? SocketAddress(ipAddress: host, port: 0)) != nil
    let name = isAddress || host.isEmpty ? nil : host
    return addTLS(to: channel, host: host, requiredName: settings.checksHostname ? name : nil) {
        let verifier = TLSVerifier(trust: settings.trust, host: host, port: port)
        do {
            if let verifier {
                let handler = try NIOSSLClientHandler(
                    context: context,
                    serverHostname: name,
                    customVerificationCallback: { verifier.verify($0, promise: $1) }
                )
                return (handler, verifier)
            }
            return (try NIOSSLClientHandler(context: context, serverHostname: name), nil)
        } catch {
            throw TLSFailure(.invalidHost(host), cause: error)
        }
    }
}

/// Does beforehand what ``addTLSClient(to:settings:context:host:port:)`` does, on a channel that is not connected yet:
/// the handshake begins once it is. On the channel's event loop.
///
/// NIOSSL's buffers stay as long as the connection, 48 KiB of which an idle one has used a page or two. In memory that
/// an earlier handshake has just given back all their pages would be resident: it is kept from them, and is there for
/// this handshake.
func prepareTLSClient(
    on channel: any Channel,
    settings: TLSSettings,
    context: NIOSSLContext,
    host: String,
    port: Int
) {
    let used = [16, 32].map { channel.allocator.buffer(capacity: $0 << 10) }
    withExtendedLifetime(used) {
        _ = addTLSClient(to: channel, settings: settings, context: context, host: host, port: port)
    }
}

/// Adds TLS to a connection that a server accepted.
///
/// - Parameter context: what ``TLSSettings/makeServerContext()`` made.
/// - Returns: what is known of the client once the handshake is complete; fails with ``TLSFailure``.
func addTLSServer(to channel: any Channel, context: NIOSSLContext) -> EventLoopFuture<TLSPeerInfo> {
    addTLS(to: channel, host: "", requiredName: nil) { (NIOSSLServerHandler(context: context), nil) }
}

private func addTLS(
    to channel: any Channel,
    host: String,
    requiredName: String?,
    make: @escaping @Sendable () throws -> (NIOSSLHandler, TLSVerifier?)
) -> EventLoopFuture<TLSPeerInfo> {
    let promise = channel.eventLoop.makePromise(of: TLSPeerInfo.self)
    @Sendable func add() {
        do {
            let (handler, verifier) = try make()
            let observer = TLSHandshakeHandler(
                handler,
                verifier: verifier,
                host: host,
                requiredName: requiredName,
                promise: promise
            )
            try channel.pipeline.syncOperations.addHandlers(handler, observer)
        } catch {
            promise.fail(error)
        }
    }
    // At once where possible, so that nothing can be read before.
    if channel.eventLoop.inEventLoop { add() } else { channel.eventLoop.execute(add) }
    return promise.futureResult
}

/// Stands behind NIOSSL's handler, says how the handshake ended, and puts TLS's later errors into this module's words.
final class TLSHandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handler: NIOSSLHandler
    private let verifier: TLSVerifier?
    private let host: String
    /// The name that the certificate must bear.
    private let requiredName: String?
    private var promise: EventLoopPromise<TLSPeerInfo>?
    let outcome: EventLoopFuture<TLSPeerInfo>

    init(
        _ handler: NIOSSLHandler,
        verifier: TLSVerifier?,
        host: String,
        requiredName: String?,
        promise: EventLoopPromise<TLSPeerInfo>
    ) {
        self.handler = handler
        self.requiredName = requiredName
        self.verifier = verifier
        self.host = host
        self.promise = promise
        self.outcome = promise.futureResult
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent, let promise else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        self.promise = nil
        do {
            if let requiredName, let leaf = handler.peerCertificate, !leaf.hasName(requiredName) {
                let fingerprint = CertificateFingerprint(ofCertificate: try leaf.toDERBytes())
                throw TLSFailure(.hostnameMismatch(host: requiredName), peerFingerprint: fingerprint)
            }
            try verifier?.complete()
            guard let version = handler.tlsVersion.flatMap(TLSProtocolVersion.init) else {
                throw TLSFailure(.protocolVersion)
            }
            let certificate = try? handler.peerCertificate?.toDERBytes()
            let fingerprint = certificate.map(CertificateFingerprint.init(ofCertificate:))
            promise.succeed(TLSPeerInfo(version: version, fingerprint: fingerprint, certificate: certificate))
        } catch {
            promise.fail(error)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isClient = handler is NIOSSLClientHandler
        guard promise != nil else {
            // In TLS 1.3 a client's handshake is complete before the server has looked at the client's certificate.
            guard let late = error as? BoringSSLError else {
                context.fireErrorCaught(error)
                return
            }
            let reported = NIOSSLError.handshakeFailed(late)
            let now = secondsSince1970()
            context.fireErrorCaught(
                TLSFailure(reported, host: host, certificate: handler.peerCertificate, isClient: isClient, now: now)
            )
            return
        }
        if let reason = verifier?.failure {
            let certificate = handler.peerCertificate.flatMap { try? $0.toDERBytes() }
            let fingerprint = certificate.map(CertificateFingerprint.init(ofCertificate:))
            fail(TLSFailure(reason, peerFingerprint: fingerprint, cause: error))
        } else {
            let certificate = handler.peerCertificate
            let now = secondsSince1970()
            fail(TLSFailure(error, host: host, certificate: certificate, isClient: isClient, now: now))
        }
        // NIOSSL closes the channel after a failed handshake, but not after other errors.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(TLSFailure(.closed))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { fail(TLSFailure(.closed)) }

    private func fail(_ failure: TLSFailure) {
        guard let promise else { return }
        self.promise = nil
        promise.fail(failure)
    }
}
