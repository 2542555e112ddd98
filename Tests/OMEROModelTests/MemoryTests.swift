import IceEncoding
import NIOCore
import OMEROModel
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Graphs and memory", .serialized)
struct MemoryTests {
    /// Projects and datasets, each linked with each: every instance leads to every other.
    private func cyclic(_ count: Int) -> Project {
        GraphBuilder.build { builder in
            let projects = (0..<count).map { number in
                builder.add(Project.self) { project in
                    project.id = Int64(number)
                    project.name = "project \(number)"
                }
            }
            let datasets = (0..<count).map { number in
                builder.add(Dataset.self) { dataset in
                    dataset.id = Int64(number)
                    dataset.name = "dataset \(number)"
                }
            }
            var links: [ProjectDatasetLink] = []
            for (row, project) in projects.enumerated() {
                for (column, dataset) in datasets.enumerated() {
                    links.append(
                        builder.add(ProjectDatasetLink.self) { link in
                            link.id = Int64(row * count + column)
                            link.parent = project
                            link.child = dataset
                        }
                    )
                }
            }
            for (number, project) in projects.enumerated() {
                builder.update(project) { $0.datasetLinks = Array(links[number * count..<(number + 1) * count]) }
            }
            for (number, dataset) in datasets.enumerated() {
                builder.update(dataset) { dataset in
                    dataset.projectLinks = stride(from: number, to: links.count, by: count).map { links[$0] }
                }
            }
            return projects[0]
        }
    }

    @Test("a cycle is closed after decoding", arguments: WireForm.allCases)
    func cycle(form: WireForm) throws {
        let project = try #require(try form.roundTrip(Optional(cyclic(3))))
        let dataset = try project.datasetLinks[2].child
        #expect(try dataset.name == "dataset 2")
        #expect(try dataset.projectLinks[0].parent.object == project.object)
        #expect(try dataset.projectLinks[1].parent.datasetLinks[2].child.object == dataset.object)
    }

    @Test("a graph dies with its last handle, and not before", arguments: WireForm.allCases)
    func lifetime(form: WireForm) throws {
        var project = try form.roundTrip(Optional(cyclic(3)))
        weak let graph = project?.object.graph
        var dataset = try project?.datasetLinks[1].child
        #expect(graph != nil)
        project = nil
        #expect(try dataset?.name == "dataset 1")
        #expect(graph != nil)
        dataset = nil
        #expect(graph == nil)
    }

    @Test("a graph that was built dies with its last handle too, and one that is never finished with its builder")
    func builders() {
        var project: Project? = cyclic(3)
        weak let graph = project?.object.graph
        #expect(graph != nil)
        project = nil
        #expect(graph == nil)
        var builder: GraphBuilder? = GraphBuilder()
        weak let unfinished = builder?.graph
        builder?.add(Project.self) { $0.name = "name" }
        #expect(unfinished != nil)
        builder = nil
        #expect(unfinished == nil)
    }

    #if os(Linux)
        private func resident() throws -> Int {
            let file = try #require(fopen("/proc/self/statm", "r"))
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 256)
            fgets(&line, 256, file)
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return try #require(Int(text.split(separator: " ")[1])) * 4096
        }

        // Alone in its process (scripts/soak model): beside other tests the process's memory says nothing.
        @Test("a cyclic graph decoded 100,000 times leaves the memory as it was", .enabled(if: Effort.isLong))
        func flat() throws {
            let times = 100_000
            let messages = try WireForm.allCases.map { ($0, try $0.encode(Optional(cyclic(12)))) }
            for (form, bytes) in messages { for _ in 0..<200 { _ = try walk(form, bytes) } }
            // Once for all forms: what one has freed would hide what the next keeps.
            let before = try resident()
            for (form, bytes) in messages {
                let footprint = try walk(form, bytes).memoryFootprint
                for _ in 0..<times { #expect(try walk(form, bytes).memoryFootprint == footprint) }
                let growth = try resident() - before
                #expect(growth < times * footprint / 100, "\(growth) bytes more after \(times) graphs of \(footprint)")
                print("soak model-memory-\(form): \(growth) bytes more after \(times) graphs of \(footprint) bytes")
            }
        }
    #endif

    private struct Weak { weak var graph: ObjectGraph? }

    /// Decodes, and follows the circle.
    private func walk(_ form: WireForm, _ bytes: ByteBuffer) throws -> ObjectGraph {
        let project = try #require(try form.decode(bytes, as: Project?.self))
        let name = try project.datasetLinks[3].child.projectLinks[5].parent.name
        #expect(name == "project 5")
        return project.object.graph
    }

    @Test("of a thousand cyclic graphs that were decoded and walked none is left", arguments: WireForm.allCases)
    func noneLeft(form: WireForm) throws {
        let bytes = try form.encode(Optional(cyclic(12)))
        var graphs: [Weak] = []
        for _ in 0..<1000 { graphs.append(Weak(graph: try walk(form, bytes))) }
        #expect(graphs.count { $0.graph != nil } == 0)
    }
}
