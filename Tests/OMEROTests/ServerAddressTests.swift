import OMERO
import Testing

@Suite struct ServerAddressTests {
    @Test(arguments: [
        ("omero.example.org", "ssl://omero.example.org:4064"),
        ("ami@omero.example.org:14064", "ssl://ami@omero.example.org:14064"),
        ("ami@lab.org@omero.example.org", "ssl://ami@lab.org@omero.example.org:4064"),
        ("tcp://h", "tcp://h:4063"),
        ("ws://h/omero-ws", "ws://h:80/omero-ws"),
        ("WSS://h:8443/a/b", "wss://h:8443/a/b"),
        ("[::1]:4064", "ssl://[::1]:4064"),
        ("::1", "ssl://[::1]:4064"),
        ("ssl://u@[2001:db8::7]", "ssl://u@[2001:db8::7]:4064"),
        ("127.0.0.1:1", "ssl://127.0.0.1:1"),
    ])
    func `a text is read, and its description is read again`(_ text: String, _ url: String) throws {
        let address = try ServerAddress(text)
        #expect(address.description == url)
        #expect(try ServerAddress(address.description) == address)
    }

    @Test(arguments: [
        "", ":4064", "http://h", "://h", "h:0", "h:65536", "h:x", "h:+1", "h:", "@h", "[::1", "[::1]x", "ssl://h/p",
        "a b", "h\u{0}", "ws://h/a b", "h:٣", "h:1:2", "h,other", "h:1,other:2",
    ])
    func `a text that is no address is refused with the reason`(_ text: String) {
        let error = #expect(throws: GatewayError.self) { try ServerAddress(text) }
        #expect(error?.kind == .badConfiguration)
        #expect(error?.message.contains("is no server address: ") == true)
    }

    @Test(arguments: [
        "ami:zzzyyy@h", "ssl://ami:zzzyyy@h:4064", "ssl://ami:zzzyyy@h:x", "ws://ami:zzz/yyy@h",
        "wss://ami:zzzyyy@h/a b",
        "ami:zzzyyy@", "ami:zzz@yyy@h",
    ])
    func `a password in an address is refused, and shown nowhere`(_ text: String) {
        let error = #expect(throws: GatewayError.self) { try ServerAddress(text) }
        var dumped = ""
        dump(error, to: &dumped)
        for shown in ["\(String(describing: error))", dumped] {
            #expect(!shown.contains("zzz") && !shown.contains("yyy"))
        }
    }

    @Test func `the address of a web page is refused with the advice to name the server`() {
        let error = #expect(throws: GatewayError.self) { try ServerAddress("https://omero.example.org/webclient/") }
        #expect(error?.advice?.contains("name the server itself") == true)
    }
}
