import Foundation
import InteropProcess
import OMEROServer
import Testing

/// omero-py, as `scripts/peers` has prepared it, and the drivers in Tests/Interop/Server.
enum Drivers {
    static let python = ProcessInfo.processInfo.environment["SWIFT_OMERO_PYTHON"] ?? ""
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Interop/Server").path

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
    func gateway() async throws { try await drive("gateway_life", atLeast: 20) }

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
            let process = try ForeignProcess(
                Drivers.python,
                ["-W", "ignore", Drivers.path(name), "--port", String(port), "--password", "omero"]
            )
            defer { process.stop() }
            return try await process.finish(within: .seconds(900))
        }
        let report = DriverReport(text)
        for failure in report.failures { Issue.record("\(failure)") }
        #expect(report.isComplete, "the driver did not come to its end: \(text.suffix(500))")
        #expect(report.passed >= count)
    }
}
