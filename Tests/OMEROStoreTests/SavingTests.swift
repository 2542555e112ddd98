import GRDB
import IceEncoding
import OMEROModel
import Synchronization
import Testing

@testable import OMEROStore

@Suite("Saving graphs")
struct SavingTests {
    /// Lets everything pass, and notes what it was asked; or refuses one kind of question.
    private final class Spy: SaveRules, Sendable {
        struct Refusal: Error, Equatable {}
        private let notes = Mutex<[String]>([])
        let refused: String?
        let hidden: Int64?

        init(refusing refused: String? = nil, hiding hidden: Int64? = nil) {
            self.refused = refused
            self.hidden = hidden
        }

        var asked: [String] { notes.withLock { $0 } }

        private func note(_ question: String) throws {
            notes.withLock { $0.append(question) }
            if let refused, question.hasPrefix(refused) { throw Refusal() }
        }

        func place(_ wish: SaveWish) throws -> RowPlace {
            try note("place \(wish.entity)")
            return RowPlace(ownerID: 0, groupID: 0, permissions: -56)
        }
        func keeps(_ property: String, of row: SavedRow, against sent: StoreValue) -> Bool {
            property == "description" && sent == .text("kept")
        }
        func checkUpdate(_ change: SaveChange) throws {
            try note("update \(change.row.entity) \(change.values.keys.sorted().joined(separator: " "))")
        }
        func checkVersion(_ change: SaveChange) throws { try note("version \(change.row.entity)") }
        func checkLink(from row: SavedRow, to target: SavedRow, linkedGroups: [Int64]) throws {
            try note("link \(row.entity) \(target.entity)")
        }
        func checkReading(_ row: SavedRow) throws { try note("read \(row.entity)") }
        func shows(_ row: SavedRow) -> Bool { hidden != row.id }
        func checkDeleting(_ row: SavedRow) throws { try note("delete \(row.entity)") }
    }

    private static func save(_ objects: [IObject], _ rules: Spy, in store: Store) async throws -> [IObject?] {
        try await store.write { transaction in
            let saved = try transaction.save(objects, rules: rules, by: .server)
            return try GraphBuilder.build { try transaction.load(saved, scope: .everything, into: $0) }
        }
    }

    private static func count(_ table: String, in store: Store) async throws -> Int64 {
        try await store.read { try $0.row("SELECT count(*) FROM \(table)")?[0] ?? -1 }
    }

    private static func linked(_ name: String, to names: [String]) -> IObject {
        GraphBuilder.build { builder in
            let project = builder.add(Project.self) { $0.name = name }
            let links = names.map { name in
                let dataset = builder.add(Dataset.self) { $0.name = name }
                // The link does not say whose it is: the collection that it is in does.
                return builder.add(ProjectDatasetLink.self) { $0.child = dataset }
            }
            builder.update(project) { $0.datasetLinks = links }
            return IObject(project)
        }
    }

    @Test("each row and each reference is asked about once, and the graph comes back as it was sent")
    func questions() async throws {
        let store = try await TestStore.fresh()
        let rules = Spy()
        let saved = try await Self.save([Self.linked("p", to: ["a", "b"])], rules, in: store)
        let project = try #require(saved.first??.cast(to: Project.self))
        #expect(try project.datasetLinks.map { try $0.child.name } == ["a", "b"])
        #expect(try project.datasetLinks.map { try $0.parent.id } == [project.id, project.id])
        #expect(
            rules.asked.sorted() == [
                "link ProjectDatasetLink Dataset", "link ProjectDatasetLink Dataset",
                "link ProjectDatasetLink Project", "link ProjectDatasetLink Project", "place Dataset",
                "place Dataset", "place Project", "place ProjectDatasetLink", "place ProjectDatasetLink",
            ])
    }

    @Test("whatever is refused, nothing is left", arguments: ["place Dataset", "link", "read", "version", "update"])
    func undone(refused: String) async throws {
        let store = try await TestStore.fresh()
        let first = try #require(try await Self.save([IObject(Project.make { $0.name = "p" })], Spy(), in: store)[0])
        let graph = GraphBuilder.build { builder in
            let dataset = builder.add(Dataset.self) { $0.name = "d" }
            let same = builder.copy(Project(object: first.object))
            let other = builder.add(Project.self) { project in
                project.id = first.id
                project.name = "changed"
            }
            return [
                IObject(
                    builder.add(ProjectDatasetLink.self) { link in
                        link.child = dataset
                        link.parent = same
                    }), IObject(other),
            ]
        }
        let before = try await Self.count("eventlog", in: store)
        await #expect(throws: Spy.Refusal.self) { try await Self.save(graph, Spy(refusing: refused), in: store) }
        let (after, datasets) = (
            try await Self.count("eventlog", in: store), try await Self.count("dataset", in: store)
        )
        #expect(after == before && datasets == 0)
    }

    @Test("what is sent as it is stored is no change; a change counts the version up once")
    func changes() async throws {
        let store = try await TestStore.fresh()
        let made = IObject(
            Project.make {
                $0.name = "p"; $0.description = "stored"
            })
        let first = try #require(try await Self.save([made], Spy(), in: store)[0])
        let rules = Spy()
        let same = try await Self.save([first], rules, in: store)
        #expect(rules.asked == ["version Project", "read Project"])
        #expect(try same[0]?.cast(to: Project.self)?.version == 0)
        let changed = Project.make { project in
            project.id = first.id
            project.name = "q"
            project.description = "kept"
        }
        let again = Spy()
        let second = try await Self.save([IObject(changed)], again, in: store)
        #expect(again.asked == ["update Project name", "read Project"])
        let project = try #require(second[0]?.cast(to: Project.self))
        #expect(try (project.name, project.description, project.version) == ("q", "stored", 1))
        let logs = try await store.read { try $0.logs(of: "Project", id: first.id ?? 0).map(\.action) }
        #expect(logs == ["INSERT", "UPDATE"])
    }

    @Test("an ordered collection takes the order that is sent; what is missing in it goes, unless it is hidden")
    func order() async throws {
        let store = try await TestStore.fresh()
        func roi(_ id: Int64?, _ shapes: [Int64?]) -> IObject {
            GraphBuilder.build { builder in
                let points = shapes.map { id in
                    if let id { return builder.add(unloaded: Point.self, id: id) }
                    return builder.add(Point.self)
                }
                return IObject(
                    builder.add(Roi.self) { roi in
                        roi.id = id
                        roi.shapes = points.map { Shape(object: $0.object) }
                    })
            }
        }
        func order() async throws -> [Int64] {
            try await store.read { try $0.values("SELECT id FROM shape ORDER BY roi_index") }
        }
        let saved = try #require(try await Self.save([roi(nil, [nil, nil, nil])], Spy(), in: store)[0])
        let ids = try await order()
        #expect(ids.count == 3)
        _ = try await Self.save([roi(saved.id, [ids[2], ids[0], ids[1]])], Spy(), in: store)
        #expect(try await order() == [ids[2], ids[0], ids[1]])
        _ = try await Self.save([roi(saved.id, [nil, ids[1]])], Spy(hiding: ids[2]), in: store)
        let new = try #require(try await order().first)
        #expect(!ids.contains(new))
        #expect(try await order() == [new, ids[1], ids[2]])
        for refused in ["update Roi", "delete Point"] {
            await #expect(throws: Spy.Refusal.self) {
                try await Self.save([roi(saved.id, [ids[2], ids[1]])], Spy(refusing: refused), in: store)
            }
        }
        #expect(try await order() == [new, ids[1], ids[2]])
        _ = try await Self.save([roi(saved.id, [ids[1], ids[2]])], Spy(), in: store)
        #expect(try await store.read { try $0.values("SELECT roi_index FROM shape ORDER BY 1") as [Int64] } == [0, 1])
        _ = try await Self.save([roi(saved.id, [])], Spy(), in: store)
        #expect(try await order() == [])
    }

    @Test("a link that a client took out of a loaded collection goes; in one that is not loaded, all stay")
    func links() async throws {
        let store = try await TestStore.fresh()
        let made = try await Self.save([Self.linked("p", to: ["a", "b"])], Spy(), in: store)
        let project = try #require(made[0]?.cast(to: Project.self))
        let link = try #require(try project.datasetLinks.last)
        let unloaded = project.edited { $0.isDatasetLinksLoaded = false }
        _ = try await Self.save([IObject(unloaded)], Spy(), in: store)
        #expect(try await Self.count("projectdatasetlink", in: store) == 2)
        let rules = Spy()
        let one = ProjectDatasetLink.unloaded(link.id ?? 0)
        _ = try await Self.save([IObject(project.edited { $0.datasetLinks = [one] })], rules, in: store)
        #expect(rules.asked.filter { $0.hasPrefix("delete") } == ["delete ProjectDatasetLink"])
        #expect(try await store.read { try $0.values("SELECT id FROM projectdatasetlink") as [Int64] } == [link.id])
        #expect(try await Self.count("dataset", in: store) == 2)
        // A link that is made here is not missing in its parent, and what is named elsewhere isn't either.
        let stale = project.edited { $0.datasetLinks = [] }
        let more = ProjectDatasetLink.make { new in
            new.parent = stale
            new.child = Dataset.make { $0.name = "c" }
        }
        _ = try await Self.save([IObject(more), IObject(one)], Spy(), in: store)
        #expect(try await Self.count("projectdatasetlink", in: store) == 2)
    }

    @Test("an object goes with all its rows and links, unless something else refers to it")
    func deleting() async throws {
        let store = try await TestStore.fresh()
        let pairs = MapAnnotation.make { $0.mapValue = [NamedValue("a", "b")] }
        let map = try #require(try await Self.save([IObject(pairs)], Spy(), in: store)[0])
        let tagged = ProjectAnnotationLink.make { link in
            link.parent = Project.make { $0.name = "p" }
            link.child = Annotation(object: CommentAnnotation.make { $0.textValue = "c" }.object)
        }
        let link = try #require(
            try await Self.save([IObject(tagged)], Spy(), in: store)[0]?.cast(to: ProjectAnnotationLink.self))
        func delete(_ type: String, _ id: Int64?, _ rules: Spy = Spy()) async throws {
            try await store.write { try $0.deleteObject(type, id: id ?? -1, rules: rules, by: .server) }
        }
        await #expect(throws: Spy.Refusal.self) { try await delete("MapAnnotation", map.id, Spy(refusing: "delete")) }
        await #expect(throws: StoreError(.notFound(entity: "TagAnnotation", id: map.id ?? 0))) {
            try await delete("TagAnnotation", map.id)
        }
        try await delete("Annotation", map.id)
        #expect(try await Self.count("annotation_mapvalue", in: store) == 0)
        let (project, comment) = try (link.parent.id, link.child.id)
        let refusal = await #expect(throws: StoreError.self) { try await delete("CommentAnnotation", comment) }
        #expect(refusal?.isConstraintViolation == true)
        await #expect(throws: Spy.Refusal.self) {
            try await delete("Project", project, Spy(refusing: "delete ProjectAnnotationLink"))
        }
        try await delete("Project", project)
        #expect(try await Self.count("project", in: store) == 0)
        #expect(try await Self.count("projectannotationlink", in: store) == 0)
        try await delete("CommentAnnotation", comment)
    }
}
