import IceEncoding
import Logging
import NIOCore
import NIOPosix

/// Accepts connections at one endpoint of an object adapter.
struct Listener: Sendable {
    let channel: any Channel
    let publishedEndpoints: [Endpoint]

    static func start(_ endpoint: Endpoint, adapter: ObjectAdapter) async throws -> Listener {
        let text = endpoint.description
        guard let address = endpoint.address, (0...65535).contains(address.port) else {
            throw IceError(.illegalArgument, "an adapter can't listen at this endpoint", endpoint: text, phase: .listen)
        }
        let handshakes = try ServerHandshakes(endpoint: endpoint, adapter: adapter)
        let template = Template(endpoint, adapter)
        let bootstrap = ServerBootstrap(group: adapter.communicator.eventLoopGroup)
            .serverChannelOption(.backlog, value: 511)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                // Keeps accepting after the process ran out of file handles.
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: ReceiveAllocator())
            .childChannelInitializer { channel in
                accept(channel, template, handshakes)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
        let isWildcard = ["", "*", "0.0.0.0", "::"].contains(address.host)
        let host = address.host.isEmpty || address.host == "*" ? "0.0.0.0" : address.host
        let channel: any Channel
        do {
            channel = try await bootstrap.bind(host: host, port: Int(address.port)).get()
        } catch {
            throw listenError(error, text, address)
        }
        let port = Int32(channel.localAddress?.port ?? Int(address.port))
        let hosts = isWildcard ? localHosts() : [address.host]
        return Listener(channel: channel, publishedEndpoints: hosts.map { endpoint.with(host: $0, port: port) })
    }

    func close() async { try? await channel.close() }

    /// The addresses under which this machine can be reached from outside; loopback when there is none.
    private static func localHosts() -> [String] {
        let devices = (try? System.enumerateDevices()) ?? []
        let addresses = devices.compactMap(\.address).filter { address in
            if case .v4 = address { return address.ipAddress?.hasPrefix("127.") == false }
            return false
        }.compactMap(\.ipAddress)
        return addresses.isEmpty ? ["127.0.0.1"] : addresses
    }

    private static func listenError(_ error: any Error, _ endpoint: String, _ address: IPEndpoint) -> IceError {
        let text =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE: "port \(address.port) is in use"
            case EADDRNOTAVAIL: "\(address.host) is not an address of this machine"
            case EACCES: "port \(address.port) needs more rights"
            default: "the endpoint can't be opened: \(error)"
            }
        return IceError(.system, text, endpoint: endpoint, phase: .listen, cause: error)
    }

    /// What its connections have in common.
    struct Template: Sendable {
        let origin: ConnectionOrigin
        let machine: ConnectionStateMachine<PendingCall>.Configuration
        let adapter: ObjectAdapter

        init(_ endpoint: Endpoint, _ adapter: ObjectAdapter) {
            let configuration = adapter.communicator.configuration
            self.adapter = adapter
            origin = ConnectionOrigin(
                endpoint: endpoint, messageSizeMax: adapter.messageSizeMax, adapter: adapter)
            machine = .init(
                role: .server,
                messageSizeMax: adapter.messageSizeMax,
                handshakeTimeout: configuration.timeouts.handshake,
                closeTimeout: configuration.timeouts.close,
                activity: adapter.configuration.activity ?? configuration.activity,
                dispatchLimit: adapter.configuration.dispatchLimit,
                backlogLimit: adapter.configuration.backlogLimit
            )
        }
    }

    /// Takes one connection through its handshakes. On its event loop.
    private static func accept(_ channel: any Channel, _ template: Template, _ handshakes: ServerHandshakes) {
        let adapter = template.adapter
        let endpoint = template.origin.endpoint
        guard adapter.reserve() else {
            adapter.communicator.observer.logger?.debug(
                "ice connection refused: limit reached", metadata: [LogKey.endpoint: "\(endpoint)"])
            channel.close(promise: nil)
            return
        }
        // Ice over plain TCP begins at once, without a timer.
        if handshakes.areNone { return serve(channel, template, tls: nil) }
        // A peer that never finishes its handshake holds a place only so long.
        let timeout = adapter.communicator.configuration.timeouts.handshake
        let timer = channel.eventLoop.scheduleTask(in: .nanoseconds(timeout.clampedNanoseconds)) {
            channel.close(promise: nil)
        }
        handshakes.run(on: channel).assumeIsolated().whenComplete { result in
            timer.cancel()
            switch result {
            case .success(let tls):
                serve(channel, template, tls: tls)
            case .failure(let error):
                adapter.release()
                failed(channel, template, error)
            }
        }
    }

    /// Speaks Ice on a channel for which a place was reserved. On its event loop.
    static func serve(_ channel: any Channel, _ template: Template, tls: TLSPeerInfo?) {
        let adapter = template.adapter
        let connection = Connection(
            channel: channel, communicator: adapter.communicator, origin: template.origin, tls: tls)
        guard adapter.accepted(connection) else { return channel.close(promise: nil) }
        do {
            _ = try connection.start(template.machine)
        } catch {
            // The connection has ended, and with that given its place back.
            failed(channel, template, error)
        }
    }

    private static func failed(_ channel: any Channel, _ template: Template, _ error: any Error) {
        template.adapter.communicator.observer.logger?.debug(
            "ice handshake failed",
            metadata: [
                LogKey.endpoint: "\(template.origin.endpoint.at(channel.remoteAddress))", LogKey.error: "\(error)",
            ]
        )
        channel.close(promise: nil)
    }
}

extension Endpoint {
    /// This listener's endpoint as that of a client: with the client's address, where it is known.
    func at(_ remote: SocketAddress?) -> Endpoint {
        guard let remote else { return self }
        return with(host: remote.ipAddress ?? "", port: Int32(remote.port ?? 0))
    }

    /// The same kind of endpoint at another place.
    func with(host: String, port: Int32) -> Endpoint {
        func moved(_ address: IPEndpoint) -> IPEndpoint {
            var address = address
            address.host = host
            address.port = port
            return address
        }
        return switch self {
        case .tcp(let address): .tcp(moved(address))
        case .ssl(let address): .ssl(moved(address))
        case .ws(let address, let resource): .ws(moved(address), resource: resource)
        case .wss(let address, let resource): .wss(moved(address), resource: resource)
        case .udp, .opaque: self
        }
    }
}
