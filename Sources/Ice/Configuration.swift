public import IceEncoding
public import Logging
public import NIOCore
import NIOPosix
public import Tracing

/// How long each part of a call may take. None of them is without an end unless it is set so by name.
public struct Timeouts: Hashable, Sendable {
    /// Resolving the host's name and making the TCP connection.
    public var connect: Duration
    /// TLS, WebSocket and the peer's first Ice message, all together.
    public var handshake: Duration
    /// From sending a request to its reply. Nil waits as long as the connection lives (which silence ends, see
    /// ``ActivityPolicy``).
    public var invocation: Duration?
    /// An orderly close.
    public var close: Duration

    public init(
        connect: Duration = .seconds(10),
        handshake: Duration = .seconds(10),
        invocation: Duration? = .seconds(60),
        close: Duration = .seconds(5)
    ) {
        self.connect = connect
        self.handshake = handshake
        self.invocation = invocation
        self.close = close
    }
}

/// When a failed call is made again by itself.
///
/// Only where at-most-once allows it: the operation is idempotent, nothing of the request was sent, or the peer
/// closed the connection in an orderly way before it carried the request out (Ice manual, "Automatic Retries").
public struct RetryPolicy: Hashable, Sendable {
    /// How long to wait before each further attempt; as many attempts as there are intervals.
    public var intervals: [Duration]

    public init(intervals: [Duration] = [.zero]) { self.intervals = intervals }

    /// One more attempt, at once (`Ice.RetryIntervals=0`).
    public static let standard = RetryPolicy()
    /// No further attempt.
    public static let never = RetryPolicy(intervals: [])

    /// How long to wait before attempt number `attempt` (1 is the first repetition), or nil not to make it.
    func delay(beforeAttempt attempt: Int, after error: IceError, idempotent: Bool) -> Duration? {
        guard attempt >= 1, attempt <= intervals.count else { return nil }
        switch error.code {
        case .connectionLost, .connectionClosedByPeer, .connectionClosed, .connectionRefused, .unreachable,
            .connectTimeout, .handshakeTimeout, .cannotResolve, .proxyFailure, .peerSilent:
            guard idempotent || !error.mayHaveBeenDispatched else { return nil }
            return intervals[attempt - 1]
        default:
            return nil
        }
    }
}

/// How a communicator connects, calls, encodes and reports.
public struct CommunicatorConfiguration: Sendable {
    /// How long each part of connecting and calling may take.
    public var timeouts = Timeouts()
    /// The largest message that is sent or taken, in bytes. 1 MB, as Ice's own default (`Ice.MessageSizeMax`); clients
    /// of OMERO set it to 250 MB.
    public var messageSizeMax = 1024 * 1024
    /// How connections are kept alive, and when they are closed for silence.
    public var activity = ActivityPolicy()
    /// When calls are repeated after a failure.
    public var retry = RetryPolicy.standard
    /// The classes and exceptions that can be decoded.
    public var types = TypeRegistry.empty
    /// How class instances are written unless an operation says otherwise.
    public var format = SliceFormat.compact
    /// Compresses requests to every endpoint, or to none; nil leaves it to the endpoints (`-z`).
    public var compression: Bool?
    /// bzip2's effort, 1…9 (`Ice.Compression.Level`).
    public var compressionLevel = 1
    /// TLS for outgoing connections. Without it endpoints of type `ssl` and `wss` can't be reached.
    public var tls: TLSSettings?
    /// A server through which all connections are made; nil makes them directly.
    public var proxy: NetworkProxy?
    /// What the strings of proxies and endpoints may leave out.
    public var references = ReferenceDefaults()
    /// Sent with every request that doesn't carry a context of its own.
    public var implicitContext: Context = [:]
    /// How deep values may nest.
    public var nestingLimit = IceInputStream.defaultNestingLimit
    /// The threads that do the input and output; nil takes the process's shared ones.
    public var eventLoopGroup: (any EventLoopGroup)?
    /// Debug for the life of connections, trace for messages.
    public var logger: Logger?
    /// Spans per invocation; nil makes none.
    public var tracer: (any Tracer)?
    /// Counts calls, latency, bytes, connections and retries with swift-metrics.
    public var metrics = true

    public init() {}
}
