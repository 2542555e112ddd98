import Foundation
import OMERO
import Testing

@Suite struct StoredSessionFilesTests {
    private let folder: TemporaryFolder
    private let files: SessionFiles
    private let key = "5f0e7a4c-0000-4000-8000-0123456789ab"

    init() throws {
        folder = try TemporaryFolder()
        files = SessionFiles(root: folder.path + "/sessions/")
    }

    private func session(host: String = "omero.example.org", user: String = "ami", key: String? = nil) -> StoredSession
    {
        StoredSession(
            host: host, user: user, key: key ?? self.key, port: 14_064, group: "lab", idleSeconds: 600, sudo: "root")
    }

    @Test func `a stored session is current, listed and found`() throws {
        let session = session()
        try files.add(session)
        #expect(try files.current() == session)
        #expect(try files.all().sessions == [session])
        #expect(try files.find(key: key) == session)
        #expect(try files.sessions(host: "omero.example.org", user: "ami").sessions == [session])
        #expect(try files.sessions(user: "ben").sessions.isEmpty)
        #expect(try files.sessions(host: "omero").sessions.isEmpty)
        #expect(try files.lastLogin()?.port == 14_064)
        #expect(try files.all().skipped.isEmpty)
    }

    @Test func `nothing is there before the first log-in, and looking makes nothing`() throws {
        #expect(try files.current() == nil)
        #expect(try files.all().sessions.isEmpty)
        #expect(try files.find(key: key) == nil)
        #expect(try files.remove(session()) == false)
        try files.clearCurrent()
        #expect(!folder.exists("sessions"))
    }

    @Test func `a session that is not made current leaves the current one`() throws {
        let first = session()
        let second = session(host: "other", key: "second")
        try files.add(first)
        try files.add(second, makeCurrent: false)
        #expect(try files.current() == first)
        _ = try files.all()
        #expect(try files.current() == first)
        try files.setCurrent(second)
        #expect(try files.current() == second)
        #expect(throws: GatewayError.self) { try files.setCurrent(session(key: "third")) }
    }

    @Test func `clearing forgets which session is current, not the sessions`() throws {
        try files.add(session())
        try files.clearCurrent()
        #expect(try files.current() == nil)
        #expect(try files.all().sessions.count == 1)
        #expect(try files.lastLogin()?.host == "omero.example.org")
        #expect(try files.lastLogin()?.user == "ami")
    }

    @Test func `a removed session is no longer current; another stays it`() throws {
        let other = session(key: "other")
        try files.add(session(), makeCurrent: false)
        try files.add(other)
        #expect(try files.remove(session()))
        #expect(try files.current() == other)
        #expect(try files.remove(other))
        #expect(try files.current() == nil)
        #expect(!folder.exists("sessions/omero.example.org/ami/._LASTSESS_"))
    }

    @Test(arguments: GatewayError.Kind.allCases)
    func `only a session that is over is removed after an error`(_ kind: GatewayError.Kind) throws {
        try files.add(session())
        let gone = kind == .sessionExpired || kind == .sessionEnded
        #expect(try files.remove(session(), ifGoneBy: GatewayError(kind, "")) == gone)
        #expect(try files.all().sessions.isEmpty == gone)
    }

    @Test func `files and folders are closed to others, also those that were open before`() throws {
        try folder.write("sessions/omero.example.org/ami/._LASTSESS_", "old")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: files.root)
        try files.add(session())
        for name in ["", "/omero.example.org", "/omero.example.org/ami"] {
            #expect(try folder.mode("sessions" + name) == 0o700)
        }
        for name in ["._LASTHOST_", "._LASTPORT_", "omero.example.org/._LASTUSER_", "omero.example.org/ami/\(key)"] {
            #expect(try folder.mode("sessions/" + name) == 0o600)
        }
        #expect(try folder.mode("sessions/omero.example.org/ami/._LASTSESS_") == 0o600)
    }

    @Test(arguments: ["localhost", "wss://omero.example.org:443/omero-ws", "2001:db8::7", "größe", "a b", "%2F", "..a"])
    func `a host is escaped alike wherever it stands`(_ host: String) throws {
        let session = session(host: host)
        try files.add(session)
        #expect(try files.current() == session)
        #expect(try files.find(key: key) == session)
        #expect(try files.sessions(host: host).sessions == [session])
        #expect(try files.remove(session))
        #expect(try files.current() == nil)
    }

    @Test(arguments: [
        ("..", "ami", "k"), (".", "ami", "k"), ("", "ami", "k"), ("h\n", "ami", "k"), ("h", "..", "k"),
        ("h", "a/b", "k"),
        ("h", "", "k"), ("h", "._LASTUSER_", "k"), ("h", "a\u{0}", "k"), ("h", "ami", ""), ("h", "ami", "../k"),
        ("h", "ami", ".k"), ("h", "ami", "k\r"), ("h", "ami", String(repeating: "k", count: 300)),
        ("h", "/\u{301}", "k"),
    ])
    func `names that would lead elsewhere are refused`(_ host: String, _ user: String, _ key: String) throws {
        let error = #expect(throws: GatewayError.self) {
            try files.add(StoredSession(host: host, user: user, key: key))
        }
        #expect(error?.kind == .badConfiguration)
        #expect(error?.advice != nil)
        #expect(try files.all().sessions.isEmpty)
    }

    @Test func `a value that would begin another line is refused`() throws {
        let error = #expect(throws: GatewayError.self) {
            try files.add(StoredSession(host: "h", user: "u", key: "k", group: "a\nomero.host=evil"))
        }
        #expect(error?.message.contains("omero.group") == true)
        #expect(try files.all().sessions.isEmpty)
    }

    @Test func `what other programs have stored stays`() throws {
        try folder.write(
            "sessions/h/ami/\(key)", "omero.color=blue\nomero.port=\nomero.sess=\(key)\nomero.host=h\n=\nx")
        var session = try #require(try files.find(key: key))
        #expect(session.port == nil)
        #expect(try session.address().port == 4064)
        session.group = "lab"
        try files.add(session)
        #expect(try folder.text("sessions/h/ami/\(key)").contains("omero.color=blue\n"))
        #expect(try files.find(key: key)?.group == "lab")
    }

    @Test func `neither session nor errors show the key`() throws {
        let session = session()
        try folder.write("sessions/h/ami/\(key)", "omero.ho")
        let error = #expect(throws: GatewayError.self) { try files.find(key: key) }
        var texts = [
            "\(session)", String(reflecting: session), "\(String(describing: error))",
            "\(Array(Mirror(reflecting: session).children))",
        ]
        texts += try files.all().skipped.map { "\($0)" }
        for text in texts { #expect(!text.contains(key.dropFirst(8))) }
        #expect(error?.message.contains("\(files.root)/h/ami that begins with 5f0e") == true)
    }

    @Test func `a session stored for two users is an error that names both`() throws {
        try files.add(session())
        try files.add(session(user: "ben"))
        let error = #expect(throws: GatewayError.self) { try files.find(key: key) }
        #expect(error?.message.contains("ami on omero.example.org, ben on omero.example.org") == true)
    }

    @Test func `many at the same time lose nothing`() async throws {
        let files = files
        try await withThrowingTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    let session = StoredSession(host: "h\(number % 2)", user: "u\(number % 3)", key: "key-\(number)")
                    try files.add(session)
                    if let current = try files.current() { #expect(current.key.hasPrefix("key-")) }
                    if number % 4 == 0 { try files.remove(session) }
                }
            }
            try await group.waitForAll()
        }
        let listing = try files.all()
        #expect(listing.sessions.count == 30)
        #expect(listing.skipped.isEmpty)
        let names = try FileManager.default.subpathsOfDirectory(atPath: files.root)
        #expect(!names.contains { $0.contains(".new.") })
    }

    @Test(arguments: [
        (["OMERO_SESSIONDIR": "/s", "OMERO_USERDIR": "/u", "HOME": "/h"], "/s"),
        (["OMERO_SESSION_DIR": "/s", "OMERO_USERDIR": "/u"], "/s/omero/sessions"),
        (["OMERO_SESSIONDIR": "", "OMERO_USERDIR": "/u/", "HOME": "/h"], "/u//sessions"),
        (["HOME": "/h"], "/h/omero/sessions"),
    ])
    func `the folder is that of omero-py`(_ environment: [String: String], _ root: String) {
        #expect(SessionFiles(environment: environment).root == root)
    }

    @Test func `conflicts name what differs, and only what was wished`() {
        let session = session()
        #expect(session.conflicts(with: .init()).isEmpty)
        #expect(
            session.conflicts(with: .init(host: "OMERO.example.org", port: 14_064, user: "ami", group: "lab")).isEmpty)
        let fields = session.conflicts(with: .init(host: "h", port: 4064, user: "ben", group: "x")).map(\.field)
        #expect(fields == [.host, .port, .user, .group])
        let plain = StoredSession(host: "h", user: "ami", key: "k")
        #expect(plain.conflicts(with: .init(port: 4064)).isEmpty)
        #expect(plain.conflicts(with: .init(group: "lab")).map(\.description) == ["group is not stored, lab is wished"])
        #expect(StoredSession(host: "wss://h", user: "a", key: "k").conflicts(with: .init(port: 443)).isEmpty)
    }
}
