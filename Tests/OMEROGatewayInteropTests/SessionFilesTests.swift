import Foundation
import InteropProcess
import OMERO
import Testing

/// omero-py's session store and our ``SessionFiles`` on the same folder, without a server.
@Suite(
    "omero-py and Swift share session files",
    .enabled(if: !StorePeer.python.isEmpty, "omero-py is not prepared: eval \"$(scripts/peers)\""),
    .serialized
)
final class SessionFilesTests {
    private let root = FileManager.default.temporaryDirectory.path + "/swift-omero-\(UUID().uuidString)"
    private let key = "5f0e7a4c-0000-4000-8000-0123456789ab"
    private var files: SessionFiles { SessionFiles(root: root) }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private static let hosts = ["localhost", "omero.example.org", "wss://omero.example.org:443/omero-ws", "größe ~x"]

    @Test("what Swift stores, Python finds as the current session", arguments: hosts)
    func fromSwift(_ host: String) async throws {
        let other = StoredSession(host: "other", user: "ben", key: "other-key")
        try files.add(other)
        let session = StoredSession(
            host: host, user: "ami@lab", key: key, port: 14_064, group: "a group", idleSeconds: 600, sudo: "root")
        try files.add(session)
        let results = try await StorePeer.run(
            root,
            [
                ["current"], ["contents"], ["conflicts", host, "ami@lab", key, ["omero.port": "14064"]],
                ["conflicts", host, "ami@lab", key, ["omero.group": "x"]], ["omero_command", "sessions", "key"],
            ])
        #expect(results[0] as? [String] == [host, "ami@lab", key, "14064"])
        let contents = try #require(results[1] as? [String: [String: [String: [String: String]]]])
        #expect(
            contents[host]?["ami@lab"]?[key] == [
                "omero.host": host, "omero.user": "ami@lab", "omero.sess": key, "omero.port": "14064",
                "omero.group": "a group", "omero.timeout": "600", "omero.sudo": "root", "active": "unknown",
            ])
        #expect(contents["other"]?["ben"]?["other-key"]?["omero.sess"] == "other-key")
        #expect(contents.count == 2 && contents[host]?["ami@lab"]?.count == 1)
        #expect(results[2] as? String == "")
        #expect(results[3] as? String == "omero.group: a group!=x")
        #expect((results[4] as? String)?.contains(key) == true)
    }

    @Test("what Python stores, Swift finds as the current session", arguments: hosts)
    func fromPython(_ host: String) async throws {
        _ = try await StorePeer.run(
            root,
            [
                ["add", "other", "ben", "other-key", [String: String]()],
                ["add", host, "ami", key, ["omero.port": "14064", "omero.group": "lab", "omero.x": "a=b"], "root"],
            ])
        let session = try #require(try files.current())
        #expect(session.host == host)
        #expect(session.user == "ami")
        #expect(session.key == key)
        #expect(session.port == 14_064)
        #expect(session.group == "lab")
        #expect(session.sudo == "root")
        let listing = try files.all()
        #expect(listing.sessions.map(\.key).sorted() == [key, "other-key"])
        #expect(listing.skipped.isEmpty)
        #expect(try files.find(key: "other-key")?.user == "ben")

        // Both ways on the same entries: Swift writes it anew, then Python removes it.
        try files.add(session)
        let results = try await StorePeer.run(root, [["contents"], ["remove", host, "ami", key], ["current"]])
        let contents = try #require(results[0] as? [String: [String: [String: [String: String]]]])
        #expect(contents[host]?["ami"]?[key]?["omero.x"] == "a=b")
        #expect((results[2] as? [Any])?[2] is NSNull)
        #expect(try files.current() == nil)
        #expect(try files.find(key: key) == nil)
    }

    @Test("what Swift removes or clears is no longer current in Python")
    func removing() async throws {
        let session = StoredSession(host: "localhost", user: "ami", key: key)
        try files.add(session)
        try files.remove(session)
        var results = try await StorePeer.run(root, [["current"], ["contents"], ["find", "localhost", key]])
        #expect((results[0] as? [Any])?[2] is NSNull)
        #expect((results[1] as? [String: [String: [String: Any]]])?["localhost"]?["ami"]?.isEmpty == true)
        #expect(results[2] is NSNull)
        try files.add(session)
        try files.clearCurrent()
        results = try await StorePeer.run(root, [["current"], ["find", "localhost", key]])
        #expect((results[0] as? [Any])?[0] as? String == "localhost")
        #expect((results[0] as? [Any])?[2] is NSNull)
        #expect(results[1] as? String == "ami")
    }

    @Test("the omero command lists Swift's sessions, and names their file")
    func command() async throws {
        // Nobody listens on this port: the command says so and, asked not to, purges nothing.
        try files.add(StoredSession(host: "127.0.0.1", user: "ami", key: key, port: 1))
        let results = try await StorePeer.run(
            root, [["omero_command", "sessions", "file"], ["omero_command", "sessions", "list", "--no-purge"]])
        #expect((results[0] as? String)?.contains("\(root)/127.0.0.1/ami/\(key)") == true)
        let list = try #require(results[1] as? String)
        #expect(list.contains(key) && list.contains("ami") && list.contains("127.0.0.1"), "\(list)")
    }
}

/// Tests/Interop/Gateway/session_files.py.
enum StorePeer {
    static let python = ProcessInfo.processInfo.environment["SWIFT_OMERO_PYTHON"] ?? ""
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Interop/Gateway/session_files.py").path

    /// What each step answers.
    static func run(_ root: String, _ steps: [[Any]]) async throws -> [Any] {
        let json = try JSONSerialization.data(withJSONObject: steps)
        let process = try ForeignProcess(
            python, ["-W", "ignore", script, root, String(decoding: json, as: UTF8.self)])
        defer { process.stop() }
        let text = try await process.finish(within: .seconds(120))
        let results = try text.split(separator: "\n").filter { $0.hasPrefix("RESULT ") }.map {
            try JSONSerialization.jsonObject(with: Data($0.dropFirst(7).utf8), options: .fragmentsAllowed)
        }
        try #require(results.count == steps.count, "\(text)")
        return results
    }
}
