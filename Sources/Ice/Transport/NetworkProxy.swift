/// A server between, which makes connections on behalf of this machine: an HTTP proxy (`CONNECT`), or SOCKS version 5.
///
/// The host's name is resolved by the proxy. TLS goes through it, from this side to the server: the proxy sees which
/// host is connected to, and nothing of what is said.
public struct NetworkProxy: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// How it is asked.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// `CONNECT host:port` (RFC 9110, section 9.3.6).
        case http
        /// RFC 1928, with user and password of RFC 1929.
        case socks5
    }

    /// How this proxy is asked.
    public var kind: Kind
    /// A name, or a numeric address without brackets.
    public var host: String
    /// 1…65535.
    public var port: Int
    /// Who this side is, for proxies that ask; nil for others.
    public var user: String?
    /// Goes to the proxy as it is: the way there has no encryption.
    public var password: String?

    /// - Parameters:
    ///   - kind: how it is asked.
    ///   - host: a name, or a numeric address without brackets.
    ///   - port: nil for the usual one: 3128 for HTTP, 1080 for SOCKS.
    ///   - user: who this side is, for a proxy that asks.
    ///   - password: goes to the proxy as it is, without encryption.
    public init(_ kind: Kind, host: String, port: Int? = nil, user: String? = nil, password: String? = nil) {
        self.kind = kind
        self.host = host
        self.port = port ?? (kind == .http ? 3128 : 1080)
        self.user = user
        self.password = password
    }

    /// Says nothing of the password.
    public var description: String {
        "\(kind.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a proxy made no connection.
public enum NetworkProxyFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// An HTTP proxy's status and its reason.
    case status(Int, String)
    /// The proxy wants to know who asks, or does not accept it.
    case authentication
    /// The reply code of a SOCKS proxy.
    case socks(UInt8)
    /// What came is not what such a proxy says.
    case malformed
    /// It closed the connection instead.
    case closed
    /// The host's name, user or password can't be said in its protocol.
    case invalidTarget

    public var description: String {
        switch self {
        case .status(let code, let reason): "it answered \(code) \(reason)"
        case .authentication: "it wants another user or password"
        case .socks(1): "it failed (SOCKS 1)"
        case .socks(2): "its rules do not allow it (SOCKS 2)"
        case .socks(3), .socks(4): "no way leads from it to the host"
        case .socks(5): "nobody listens there"
        case .socks(6): "the host did not answer it in time"
        case .socks(let code): "it refused (SOCKS \(code))"
        case .malformed: "something else listens there: its answer is not that of a proxy"
        case .closed: "it closed the connection"
        case .invalidTarget: "the host, or the user, can't be named to it"
        }
    }
}
