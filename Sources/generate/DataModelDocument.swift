/// A file of `Schema/data-model`; the README there says what the keys mean.
struct DataModelDocument: Decodable {
    struct Model: Decodable {
        let name: String
        let kind: String
        let abstract: Bool
        let base: String?
        let table: String
        let strategy: Strategy?
        let sequence: String
        let global: Bool
        let immutable: Bool
        let versioned: Bool
        let details: [String: String]?
        let uniques: [[String]]
        let partialUniques: [PartialUnique]?
        let columns: [Column]?
        let properties: [Property]?
        let entries: [Entry]?
    }

    struct Strategy: Decodable {
        let kind: String
        let value: String?
        let key: String?
    }

    struct PartialUnique: Decodable {
        let columns: [String]
        let `where`: String
    }

    struct Column: Decodable {
        let column: String
        let type: String
        let length: Int?
    }

    struct Property: Decodable {
        let name: String
        let multiplicity: String
        let type: String
        let required: Bool
        let unique: Bool?
        let mutable: Bool?
        let mapped: Bool?
        let length: Int?
        let domain: String?
        let `default`: Literal?
        let indexColumn: String?
        let inverse: String?
        let target: String?
        let column: String?
        let unitColumn: String?
        let unitType: String?
        let map: Map?
        let countView: String?
        let wire: [String]?

        var isCollection: Bool { ["onemany", "zeromany", "parent", "child"].contains(multiplicity) }
    }

    struct Map: Decodable {
        let table: String
        let key: String
    }

    struct Entry: Decodable {
        let value: String
        let id: Int?
        let bitSize: Int?
    }

    /// A number or a string.
    struct Literal: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            text = try (try? container.decode(Int.self)).map(String.init) ?? container.decode(String.self)
        }
    }

    let area: String
    let types: [Model]
}
