import GRDB
import OMEROModel
import Testing

@testable import OMEROStore

/// Whatever the rules say: the database is whole afterwards, and no group has a part of what is in another.
@Suite("Graphs of every type")
struct EveryGraphTests {
    private struct Undo: Error {}

    @Test(
        "one of a type with all it leads to is deleted, moved and given; only parts of something do not move alone",
        arguments: DataModel.entities.filter { !$0.isAbstract && !$0.root.isGlobal })
    func everyType(_ entity: Entity) async throws {
        try await GraphLab.run { lab in
            let id = try EveryTypeTests.Maker(lab.transaction).make(entity)
            let isPart = GraphReference.all.contains { entity.isA($0.entity.name) && $0.isRequired }
            for operation in [
                GraphRequest.Operation.delete, .move(toGroup: lab.other), .give(toUser: lab.bob),
            ] {
                do {
                    try lab.transaction.part {
                        try lab.carryOut(try lab.plan(operation, [entity.name: [id]]))
                        #expect(try lab.isThere(entity.root.name, id) == (operation != .delete))
                        let broken = try Row.fetchAll(lab.transaction.db, sql: "PRAGMA foreign_key_check")
                        #expect(broken.isEmpty, "\(operation) \(entity): \(broken.prefix(3))")
                        for reference in GraphReference.all {
                            let crossing = try self.crossings(reference, lab)
                            #expect(crossing == 0, "\(operation) \(entity): \(reference.label)")
                        }
                        #expect(!isPart || operation != .move(toGroup: lab.other), "\(entity)")
                        throw Undo()
                    }
                } catch is Undo {
                } catch let refusal as GraphRefusal {
                    // What is a part of something can't leave it behind in another group.
                    #expect(isPart && operation == .move(toGroup: lab.other), "\(operation) \(entity): \(refusal)")
                    #expect(refusal.description.hasPrefix("cannot null "))
                }
            }
        }
    }

    /// How many rows lead to one in another group.
    private func crossings(_ reference: GraphReference, _ lab: GraphLab) throws -> Int {
        let (source, target) = (reference.entity.root.table.quoted, reference.target.root.table.quoted)
        let own = reference.entity.table.quoted
        let join = own == source ? "" : "JOIN \(own) o ON o.\(reference.entity.key.quoted) = s.id"
        let holder = own == source ? "s" : "o"
        let sql = """
            SELECT count(*) FROM \(source) s \(join) JOIN \(target) t ON t.id = \(holder).\(reference.column.quoted) \
            WHERE t.group_id <> s.group_id
            """
        let counts: [Int] = try lab.transaction.values(sql)
        return counts.first ?? 0
    }

    @Test("an annotation goes with its last link, and one that is linked elsewhere stays")
    func links() async throws {
        try await GraphLab.run { lab in
            let (one, two) = (try lab.image(), try lab.image())
            let comment = try lab.add("CommentAnnotation")
            let first = try lab.link("ImageAnnotationLink", one, comment)
            let second = try lab.link("ImageAnnotationLink", two, comment)
            let tag = try lab.add("TagAnnotation")
            let tagged = try lab.link("ImageAnnotationLink", one, tag)
            #expect(try lab.plan(.delete, ["ImageAnnotationLink": [first]]).deleted.names == ["ImageAnnotationLink"])
            let both = try lab.plan(.delete, ["ImageAnnotationLink": [first, second]])
            #expect(both.deleted["CommentAnnotation"] == [comment])
            // Tags are for other objects too.
            let untagged = try lab.plan(.delete, ["ImageAnnotationLink": [tagged]])
            #expect(untagged.deleted.names == ["ImageAnnotationLink"])
        }
    }

    @Test("what the world outside calls an object goes with it, and leaves it alone when it goes by itself")
    func externalInfo() async throws {
        try await GraphLab.run { lab in
            let info = try lab.add("ExternalInfo", ["entityId": 1, "entityType": "x"])
            let dataset = try lab.dataset()
            try lab.transaction.execute("UPDATE dataset SET external_id = ? WHERE id = ?", [info, dataset])
            #expect(try lab.plan(.delete, ["Dataset": [dataset]]).deleted["ExternalInfo"] == [info])
            let moved = try lab.plan(.move(toGroup: lab.other), ["Dataset": [dataset]])
            #expect(moved.included["ExternalInfo"] == [info])
            try lab.carryOut(try lab.plan(.delete, ["ExternalInfo": [info]]))
            #expect(try lab.isThere("Dataset", dataset))
        }
    }

    @Test("folders take the folders in them, and regions that are in no image")
    func folders() async throws {
        try await GraphLab.run { lab in
            let folder = try lab.add("Folder", ["name": "outer"])
            let inner = try lab.add("Folder", ["name": "inner", "parentFolder": .reference(folder)])
            let image = try lab.image()
            let free = try lab.add("Roi")
            let bound = try lab.add("Roi", ["image": .reference(image)])
            for roi in [free, bound] { try lab.link("FolderRoiLink", inner, roi) }
            let plan = try lab.plan(.delete, ["Folder": [folder]])
            #expect(plan.deleted["Folder"] == [folder, inner])
            #expect(plan.deleted["Roi"] == [free])
            #expect(plan.deleted["FolderRoiLink"].count == 2)
        }
    }
}
