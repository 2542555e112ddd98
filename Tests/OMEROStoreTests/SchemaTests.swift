import GRDB
import Testing

@testable import OMEROStore

@Suite("The tables")
struct SchemaTests {
    @Test("the description has all 171 types, and every name it mentions")
    func descriptionIsWhole() {
        #expect(DataModel.entities.count == 171)
        for entity in DataModel.entities {
            if let base = entity.base { #expect(DataModel.entity(base) != nil, "\(entity).base") }
            for property in entity.properties {
                guard let type = property.type else { continue }
                let other = DataModel.entity(type)
                #expect(other != nil, "\(entity).\(property.name)")
                if case .collection(_, let inverse, _, let index, _) = property.content {
                    guard case .reference(_, _, let far)? = other?.property(inverse)?.content else {
                        Issue.record("\(entity).\(property.name) has no inverse \(inverse)")
                        continue
                    }
                    #expect(far == index, "\(entity).\(property.name): both sides name the same index")
                }
            }
        }
    }

    @Test("types are found by every kind of name, and know their hierarchy")
    func names() throws {
        let tag = try #require(DataModel.entity("TagAnnotation"))
        #expect(DataModel.entity("::omero::model::TagAnnotation") == tag)
        #expect(DataModel.entity("ome.model.annotations.TagAnnotation") == tag)
        #expect(DataModel.entity("tagannotation") == nil)
        #expect(tag.lineage.map(\.name) == ["Annotation", "TextAnnotation", "TagAnnotation"])
        #expect(tag.root.name == "Annotation")
        #expect(tag.root.family.count == 16)
        #expect(DataModel.entity("Image")?.logName == "ome.model.core.Image")
        #expect(DataModel.entity("PixelsType")?.logName == "ome.model.enums.PixelsType")
        #expect(DataModel.entity("ImageAnnotationLink")?.logName == "ome.model.annotations.ImageAnnotationLink")
    }

    @Test(
        "every table has the columns of the types it is for, with type and nullability", arguments: DataModel.entities)
    func columns(_ entity: Entity) async throws {
        let store = try await TestStore.shared()
        let found = try await store.read { transaction in
            Dictionary(
                uniqueKeysWithValues: try transaction.rows("PRAGMA table_info(\(entity.table.quoted))").map {
                    ($0["name"] as String, ($0["type"] as String, $0["notnull"] as Bool))
                }
            )
        }
        var expected: [String: (String, Bool)] = [:]
        let isShared = entity.base != nil && entity.table == entity.root.table
        for property in entity.properties {
            guard let column = property.column else { continue }
            let isRequired = property.isRequired && !isShared
            switch property.content {
            case .value(.string), .value(.text), .value(.strings): expected[column] = ("TEXT", isRequired)
            case .value(.bytes): expected[column] = ("BLOB", isRequired)
            case .value(.double), .value(.fraction): expected[column] = ("REAL", isRequired)
            case .value: expected[column] = ("INTEGER", isRequired)
            case .quantity(_, _, let unit):
                expected[column] = ("REAL", isRequired)
                expected[unit] = ("TEXT", isRequired)
            case .reference(_, _, let index):
                expected[column] = ("INTEGER", isRequired)
                if let index { expected[index] = ("INTEGER", isRequired) }
            case .collection, .map: break
            }
        }
        if entity.base == nil {
            expected["id"] = ("INTEGER", true)
            for (property, column) in entity.detailsColumns {
                expected[column] = ("INTEGER", property != .externalInfo)
            }
        }
        for (column, (type, isRequired)) in expected {
            #expect(found[column]?.0 == type, "\(entity.table).\(column)")
            // A column that several types share is required if it is for one of them.
            #expect(found[column]?.1 == isRequired, "\(entity.table).\(column)")
        }
        if entity.family == [entity], entity.base == nil {
            #expect(Set(found.keys) == Set(expected.keys).union(entity.columns.map(\.name)), "\(entity.table)")
        }
    }

    @Test("references are foreign keys that wait for the end of the transaction, and uniques are unique")
    func constraints() async throws {
        let store = try await TestStore.shared()
        let keys = try await store.read { transaction in
            try transaction.rows("PRAGMA foreign_key_list(datasetimagelink)").map {
                ($0["from"] as String, $0["table"] as String)
            }
        }
        let expected = [
            "parent": "dataset", "child": "image", "owner_id": "experimenter", "group_id": "experimentergroup",
            "creation_id": "event", "update_id": "event", "external_id": "externalinfo",
        ]
        #expect(Dictionary(uniqueKeysWithValues: keys) == expected)
        let uniques = try await store.read { transaction in
            try transaction.rows("PRAGMA index_list(datasetimagelink)").filter { $0["unique"] }.map {
                try transaction.rows("PRAGMA index_info(\(($0["name"] as String).quoted))").map { $0["name"] as String }
            }
        }
        #expect(Set(uniques) == [["external_id"], ["parent", "child", "owner_id"]])
    }
}

/// Stores for tests.
enum TestStore {
    static let setup = StoreSetup(rootPassword: "omero", passwordCost: .negligible)

    private static let opened = Task { try await fresh() }

    /// For tests that only read what is there from the beginning.
    static func shared() async throws -> Store { try await opened.value }

    static func fresh() async throws -> Store { try await Store.open(.inMemory, setup: setup) }
}
