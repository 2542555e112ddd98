import Foundation
import InteropProcess
import OMEROServer
import Testing

/// omero-py, as `scripts/peers` has prepared it, and the drivers in Tests/Interop/Server.
enum Drivers {
    static let python = ProcessInfo.processInfo.environment["SWIFT_OMERO_PYTHON"] ?? ""
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Interop/Server").path

    /// Beside the bundle of tests.
    static let blitz = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("blitz").path

    static func path(_ name: String) -> String { folder + "/" + name + ".py" }
    static func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// Unmodified omero-py and OMERO.web against a server in this process. One after the other, as each keeps a processor busy.
@Suite(
    "omero-py's clients accept the server",
    .enabled(if: !Drivers.python.isEmpty, "omero-py is not prepared: eval \"$(scripts/peers)\""),
    .serialized
)
struct ClientLifeTests {
    @Test("BlitzGateway and omero.client through the whole life of sessions")
    func gateway() async throws {
        var configuration = ServerConfiguration.testing
        configuration.heartbeatInterval = .milliseconds(500)
        try await drive("gateway_life", atLeast: 26, configuration)
    }

    @Test("stateful services, files, photos, and what else IAdmin and ITypes do")
    func services() async throws { try await drive("service_life", atLeast: 19) }

    @Test("blitz serve: doors, options, signals, restarts")
    func program() async throws {
        try await drive("serve_life", atLeast: 15, ["--blitz", Drivers.blitz], within: .seconds(300))
    }

    @Test("the omero command: sessions, users, groups")
    func commands() async throws { try await drive("cli_life", atLeast: 25) }

    @Test("queries", .enabled(if: Drivers.isThere("query_life"), "there is no query_life.py"))
    func queries() async throws { try await drive("query_life", atLeast: 1) }

    @Test("objects are saved, changed, linked and deleted")
    func updates() async throws { try await drive("update_life", atLeast: 15) }

    @Test("the omero command: objects, maps, tags")
    func objectCommands() async throws { try await drive("cli_objects", atLeast: 5) }

    @Test("an object of every class with everything in it is saved and found again")
    func everyClass() async throws { try await drive("every_class", atLeast: 162) }

    @Test("containers and annotations are loaded and counted")
    func containers() async throws { try await drive("container_life", atLeast: 8) }

    @Test("deleting, moving and giving objects with all that goes along")
    func graphs() async throws {
        var configuration = ServerConfiguration.testing
        configuration.sampleData = true
        try await drive("graph_life", atLeast: 20, configuration)
    }

    @Test("OMERO.web: the container tree, lists, panels, its JSON interface, and changes")
    func web() async throws {
        var configuration = ServerConfiguration.testing
        configuration.sampleData = true
        try await drive("web_life", atLeast: 20, configuration)
    }

    /// Runs a driver; each of its failed checks becomes an issue.
    private func drive(
        _ name: String, atLeast count: Int, _ configuration: ServerConfiguration = .testing
    ) async throws {
        let text = try await OMEROServer.withServer(configuration) { server in
            let port = try #require(server.sslPort)
            return try await Self.run(name, ["--port", String(port), "--password", "omero"], within: .seconds(900))
        }
        check(text, atLeast: count)
    }

    /// Runs a driver that starts its servers itself.
    private func drive(_ name: String, atLeast count: Int, _ arguments: [String], within limit: Duration) async throws {
        check(try await Self.run(name, arguments, within: limit), atLeast: count)
    }

    private static func run(_ name: String, _ arguments: [String], within limit: Duration) async throws -> String {
        let process = try ForeignProcess(Drivers.python, ["-W", "ignore", Drivers.path(name)] + arguments)
        defer { process.stop() }
        return try await process.finish(within: limit)
    }

    private func check(_ text: String, atLeast count: Int) {
        let report = DriverReport(text)
        for failure in report.failures { Issue.record("\(failure)") }
        #expect(report.isComplete, "the driver did not come to its end: \(text.suffix(500))")
        #expect(report.passed >= count)
    }
}
