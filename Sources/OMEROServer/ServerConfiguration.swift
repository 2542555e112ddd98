public import Logging
import OMEROStore

/// How an OMERO server runs: doors, data, limits.
public struct ServerConfiguration: Sendable {
    /// Where the server listens; port 0 takes a free one, nil leaves the door closed.
    public struct Doors: Sendable, Hashable {
        /// The address to listen at.
        public var host = "127.0.0.1"
        /// TLS.
        public var ssl: Int? = 4064
        /// Without encryption: clients that ask for it are sent there after log-in (`omero.router.insecure`).
        public var tcp: Int? = 4063
        /// WebSocket without encryption.
        public var ws: Int?
        /// WebSocket with TLS.
        public var wss: Int?

        public init() {}

        /// All ports free ones: for tests.
        public static var ephemeral: Doors {
            var doors = Doors()
            doors.ssl = 0
            doors.tcp = 0
            return doors
        }
    }

    /// Key and certificate of the TLS doors.
    public enum Certificate: Sendable, Hashable {
        /// Made at the first start and kept in the data folder; in memory for a server without one.
        case selfSigned
        /// PEM files.
        case files(certificate: String, privateKey: String)
    }

    /// Limits on sessions, in OMERO's terms: milliseconds, 0 for none.
    public struct Sessions: Sendable, Hashable {
        /// `omero.sessions.timeout`
        public var timeToIdle: Int64 = 600_000
        /// `omero.sessions.maximum`
        public var timeToLive: Int64 = 0
        /// `omero.sessions.max_user_time_to_idle`
        public var maximumUserTimeToIdle: Int64 = 6_000_000
        /// `omero.sessions.max_user_time_to_live`
        public var maximumUserTimeToLive: Int64 = 0
        /// Sessions of one user at a time.
        public var perUser = 1_000
        /// Sessions at a time.
        public var total = 100_000
        /// Servants of one session (`omero.throttling.servants_per_session`).
        public var servants = 10_000
        /// How often sessions whose time is up are looked for.
        public var reapInterval = Duration.seconds(10)

        public init() {}
    }

    /// Where the server listens.
    public var doors = Doors()
    /// The folder for database, key and certificate; nil keeps everything in memory.
    public var dataFolder: String?
    /// Key and certificate of the TLS doors.
    public var certificate = Certificate.selfSigned
    /// The password of `root` for a new database; nil makes one, see ``OMEROServer/generatedRootPassword``.
    public var rootPassword: String?
    /// Whether ``SampleData`` are put into a database that has none yet.
    public var sampleData = false
    /// Limits on sessions.
    public var sessions = Sessions()
    /// Configuration values by OMERO's keys; they come before the defaults. Where there is a key for one of the limits
    /// above, its value is the limit.
    public var properties: [String: String] = [:]
    /// Glacier2's own time-out: after so much silence the router closes a connection.
    public var routerTimeout = Duration.seconds(600)
    /// How often clients with a call-back are told that the server is there (OMERO: every three minutes).
    public var heartbeatInterval = Duration.seconds(180)
    /// How long calls in flight may take to end when the server stops.
    public var shutdownGrace = Duration.seconds(10)
    /// Connections at a time, at each door; more are closed at once.
    public var connectionLimit = 10_000
    /// Nil logs nothing. No secret is logged.
    public var logger: Logger?
    /// How failed log-ins are slowed.
    var failedLogins = LoginThrottle.Limits()
    /// What new passwords cost to check.
    var passwordCost = PasswordCost.standard

    public init() {}
}
