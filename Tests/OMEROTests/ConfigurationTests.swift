import Foundation
import OMERO
import OMEROYAML
import Testing

@Suite struct ConfigurationTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Settings with nothing of the machine's in them.
    private func read(
        _ given: ConnectionSettings.Given = .init(),
        _ environment: [String: String] = [:],
        yaml: String? = nil,
        ice: String? = nil,
        sessions: SessionFiles? = nil
    ) throws -> ConnectionSettings {
        try ConnectionSettings(
            given, environment: environment,
            yaml: try yaml.map { try folder.write("settings.yaml", $0) },
            iceConfig: try ice.map { try folder.write("ice.config", $0) },
            sessions: sessions)
    }

    private func failure(
        _ given: ConnectionSettings.Given = .init(),
        _ environment: [String: String] = [:],
        yaml: String? = nil,
        ice: String? = nil
    ) -> String {
        let error = #expect(throws: GatewayError.self) { try read(given, environment, yaml: yaml, ice: ice) }
        #expect(error?.kind == .badConfiguration)
        #expect(error?.advice != nil)
        return error.map { "\($0)" } ?? ""
    }

    @Test func `the first place that has a value counts, and each value knows its place`() throws {
        let yaml = "omero:\n  host: yaml\n  port: 2\n  user: yuri\n  group: yaks\n"
        let ice = "# comment\nomero.host=ice\nomero.port=3\nomero.user=ida\nomero.group=icicles\nomero.timeout=9\n"
        let environment = ["OMERO_HOST": "env", "OMERO_PORT": "1", "OMERO_USER": "eva"]
        let settings = try read(.init(host: "code"), environment, yaml: yaml, ice: ice)
        #expect(
            settings.effective.map(\.description) == [
                "host: code (the program)",
                "transport: ssl (the program)",
                "port: 1 (environment variable OMERO_PORT)",
                "user: eva (environment variable OMERO_USER)",
                "group: yaks (omero.group in \(folder.path)/settings.yaml)",
                "idle seconds: 9 (line 6 of \(folder.path)/ice.config)",
            ])
        #expect(try settings.serverAddress().description == "ssl://eva@code:1")
        #expect(try read(.init(), environment, yaml: yaml, ice: ice).address?.value.host == "env")
        #expect(try read(yaml: yaml, ice: ice).address?.value.host == "yaml")
        #expect(try read(ice: ice).address?.value.description == "ssl://ida@ice:3")
    }

    @Test func `nothing set is no error until the server is asked for`() throws {
        let settings = try read()
        #expect(settings.effective.isEmpty)
        #expect(settings.credentials == nil)
        let error = #expect(throws: GatewayError.self) { try settings.serverAddress() }
        #expect(error?.advice?.contains("OMERO_HOST") == true)
    }

    @Test func `a gateway's configuration is made from what is set, or says what is missing`() throws {
        let environment = [
            "OMERO_HOST": "h:14064", "OMERO_USER": "ami", "OMERO_PASSWORD": "secret", "OMERO_GROUP": "lab",
            "OMERO_CONNECT_TIMEOUT": "2.5", "OMERO_TRUST": "system",
        ]
        let configuration = try GatewayConfiguration(try read(.init(), environment))
        #expect(configuration.addresses.map(\.description) == ["ssl://ami@h:14064"])
        #expect(configuration.credentials.user == "ami")
        #expect(configuration.group == .named("lab"))
        #expect(configuration.timeouts.connect == .seconds(2.5))
        guard case .systemRoots = configuration.trust else {
            Issue.record("trust is \(configuration.trust)")
            return
        }
        for (missing, advice) in [("OMERO_HOST", "OMERO_HOST"), ("OMERO_PASSWORD", "OMERO_PASSWORD")] {
            let settings = try read(.init(), environment.filter { $0.key != missing })
            let error = #expect(throws: GatewayError.self) { try GatewayConfiguration(settings) }
            #expect(error?.kind == .badConfiguration && error?.advice?.contains(advice) == true)
        }
    }

    @Test(arguments: [
        (["OMERO_HOST": "h"], "ssl://h:4064"),
        (["OMERO_HOST": "h", "OMERO_PORT": "14064"], "ssl://h:14064"),
        (["OMERO_HOST": "wss://ami@h/omero-ws", "OMERO_PORT": "8443"], "wss://ami@h:8443/omero-ws"),
        (["OMERO_HOST": "ami@h:1", "OMERO_USER": "ben", "OMERO_PORT": "2"], "ssl://ben@h:2"),
        (["OMERO_HOST": "h", "OMERO_PORT": "", "OMERO_SECURE": "yes"], "ssl://h:4064"),
        (["OMERO_HOST": "tcp://h", "OMERO_SECURE": "False"], "tcp://h:4063"),
        (["OMERO_HOST": "h", "OMERO_SECURE": "False"], "ssl://h:4064"),
    ])
    func `host, port and user make an address`(_ environment: [String: String], _ url: String) throws {
        #expect(try read(.init(), environment).serverAddress().description == url)
    }

    @Test func `a port and user within the text of an earlier place stay`() throws {
        let settings = try read(.init(host: "ami@h:1"), ["OMERO_PORT": "2", "OMERO_USER": "ben"])
        #expect(
            settings.effective.prefix(4).map(\.description).joined(separator: ", ")
                == "host: h (the program), transport: ssl (the program), port: 1 (the program), user: ami (the program)"
        )
    }

    @Test(arguments: [
        (["OMERO_PORT": "abc"], "environment variable OMERO_PORT is \"abc\". Expected is a whole number, 1…65535"),
        (["OMERO_PORT": "0"], "1…65535"), (["OMERO_PORT": "65536"], "1…65535"), (["OMERO_PORT": "+1"], "1…65535"),
        (["OMERO_SECURE": "maybe"], "environment variable OMERO_SECURE is \"maybe\". Expected is true or false"),
        (["OMERO_TIMEOUT": "1.5"], "whole seconds"), (["OMERO_CONNECT_TIMEOUT": "nan"], "seconds"),
        (["OMERO_CONNECT_TIMEOUT": "1e9"], "seconds"), (["OMERO_TRUST": "you"], "first-use"),
        (["OMERO_HOST": "http://h"], "environment variable OMERO_HOST: \"http://h\" is no server address"),
        (["OMERO_USER": "a\nb"], "environment variable OMERO_USER has control characters"),
        (["OMERO_HOST": "tcp://h", "OMERO_SECURE": "1"], "environment variable OMERO_SECURE demands encryption"),
        (["ICE_CONFIG": "/does/not/exist"], "There is no file /does/not/exist"),
        (["ICE_CONFIG": "/"], "/ is no regular file"),
    ])
    func `a wrong value is told of with its place and what is expected`(_ environment: [String: String], _ text: String)
    {
        #expect(failure(.init(), environment).contains(text), "\(failure(.init(), environment))")
    }

    @Test func `the program's own values are checked too`() {
        #expect(failure(.init(host: "h", port: 70_000)).contains("the program's port is \"70000\""))
        #expect(failure(.init(connectSeconds: -1)).contains("the program's connectTimeout is \"-1.0\""))
    }

    @Test(arguments: [
        ("system", ConnectionSettings.Trust.system), ("First-Use", .firstUse), ("anyone", .anyone),
        ("./ca.pem", .authorities(file: "./ca.pem")),
    ])
    func `trust is read`(_ text: String, _ trust: ConnectionSettings.Trust) throws {
        #expect(try read(.init(), ["OMERO_TRUST": text]).trust?.value == trust)
        #expect(try read(.init(trust: trust)).trust == Setting(trust, from: .code))
    }

    // MARK: Credentials

    @Test func `the credentials are those of the earliest place`() throws {
        let environment = ["OMERO_USER": "ami", "OMERO_PASS": "hidden-pass", "OMERO_SESSION": "hidden-key"]
        #expect(
            try read(.init(), environment).credentials?.description
                == "session key (environment variable OMERO_SESSION)")
        #expect(try read(.init(password: "p"), environment).credentials?.description == "password of ami (the program)")
        #expect(try read(.init(), ["OMERO_USER": "guest"]).credentials?.value.description == "guest")
        let alone = try read(.init(), ["OMERO_PASSWORD": "hidden"])
        #expect(alone.credentials == nil)
        #expect(alone.notes == ["environment variable OMERO_PASSWORD sets a password, but nobody a user"])
        let error = #expect(throws: GatewayError.self) { try GatewayConfiguration(alone) }
        #expect(error?.message.contains("sets a password, but nobody a user") == true)
    }

    @Test func `the variable with the longer name comes first`() throws {
        let environment = ["OMERO_PASSWORD": "a", "OMERO_PASS": "b", "OMERO_USER": "u"]
        #expect(try read(.init(), environment).credentials?.origin == .environment("OMERO_PASSWORD"))
    }

    @Test func `no description shows a secret`() throws {
        let given = ConnectionSettings.Given(host: "h", user: "u", password: "hidden-1", sessionKey: "hidden-2")
        let settings = try read(
            given, ["OMERO_PASSWORD": "hidden-3"], yaml: "omero:\n  password: hidden-4\n",
            ice: "omero.pass=hidden-5\nhidden-6")
        var dumped = ""
        dump(settings, to: &dumped)
        dump(given, to: &dumped)
        for text in [
            dumped, "\(settings)", "\(given)", String(reflecting: settings), "\(settings.effective)",
            "\(settings.notes)",
        ] {
            #expect(!text.contains("hidden"))
        }
        #expect(settings.notes == ["line 2 of \(folder.path)/ice.config is no property: name=value is expected"])
    }

    // MARK: The last log-in

    @Test func `without a server the last log-in counts`() throws {
        let sessions = SessionFiles(root: folder.path + "/sessions")
        try sessions.add(StoredSession(host: "wss://h/ws", user: "ami", key: "hidden", port: 8443, group: "lab"))
        let settings = try read(sessions: sessions)
        #expect(try settings.serverAddress().description == "wss://ami@h:8443/ws")
        #expect(settings.credentials?.origin == .lastLogin(root: sessions.root))
        #expect(settings.group?.value == "lab")
        #expect(settings.portOrigin == .lastLogin(root: sessions.root))
    }

    @Test(arguments: [
        (["OMERO_HOST": "h"], true), (["OMERO_HOST": "H:4064", "OMERO_USER": "ami", "OMERO_GROUP": "lab"], true),
        (["OMERO_HOST": "other"], false), (["OMERO_HOST": "h:1"], false),
        (["OMERO_HOST": "h", "OMERO_USER": "ben"], false),
        (["OMERO_USER": "ben"], false), (["OMERO_HOST": "h", "OMERO_GROUP": "x"], false),
        (["OMERO_HOST": "tcp://h:4064"], false),
    ])
    func `the stored session is used where nothing conflicts`(_ environment: [String: String], _ used: Bool) throws {
        let sessions = SessionFiles(root: folder.path + "/sessions")
        try sessions.add(StoredSession(host: "h", user: "ami", key: "hidden", group: "lab"))
        #expect((try read(.init(), environment, sessions: sessions).credentials != nil) == used)
        let settings = try read(.init(user: "ami", password: "p"), environment, sessions: sessions)
        #expect(settings.credentials?.origin == .code)
    }

    @Test func `session files that can't be read are noted`() throws {
        let sessions = SessionFiles(root: try folder.write("file", ""))
        let settings = try read(.init(), ["OMERO_HOST": "h"], sessions: sessions)
        #expect(settings.address?.value.host == "h")
        #expect(settings.notes.first?.contains(sessions.root) == true)
    }
}
