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
            .childChannelOption(.recvAllocator, value: Connector.receiveAllocator)
            .childChannelInitializer { channel in
                accept(channel, endpoint: endpoint, adapter: adapter, handshakes: handshakes)
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

    /// Takes one connection through its handshakes. On its event loop.
    private static func accept(
        _ channel: any Channel,
        endpoint: Endpoint,
        adapter: ObjectAdapter,
        handshakes: ServerHandshakes
    ) {
        let communicator = adapter.communicator
        let logger = communicator.observer.logger
        guard adapter.reserve() else {
            logger?.debug("ice connection refused: limit reached", metadata: [LogKey.endpoint: "\(endpoint)"])
            channel.close(promise: nil)
            return
        }
        let loop = channel.eventLoop
        let timeouts = communicator.configuration.timeouts
        // A peer that never finishes its handshake holds a place only so long.
        let timer = loop.scheduleTask(in: .nanoseconds(timeouts.handshake.clampedNanoseconds)) {
            channel.close(promise: nil)
        }
        handshakes.run(on: channel).assumeIsolated().flatMapThrowing { tls -> Void in
            timer.cancel()
            let connection = Connection(
                channel: channel,
                communicator: communicator,
                endpoint: remoteEndpoint(endpoint, channel),
                compresses: false,
                messageSizeMax: adapter.messageSizeMax,
                tls: tls,
                adapter: adapter
            )
            // A promise that nobody keeps stops a debug build: `opened` keeps it although nothing begins.
            guard adapter.accepted(connection) else { connection.opened(); return channel.close(promise: nil) }
            _ = try connection.start(
                .init(
                    role: .server,
                    messageSizeMax: adapter.messageSizeMax,
                    handshakeTimeout: timeouts.handshake,
                    closeTimeout: timeouts.close,
                    activity: adapter.configuration.activity ?? communicator.configuration.activity,
                    dispatchLimit: adapter.configuration.dispatchLimit,
                    backlogLimit: adapter.configuration.backlogLimit
                )
            )
        }.whenFailure { error in
            timer.cancel()
            adapter.release()
            logger?.debug(
                "ice handshake failed",
                metadata: [LogKey.endpoint: "\(remoteEndpoint(endpoint, channel))", LogKey.error: "\(error)"]
            )
            channel.close(promise: nil)
        }
    }

    /// The client's address, in the form of an endpoint.
    private static func remoteEndpoint(_ endpoint: Endpoint, _ channel: any Channel) -> String {
        guard let remote = channel.remoteAddress else { return endpoint.description }
        return endpoint.with(host: remote.ipAddress ?? "", port: Int32(remote.port ?? 0)).description
    }
}

extension Endpoint {
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
