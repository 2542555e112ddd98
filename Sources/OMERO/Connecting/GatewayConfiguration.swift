public import Ice
public import Logging
public import NIOCore
public import Tracing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a gateway connects to an OMERO server, and how it stays connected.
///
/// ```swift
/// var configuration = try GatewayConfiguration("omero.example.org", .password(user: "ami", secret))
/// configuration.group = .named("Lab 7")
/// try await BlitzGateway.withConnection(configuration) { gateway in … }
/// ```
public struct GatewayConfiguration: Sendable {
    /// The group in which a session begins.
    public enum LoginGroup: Hashable, Sendable {
        /// The user's own default group.
        case userDefault
        /// The group of that name.
        case named(String)
        /// The group of that number. A log-in takes only names, so that the session moves there right after it.
        case id(Int64)
    }

    /// Which traffic is encrypted.
    public enum Encryption: Hashable, Sendable {
        /// All of it, as the address says (`ssl`, `wss`).
        case always
        /// Only the log-in: afterwards the session moves to the plain port that the server names
        /// (`omero.router.insecure`, usually 4063). Everybody between can read along.
        case loginOnlyThenPlainText
    }

    /// Where the server is. The first that answers is taken; more than one are tried in their order.
    public var addresses: [ServerAddress]
    /// How to log in.
    public var credentials: Credentials
    /// The group in which the session begins. For a joined session: the group of calls that name none.
    public var group = LoginGroup.userDefault
    /// Which traffic is encrypted.
    public var encryption = Encryption.always
    /// A server through which all connections are made: an HTTP proxy, or SOCKS version 5; nil makes them directly.
    /// TLS goes through it. Environment variables such as `HTTPS_PROXY` are not looked at: they are for the web.
    public var proxy: NetworkProxy?
    /// Which servers are trusted. The default remembers each server's first certificate and takes no other later, as
    /// OMERO's servers mostly carry certificates that they made themselves.
    public var trust: TLSTrust = .trustOnFirstUse(KnownServersFile(path: GatewayConfiguration.knownServersPath()))
    /// Details of TLS.
    public var tls = TLSOptions()
    /// How long each part may take.
    public var timeouts = GatewayTimeouts()
    /// How the session is kept from ending for idleness.
    public var keepAlive = KeepAlivePolicy()
    /// What happens when the connection is lost.
    public var reconnect = ReconnectPolicy()
    /// Shown to administrators in their list of sessions (`omero.agent`).
    public var agent = "swift-omero"
    /// The address on whose behalf the session is made (`omero.ip`), such as that of a web application's user; nil
    /// leaves it to the server.
    public var clientAddress: String?
    /// The oldest version of OMERO that is accepted, such as `5.6`; nil takes any.
    public var minimumServerVersion: ServerVersion? = ServerVersion("5.4")
    /// Whether the server may tell about the end of the session and about shutting down. OMERO's own server never does.
    public var acceptsCallbacks = true
    /// The largest message, in bytes, as OMERO's own clients have it (`Ice.MessageSizeMax`, 250,000 KiB).
    public var messageSizeMax = 250_000 * 1024
    /// The threads that do the input and output; nil takes the process's shared ones.
    public var eventLoopGroup: (any EventLoopGroup)?
    /// Debug for connections and sessions, trace for every message. No secret is logged.
    public var logger: Logger?
    /// Spans per call; nil makes none.
    public var tracer: (any Tracer)?

    public init(addresses: [ServerAddress], credentials: Credentials) {
        self.addresses = addresses
        self.credentials = credentials
    }

    /// - Parameters:
    ///   - address: see ``ServerAddress/init(_:defaultPort:)``.
    ///   - credentials: how to log in.
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration``.
    public init(_ address: String, _ credentials: Credentials) throws(GatewayError) {
        self.init(addresses: [try ServerAddress(address)], credentials: credentials)
    }

    /// Where first certificates are remembered: `OMERO_USERDIR`, else the folder `omero` in the user's home, which the
    /// `omero` command uses too.
    public static func knownServersPath(environment: [String: String]? = nil) -> String {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? homeFolder()
        return (environment["OMERO_USERDIR"] ?? home + "/omero") + "/known_servers"
    }
}

private func homeFolder() -> String { FileManager.default.homeDirectoryForCurrentUser.path }

/// Details of TLS that few need to change.
public struct TLSOptions: Sendable {
    /// Whether the certificate must be for the server's name; nil does what fits the trust (see
    /// `TLSSettings/verifiesHostname`).
    public var verifiesHostname: Bool?
    /// The oldest version of TLS that is spoken.
    public var minimumVersion = TLSProtocolVersion.v1_2
    /// A certificate of this side's own, for servers that want one.
    public var identity: TLSIdentity?

    public init() {}
}

/// How long each part may take.
public struct GatewayTimeouts: Hashable, Sendable {
    /// Resolving a host's name and making the TCP connection.
    public var connect = Duration.seconds(10)
    /// TLS, WebSocket and the router's first message.
    public var handshake = Duration.seconds(10)
    /// The log-in itself: servers slow down after failed ones.
    public var login = Duration.seconds(30)
    /// Each call, from sending it to its answer.
    public var call = Duration.seconds(60)
    /// An orderly close.
    public var close = Duration.seconds(5)

    public init() {}
}

/// How the session is kept from ending for idleness.
public struct KeepAlivePolicy: Hashable, Sendable {
    /// Whether beats are sent at all.
    public var isEnabled = true
    /// How often; nil takes a third of the session's idle limit, 5 to 120 seconds.
    public var interval: Duration?
    /// After so many beats without an answer the connection counts as lost.
    public var missesUntilLost = 2
    /// How long to wait for the answer to a beat.
    public var timeout = Duration.seconds(10)

    public init() {}

    /// The interval for a session with this idle limit (zero for none).
    func interval(idleLimit: Duration) -> Duration {
        if let interval { return interval }
        guard idleLimit > .zero else { return .seconds(120) }
        // The router's own limit is 600 s; a session with a tiny limit must still be reached in time.
        return max(min(idleLimit / 3, .seconds(120)), min(.seconds(5), idleLimit / 3))
    }
}

/// What happens when the connection is lost.
public struct ReconnectPolicy: Hashable, Sendable {
    /// Whether the gateway tries to come back. Without it the server ends the session with the connection.
    public var isEnabled = true
    /// The first wait; it doubles with every attempt.
    public var firstDelay = Duration.milliseconds(200)
    /// No wait is longer.
    public var longestDelay = Duration.seconds(15)
    /// How far waits are drawn apart by chance, so that a server that is back is not met by all at once: 0.3 is up to
    /// 30 % less or more.
    public var jitter = 0.3
    /// How long to try altogether; then the gateway has failed. Time that the machine sleeps does not count.
    public var limit = Duration.seconds(120)
    /// How long the first connection is tried again, with the same waits, while no server can be reached: for a
    /// program that starts together with its server. Zero tries each address once. What a server refuses, a log-in
    /// above all, is never tried again.
    public var firstConnectionLimit = Duration.zero
    /// How long a call waits for the connection to be there again.
    public var callWait = Duration.seconds(30)
    /// Whether a session that is gone is replaced by a new one of the same user. Only with credentials that can be
    /// asked again (``Credentials/provider(_:)`` or ``Credentials/guest``); a password is not kept.
    public var renewsSession = false

    public init() {}
}
