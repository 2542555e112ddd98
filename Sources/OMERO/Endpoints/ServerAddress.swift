package import IceEncoding

/// Where an OMERO server is: transport, host, port, and the user's name if the text held one.
///
/// ```swift
/// try ServerAddress("omero.example.org")               // TLS, port 4064
/// try ServerAddress("ami@omero.example.org:14064")      // with the user's name
/// try ServerAddress("wss://omero.example.org/omero-ws") // secure WebSocket, port 443
/// try ServerAddress("[2001:db8::7]:4064")
/// ```
///
/// Encrypted unless the text says `tcp://` or `ws://`.
public struct ServerAddress: Hashable, Sendable {
    /// How bytes travel to the server.
    public enum Transport: String, Hashable, Sendable, CaseIterable {
        /// Ice over TLS: OMERO's usual door, port 4064.
        case ssl
        /// Ice without encryption, port 4063. Passwords travel readable: for closed networks and tests.
        case tcp
        /// Ice over a secure WebSocket, port 443.
        case wss
        /// Ice over a WebSocket without encryption, port 80.
        case ws

        /// The port where OMERO servers, or the web servers in front of them, are found.
        public var defaultPort: Int {
            switch self {
            case .ssl: 4064
            case .tcp: 4063
            case .wss: 443
            case .ws: 80
            }
        }

        /// Whether the traffic is encrypted.
        public var isSecure: Bool { self == .ssl || self == .wss }
    }

    /// How bytes travel to the server.
    public var transport: Transport
    /// A name, or a numeric IPv4 or IPv6 address without brackets.
    public var host: String
    /// 1…65535.
    public var port: Int
    /// The path of a WebSocket's HTTP request, with its leading slash.
    public var path: String
    /// The user's name, where the text had one before an `@`.
    public var user: String?

    public init(
        transport: Transport = .ssl,
        host: String,
        port: Int? = nil,
        path: String = "/",
        user: String? = nil
    ) {
        self.transport = transport
        self.host = host
        self.port = port ?? transport.defaultPort
        self.path = path
        self.user = user
    }

    /// Reads `[user@]host[:port]`, or a URL with `ssl`, `tcp`, `ws` or `wss` and, for WebSockets, a path.
    ///
    /// - Parameters:
    ///   - text: such as `ami@omero.example.org:14064`.
    ///   - defaultPort: the port of texts without one; nil for that of the transport.
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration``, which says what is wrong with the text.
    ///   A password in the text is wrong, too: addresses are shown.
    public init(_ text: String, defaultPort: Int? = nil) throws(GatewayError) {
        func malformed(_ what: String, _ advice: String? = nil) -> GatewayError {
            GatewayError(
                .badConfiguration, "\"\(Self.shown(text))\" is no server address: \(what)", advice: advice,
                phase: .configuration)
        }
        var rest = Substring(text)
        var transport = Transport.ssl
        if let range = rest.firstRange(of: "://") {
            let scheme = rest[..<range.lowerBound].lowercased()
            guard let known = Transport(rawValue: scheme) else {
                throw malformed(
                    "\(scheme.isEmpty ? "an empty scheme" : Self.shown(scheme)) is none of ssl, tcp, ws, wss",
                    scheme.hasPrefix("http")
                        ? "That is a web page, such as OMERO.web's: name the server itself, such as omero.example.org"
                        : nil)
            }
            transport = known
            rest = rest[range.upperBound...]
        }
        var path = "/"
        if let slash = rest.firstIndex(of: "/") {
            path = String(rest[slash...])
            rest = rest[..<slash]
            if transport == .ssl || transport == .tcp, path != "/" {
                throw malformed("only ws and wss have a path")
            }
        }
        // User names may hold an @ themselves: the last one counts.
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
            if user?.isEmpty == true { throw malformed("the user's name before @ is empty") }
            if user?.contains(":") == true {
                throw malformed(
                    "it has a password in it", "Give the password by itself: in the credentials, or in OMERO_PASSWORD")
            }
        }
        if rest.contains(",") {
            throw malformed("it names several servers", "Give each as an address of its own")
        }
        var portText: Substring?
        if rest.first == "[" {
            guard let bracket = rest.firstIndex(of: "]") else { throw malformed("a bracket is not closed") }
            host = String(rest[rest.index(after: rest.startIndex)..<bracket])
            let after = rest[rest.index(after: bracket)...]
            guard after.isEmpty || after.first == ":" else { throw malformed("after ] comes only a port") }
            if !after.isEmpty { portText = after.dropFirst() }
        } else if rest.count(where: { $0 == ":" }) > 1 {
            // An IPv6 address without brackets can have no port behind it.
            host = String(rest)
            guard rest.prefix(while: { $0 != "%" }).allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                throw malformed("only IPv6 addresses have more than one colon")
            }
        } else if let colon = rest.firstIndex(of: ":") {
            host = String(rest[..<colon])
            portText = rest[rest.index(after: colon)...]
        } else {
            host = String(rest)
        }
        if let fault = Self.fault(ofHost: host) { throw malformed(fault) }
        guard !Self.hasControls(path), !path.contains(where: \.isWhitespace) else {
            throw malformed("the path has characters that no path has")
        }
        if let portText {
            if portText.isEmpty { throw malformed("the port after the colon is missing") }
            guard let number = Int(portText), (1...65_535).contains(number), portText.allSatisfy(\.isASCII),
                portText.allSatisfy(\.isNumber)
            else {
                // What follows a colon may be a password that was meant for elsewhere.
                throw malformed("\(!text.contains("@") ? Self.shown(String(portText)) : "that") is no port (1…65535)")
            }
            port = number
        } else {
            port = defaultPort ?? transport.defaultPort
        }
        self.transport = transport
        self.path = path
    }

    private static func hasControls(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
    }

    /// Why that is no host; nil if it may be one.
    private static func fault(ofHost host: String) -> String? {
        if host.isEmpty { return "the host is missing" }
        guard !host.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "'" }), !hasControls(host) else {
            return "the host has characters that no host has"
        }
        return nil
    }

    /// What parts have to be like that were set one by one.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration``.
    func check() throws(GatewayError) {
        let fault =
            Self.fault(ofHost: host) ?? ((1...65_535).contains(port) ? nil : "\(port) is no port (1…65535)")
        guard let fault else { return }
        throw GatewayError(
            .badConfiguration, "\"\(Self.shown(withoutUser.description))\" is no server address: \(fault)",
            phase: .configuration)
    }

    /// Shown in errors: nothing that a terminal would take for a command, not without an end, and no password.
    private static func shown(_ text: String) -> String {
        var text = Substring(text)
        if let at = text.lastIndex(of: "@") {
            let start = text.firstRange(of: "://").map { $0.upperBound < at ? $0.upperBound : text.startIndex }
            let user = text[(start ?? text.startIndex)..<at]
            if let colon = user.firstIndex(of: ":") { text = text[...colon] + "•••" + text[at...] }
        }
        return String(
            text.prefix(200).map { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? $0 : "?" })
    }

    /// The endpoint in Ice's terms.
    package var endpoint: Endpoint {
        let address = IPEndpoint(host: host, port: Int32(port))
        return switch transport {
        case .ssl: .ssl(address)
        case .tcp: .tcp(address)
        case .ws: .ws(address, resource: path)
        case .wss: .wss(address, resource: path)
        }
    }
}

extension ServerAddress: CustomStringConvertible {
    /// A URL that ``init(_:defaultPort:)`` reads again.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(transport.rawValue)://\(user.map { "\($0)@" } ?? "")\(name):\(port)\(path == "/" ? "" : path)"
    }
}
