import Foundation
import OMERO
import Testing

/// The code of the manual: every region between `// snippet: NAME` and `// end` in this folder stands in an article
/// (``ArticleTests`` compares them), and is run here against `blitz serve`.
@Suite("The code of the manual") struct GuideTests {
    typealias Chapter = @Sendable (Guide) async throws -> Void

    static let chapters: [(String, Chapter)] = [
        ("connecting and closing", connecting),
        ("joining a session, and leaving it", joining),
        ("plain text by name", plainText),
        ("settings from everywhere", settings),
        ("refusals", refusals),
        ("limits, beats and states", limits),
        ("who somebody is", identity),
        ("groups", groups),
        ("groups at the same time", parallelGroups),
        ("acting for others", actingForOthers),
        ("objects", objects),
        ("what hangs on what", relatives),
        ("changes", changes),
        ("administration", administration),
        ("pools", pools),
    ]

    @Test func `every snippet does what the manual says, against blitz serve`() async throws {
        try await Road.program.with { server in
            let guide = Guide(server: server)
            for (name, chapter) in Self.chapters {
                do {
                    try await chapter(guide)
                } catch {
                    Issue.record(error, "\(name)")
                }
            }
        }
    }
}

/// What the snippets find around them.
struct Guide: Sendable {
    let server: ServerAtRoad
    let host = "127.0.0.1"
    var port: Int { server.port }
    var address: ServerAddress { ServerAddress(host: host, port: port) }
    /// Remembered in memory: the snippets' own default is a file in the user's home.
    let trust = TLSTrust.trustOnFirstUse(InMemoryKnownServers())

    func withUser(
        _ user: String, _ password: String,
        _ body: @Sendable (BlitzGateway) async throws -> Void
    ) async throws {
        try await server.withUser(user, password, body)
    }

    func withMember(_ body: @Sendable (BlitzGateway) async throws -> Void) async throws {
        try await withUser("sample-member", "member-2", body)
    }
}
