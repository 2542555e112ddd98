import IceEncoding
import Logging
import NIOCore
import NIOPosix

/// Makes one outgoing connection: resolve and connect, TLS, WebSocket, Ice's greeting, each step with a typed error.
struct Connector: Sendable {
    let communicator: Communicator
    let endpoint: Endpoint
    /// What may abort it.
    var attempt = ConnectAttempt()

    func connect() -> EventLoopFuture<Connection> {
        // The loop that asks, if it is one of the group's: what is asked over the connection then needs no hop.
        let loop = communicator.eventLoopGroup.any()
        guard let address = endpoint.address, (1...65535).contains(address.port) else {
            return loop.makeFailedFuture(error(.noEndpoint, "the endpoint can't be connected to", .connect))
        }
        var bootstrap = bootstrap(on: loop)
        if let source = address.sourceAddress {
            do {
                bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0))
            } catch {
                return loop.makeFailedFuture(self.error(.illegalArgument, "\(source) is no local address", .connect))
            }
        }
        bootstrap = bootstrap.channelInitializer { channel in
            attempt.use(channel)
            ClientHandshakes(endpoint: endpoint, communicator: communicator).prepare(channel)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        let proxy = communicator.configuration.proxy
        if let proxy, !(1...65535).contains(proxy.port) {
            return loop.makeFailedFuture(error(.illegalArgument, "the proxy has no port \(proxy.port)", .connect))
        }
        let (host, port) = (proxy?.host ?? address.host, proxy?.port ?? Int(address.port))
        // Who writes an address needs no resolver: it has threads of its own, and races for the best of several addresses.
        let connecting =
            if let literal = try? SocketAddress(ipAddress: host, port: port) {
                bootstrap.connect(to: literal)
            } else {
                bootstrap.connect(host: host, port: port)
            }
        return
            connecting
            .flatMapErrorThrowing { throw connectError($0) }
            .flatMap { channel in
                shakeHands(on: channel)
            }
            .always { result in
                guard let logger = communicator.observer.logger else { return }
                switch result {
                case .success:
                    logger.debug("ice connection made", metadata: [LogKey.endpoint: "\(endpoint)"])
                case .failure(let error):
                    logger.debug(
                        "ice connection failed",
                        metadata: [LogKey.endpoint: "\(endpoint)", LogKey.error: "\(error)"]
                    )
                }
            }
    }

    /// Makes channels that read nothing before ``shakeHands(on:)`` has put the handlers in: a fast peer's greeting would
    /// be lost.
    func bootstrap(on loop: any EventLoop) -> ClientBootstrap {
        ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(max(1, communicator.configuration.timeouts.connect.clampedNanoseconds)))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: ReceiveAllocator())
            .channelOption(.autoRead, value: false)
    }

    /// On the channel's event loop.
    func shakeHands(on channel: any Channel) -> EventLoopFuture<Connection> {
        let loop = channel.eventLoop
        let timeouts = communicator.configuration.timeouts
        let opened = loop.makePromise(of: Connection.self)
        let deadline = loop.instant + timeouts.handshake
        let progress = NIOLoopBoundBox(
            endpoint.isSecure ? IceError.Phase.tls : .webSocket,
            eventLoop: loop
        )
        let timer = loop.assumeIsolated().scheduleTask(in: .nanoseconds(timeouts.handshake.clampedNanoseconds)) {
            opened.fail(
                error(
                    .handshakeTimeout,
                    "the handshake did not finish within \(timeouts.handshake.readable)",
                    progress.value
                )
            )
            channel.close(promise: nil)
        }
        let handshakes = ClientHandshakes(endpoint: endpoint, communicator: communicator)
        let configuration = communicator.configuration
        handshakes.run(on: channel, progress).assumeIsolated().flatMapThrowing { tls in
            timer.cancel()
            let connection = Connection(
                channel: channel,
                communicator: communicator,
                origin: ConnectionOrigin(
                    endpoint: endpoint, messageSizeMax: configuration.messageSizeMax, adapter: nil),
                tls: tls
            )
            // From here on the state machine keeps the time.
            let open = try connection.start(
                .init(
                    role: .client,
                    messageSizeMax: configuration.messageSizeMax,
                    handshakeTimeout: max(.zero, deadline - loop.instant),
                    closeTimeout: timeouts.close,
                    activity: configuration.activity,
                    dispatchLimit: 100,
                    backlogLimit: 1 << 20
                )
            )
            open.map { connection }.cascade(to: opened)
        }.whenFailure { failure in
            timer.cancel()
            opened.fail(located(failure, progress.value))
            channel.close(promise: nil)
        }
        // The first of the handlers is in place by now.
        channel.setOption(.autoRead, value: true).whenFailure { opened.fail(located($0, progress.value)) }
        return opened.futureResult
    }

    private func error(_ code: IceError.Code, _ message: String, _ phase: IceError.Phase) -> IceError {
        IceError(code, message, endpoint: endpoint.description, phase: phase)
    }

    private func located(_ failure: any Error, _ phase: IceError.Phase) -> IceError {
        guard var error = failure as? IceError else {
            let code: IceError.Code = phase == .tls ? .tlsFailure : .connectionLost
            return IceError(code, "\(failure)", endpoint: endpoint.description, phase: phase, cause: failure)
        }
        error.endpoint = error.endpoint ?? endpoint.description
        return error
    }

    /// What the operating system says, in this module's words.
    private func connectError(_ failure: any Error) -> IceError {
        let proxy = communicator.configuration.proxy
        let host = proxy.map { "the proxy \($0.host)" } ?? endpoint.address?.host ?? ""
        let port = proxy?.port ?? Int(endpoint.address?.port ?? 0)
        func made(_ code: IceError.Code, _ text: String, _ phase: IceError.Phase = .connect) -> IceError {
            IceError(code, text, endpoint: endpoint.description, phase: phase, cause: failure)
        }
        switch failure {
        case let error as NIOConnectionError:
            let codes = error.connectionErrors.map { ($0.error as? IOError)?.errnoCode }
            if error.connectionErrors.isEmpty {
                return made(.cannotResolve, "\(proxy == nil ? "the host " : "")\(host) has no address", .resolve)
            }
            if codes.contains(ECONNREFUSED) {
                return made(.connectionRefused, "nobody listens on \(host) port \(port)")
            }
            if codes.contains(where: { $0 == EHOSTUNREACH || $0 == ENETUNREACH }) {
                return made(.unreachable, "no way leads to \(host)")
            }
            if error.connectionErrors.contains(where: { $0.error as? ChannelError == .connectTimeout(.zero) }) {
                return timedOut(host, port, failure)
            }
            let texts = error.connectionErrors.map { "\($0.error)" }.joined(separator: "; ")
            return made(.system, "the connection to \(host) port \(port) failed: \(texts)")
        case ChannelError.connectTimeout:
            return timedOut(host, port, failure)
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return made(.connectionRefused, "nobody listens on \(host) port \(port)")
        case let error as IOError where error.errnoCode == EHOSTUNREACH || error.errnoCode == ENETUNREACH:
            return made(.unreachable, "no way leads to \(host)")
        case is SocketAddressError:
            return made(.cannotResolve, "\(proxy == nil ? "the host " : "")\(host) has no address", .resolve)
        default:
            return made(.system, "the connection to \(host) port \(port) failed: \(failure)")
        }
    }

    private func timedOut(_ host: String, _ port: Int, _ failure: any Error) -> IceError {
        let limit = communicator.configuration.timeouts.connect.readable
        return IceError(
            .connectTimeout,
            "\(host) port \(port) did not answer within \(limit)",
            endpoint: endpoint.description,
            phase: .connect,
            cause: failure
        )
    }
}
