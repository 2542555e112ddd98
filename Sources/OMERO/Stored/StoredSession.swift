/// A session as it stands in ``SessionFiles``: enough to join it, as long as the server keeps it.
///
/// Whoever has the ``key`` is the session's user; the description does not show it.
public struct StoredSession: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The server as the user wrote it: a name, an address, or a URL such as `wss://omero.example.org/omero-ws`.
    public var host: String
    /// The log-in name.
    public var user: String
    /// Nil for the usual port of the way that ``host`` names: 4064 if it names none.
    public var port: Int?
    /// The name of the group that was asked for at the log-in; nil for the user's own default.
    public var group: String?
    /// After how many idle seconds the session was asked to end; nil for the server's default.
    public var idleSeconds: Int?
    /// The administrator who opened the session for ``user``; nil where the user did.
    public var sudo: String?
    /// What other programs have stored with it, and is kept for them.
    package var others: [String: String] = [:]
    private let secret: Secret

    public init(
        host: String,
        user: String,
        key: String,
        port: Int? = nil,
        group: String? = nil,
        idleSeconds: Int? = nil,
        sudo: String? = nil
    ) {
        self.host = host
        self.user = user
        self.secret = Secret(key)
        self.port = port
        self.group = group
        self.idleSeconds = idleSeconds
        self.sudo = sudo
    }

    /// The session's key. A secret: it is as good as the user's password until the session ends.
    public var key: String { secret.value }

    /// What joins the session.
    public var credentials: Credentials { .sessionKey(key) }

    /// Where the session's server is.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration`` if ``host`` is no address.
    public func address() throws(GatewayError) -> ServerAddress {
        var address = try ServerAddress(host, defaultPort: port)
        address.user = user
        return address
    }

    public var description: String {
        "session of \(user) on \(host)\(port.map { ":\($0)" } ?? "")\(group.map { " in \($0)" } ?? "")"
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}

// MARK: Reuse

extension StoredSession {
    /// What a program would like of a session. Nil takes any.
    public struct Wish: Sendable, Hashable {
        /// The server, as it was written; its letters' case does not count.
        public var host: String?
        /// The port.
        public var port: Int?
        /// The log-in name.
        public var user: String?
        /// The group's name.
        public var group: String?

        public init(host: String? = nil, port: Int? = nil, user: String? = nil, group: String? = nil) {
            self.host = host
            self.port = port
            self.user = user
            self.group = group
        }
    }

    /// A point in which a stored session is not what is wished.
    public struct Conflict: Sendable, Hashable, CustomStringConvertible {
        /// What can differ.
        public enum Field: String, Sendable, Hashable {
            /// The server's name.
            case host
            /// The server's port.
            case port
            /// Who is logged in.
            case user
            /// The group that the session works in.
            case group
        }

        /// What differs.
        public var field: Field
        /// Nil where none is stored.
        public var stored: String?
        /// What was wished.
        public var wished: String

        public var description: String { "\(field.rawValue) is \(stored ?? "not stored"), \(wished) is wished" }
    }

    /// Why the session can't stand for one that is opened as wished; empty if it can.
    ///
    /// A port that is not stored is the usual one. A session without a stored group is in a group that is known to the
    /// server only, and so conflicts with any that is wished.
    public func conflicts(with wish: Wish) -> [Conflict] {
        var conflicts: [Conflict] = []
        if let wished = wish.host, wished.lowercased() != host.lowercased() {
            conflicts.append(Conflict(field: .host, stored: host, wished: wished))
        }
        let effectivePort = (try? address())?.port ?? port
        if let wished = wish.port, wished != effectivePort {
            conflicts.append(Conflict(field: .port, stored: effectivePort.map(String.init), wished: String(wished)))
        }
        if let wished = wish.user, wished != user {
            conflicts.append(Conflict(field: .user, stored: user, wished: wished))
        }
        if let wished = wish.group, wished != group {
            conflicts.append(Conflict(field: .group, stored: group, wished: wished))
        }
        return conflicts
    }
}
