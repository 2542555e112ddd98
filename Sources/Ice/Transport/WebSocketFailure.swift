/// Why a WebSocket could not be opened, or had to be closed.
struct WebSocketFailure: Error, Sendable, CustomStringConvertible {
    enum Reason: Sendable, Hashable {
        // Opening
        /// The host or the resource has characters that can't stand in an HTTP request.
        case invalidTarget
        /// The peer doesn't speak HTTP/1.1.
        case notHTTP
        /// The peer's headers are longer than is taken.
        case headersTooLarge
        /// The server answered with another status than 101.
        case status(Int, String)
        /// A client asked with another method than GET.
        case method(String)
        case missingHeader(String)
        case invalidHeader(String, value: String)
        /// The peer speaks another protocol than Ice's over WebSocket.
        case wrongProtocol(String)
        /// The connection ended before it was upgraded.
        case closed

        // Open
        /// The peer closed for another reason than that it was done.
        case closedByPeer(code: Int, reason: String)
        case textFrame
        case unknownFrame
        /// Frames of a client must be masked, those of a server must not.
        case wrongMasking
        /// A frame with reserved bits set, which only extensions use.
        case reservedBits
        /// A continuation without a beginning, or a beginning without the end of the last.
        case wrongFragment
        case frameTooLarge(limit: Int)
        case malformedFrame(String)
    }

    var reason: Reason
    /// What the library underneath said.
    var cause: (any Error)?

    init(_ reason: Reason, cause: (any Error)? = nil) {
        self.reason = reason
        self.cause = cause
    }

    var description: String {
        switch reason {
        case .invalidTarget: "host or resource can't stand in a WebSocket request"
        case .notHTTP: "the peer does not speak HTTP/1.1"
        case .headersTooLarge: "the peer's HTTP headers are too large"
        case .status(let code, let text): "the server refused the WebSocket with status \(code) \(text)"
        case .method(let method): "a client asked for a WebSocket with \(method)"
        case .missingHeader(let name): "the WebSocket handshake lacks the header \(name)"
        case .invalidHeader(let name, let value): "the WebSocket handshake's header \(name) can't be '\(value)'"
        case .wrongProtocol(let name): "the peer speaks '\(name)' over WebSocket, not Ice"
        case .closed: "the connection ended during the WebSocket handshake"
        case .closedByPeer(let code, let reason): "the peer closed the WebSocket with code \(code) \(reason)"
        case .textFrame: "the peer sent a text frame"
        case .unknownFrame: "the peer sent a frame of an unknown kind"
        case .wrongMasking: "the peer's frame is masked, or not, against the rules"
        case .reservedBits: "the peer's frame has reserved bits set"
        case .wrongFragment: "the peer's frames are out of order"
        case .frameTooLarge(let limit): "the peer's frame is larger than \(limit) bytes"
        case .malformedFrame(let text): "the peer's frame is malformed: \(text)"
        }
    }
}
