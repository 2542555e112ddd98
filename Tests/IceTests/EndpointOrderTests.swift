import NIOCore
import Testing

@testable import Ice

@Suite("The order in which a proxy's endpoints are tried")
struct EndpointOrderTests {
    let endpoints: [Endpoint] = [
        .ssl(IPEndpoint(host: "a", port: 1)), .tcp(IPEndpoint(host: "b", port: 2)),
        .wss(IPEndpoint(host: "c", port: 3), resource: "/"), .ws(IPEndpoint(host: "d", port: 4), resource: "/"),
        .udp(UDPEndpoint(host: "e", port: 5)),
    ]

    private func hosts(secureOnly: Bool = false, _ change: (inout ProxySettings) -> Void = { _ in }) -> [String] {
        var settings = ProxySettings()
        settings.endpointSelection = .ordered
        change(&settings)
        return OutgoingConnections.order(endpoints, secureOnly: secureOnly, settings: settings)
            .compactMap(\.address?.host)
    }

    @Test("plain ones come first, secure ones first where preferred, and only they where required")
    func ordered() {
        #expect(hosts() == ["b", "d", "a", "c"])
        #expect(hosts { $0.prefersSecure = true } == ["a", "c", "b", "d"])
        #expect(hosts(secureOnly: true) == ["a", "c"])
    }

    @Test("a random selection keeps the kinds apart and tries every endpoint first some time")
    func random() {
        var firsts: Set<String> = []
        for _ in 0..<200 {
            let hosts = hosts { $0.endpointSelection = .random }
            #expect(Set(hosts.prefix(2)) == ["b", "d"])
            #expect(Set(hosts.suffix(2)) == ["a", "c"])
            firsts.insert(hosts[0])
        }
        #expect(firsts == ["b", "d"])
    }
}

@Suite("What message dumps show")
struct MessageDumpTests {
    @Test("session keys in identities and contexts never stand in a dump; the rest does")
    func redaction() throws {
        let key = "0a1b2c3d-1111-2222-3333-444455556666"
        let header = RequestHeader(
            id: 7,
            identity: Identity(name: "\(key)omero.api.IAdmin", category: "session-\(key)"),
            operation: "getEventContext",
            mode: .idempotent,
            context: ["omero.session.uuid": "anything", "omero.group": "-1", "other": key]
        )
        let dump = MessageDump(try Message.encodeRequest(header, parameters: .empty(.v1_1))).description
        #expect(!dump.contains(key))
        #expect(!dump.contains("anything"))
        #expect(dump.contains("operation = getEventContext"))
        #expect(dump.contains("omero.group/-1"))
        #expect(dump.contains("request id = 7"))
    }

    @Test("rubbish has a dump too")
    func rubbish() {
        #expect(MessageDump(ByteBuffer(string: "HTTP/1.1 200")).description.contains("not a message") == true)
        #expect(!MessageDump(ByteBuffer()).description.isEmpty)
    }
}
