import Foundation
import InteropProcess
import Testing

extension OMEROPeerTests {
    /// omero-py has no say in what is recorded by hand, but in all the rest of it.
    @Suite("The recorded schema is that of the installed omero-py")
    struct SchemaTests {
        private func run(_ script: String, _ arguments: [String] = []) async throws -> String {
            let process = try Peer.start(script, arguments)
            defer { process.stop() }
            return try await process.finish(within: .seconds(120))
        }

        /// Line by line, what a script prints as `name: number`.
        private func counts(_ text: String) -> [String: String] {
            let lines = text.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
            return Dictionary(
                lines.filter { $0.count == 2 }.map { (String($0[0]), $0[1].trimmingCharacters(in: .whitespaces)) }
            ) {
                first, _ in first
            }
        }

        @Test("every class, field, operation, exception, enum and value is in both, and they are as many as OMERO has")
        func modules() async throws {
            let text = try await run("Tests/Interop/OMERO/check_schema.py")
            let counts = counts(text)
            #expect(counts["model classes"] == "182", "\(text)")
            #expect(counts["own fields of model classes"] == "899")
            #expect(counts["classes and interfaces"] == "352")
            #expect(counts["exceptions"] == "32")
            #expect(counts["enums"] == "16")
            #expect(counts["enum values"] == "192")
            #expect(counts["interfaces"] == "50")
            #expect(counts["operations of interfaces"] == "623")
        }

        @Test("recording it again gives the same files")
        func recording() async throws {
            let files = FileManager.default
            let folder = files.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString)")
            defer { try? files.removeItem(at: folder) }
            try files.createDirectory(at: folder, withIntermediateDirectories: true)
            let schema = Peer.root.appendingPathComponent("Schema")
            // The areas of the model come from the facts of the data model, which are recorded on their own.
            let given = ["data-model", "patches.json"]
            for name in given {
                try files.copyItem(at: schema.appendingPathComponent(name), to: folder.appendingPathComponent(name))
            }
            let text = try await run("scripts/lib/record_schema.py", [folder.path])
            #expect(text.contains("302 classes"))
            let wanted = try files.subpathsOfDirectory(atPath: schema.path).sorted()
            let found = try files.subpathsOfDirectory(atPath: folder.path).sorted()
            #expect(wanted == found)
            #expect(wanted.count > 80)
            for path in wanted where path.hasSuffix(".json") {
                let contents = (
                    files.contents(atPath: schema.appendingPathComponent(path).path),
                    files.contents(atPath: folder.appendingPathComponent(path).path)
                )
                #expect(contents.0 != nil && contents.0 == contents.1, "\(path)")
            }
        }

        @Test("the facts of the data model agree with it")
        func dataModel() async throws {
            let text = try await run("scripts/lib/check_data_model.py")
            let counts = counts(text)
            #expect(counts["types"] == "171", "\(text)")
            #expect(counts["fields"] == "869")
        }
    }
}
