import Foundation
import Testing

/// What stands in the manual is what was run: the blocks of Swift in the articles are the regions of this folder.
@Suite("The articles") struct ArticleTests {
    private static let root = URL(fileURLWithPath: Peers.tests).deletingLastPathComponent()

    /// The articles whose code is all run, and the README.
    private static func articles() throws -> [URL] {
        var found = [root.appendingPathComponent("README.md")]
        let sources = root.appendingPathComponent("Sources")
        for module in try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil) {
            let rooms = try? FileManager.default.contentsOfDirectory(at: module, includingPropertiesForKeys: nil)
            for catalogue in rooms ?? [] where catalogue.pathExtension == "docc" {
                found += try FileManager.default.contentsOfDirectory(at: catalogue, includingPropertiesForKeys: nil)
            }
        }
        return found.filter { $0.pathExtension == "md" }
    }

    private static func regions() throws -> [String: [String]] {
        var files: [URL] = []
        // What is run, and what is built and tested as a package of its own.
        let folders = [
            "Tests/OMEROGatewayInteropTests/Guide", "Tests/OMEROStoreTests/Guide", "Examples/ProjectService",
        ]
        for folder in folders {
            files += try FileManager.default.contentsOfDirectory(
                at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        }
        var regions: [String: [String]] = [:]
        for file in files where file.pathExtension == "swift" && file.lastPathComponent != "ArticleTests.swift" {
            var name: String?
            for line in try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            {
                let text = line.trimmingCharacters(in: .whitespaces)
                if text.hasPrefix("// snippet: ") {
                    let new = String(text.dropFirst("// snippet: ".count))
                    #expect(regions[new] == nil, "\(new) is there twice")
                    regions[new] = []
                    name = new
                } else if text == "// end" {
                    name = nil
                } else if let name {
                    regions[name, default: []].append(String(line))
                }
            }
            #expect(name == nil, "the last snippet of \(file.lastPathComponent) has no end")
        }
        return regions.mapValues(dedented)
    }

    /// Without the space that all lines begin with.
    private static func dedented(_ lines: [String]) -> [String] {
        let depth = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { String($0.dropFirst(depth)) }
    }

    /// The blocks of Swift, each with the name in the comment before it.
    private static func blocks(of article: URL) throws -> [(name: String?, lines: [String])] {
        var blocks: [(String?, [String])] = []
        var name: String?
        var block: [String]?
        for line in try String(contentsOf: article, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if let lines = block {
                if line == "```" {
                    blocks.append((name, lines))
                    (name, block) = (nil, nil)
                } else {
                    block?.append(String(line))
                }
            } else if line == "```swift" {
                block = []
            } else if line.hasPrefix("<!-- snippet: "), line.hasSuffix(" -->") {
                name = String(line.dropFirst("<!-- snippet: ".count).dropLast(" -->".count))
            }
        }
        return blocks
    }

    @Test func `every block of Swift in the manual is a region that the tests run`() throws {
        let regions = try Self.regions()
        #expect(regions.count > 30)
        var used: Set<String> = []
        for article in try Self.articles() {
            for (name, lines) in try Self.blocks(of: article) {
                let place = article.lastPathComponent
                guard let name else {
                    Issue.record("\(place) has a block of Swift without a name: \(lines.first ?? "")")
                    continue
                }
                #expect(regions[name] == lines, "\(name) in \(place)")
                used.insert(name)
            }
        }
        #expect(Set(regions.keys).subtracting(used).sorted() == [], "snippets that stand in no article")
    }

    @Test func `every article is linked to from its landing page`() throws {
        let articles = try Self.articles()
        #expect(Set(articles.map { $0.deletingLastPathComponent().lastPathComponent }).count > 2)
        for article in articles where article.lastPathComponent != "README.md" {
            let name = article.deletingPathExtension().lastPathComponent
            let catalogue = article.deletingLastPathComponent()
            let landing = catalogue.deletingLastPathComponent().lastPathComponent
            guard name != landing else { continue }
            let text = try String(contentsOf: catalogue.appendingPathComponent("\(landing).md"), encoding: .utf8)
            #expect(text.contains("<doc:\(name)>"), "\(name) in \(landing).md")
        }
    }
}
