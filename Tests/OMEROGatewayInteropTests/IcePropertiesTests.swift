import Foundation
import InteropProcess
import Testing

@testable import OMERO

/// Files of properties as Ice itself reads them.
@Suite(
    "ICE_CONFIG is read as Ice reads it",
    .enabled(if: !StorePeer.python.isEmpty, "omero-py is not prepared: eval \"$(scripts/peers)\"")
)
struct IcePropertiesTests {
    @Test("files of random lines")
    func random() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/swift-omero-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pieces = [
            "a", "b", "=", "=", "\\", "\\", "#", " ", " ", "\t", "\r", "\n", "é", "\u{301}", "\u{feff}", ".", "\u{b}",
        ]
        var texts = (0..<2000).map { _ in
            (0..<Int.random(in: 0..<24)).map { _ in pieces.randomElement() ?? "" }.joined()
        }
        texts.append("\u{feff}omero.host = localhost # here\nomero.pass=a\\#b\\=c\\ \nomero.user=\n")
        texts += ["a=b\t\\ \\", "a=\\ \\ \\x\\", "a=\\ \\z", "a\\ \\=b", "a=b\\ \\\\ ", "a=\\ \\\t\\"]
        for (number, text) in texts.enumerated() {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(number)"))
        }
        let results = try await StorePeer.run(folder, [["properties", folder, texts.count]])
        let read = try #require(results.first as? [[String: String]])
        try #require(read.count == texts.count)
        for (text, properties) in zip(texts, read) {
            #expect(IceProperties(text).properties.mapValues(\.value) == properties, "\(text.debugDescription)")
        }
    }
}
