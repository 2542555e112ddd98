import Foundation

/// The recorded interface: everything under `Schema/`.
struct Schema {
    var classes: [String: ClassDeclaration] = [:]
    var interfaces: [String: InterfaceDeclaration] = [:]
    var structs: [String: StructDeclaration] = [:]
    var exceptions: [String: ExceptionDeclaration] = [:]
    var enums: [String: EnumDeclaration] = [:]
    var sequences: [String: String] = [:]
    var dictionaries: [String: (key: String, value: String)] = [:]
    /// By the type id of the enumeration.
    var units: [String: QuantityDeclaration] = [:]
    var patches = Patches()
    /// The data model, by area.
    var dataModel: [DataModelDocument] = []
    /// The wire fields, such as `::omero::model::Project._name`, that every saved object has.
    var requiredFields: Set<String> = []
    var release = ""

    init(folder: URL) throws {
        for part in ["model", "services", "types"] {
            let files = try FileManager.default.contentsOfDirectory(
                at: folder.appending(path: part),
                includingPropertiesForKeys: nil
            )
            for file in files where file.pathExtension == "json" { try merge(Self.read(file)) }
        }
        try merge(Self.read(folder.appending(path: "exceptions.json")))
        let quantities: Quantities = try Self.read(folder.appending(path: "units.json"))
        for quantity in quantities.quantities { units[quantity.enum] = quantity }
        patches = try Patches(Self.read(folder.appending(path: "patches.json")))
        let releases: [String: String] = try Self.read(folder.appending(path: "release.json"))
        release = "omero-py \(releases["omero-py"] ?? "?")"
        try readDataModel(folder.appending(path: "data-model"))
    }

    private static func read<Document: Decodable>(_ file: URL) throws -> Document {
        do {
            return try JSONDecoder().decode(Document.self, from: Data(contentsOf: file))
        } catch {
            throw GeneratorError("\(file.lastPathComponent): \(error)")
        }
    }

    private mutating func merge(_ document: Document) {
        for row in document.classes ?? [] { classes[row.id] = row }
        for row in document.interfaces ?? [] { interfaces[row.id] = row }
        for row in document.structs ?? [] { structs[row.id] = row }
        for row in document.exceptions ?? [] { exceptions[row.id] = row }
        for row in document.enums ?? [] { enums[row.id] = row }
        for row in document.sequences ?? [] { sequences[row.id] = row.element }
        for row in document.dictionaries ?? [] { dictionaries[row.id] = (row.key, row.value) }
    }

    private mutating func readDataModel(_ folder: URL) throws {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        for file in files where file.pathExtension == "json" && file.lastPathComponent != "patches.json" {
            let document: DataModelDocument = try Self.read(file)
            dataModel.append(document)
            for type in document.types {
                for property in type.properties ?? [] where property.required {
                    for field in property.wire ?? [] { requiredFields.insert("::omero::model::\(type.name).\(field)") }
                }
            }
        }
    }

    /// The classes that derive from `id` directly.
    func subclasses(of id: String) -> [String] { classes.values.filter { $0.base == id }.map(\.id).sorted() }

    /// Whether `id` is `base` or derives from it.
    func isA(_ id: String, _ base: String) -> Bool {
        var current: String? = id
        while let name = current {
            if name == base { return true }
            current = classes[name]?.base
        }
        return false
    }

    /// All fields of a class, those of the most distant base first.
    func allFields(of id: String) -> [FieldDeclaration] {
        guard let declaration = classes[id] else { return [] }
        return (declaration.base.map(allFields(of:)) ?? []) + (declaration.fields ?? [])
    }

    func allFields(ofException id: String) -> [FieldDeclaration] {
        guard let declaration = exceptions[id] else { return [] }
        return (declaration.base.map(allFields(ofException:)) ?? []) + (declaration.fields ?? [])
    }
}

struct GeneratorError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

// MARK: Documents

struct Document: Decodable {
    var classes: [ClassDeclaration]?
    var interfaces: [InterfaceDeclaration]?
    var structs: [StructDeclaration]?
    var exceptions: [ExceptionDeclaration]?
    var enums: [EnumDeclaration]?
    var sequences: [SequenceDeclaration]?
    var dictionaries: [DictionaryDeclaration]?
}

struct FieldDeclaration: Decodable {
    let name: String
    let type: String
    let tag: Int?
}

struct ClassDeclaration: Decodable {
    let id: String
    let base: String?
    let fields: [FieldDeclaration]?
    let compactId: Int?
    let preserve: Bool?
}

struct InterfaceDeclaration: Decodable {
    let id: String
    let interfaces: [String]?
    let operations: [OperationDeclaration]?
}

struct OperationDeclaration: Decodable {
    struct Parameter: Decodable {
        let name: String
        let type: String
    }
    struct Result: Decodable { let type: String }
    let name: String
    let mode: String
    let parameters: [Parameter]?
    /// The recorder finds none, so the generator needs not know what to do with any.
    let outs: [Parameter]?
    let result: Result?
    let exceptions: [String]?
    let format: String?
}

struct StructDeclaration: Decodable {
    let id: String
    let fields: [FieldDeclaration]
}

struct ExceptionDeclaration: Decodable {
    let id: String
    let base: String?
    let fields: [FieldDeclaration]?
}

struct EnumDeclaration: Decodable {
    struct Value: Decodable {
        let name: String
        let value: Int32
    }
    let id: String
    let values: [Value]
}

struct SequenceDeclaration: Decodable {
    let id: String
    let element: String
}

struct DictionaryDeclaration: Decodable {
    let id: String
    let key: String
    let value: String
}

struct Quantities: Decodable { let quantities: [QuantityDeclaration] }

struct QuantityDeclaration: Decodable {
    struct Unit: Decodable {
        let name: String
        let symbol: String
        /// Fractions such as `1/100`.
        let factor: String?
        let offset: String?
    }
    let kind: String
    let `enum`: String
    let base: String
    let units: [Unit]
}
