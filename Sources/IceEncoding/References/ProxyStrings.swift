extension ProxyReference: CustomStringConvertible {
    /// Reads a proxy as Ice 3.6 writes it, such as `category/name -t -e 1.1:tcp -h localhost -p 4064 -t 60000`.
    ///
    /// As in Ice, endpoints of unknown protocols are left out if there are others.
    ///
    /// - Throws: ``ReferenceParseError``; for the null proxy (an empty string) with the reason `nullProxy`.
    public init(parsing text: String, defaults: ReferenceDefaults = .init()) throws(ReferenceParseError) {
        guard let reference = try Self.parse(text, defaults: defaults) else {
            throw ReferenceParseError(.proxy, .nullProxy, at: 0)
        }
        self = reference
    }

    /// Reads a proxy; nil for the null proxy, which is an empty string, or an empty identity and nothing more.
    public static func parse(
        _ text: String,
        defaults: ReferenceDefaults = .init()
    ) throws(ReferenceParseError) -> ProxyReference? {
        guard !text.isEmpty else { return nil }
        var parser = ProxyParser(Array(text.utf8), defaults)
        return try parser.parse()
    }

    /// The proxy as Ice 3.6 writes it: identity, facet, mode, security, encoding, then endpoints or adapter id.
    public var description: String {
        var text = quoteReferenceText(identity.description)
        if !facet.isEmpty { text += " -f \(quoteReferenceText(escapeReferenceText(facet), isArgument: true))" }
        text += " -\(mode.letter)"
        if secure { text += " -s" }
        if protocolVersion != .v1_0 { text += " -p \(protocolVersion)" }
        text += " -e \(encoding)"
        for endpoint in endpoints { text += ":\(endpoint)" }
        if endpoints.isEmpty, !adapterID.isEmpty {
            text += " @ \(quoteReferenceText(escapeReferenceText(adapterID)))"
        }
        return text
    }
}

extension ProxyReference.Mode {
    /// The option that stands for the mode in a string.
    fileprivate var letter: Character {
        switch self {
        case .twoway: "t"
        case .oneway: "o"
        case .batchOneway: "O"
        case .datagram: "d"
        case .batchDatagram: "D"
        }
    }

    fileprivate init?(letter: UInt8) {
        switch letter {
        case UInt8(ascii: "t"): self = .twoway
        case UInt8(ascii: "o"): self = .oneway
        case UInt8(ascii: "O"): self = .batchOneway
        case UInt8(ascii: "d"): self = .datagram
        case UInt8(ascii: "D"): self = .batchDatagram
        default: return nil
        }
    }
}

/// Reads the string of a proxy from left to right.
private struct ProxyParser {
    private let bytes: [UInt8]
    private let defaults: ReferenceDefaults
    private var index = 0

    init(_ bytes: [UInt8], _ defaults: ReferenceDefaults) {
        self.bytes = bytes
        self.defaults = defaults
    }

    mutating func parse() throws(ReferenceParseError) -> ProxyReference? {
        guard let start = skipSpaces() else { throw ReferenceParseError(.proxy, .empty, at: 0) }
        let word = try readWord(until: isReferenceDelimiter)
        guard word.isQuoted || !word.bytes.isEmpty else {
            throw ReferenceParseError(.proxy, .missingIdentity, at: start)
        }
        let identity = try Identity(parsing: word.bytes)
        if identity.name.isEmpty {
            guard identity.category.isEmpty else {
                throw ReferenceParseError(.illegalIdentity, .missingName(category: identity.category), at: start)
            }
            if let rest = skipSpaces() { throw ReferenceParseError(.proxy, .trailingCharacters, at: rest) }
            return nil
        }
        var reference = ProxyReference(identity: identity, encoding: defaults.encoding)
        while let start = skipSpaces() {
            switch bytes[start] {
            case UInt8(ascii: ":"):
                reference.endpoints = try readEndpoints()
                return reference
            case UInt8(ascii: "@"):
                reference.adapterID = try readAdapterID()
                return reference
            default: try readOption(into: &reference)
            }
        }
        return reference
    }

    // MARK: Words

    /// Moves to the next byte that is no white space; nil at the end.
    private mutating func skipSpaces() -> Int? {
        while index < bytes.endIndex, isReferenceSpace(bytes[index]) { index += 1 }
        return index < bytes.endIndex ? index : nil
    }

    /// Reads the word at ``index``, which may be quoted; a backslash before the closing mark makes it part of the word.
    private mutating func readWord(
        until isEnd: (UInt8) -> Bool
    ) throws(ReferenceParseError) -> (bytes: ArraySlice<UInt8>, isQuoted: Bool) {
        let start = index
        let mark = bytes[start]
        guard mark == UInt8(ascii: "\"") || mark == UInt8(ascii: "'") else {
            index = bytes[start...].firstIndex(where: isEnd) ?? bytes.endIndex
            return (bytes[start..<index], false)
        }
        var end = start + 1
        while end < bytes.endIndex, bytes[end] != mark || bytes[end - 1] == UInt8(ascii: "\\") { end += 1 }
        guard end < bytes.endIndex else { throw ReferenceParseError(.proxy, .mismatchedQuotes, at: start) }
        index = end + 1
        return (bytes[(start + 1)..<end], true)
    }

    // MARK: Parts

    private mutating func readOption(into reference: inout ProxyReference) throws(ReferenceParseError) {
        let start = index
        // Quotation marks mean nothing here.
        index = bytes[start...].firstIndex(where: isReferenceDelimiter) ?? bytes.endIndex
        let word = bytes[start..<index]
        let option = String(decoding: word, as: UTF8.self)
        guard word.count == 2, word.first == UInt8(ascii: "-"), let letter = word.last else {
            throw ReferenceParseError(.proxy, .expectedOption(option), at: start)
        }
        var argument: ArraySlice<UInt8> = []
        let end = index
        if let next = skipSpaces(), ![UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "-")].contains(bytes[next]) {
            argument = try readWord(until: isReferenceDelimiter).bytes
        } else {
            index = end
        }
        let text = String(decoding: argument, as: UTF8.self)
        func requireArgument() throws(ReferenceParseError) {
            guard argument.isEmpty else { return }
            throw ReferenceParseError(.proxy, .missingArgument(option: option), at: start)
        }
        func refuseArgument() throws(ReferenceParseError) {
            guard !argument.isEmpty else { return }
            let reason = ReferenceParseError.Reason.unexpectedArgument(option: option, argument: text)
            throw ReferenceParseError(.proxy, reason, at: argument.startIndex)
        }
        func version() throws(ReferenceParseError) -> (major: UInt8, minor: UInt8) {
            try requireArgument()
            guard let version = parseReferenceVersion(text) else {
                let reason = ReferenceParseError.Reason.invalidArgument(option: option, argument: text)
                throw ReferenceParseError(.proxy, reason, at: argument.startIndex)
            }
            return version
        }
        if let mode = ProxyReference.Mode(letter: letter) {
            try refuseArgument()
            reference.mode = mode
            return
        }
        switch letter {
        case UInt8(ascii: "f"):
            try requireArgument()
            reference.facet = try unescapeReferenceText(argument, .proxy)
        case UInt8(ascii: "s"):
            try refuseArgument()
            reference.secure = true
        case UInt8(ascii: "e"):
            let version = try version()
            reference.encoding = EncodingVersion(major: version.major, minor: version.minor)
        case UInt8(ascii: "p"):
            let version = try version()
            reference.protocolVersion = ProtocolVersion(major: version.major, minor: version.minor)
        default: throw ReferenceParseError(.proxy, .unknownOption(option), at: start)
        }
    }

    /// The endpoints after the colon at ``index``.
    private mutating func readEndpoints() throws(ReferenceParseError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        var unknown: ReferenceParseError?
        for range in EndpointWords.ranges(in: bytes[(index + 1)...]) {
            do {
                endpoints.append(try Endpoint.parse(bytes[range], defaults: defaults, role: .proxy))
            } catch {
                guard case .unknownProtocol = error.reason else { throw error }
                unknown = unknown ?? error
            }
        }
        if endpoints.isEmpty, let unknown { throw unknown }
        return endpoints
    }

    /// The adapter id after the `@` at ``index``.
    private mutating func readAdapterID() throws(ReferenceParseError) -> String {
        index += 1
        guard let start = skipSpaces() else { throw ReferenceParseError(.proxy, .missingAdapterID, at: index) }
        let word = try readWord(until: isReferenceSpace)
        if let rest = skipSpaces() { throw ReferenceParseError(.proxy, .trailingCharacters, at: rest) }
        let adapterID = try unescapeReferenceText(word.bytes, .proxy)
        guard !adapterID.isEmpty else { throw ReferenceParseError(.proxy, .missingAdapterID, at: start) }
        return adapterID
    }
}

private func isReferenceDelimiter(_ byte: UInt8) -> Bool {
    isReferenceSpace(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "@")
}
