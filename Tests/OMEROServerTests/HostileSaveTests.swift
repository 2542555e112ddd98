#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROServer
import Testing

@Suite("Hostile input: objects to be saved", .serialized)
struct HostileSaveTests {
    /// What a client sends, and why it can't be saved.
    static let refused: [(what: String, object: IObject)] = [
        ("an object of the root class", IObject.make()),
        ("an object of an abstract class", IObject(Annotation.make())),
        ("a job of no kind", IObject(Job.make())),
        ("a shape of no kind", IObject(Shape.make())),
        ("an object without what it needs", IObject(Image.make())),
        ("a link without ends", IObject(ProjectDatasetLink.make())),
        ("an id that is not there", IObject(Project.unloaded(1 << 40))),
        ("a negative id", IObject(Project.unloaded(-5))),
        ("the smallest id", IObject(Project.unloaded(.min))),
        ("an object of another class", IObject(Format.unloaded(0))),
        ("a zero byte", IObject(Project.make { $0.name = "a\0b" })),
        ("a zero byte alone", IObject(TagAnnotation.make { $0.textValue = "\0" })),
        ("a zero byte in a name of a map", IObject(MapAnnotation.make { $0.mapValue = [NamedValue("\0", "")] })),
        ("no number", IObject(DoubleAnnotation.make { $0.doubleValue = .nan })),
        (
            "no length",
            IObject(
                Plate.make {
                    $0.name = "p"; $0.wellOriginX = Length(.nan, .micrometer)
                })
        ),
        ("a name that is too long", IObject(Format.make { $0.value = String(repeating: "f", count: 256) })),
        (
            "an object that is not loaded and has no id",
            IObject(GraphBuilder.build { Project(object: $0.add(Project.descriptor)) })
        ),
        (
            "an entry that is no entry",
            IObject(
                GraphBuilder.build { builder in
                    let format = builder.add(Format.self)
                    return builder.add(Image.self) { image in
                        image.name = "n"
                        image.format = format
                    }
                })
        ),
        (
            "a link to an object of another class",
            IObject(
                DatasetAnnotationLink.make { link in
                    link.parent = .unloaded(1 << 40)
                    link.child = Annotation(object: Comment.unloaded(3).object)
                })
        ),
        (
            "the owner's own owner",
            IObject(
                GraphBuilder.build { builder in
                    let details = builder.add(Details.self) { $0.owner = .unloaded(.max) }
                    return builder.add(Project.self) { project in
                        project.name = "n"
                        project.details = details
                    }
                })
        ),
    ]
    private typealias Comment = CommentAnnotation

    @Test("what can't be saved is refused by an exception of OMERO's, and leaves nothing behind")
    func refusals() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let update = try await client.update()
            let query = try await client.query()
            let before = try await query.counted("EventLog")
            for (what, object) in Self.refused {
                let good = IObject(Project.make { $0.name = "good" })
                for graph in [[object], [good, object], [object, good]] {
                    await expectTyped(what) { _ = try await update.saveAndReturnArray(graph: graph) }
                    await expectTyped(what) { try await update.saveCollection(objs: graph) }
                    await expectTyped(what) { _ = try await update.saveAndReturnIds(graph: graph) }
                }
            }
            let after = try await query.counted("EventLog")
            #expect(after == before)
            let projects = try await query.counted("Project")
            #expect(projects == 0)
            try await client.logOut()
        }
    }

    @Test("a chain of 20,000 folders is saved, and a circle of as many is refused, without a stack of that depth")
    func depth() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let update = try await client.update()
            func chain(closed: Bool) -> IObject {
                GraphBuilder.build { builder in
                    let first = builder.add(Folder.self) { $0.name = "0" }
                    var last = first
                    for number in 1..<20_000 {
                        let next = builder.add(Folder.self) { folder in
                            folder.name = "\(number)"
                            folder.parentFolder = last
                        }
                        last = next
                    }
                    let end = last
                    if closed { builder.update(first) { $0.parentFolder = end } }
                    return IObject(end)
                }
            }
            await expectTyped("a circle") {
                try await update.saveObject(obj: chain(closed: true), timeout: .seconds(120))
            }
            try await update.saveObject(obj: chain(closed: false), timeout: .seconds(120))
            let found = try await client.query().counted("Folder")
            #expect(found == 20_000)
            try await client.logOut()
        }
    }

    @Test("nulls in collections, and elements that belong to others, are passed over")
    func collections() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let update = try await client.update()
            let roi = IObject(
                GraphBuilder.build { builder in
                    let points = (0..<3).map { number in builder.add(Point.self) { $0.x = Double(number) } }
                    let roi = builder.add(Roi.self)
                    let field = Roi.descriptor.allFields.firstIndex { $0.name == "_shapesSeq" } ?? 0
                    let shapes: [AnySliceObject?] = [nil] + points.map(AnySliceObject.init) + [nil]
                    builder[roi.object][field] = shapes
                    builder[roi.object][field + 1] = true
                    return roi
                })
            let saved = try #require(try await update.saveAndReturnObject(obj: roi)?.cast(to: Roi.self))
            #expect(try saved.shapes.map(\.id).count == 3)
            let shape = try #require(try saved.shapes.first)
            // Another says that it has the shape: it stays where it is.
            let thief = IObject(
                GraphBuilder.build { builder in
                    let stolen = builder.add(unloaded: Point.self, id: shape.id ?? 0)
                    return builder.add(Roi.self) { $0.shapes = [Shape(object: stolen.object)] }
                })
            _ = try await update.saveAndReturnObject(obj: thief)
            let again = try await client.query().projection(
                query: "select s.roi.id from Shape s where s.id = \(shape.id ?? 0)", params: nil)
            #expect(again == [[.long(saved.id ?? 0)]])
            try await client.logOut()
        }
    }

    @Test("of many who change the same version one is first, and the others hear of it")
    func races() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let update = try await client.update()
            let made = IObject(Project.make { $0.name = "0" })
            let id = try #require(try await update.saveAndReturnObject(obj: made)?.id)
            for round in 0..<5 {
                let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            let changed = Project.make { project in
                                project.id = id
                                project.version = Int32(round)
                                project.name = "\(round)/\(number)"
                            }
                            do {
                                try await update.saveObject(obj: IObject(changed))
                                return true
                            } catch is OptimisticLockException {
                                return false
                            }
                        }
                    }
                    return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(winners == 1)
            }
            try await client.logOut()
        }
    }

    @Test("the times and numbers at the ends of what the wire can say come back as they were sent, or are refused")
    func extremes() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let update = try await client.update()
            for value in [Int64.min, .max, 0, -1] {
                let saved = try await update.saveAndReturnObject(
                    obj: IObject(LongAnnotation.make { $0.longValue = value }))
                #expect(try saved?.cast(to: LongAnnotation.self)?.longValue == value)
            }
            for value in [Double.infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0] {
                let saved = try await update.saveAndReturnObject(
                    obj: IObject(DoubleAnnotation.make { $0.doubleValue = value }))
                #expect(try saved?.cast(to: DoubleAnnotation.self)?.doubleValue == value)
            }
            let end = TimestampAnnotation.make { $0.timeValue = .distantFuture.addingTimeInterval(1e18) }
            await expectTyped("the end of time") { try await update.saveObject(obj: IObject(end)) }
            try await client.logOut()
        }
    }

    /// An exception of OMERO's that says what is wrong, not that the server is.
    private func expectTyped(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("\(what): nothing was thrown")
        } catch let error as any ServerErrorProtocol {
            #expect(!(error is InternalException), "\(what): \(error.message.prefix(300))")
            #expect(!error.message.isEmpty && error.message.utf8.count < 1000, "\(what)")
        } catch {
            Issue.record("\(what): \(String(describing: error).prefix(300))")
        }
    }
}

extension IQueryPrx {
    /// How many objects of a class the caller sees.
    func counted(_ type: String) async throws -> Int64 {
        let rows = try await projection(query: "select count(x) from \(type) x", params: nil)
        guard case .long(let count)? = rows.first?.first else { return -1 }
        return count
    }
}
