/// What a Slice type is in Swift: as users see it, and as it is read, kept and written.
struct SwiftType {
    /// Such as `String?`.
    let name: String
    /// Such as `Box<String>`; mostly the same.
    let wire: String
    /// The expression that makes the user's value from one of the wire.
    var fromWire: (String) -> String
    /// The expression that makes the wire's value from one of the user.
    let toWire: (String) -> String
    /// The modules, other than the standard library, whose types the name has.
    var modules: Set<String> = []

    init(_ name: String, modules: Set<String> = []) {
        self.init(name, wire: name, fromWire: { $0 }, toWire: { $0 })
        self.modules = modules
    }

    init(_ name: String, wire: String, fromWire: @escaping (String) -> String, toWire: @escaping (String) -> String) {
        self.name = name
        self.wire = wire
        self.fromWire = fromWire
        self.toWire = toWire
    }

    var isBridged: Bool { name != wire }
}

/// The types of the schema, in Swift.
struct Types {
    let schema: Schema
    let names: Names

    init(_ schema: Schema) {
        self.schema = schema
        names = Names(schema: schema)
    }

    private static let basic = [
        "bool": "Bool", "byte": "UInt8", "short": "Int16", "int": "Int32", "long": "Int64", "float": "Float",
        "double": "Double", "string": "String", "Object": "AnySliceObject?", "Object*": "Proxy?",
    ]

    func swift(_ type: String) throws -> SwiftType {
        if let name = Self.basic[type] {
            return SwiftType(name, modules: type == "Object" ? ["IceEncoding"] : type == "Object*" ? ["Ice"] : [])
        }
        if type.hasSuffix("*") {
            return SwiftType(names.proxy(String(type.dropLast())) + "?", modules: [Module.api.rawValue])
        }
        if let value = schema.patches.values[type] {
            var box = SwiftType("\(value)?", wire: "Box<\(value)>") {
                "\($0).value"
            } toWire: {
                "Box(\($0))"
            }
            let isBasic = Self.basic.values.contains(value)
            box.modules = isBasic ? [] : [value == "Date" ? "Foundation" : Module.model.rawValue]
            return box
        }
        let module: Set<String> = [Module(holding: type).rawValue]
        if schema.classes[type] != nil { return SwiftType(names.type(type) + "?", modules: module) }
        if schema.structs[type] != nil || schema.enums[type] != nil {
            return SwiftType(names.type(type), modules: module)
        }
        if let element = schema.sequences[type] {
            if element == "byte" {
                return SwiftType("ByteBuffer", modules: ["NIOCore"])
            }
            return collection(try swift(element), name: { "[\($0)]" }, map: "map")
        }
        if let (key, value) = schema.dictionaries[type] {
            let key = try swift(key)
            var type = collection(try swift(value), name: { "[\(key.name): \($0)]" }, map: "mapValues")
            if schema.patches.values[value] != nil { type.fromWire = { "\($0).unboxed()" } }
            type.modules.formUnion(key.modules)
            return type
        }
        throw GeneratorError("type \(type) is not in the schema")
    }

    private func collection(_ element: SwiftType, name: (String) -> String, map: String) -> SwiftType {
        var type =
            element.isBridged
            ? SwiftType(
                name(element.name),
                wire: name(element.wire),
                fromWire: { "\($0).\(map) { \(element.fromWire("$0")) }" },
                toWire: { "\($0).\(map) { \(element.toWire("$0")) }" }
            ) : SwiftType(name(element.name))
        type.modules = element.modules
        return type
    }

    /// The expression for the type in a descriptor, such as `.sequence(.instance("::omero::RType"))`.
    func descriptor(_ type: String) throws -> String {
        switch type {
        case "bool", "byte", "short", "int", "long", "float", "double", "string": return ".\(type)"
        case "Object": return ".anyInstance"
        case "Object*": return ".proxy(nil)"
        default: break
        }
        if type.hasSuffix("*") { return ".proxy(\"\(type.dropLast())\")" }
        if schema.classes[type] != nil { return ".instance(\"\(type)\")" }
        if schema.structs[type] != nil { return "\(names.type(type)).sliceType" }
        if schema.enums[type] != nil { return ".enumeration(\(names.type(type)).descriptor)" }
        if let element = schema.sequences[type] { return ".sequence(\(try descriptor(element)))" }
        if let (key, value) = schema.dictionaries[type] {
            return ".dictionary(key: \(try descriptor(key)), value: \(try descriptor(value)))"
        }
        throw GeneratorError("type \(type) is not in the schema")
    }

    /// The class of the elements, if the type is a sequence of instances that are handles in Swift.
    func handleElement(_ type: String) -> String? {
        guard let element = schema.sequences[type], schema.classes[element] != nil,
            schema.patches.values[element] == nil
        else { return nil }
        return names.type(element)
    }
}
