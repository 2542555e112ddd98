import IceEncoding

/// What went wrong in the runtime: on the way to a server, on the way back, or in the server's runtime.
///
/// Exceptions that an operation declares are not `IceError`s; they are thrown as their own types
/// (`UserException`). The `description` is fit for a user and holds no secret.
public struct IceError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        // Reaching the server
        /// The host name has no address.
        case cannotResolve
        /// Nobody listens on the port.
        case connectionRefused
        /// No route to the host or its network.
        case unreachable
        /// The proxy made no connection to the server.
        case proxyFailure
        /// The connection was not made within its time.
        case connectTimeout
        /// TLS, WebSocket or Ice did not finish their handshakes within their time.
        case handshakeTimeout
        /// TLS failed; the message says which check.
        case tlsFailure
        /// The WebSocket upgrade was refused or malformed.
        case webSocketFailure
        /// The peer doesn't speak Ice, or broke its rules.
        case protocolError
        /// The proxy names no endpoint that can be used.
        case noEndpoint

        // During a call
        /// The reply did not come within its time.
        case invocationTimeout
        /// The connection broke.
        case connectionLost
        /// The peer closed the connection in an orderly way; it did not carry out the calls that were under way.
        case connectionClosedByPeer
        /// This side closed the connection.
        case connectionClosed
        /// Nothing was heard from the peer for the idle time while a call was under way.
        case peerSilent
        /// Parameters, results or a message could not be encoded or decoded.
        case marshal
        /// A message was larger than the limit.
        case messageTooLarge

        // What the server answered
        /// There is no such object.
        case objectNotExist
        /// The object has no such facet.
        case facetNotExist
        /// The object has no such operation.
        case operationNotExist
        /// The server's runtime failed; its text is in the message.
        case unknownLocalException
        /// The operation threw an exception that it doesn't declare.
        case unknownUserException
        /// The servant failed in another way; the server's text is in the message.
        case unknownException

        // This side
        /// The communicator or object adapter has ended.
        case shutDown
        /// A proxy, identity or argument that can't be used so.
        case illegalArgument
        /// The operating system refused something, such as a port in use.
        case system
        /// A limit of this side was reached.
        case limitReached
    }

    /// Where on its way a call was.
    public enum Phase: String, Sendable, Hashable {
        /// Looking for the host's address.
        case resolve
        /// Making the TCP connection.
        case connect
        /// Having a proxy connect to the server.
        case proxy
        /// The handshake of TLS.
        case tls
        /// The upgrade to a WebSocket.
        case webSocket
        /// The greeting of the server's runtime.
        case validation
        /// The call itself.
        case invocation
        /// Closing the connection.
        case close
        /// Opening a port to listen at.
        case listen
    }

    /// What went wrong, for programs.
    public var code: Code
    /// What happened, for people: a sentence without a secret.
    public var message: String
    /// The endpoint, as a string such as `ssl -h omero.example.org -p 4064 -t 60000`; nil before one was chosen.
    public var endpoint: String?
    /// Where on its way the call was; nil where that means nothing.
    public var phase: Phase?
    /// The error underneath, if there is one.
    public var cause: (any Error)?
    /// Whether the operation may have been carried out although no answer came. False means that repeating the
    /// call is safe.
    public var mayHaveBeenDispatched: Bool
    /// Which object, facet and operation the server does not have.
    public var requestFailure: RequestFailure?

    public init(
        _ code: Code,
        _ message: String,
        endpoint: String? = nil,
        phase: Phase? = nil,
        cause: (any Error)? = nil,
        mayHaveBeenDispatched: Bool = false,
        requestFailure: RequestFailure? = nil
    ) {
        self.code = code
        self.message = message
        self.endpoint = endpoint
        self.phase = phase
        self.cause = cause
        self.mayHaveBeenDispatched = mayHaveBeenDispatched
        self.requestFailure = requestFailure
    }

    public var description: String {
        var text = message
        if let endpoint { text += " [\(endpoint)]" }
        if let phase { text += " (\(phase.rawValue))" }
        return text
    }
}

extension IceError {
    static func marshal(_ error: MarshalError, mayHaveBeenDispatched: Bool = false) -> IceError {
        IceError(.marshal, error.description, cause: error, mayHaveBeenDispatched: mayHaveBeenDispatched)
    }

    static func protocolError(_ error: some Error) -> IceError {
        if let frame = error as? FrameError, case .tooLarge = frame {
            return IceError(.messageTooLarge, frame.description, cause: error)
        }
        return IceError(.protocolError, "the peer does not follow the Ice protocol: \(error)", cause: error)
    }

    static func requestFailed(_ code: Code, _ what: String, _ failure: RequestFailure) -> IceError {
        IceError(
            code,
            "\(what) does not exist: operation \(failure.operation) on \(failure.identity)"
                + (failure.facet.isEmpty ? "" : " facet \(failure.facet)"),
            phase: .invocation,
            requestFailure: failure
        )
    }
}
