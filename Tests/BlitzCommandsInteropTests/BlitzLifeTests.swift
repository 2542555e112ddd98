import Foundation
import InteropProcess
import Testing

/// The built command, as people and scripts use it: see Tests/Interop/Commands.
@Suite(.enabled(if: !python.isEmpty, "omero-py is not prepared: eval \"$(scripts/peers)\""))
struct BlitzLifeTests {
    @Test func `blitz at a terminal and in pipes, against blitz serve and next to the omero command`() async throws {
        let blitz = root.appendingPathComponent(".build/debug/blitz").path
        try #require(FileManager.default.isExecutableFile(atPath: blitz), "swift build makes it")
        let process = try ForeignProcess(
            python,
            [
                "-W", "ignore", root.appendingPathComponent("Tests/Interop/Commands/blitz_life.py").path, "--blitz",
                blitz,
            ])
        defer { process.stop() }
        let text = try await process.finish(within: .seconds(900))
        let report = DriverReport(text)
        for failure in report.failures { Issue.record("\(failure)") }
        #expect(report.isComplete, "the driver did not come to its end: \(text.suffix(500))")
        #expect(report.passed >= 28)
    }
}

private let python = ProcessInfo.processInfo.environment["SWIFT_OMERO_PYTHON"] ?? ""
private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
