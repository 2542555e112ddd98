import Foundation
import InteropProcess
import Testing

/// The built command, as people and scripts use it: see Tests/Interop/Commands.
@Suite(.serialized, .enabled(if: !python.isEmpty, "omero-py is not prepared: eval \"$(scripts/peers)\""))
struct BlitzLifeTests {
    @Test func `blitz in pipes and at a terminal, against blitz serve and next to the omero command`() async throws {
        try await run("blitz_life.py", passing: 23)
    }

    @Test func `blitz in tmux, against blitz serve and against real Ice behind the real glacier2router`() async throws {
        try await run("blitz_tmux.py", passing: 12)
    }

    @Test func `every command writes JSON where it is asked to, and shells complete it`() async throws {
        try await run("blitz_tree.py", passing: 4)
    }

    @Test func `every mistake of a newcomer gets one clear sentence and a next step`() async throws {
        try await run("blitz_mistakes.py", passing: 32)
    }

    @Test(.enabled(if: isLinux, "the wall clock of one process is moved by a library that Linux preloads"))
    func `a wall clock that jumps an hour ends no session and breaks no connection, at the server or a client`()
        async throws
    {
        try await run("clock_life.py", passing: 3)
    }

    /// - Parameter least: how many checks the driver has.
    private func run(_ driver: String, passing least: Int) async throws {
        let blitz = root.appendingPathComponent(".build/debug/blitz").path
        try #require(FileManager.default.isExecutableFile(atPath: blitz), "swift build makes it")
        let path = root.appendingPathComponent("Tests/Interop/Commands/\(driver)").path
        let process = try ForeignProcess(python, ["-W", "ignore", path, "--blitz", blitz])
        defer { process.stop() }
        let text = try await process.finish(within: .seconds(600))
        let report = DriverReport(text)
        for failure in report.failures { Issue.record("\(failure)") }
        #expect(report.isComplete, "the driver did not come to its end: \(text.suffix(500))")
        #expect(report.passed >= least)
    }
}

#if os(Linux)
    private let isLinux = true
#else
    private let isLinux = false
#endif
private let python = ProcessInfo.processInfo.environment["SWIFT_OMERO_PYTHON"] ?? ""
private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
