import NIOCore

/// Whose endpoints a string names.
public enum EndpointRole: Sendable, Hashable {
    /// Those of a proxy: addresses to connect to.
    case proxy
    /// Those of an object adapter: addresses to listen on. `-h *` is every interface, `--sourceAddress` an error.
    case adapter
}

extension Endpoint {
    /// Reads an endpoint as Ice 3.6 writes it, such as `tcp -h localhost -p 4064 -t 60000`.
    ///
    /// An `opaque` endpoint of a known type becomes an endpoint of that type.
    ///
    /// - Throws: ``ReferenceParseError`` of the kinds `endpoint` and `marshal`.
    public init(
        parsing text: String,
        defaults: ReferenceDefaults = .init(),
        role: EndpointRole = .proxy
    ) throws(ReferenceParseError) {
        let bytes = Array(text.utf8)
        self = try Endpoint.parse(bytes[...], defaults: defaults, role: role)
    }

    /// Reads the endpoints of an object adapter, separated by colons, such as `tcp -p 4063:ssl -p 4064`. Empty ones
    /// count for nothing, as in Ice.
    public static func list(
        parsing text: String,
        defaults: ReferenceDefaults = .init(),
        role: EndpointRole = .adapter
    ) throws(ReferenceParseError) -> [Endpoint] {
        let bytes = Array(text.utf8)
        var endpoints: [Endpoint] = []
        for range in EndpointWords.ranges(in: bytes[...]) where !bytes[range].allSatisfy(isReferenceSpace) {
            endpoints.append(try parse(bytes[range], defaults: defaults, role: role))
        }
        return endpoints
    }

    /// Reads one endpoint; the positions of errors are indices of `bytes`.
    static func parse(
        _ bytes: ArraySlice<UInt8>,
        defaults: ReferenceDefaults,
        role: EndpointRole
    ) throws(ReferenceParseError) -> Endpoint {
        var words = try EndpointWords.split(bytes)
        guard !words.isEmpty else { throw ReferenceParseError(.endpoint, .empty, at: bytes.startIndex) }
        let first = words.removeFirst()
        let endpoint: Endpoint
        if first.text == "opaque" {
            endpoint = .opaque(try OpaqueEndpoint(options: &words, at: first.position))
        } else {
            let name = first.text == "default" ? defaults.endpointProtocol : EndpointProtocol(rawValue: first.text)
            guard let name else {
                throw ReferenceParseError(.endpoint, .unknownProtocol(first.text), at: first.position)
            }
            var options = EndpointOptions(defaults)
            try options.take(from: &words, of: name, role: role, position: first.position)
            endpoint = options.endpoint(name)
        }
        if let word = words.first {
            throw ReferenceParseError(.endpoint, .unknownArgument(word.text), at: word.position)
        }
        guard case .opaque(let opaque) = endpoint, (1...5).contains(opaque.type) else { return endpoint }
        do {
            return try opaque.decoded()
        } catch {
            throw ReferenceParseError(.marshal, .invalidContent(error), at: first.position)
        }
    }
}

/// The options of an endpoint of a known protocol while they are read.
struct EndpointOptions {
    var address: IPEndpoint
    var resource = ""
    var interface = ""
    var ttl: Int32 = -1
    var connect = false

    init(_ defaults: ReferenceDefaults) {
        address = IPEndpoint(host: "", port: 0, timeout: defaults.timeout)
        self.defaults = defaults
    }

    private let defaults: ReferenceDefaults

    func endpoint(_ name: EndpointProtocol) -> Endpoint {
        switch name {
        case .tcp: .tcp(address)
        case .ssl: .ssl(address)
        case .ws: .ws(address, resource: resource)
        case .wss: .wss(address, resource: resource)
        case .udp:
            .udp(
                UDPEndpoint(
                    host: address.host,
                    port: address.port,
                    compress: address.compress,
                    multicastInterface: interface,
                    multicastTTL: ttl,
                    connect: connect
                )
            )
        }
    }

    mutating func take(
        from words: inout [EndpointWord],
        of name: EndpointProtocol,
        role: EndpointRole,
        position: Int
    ) throws(ReferenceParseError) {
        try EndpointWords.takeOptions(from: &words) { (option, argument) throws(ReferenceParseError) in
            if try takeAddress(option, argument) { return true }
            return name == .udp ? try takeDatagram(option, argument) : try takeStream(option, argument)
        }
        if address.host.isEmpty {
            address.host = defaults.host
        } else if address.host == "*" {
            guard role == .adapter else { throw ReferenceParseError(.endpoint, .wildcardHost, at: position) }
            address.host = ""
        }
        if role == .adapter {
            guard address.sourceAddress == nil else {
                throw ReferenceParseError(.endpoint, .sourceAddressOfAdapter, at: position)
            }
        } else if address.sourceAddress == nil {
            address.sourceAddress = defaults.sourceAddress
        }
        guard name == .ws || name == .wss else { return }
        // WebSocket's own option is looked for among the words that TCP or TLS left.
        try EndpointWords.takeOptions(from: &words) { (option, argument) throws(ReferenceParseError) in
            guard option.letter == UInt8(ascii: "r") else { return false }
            resource = try EndpointWords.required(argument, of: option)
            return true
        }
        if resource.isEmpty { resource = "/" }
    }

    private mutating func takeAddress(
        _ option: EndpointWord,
        _ argument: EndpointWord?
    ) throws(ReferenceParseError) -> Bool {
        switch option.text {
        case "-h":
            address.host = try EndpointWords.required(argument, of: option)
        case "-p":
            guard let port = parseReferenceNumber(try EndpointWords.required(argument, of: option)),
                (0...65535).contains(port)
            else { throw EndpointWords.invalid(argument, of: option) }
            address.port = port
        case "--sourceAddress":
            let text = try EndpointWords.required(argument, of: option)
            guard let source = try? SocketAddress(ipAddress: text, port: 0) else {
                throw EndpointWords.invalid(argument, of: option)
            }
            address.sourceAddress = source.ipAddress
        default: return false
        }
        return true
    }

    private mutating func takeStream(
        _ option: EndpointWord,
        _ argument: EndpointWord?
    ) throws(ReferenceParseError) -> Bool {
        switch option.letter {
        case UInt8(ascii: "t"):
            let text = try EndpointWords.required(argument, of: option)
            if text == "infinite" {
                address.timeout = -1
            } else {
                guard let timeout = parseReferenceNumber(text), timeout >= 1 else {
                    throw EndpointWords.invalid(argument, of: option)
                }
                address.timeout = timeout
            }
        case UInt8(ascii: "z"):
            try EndpointWords.refuse(argument, of: option)
            address.compress = true
        default: return false
        }
        return true
    }

    private mutating func takeDatagram(
        _ option: EndpointWord,
        _ argument: EndpointWord?
    ) throws(ReferenceParseError) -> Bool {
        switch option.text {
        case "-c":
            try EndpointWords.refuse(argument, of: option)
            connect = true
        case "-z":
            try EndpointWords.refuse(argument, of: option)
            address.compress = true
        case "-v", "-e":
            // Versions of old: checked, and of no effect.
            guard parseReferenceVersion(try EndpointWords.required(argument, of: option)) != nil else {
                throw EndpointWords.invalid(argument, of: option)
            }
        case "--interface":
            interface = try EndpointWords.required(argument, of: option)
        case "--ttl":
            guard let number = parseReferenceNumber(try EndpointWords.required(argument, of: option)) else {
                throw EndpointWords.invalid(argument, of: option)
            }
            ttl = number
        default: return false
        }
        return true
    }
}
