/// What is set for a connection: where, as whom, and how; each value with the place it was set in.
///
/// Every setting is looked for on its own, and the first place that has it counts:
///
/// 1. what the program itself passes,
/// 2. environment variables: `OMERO_HOST`, `OMERO_PORT`, …
/// 3. a YAML file, with `host`, `port`, … under `omero`: with the module `OMEROYAML`,
/// 4. the files of Ice's properties that `ICE_CONFIG` names: `omero.host`, `omero.port`, …, and `Ice.Default.Host`,
/// 5. the last log-in in the session files, where nobody names another server or user.
///
/// | Setting | Variable | Key in YAML and of properties |
/// | --- | --- | --- |
/// | server, as ``ServerAddress`` reads it | `OMERO_HOST` | `omero.host` |
/// | port | `OMERO_PORT` | `omero.port` |
/// | whether encryption is demanded | `OMERO_SECURE` | `omero.secure` |
/// | user | `OMERO_USER` | `omero.user` |
/// | password | `OMERO_PASSWORD`, `OMERO_PASS` | `omero.password`, `omero.pass` |
/// | key of an open session | `OMERO_SESSION` | `omero.session` |
/// | name of the group | `OMERO_GROUP` | `omero.group` |
/// | idle seconds until the session ends | `OMERO_TIMEOUT` | `omero.timeout` |
/// | seconds for connecting | `OMERO_CONNECT_TIMEOUT` | `omero.connect.timeout` |
/// | whom to trust, as ``Trust`` says | `OMERO_TRUST` | `omero.trust` |
///
/// An empty value sets nothing. A port or a user within the server's text (`ami@omero.example.org:14064`) gives way to
/// one that is set by itself in the same place or an earlier one.
public struct ConnectionSettings: Sendable, CustomStringConvertible, CustomReflectable {
    /// What a program sets itself. Nil leaves a setting to the other places.
    public struct Given: Sendable {
        /// The server, as ``ServerAddress`` reads it.
        public var host: String?
        /// 1…65535.
        public var port: Int?
        /// Whether encryption is demanded.
        public var secure: Bool?
        /// The log-in name.
        public var user: String?
        /// The name of the group to begin in.
        public var group: String?
        /// After how many idle seconds the session should end.
        public var idleSeconds: Int?
        /// How many seconds connecting may take.
        public var connectSeconds: Double?
        /// Whom to trust.
        public var trust: Trust?
        var password: Secret?
        var sessionKey: Secret?

        public init(
            host: String? = nil,
            port: Int? = nil,
            secure: Bool? = nil,
            user: String? = nil,
            password: String? = nil,
            sessionKey: String? = nil,
            group: String? = nil,
            idleSeconds: Int? = nil,
            connectSeconds: Double? = nil,
            trust: Trust? = nil
        ) {
            self.host = host
            self.port = port
            self.secure = secure
            self.user = user
            self.password = password.map(Secret.init)
            self.sessionKey = sessionKey.map(Secret.init)
            self.group = group
            self.idleSeconds = idleSeconds
            self.connectSeconds = connectSeconds
            self.trust = trust
        }
    }

    /// Which servers are trusted.
    public enum Trust: Sendable, Hashable, CustomStringConvertible {
        /// Those that an authority known to the operating system vouches for: `system`.
        case system
        /// Those that show the same certificate as the first time: `first-use`.
        case firstUse
        /// Anyone: `anyone`. For tests and closed networks.
        case anyone
        /// Those that an authority in this PEM file vouches for: a path, with at least one `/`.
        case authorities(file: String)

        public var description: String {
            switch self {
            case .system: "system"
            case .firstUse: "first-use"
            case .anyone: "anyone"
            case .authorities(let file): file
            }
        }
    }

    /// The server, with the port and the user that count in the end. Its origin is that of the host. Nil if no place
    /// names a server.
    public var address: Setting<ServerAddress>?
    /// Where the port of ``address`` was set.
    public var portOrigin: SettingOrigin = .builtIn
    /// True demands an encrypted connection: a server's address with `tcp` or `ws` is then refused. False demands
    /// nothing; it does not take encryption away.
    public var secure: Setting<Bool>?
    /// The log-in name.
    public var user: Setting<String>?
    /// The name of the group to begin in; nil for the user's default group.
    public var group: Setting<String>?
    /// After how many idle seconds the session should end; nil for the server's default.
    public var idleSeconds: Setting<Int>?
    /// How many seconds connecting may take.
    public var connectSeconds: Setting<Double>?
    /// Whom to trust; nil for trust on first use.
    public var trust: Setting<Trust>?
    /// How to log in; nil if no place says.
    public var credentials: Setting<Credentials>?
    /// What was passed over, in sentences without their full stop: lines that say nothing, files that can't be read.
    public var notes: [String] = []

    /// The server.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration`` if no place names one.
    public func serverAddress() throws(GatewayError) -> ServerAddress {
        guard let address else {
            throw OwnedFiles.failure(
                "No server is set" + explanation, "Set OMERO_HOST, for example to omero.example.org, or pass an address"
            )
        }
        return address.value
    }
}

extension ConnectionSettings {
    /// What was passed over may be why something is missing.
    var explanation: String { notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))" }
}

// MARK: What counts

extension ConnectionSettings {
    /// A setting as a line of a report.
    public struct Effective: Sendable, Hashable, CustomStringConvertible {
        /// What is set, such as `port`.
        public var name: String
        /// Dots in place of a secret.
        public var value: String
        /// Where it was set.
        public var origin: SettingOrigin

        public var description: String { "\(name): \(value) (\(origin))" }
    }

    /// All that is set, in a fixed order, for a person who wants to know what counts and why. Shows no secret.
    public var effective: [Effective] {
        var list: [Effective] = []
        func add<Value>(_ name: String, _ setting: Setting<Value>?) {
            guard let setting else { return }
            list.append(Effective(name: name, value: "\(setting.value)", origin: setting.origin))
        }
        if let address {
            list.append(Effective(name: "host", value: address.value.host, origin: address.origin))
            list.append(Effective(name: "transport", value: address.value.transport.rawValue, origin: address.origin))
            list.append(Effective(name: "port", value: String(address.value.port), origin: portOrigin))
        }
        add("secure", secure)
        add("user", user)
        add("credentials", credentials)
        add("group", group)
        add("idle seconds", idleSeconds)
        add("connect seconds", connectSeconds)
        add("trust", trust)
        return list
    }

    public var description: String { effective.map(\.description).joined(separator: "\n") }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ConnectionSettings.Given: SettingsSource, CustomStringConvertible, CustomReflectable {
    /// As text, so that a program's values are checked as everyone's.
    package func text(_ name: SettingName) -> Setting<String>? {
        let text: String? =
            switch name {
            case .host: host
            case .port: port.map(String.init)
            case .secure: secure.map(String.init)
            case .user: user
            case .password: password?.value
            case .session: sessionKey?.value
            case .group: group
            case .timeout: idleSeconds.map(String.init)
            case .connectTimeout: connectSeconds.map { "\($0)" }
            case .trust: trust?.description
            }
        return text.flatMap { $0.isEmpty ? nil : Setting($0, from: .code) }
    }

    /// The names of what is set.
    public var description: String {
        SettingName.allCases.filter { text($0) != nil }.map(\.rawValue).joined(separator: ", ")
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
