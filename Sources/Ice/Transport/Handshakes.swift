import IceEncoding
import NIOCore
import NIOSSL
import Synchronization

/// What happens on a client's connection before Ice speaks: the way through a proxy, TLS, then the WebSocket upgrade, as
/// the configuration and the endpoint say.
struct ClientHandshakes: Sendable {
    let endpoint: Endpoint
    let communicator: Communicator
    /// Which step is under way, for the error of a time-out.
    typealias Progress = NIOLoopBoundBox<IceError.Phase>

    private var host: String { endpoint.address?.host ?? "" }
    private var port: Int { Int(endpoint.address?.port ?? 0) }

    /// Makes TLS ready on a channel that is not connected yet, where it comes first. What goes wrong here goes wrong
    /// again, and is told, in ``run(on:_:)``.
    func prepare(_ channel: any Channel) {
        guard endpoint.isSecure, communicator.configuration.proxy == nil,
            let settings = communicator.configuration.tls,
            let context = try? communicator.tls.clientContext(settings)
        else { return }
        prepareTLSClient(on: channel, settings: settings, context: context, host: host, port: port)
    }

    /// On the channel's event loop.
    func run(on channel: any Channel, _ progress: Progress) -> EventLoopFuture<TLSPeerInfo?> {
        guard let proxy = communicator.configuration.proxy else { return runDirectly(on: channel, progress) }
        let next = progress.value
        progress.value = .proxy
        return addProxy(proxy, to: channel, host: host, port: port)
            .flatMapErrorThrowing {
                throw IceError(
                    .proxyFailure, "the proxy \(proxy) made no connection: \($0)", phase: .proxy, cause: $0)
            }
            .flatMap {
                progress.value = next
                return runDirectly(on: channel, progress)
            }
    }

    private func runDirectly(on channel: any Channel, _ progress: Progress) -> EventLoopFuture<TLSPeerInfo?> {
        let secured: EventLoopFuture<TLSPeerInfo?>
        if endpoint.isSecure {
            secured = tls(on: channel)
        } else {
            secured = channel.eventLoop.makeSucceededFuture(nil)
        }
        guard let resource = endpoint.resource else { return secured }
        return secured.flatMap { info in
            progress.value = .webSocket
            return addWebSocketClient(
                to: channel,
                host: host,
                port: port,
                resource: resource,
                maxFrame: communicator.configuration.messageSizeMax
            )
            .flatMapErrorThrowing { throw IceError(.webSocketFailure, "\($0)", phase: .webSocket, cause: $0) }
            .map { info }
        }
    }

    private func tls(on channel: any Channel) -> EventLoopFuture<TLSPeerInfo?> {
        do {
            guard let settings = communicator.configuration.tls else {
                throw IceError(.tlsFailure, "the communicator is not configured for TLS", phase: .tls)
            }
            let context = try communicator.tls.clientContext(settings)
            return addTLSClient(to: channel, settings: settings, context: context, host: host, port: port)
                .map(Optional.some)
                .flatMapErrorThrowing { throw IceError.tls($0) }
        } catch {
            return channel.eventLoop.makeFailedFuture(IceError.tls(error))
        }
    }
}

/// The same for a server's accepted connections.
struct ServerHandshakes: Sendable {
    private let context: NIOSSLContext?
    private let isWebSocket: Bool
    private let maxFrame: Int

    /// - Throws: `IceError` when there is no certificate for a secure endpoint, or none that can be read.
    init(endpoint: Endpoint, adapter: ObjectAdapter) throws {
        isWebSocket = endpoint.resource != nil
        maxFrame = adapter.messageSizeMax
        guard endpoint.isSecure else {
            context = nil
            return
        }
        guard let settings = adapter.configuration.tls ?? adapter.communicator.configuration.tls else {
            throw IceError(
                .tlsFailure,
                "a secure endpoint needs a certificate, and TLS is not configured",
                endpoint: endpoint.description,
                phase: .listen
            )
        }
        do {
            context = try settings.makeServerContext()
        } catch {
            throw IceError(
                .tlsFailure,
                error.description,
                endpoint: endpoint.description,
                phase: .listen,
                cause: error
            )
        }
    }

    /// Whether Ice begins at once.
    var areNone: Bool { context == nil && !isWebSocket }

    /// On the channel's event loop.
    func run(on channel: any Channel) -> EventLoopFuture<TLSPeerInfo?> {
        let secured: EventLoopFuture<TLSPeerInfo?> =
            context.map { addTLSServer(to: channel, context: $0).map(Optional.some) }
            ?? channel.eventLoop.makeSucceededFuture(nil)
        guard isWebSocket else { return secured }
        return secured.flatMap { info in
            addWebSocketServer(to: channel, maxFrame: maxFrame).map { info }
        }
    }
}

/// The TLS context of a communicator's outgoing connections: reading certificates takes milliseconds, so it is made
/// once.
final class TLSContextCache: Sendable {
    /// A context for which nothing is read from anywhere depends on these alone, and is the same for all communicators.
    private struct Plain: Hashable {
        var checksHostname: Bool
        var minimum: TLSProtocolVersion
        var maximum: TLSProtocolVersion?
    }
    private static let plain = Mutex<[Plain: NIOSSLContext]>([:])
    private let client = Mutex<NIOSSLContext?>(nil)

    func clientContext(_ settings: TLSSettings) throws(TLSFailure) -> NIOSSLContext {
        if let context = client.withLock({ $0 }) { return context }
        let context = try Self.context(settings)
        client.withLock { $0 = context }
        return context
    }

    private static func context(_ settings: TLSSettings) throws(TLSFailure) -> NIOSSLContext {
        guard settings.identity == nil, settings.trust.isDecidedByFingerprint else {
            return try settings.makeClientContext()
        }
        let key = Plain(
            checksHostname: settings.checksHostname, minimum: settings.minimumVersion, maximum: settings.maximumVersion)
        if let context = plain.withLock({ $0[key] }) { return context }
        let context = try settings.makeClientContext()
        plain.withLock { $0[key] = context }
        return context
    }
}

extension TLSTrust {
    /// Whether no authority is asked: the verifier of each connection decides (see `TLSVerifier`).
    fileprivate var isDecidedByFingerprint: Bool {
        switch self {
        case .pinned, .trustOnFirstUse, .none: true
        case .systemRoots, .roots: false
        }
    }
}

extension Endpoint {
    /// The HTTP resource of a WebSocket endpoint; nil for others.
    var resource: String? {
        switch self {
        case .ws(_, let resource), .wss(_, let resource): resource
        case .tcp, .ssl, .udp, .opaque: nil
        }
    }
}

extension IceError {
    /// A failure of TLS, with the check that failed in the message.
    static func tls(_ error: any Error) -> IceError {
        if let error = error as? IceError { return error }
        return IceError(.tlsFailure, "\(error)", phase: .tls, cause: error)
    }
}
