import IceEncoding
import NIOCore
import Testing

/// A small generator with a seed (SplitMix64), so that a failure can be had again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func text(_ alphabet: [Character], _ lengths: ClosedRange<Int>) -> String {
        let length = Int.random(in: lengths, using: &self)
        return String((0..<length).map { _ in alphabet.randomElement(using: &self) ?? "a" })
    }

    mutating func reference() -> ProxyReference {
        let any = Array("abz09/\\'\" \t\n\r\u{8}\u{c}\0\u{1f}\u{7f}:@-=.é日🧬")
        var reference = ProxyReference(
            identity: Identity(name: text(any, 1...8), category: text(any, 0...8)),
            facet: text(any, 0...6),
            mode: ProxyReference.Mode.allCases.randomElement(using: &self) ?? .twoway,
            secure: .random(using: &self),
            protocolVersion: ProtocolVersion(
                major: .random(in: 1...2, using: &self), minor: .random(in: 0...9, using: &self)),
            encoding: EncodingVersion(major: 1, minor: .random(in: 0...2, using: &self))
        )
        if Bool.random(using: &self) {
            reference.endpoints = (0..<Int.random(in: 1...3, using: &self)).map { _ in endpoint() }
        } else {
            reference.adapterID = text(any, 0...8)
        }
        return reference
    }

    mutating func endpoint() -> Endpoint {
        let host =
            ["localhost", "10.0.0.1", "::1", "fe80::1%eth0", "a b", "ü.example", ""].randomElement(using: &self) ?? ""
        let timeouts: [Int32] = [-1, 1, 60_000, .max]
        let sources: [String?] = [nil, "127.0.0.1", "::1"]
        let address = IPEndpoint(
            host: host,
            port: .random(in: 0...65535, using: &self),
            timeout: timeouts.randomElement(using: &self) ?? -1,
            compress: .random(using: &self),
            sourceAddress: sources.randomElement(using: &self) ?? nil
        )
        let resource = "/" + text(Array("ab/?=&: é"), 0...6)
        switch Int.random(in: 0...5, using: &self) {
        case 0: return .tcp(address)
        case 1: return .ssl(address)
        case 2: return .ws(address, resource: resource)
        case 3: return .wss(address, resource: resource)
        case 4:
            return .udp(
                UDPEndpoint(
                    host: host,
                    port: address.port,
                    compress: address.compress,
                    multicastInterface: ["", "eth0", "::1"].randomElement(using: &self) ?? "",
                    multicastTTL: .random(in: -1...9, using: &self),
                    connect: .random(using: &self)
                )
            )
        default:
            let count = Int.random(in: 1...90, using: &self)
            let bytes = ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) })
            let version = EncodingVersion(major: 1, minor: .random(in: 0...9, using: &self))
            return .opaque(.init(type: .random(in: 6...Int16.max, using: &self), encoding: version, bytes: bytes))
        }
    }
}

@Suite("Strings of references")
struct ReferenceStringTests {
    @Test("what is printed is read back as the same, whatever is in it", arguments: 1...40 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let reference = generator.reference()
            let text = reference.description
            #expect(try ProxyReference(parsing: text) == reference, "\(text)")
            #expect(try Identity(parsing: reference.identity.description) == reference.identity)
            for endpoint in reference.endpoints {
                #expect(try Endpoint(parsing: endpoint.description) == endpoint)
            }
        }
    }

    @Test("no string makes the parser trap", arguments: 1...20 as ClosedRange<UInt64>)
    func rubbish(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words = [
            "a", "c/n", " ", " ", ":", "@", "\"", "'", "\\", "-f", "-e", "1.0", "-t", "tcp", "ssl", "ws", "udp",
            "opaque",
            "-h", "-p", "1", "-v", "AAAA", "-r", "é", "\\3", "default", "--ttl", "\t", "99999999999",
        ]
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 1...16, using: &generator)).map { _ in
                words.randomElement(using: &generator) ?? ""
            }
            .joined()
            if let reference = try? ProxyReference.parse(text) { _ = try? ProxyReference.parse(reference.description) }
            _ = try? Endpoint(parsing: text)
            _ = try? Endpoint.list(parsing: text)
            _ = try? Identity(parsing: text)
        }
    }

    @Test("the null proxy is nil, or an error where a proxy is needed", arguments: ["", "\"\"", "''", "/", " \"\" "])
    func null(_ text: String) throws {
        #expect(try ProxyReference.parse(text) == nil)
        #expect(throws: ReferenceParseError(.proxy, .nullProxy, at: 0)) { try ProxyReference(parsing: text) }
    }

    @Test(
        "errors say where they are",
        arguments: [
            ("a:tcp -h h -p x", ReferenceParseError(.endpoint, .invalidArgument(option: "-p", argument: "x"), at: 14)),
            ("a -f", ReferenceParseError(.proxy, .missingArgument(option: "-f"), at: 2)),
            ("a:tcp -h h:foo -p 1:ssl -q", ReferenceParseError(.endpoint, .unknownArgument("-q"), at: 24)),
            ("a/b/c", ReferenceParseError(.identity, .unescapedSlash, at: 3)),
            ("  c/ -t", ReferenceParseError(.illegalIdentity, .missingName(category: "c"), at: 2)),
            ("é", ReferenceParseError(.identity, .unprintableByte(0xc3), at: 0)),
            ("a:bar", ReferenceParseError(.endpoint, .unknownProtocol("bar"), at: 2)),
            (" ", ReferenceParseError(.proxy, .empty, at: 0)),
            ("a @", ReferenceParseError(.proxy, .missingAdapterID, at: 3)),
        ])
    func positions(text: String, error: ReferenceParseError) {
        #expect(throws: error) { try ProxyReference(parsing: text) }
        #expect(error.description.contains("byte \(error.position)"))
    }

    @Test("an object adapter may listen on every interface, and names several endpoints")
    func adapter() throws {
        let endpoints = try Endpoint.list(parsing: "tcp -h * -p 4063: :ssl -h \"::\" -p 4064 -t infinite:")
        #expect(endpoints == [.tcp(.init(host: "", port: 4063)), .ssl(.init(host: "::", port: 4064, timeout: -1))])
        #expect(endpoints.first?.description == "tcp -p 4063 -t 60000")
        #expect(throws: ReferenceParseError(.endpoint, .sourceAddressOfAdapter, at: 0)) {
            try Endpoint(parsing: "tcp -p 1 --sourceAddress ::1", role: .adapter)
        }
        #expect(throws: ReferenceParseError(.endpoint, .wildcardHost, at: 0)) { try Endpoint(parsing: "tcp -h * -p 1") }
        #expect(try Endpoint.list(parsing: "  ") == [])
        #expect(throws: ReferenceParseError(.endpoint, .unknownProtocol("foo"), at: 4)) {
            try Endpoint.list(parsing: "tcp:foo")
        }
    }
}
