import IceEncoding
import NIOCore
import NIOSSL

/// What happens on a client's connection before Ice speaks: TLS, then the WebSocket upgrade, as the endpoint says.
struct ClientHandshakes {
    let endpoint: Endpoint
    let communicator: Communicator
    /// Which step is under way, for the error of a time-out.
    let progress: NIOLoopBoundBox<IceError.Phase>

    /// On the channel's event loop.
    func run(on channel: any Channel) -> EventLoopFuture<TLSPeerInfo?> {
        channel.eventLoop.makeSucceededFuture(nil)
    }
}

/// The same for a server's accepted connections.
struct ServerHandshakes: Sendable {
    init(endpoint: Endpoint, adapter: ObjectAdapter) throws {}
    func run(on channel: any Channel) -> EventLoopFuture<TLSPeerInfo?> {
        channel.eventLoop.makeSucceededFuture(nil)
    }
}
