import Crypto
import IceEncoding
import NIOHTTP1

/// The rules of the opening handshake: what is sent, and what is accepted (RFC 6455, section 4).
enum WebSocketHandshake {
    /// The subprotocol that Ice registers its messages under.
    static let subprotocol = "ice.zeroc.com"

    // MARK: Client

    /// The request of a client, with the same headers that Ice sends.
    static func request(
        host: String,
        port: Int,
        resource: String,
        key: String
    ) throws(WebSocketFailure) -> HTTPRequestHead {
        guard isPlain(host), isPlain(resource) else { throw WebSocketFailure(.invalidTarget) }
        let host = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return HTTPRequestHead(
            version: .http1_1,
            method: .GET,
            uri: resource,
            headers: [
                "Host": "\(host):\(port)",
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Protocol": subprotocol,
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": key,
            ]
        )
    }

    /// Whether a text can stand in a request without ending or changing it.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// Throws unless the response is the right answer to the request with this key. As in Ice, a server need not name
    /// the subprotocol.
    static func check(_ response: HTTPResponseHead, key: String) throws(WebSocketFailure) {
        guard response.version == .http1_1 else { throw WebSocketFailure(.notHTTP) }
        guard response.status == .switchingProtocols else {
            throw WebSocketFailure(.status(Int(response.status.code), response.status.reasonPhrase))
        }
        try checkUpgrade(response.headers)
        if let name = response.headers.first(name: "Sec-WebSocket-Protocol"), name.lowercased() != subprotocol {
            throw WebSocketFailure(.wrongProtocol(name))
        }
        // No extension was offered, so that none can have been accepted.
        if let extensions = response.headers.first(name: "Sec-WebSocket-Extensions") {
            throw WebSocketFailure(.invalidHeader("Sec-WebSocket-Extensions", value: extensions))
        }
        let accept = try header("Sec-WebSocket-Accept", response.headers)
        guard accept == acceptance(of: key) else {
            throw WebSocketFailure(.invalidHeader("Sec-WebSocket-Accept", value: accept))
        }
    }

    // MARK: Server

    /// The response to a client's request. As in Ice, the request may name any resource, and need not name a
    /// subprotocol; if it does, Ice's must be among them.
    static func response(to request: HTTPRequestHead) throws(WebSocketFailure) -> HTTPResponseHead {
        guard request.version == .http1_1 else { throw WebSocketFailure(.notHTTP) }
        guard request.method == .GET else { throw WebSocketFailure(.method(request.method.rawValue)) }
        try checkUpgrade(request.headers)
        let version = try header("Sec-WebSocket-Version", request.headers)
        guard version == "13" else { throw WebSocketFailure(.invalidHeader("Sec-WebSocket-Version", value: version)) }
        let key = try header("Sec-WebSocket-Key", request.headers)
        guard ReferenceBase64.decode(key)?.count == 16 else {
            throw WebSocketFailure(.invalidHeader("Sec-WebSocket-Key", value: key))
        }
        var headers: HTTPHeaders = ["Upgrade": "websocket", "Connection": "Upgrade"]
        let protocols = request.headers[canonicalForm: "Sec-WebSocket-Protocol"]
        if !protocols.isEmpty {
            guard protocols.contains(where: { $0.lowercased() == subprotocol }) else {
                throw WebSocketFailure(.wrongProtocol(protocols.joined(separator: ", ")))
            }
            headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol)
        }
        headers.add(name: "Sec-WebSocket-Accept", value: acceptance(of: key))
        return HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
    }

    /// The answer to a client whose request is refused.
    static func refusal(_ failure: WebSocketFailure) -> HTTPResponseHead {
        let status: HTTPResponseStatus
        var headers: HTTPHeaders = ["Connection": "close", "Content-Length": "0"]
        switch failure.reason {
        case .method:
            status = .methodNotAllowed
            headers.add(name: "Allow", value: "GET")
        case .missingHeader("Upgrade"), .missingHeader("Sec-WebSocket-Version"),
            .invalidHeader("Sec-WebSocket-Version", _):
            status = .upgradeRequired
            headers.add(name: "Upgrade", value: "websocket")
            headers.add(name: "Sec-WebSocket-Version", value: "13")
        case .headersTooLarge: status = .requestHeaderFieldsTooLarge
        default: status = .badRequest
        }
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }

    // MARK: Both

    /// What a server answers to a key: proof that it speaks WebSocket.
    static func acceptance(of key: String) -> String {
        // "concatenated with the string '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'" (RFC 6455, section 4.2.2).
        let text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        return ReferenceBase64.encode(Array(Insecure.SHA1.hash(data: Array(text.utf8))))
    }

    /// A fresh key: 16 random bytes.
    static func key() -> String {
        ReferenceBase64.encode((0..<16).map { _ in UInt8.random(in: 0...255) })
    }

    private static func checkUpgrade(_ headers: HTTPHeaders) throws(WebSocketFailure) {
        let upgrade = try header("Upgrade", headers)
        guard headers[canonicalForm: "Upgrade"].contains(where: { $0.lowercased() == "websocket" }) else {
            throw WebSocketFailure(.invalidHeader("Upgrade", value: upgrade))
        }
        let connection = try header("Connection", headers)
        guard headers[canonicalForm: "Connection"].contains(where: { $0.lowercased() == "upgrade" }) else {
            throw WebSocketFailure(.invalidHeader("Connection", value: connection))
        }
    }

    private static func header(_ name: String, _ headers: HTTPHeaders) throws(WebSocketFailure) -> String {
        guard let value = headers.first(name: name) else { throw WebSocketFailure(.missingHeader(name)) }
        return value
    }

    /// Says in this module's words what NIO's HTTP parser reports.
    static func failure(_ error: any Error) -> WebSocketFailure {
        switch error {
        case let failure as WebSocketFailure: failure
        case HTTPParserError.headerOverflow: WebSocketFailure(.headersTooLarge, cause: error)
        case is HTTPParserError: WebSocketFailure(.notHTTP, cause: error)
        default: WebSocketFailure(.closed, cause: error)
        }
    }
}
