/// Writes enumerations, quantities, structs and exceptions.
struct ValueWriters {
    let schema: Schema
    let types: Types
    private let notes: MemberNotes
    private var names: Names { types.names }

    init(_ types: Types) {
        schema = types.schema
        self.types = types
        notes = MemberNotes(schema)
    }

    // MARK: Enumerations and quantities

    func enumeration(_ declaration: EnumDeclaration) -> String {
        var imports = Imports()
        imports.expose(["IceEncoding"])
        var source = Source(release: schema.release, imports: imports)
        let name = names.type(declaration.id)
        let quantity = schema.units[declaration.id]
        source.line("/// `\(declaration.id)`")
        source.block("public enum \(name): Int32, \(quantity == nil ? "SliceEnum" : "UnitOfMeasure") {") { source in
            for value in declaration.values {
                let enumerator = names.enumerator(declaration.id, value.name)
                source.line("/// `\(quantity?.units.first { $0.name == value.name }?.symbol ?? value.name)`.")
                source.line("case \(Names.quoted(enumerator)) = \(value.value)")
            }
            source.line()
            source.line("public static let descriptor = EnumDescriptor(\(declaration.id.literal), cases: allCases)")
            if let quantity { definitions(quantity, declaration, to: &source) }
        }
        if let quantity { self.quantity(quantity, unit: name, to: &source) }
        return source.text
    }

    private func definitions(
        _ quantity: QuantityDeclaration,
        _ declaration: EnumDeclaration,
        to source: inout Source
    ) {
        let units = Dictionary(uniqueKeysWithValues: quantity.units.map { ($0.name, $0) })
        source.block("public static let definitions: [UnitDefinition] = [", closing: "]") { source in
            for value in declaration.values.sorted(by: { $0.value < $1.value }) {
                let unit = units[value.name]
                let factor = unit?.factor.map(Self.number) ?? "nil"
                let offset = unit?.offset.map(Self.number) ?? "0"
                let end = offset == "0" ? "" : ", offset: \(offset)"
                source.line("UnitDefinition(\((unit?.symbol ?? value.name).literal), factor: \(factor)\(end)),")
            }
        }
    }

    /// A fraction as an expression of Swift that is exact where a `Double` can be.
    private static func number(_ fraction: String) -> String {
        let parts = fraction.split(separator: "/").map(String.init)
        let numbers = parts.map { part in
            let digits = part.reversed().prefix { $0 == "0" }.count
            return digits > 3 && part.count > digits ? "\(part.dropLast(digits))e\(digits)" : part
        }
        if numbers.count == 1 { return numbers[0] }
        if numbers[0] == "1", numbers[1].hasPrefix("1e") { return "1e-\(numbers[1].dropFirst(2))" }
        return numbers[0] + (numbers[0].contains("e") ? "" : ".0") + " / " + numbers[1]
    }

    private func quantity(_ quantity: QuantityDeclaration, unit: String, to source: inout Source) {
        let id = "::omero::model::\(quantity.kind)"
        source.line()
        source.line("/// `\(id)`: a number and its unit.")
        source.block("public struct \(quantity.kind): Quantity {") { source in
            source.line("public var value: Double")
            source.line("public var unit: \(unit)")
            source.line()
            source.block("public init(_ value: Double, _ unit: \(unit)) {") { source in
                source.line("self.value = value")
                source.line("self.unit = unit")
            }
            source.line()
            source.block("public static let boxDescriptor = ClassDescriptor(", closing: ")") { source in
                source.line("\(id.literal),")
                let fields = schema.classes[id]?.fields ?? []
                let parts = fields.map { ".init(\($0.name.literal), \((try? types.descriptor($0.type)) ?? ""))" }
                source.line("fields: [\(parts.joined(separator: ", "))]")
            }
        }
    }

    // MARK: Structs

    func structure(_ declaration: StructDeclaration) throws -> String {
        var imports = Imports()
        imports.expose(["IceEncoding"])
        let fields = try declaration.fields.map { field in
            let type = try types.swift(field.type)
            guard !type.isBridged else { throw GeneratorError("\(declaration.id).\(field.name): a box in a struct") }
            imports.expose(type.modules)
            return (name: Names.quoted(names.property(declaration.id, field.name)), field: field, type: type.name)
        }
        imports.remove(Module.api.rawValue)
        var source = Source(release: schema.release, imports: imports)
        source.line("/// `\(declaration.id)`")
        try source.block("public struct \(names.type(declaration.id)): GraphStorable, Hashable {") { source in
            for field in fields {
                source.line("/// \(notes.plain(field.field.name))")
                source.line("public var \(field.name): \(field.type)")
            }
            source.line()
            initializer(fields.map { ($0.name, $0.type) }, to: &source)
            source.line()
            let parts = try fields.map { ".init(\($0.field.name.literal), \(try types.descriptor($0.field.type)))" }
            source.block("public static let sliceType = SliceType.structure(", closing: ")") { source in
                source.list("StructDescriptor(\(declaration.id.literal), fields: [", parts, closing: "])")
            }
            source.line(
                "public static let minimumWireSize = \(fields.map { "\(plain($0.type)).minimumWireSize" }.joined(separator: " + "))"
            )
            source.line()
            source.block("public init(from stream: inout IceInputStream) throws(MarshalError) {") { source in
                for field in fields { source.line("\(field.name) = try \(plain(field.type))(from: &stream)") }
            }
            source.line()
            source.block("public func write(to stream: inout IceOutputStream) {") { source in
                for field in fields { source.line("\(field.name).write(to: &stream)") }
            }
            source.line()
            source.block("public init(graph reader: inout GraphReader) {") { source in
                for field in fields { source.line("\(field.name) = reader.read()") }
            }
            source.line()
            source.block("public func store(in writer: inout GraphWriter) {") { source in
                for field in fields { source.line("writer.store(\(field.name))") }
            }
        }
        return source.text
    }

    /// The type as an expression: `Int64`, `Optional<Project>`.
    private func plain(_ type: String) -> String {
        type.hasSuffix("?") ? "Optional<\(type.dropLast())>" : type
    }

    private func initializer(_ members: [(name: String, type: String)], to source: inout Source) {
        let parameters = members.map { "\($0.name): \($0.type)\(Self.defaultValue($0.type))" }
        if parameters.isEmpty { return source.line("public init() {}") }
        source.list("public init(", parameters, closing: ") {")
        for member in members { source.line("    self.\(member.name) = \(member.name)") }
        source.line("}")
    }

    private static func defaultValue(_ type: String) -> String {
        if type.hasSuffix("?") { return " = nil" }
        if type == "String" { return " = \"\"" }
        if type.hasPrefix("["), type.contains(": ") { return " = [:]" }
        if type.hasPrefix("[") { return " = []" }
        return ["Int64", "Int32"].contains(type) ? " = 0" : type == "Bool" ? " = false" : ""
    }

    // MARK: Exceptions

    func exception(_ declaration: ExceptionDeclaration) throws -> String {
        let id = declaration.id
        let name = names.type(id)
        let all = schema.allFields(ofException: id)
        let fields = try all.map { field in
            (name: Names.quoted(names.property(id, field.name)), type: try types.swift(field.type))
        }
        let foreign = declaration.base?.hasPrefix("::Glacier2") == true
        var imports = Imports()
        imports.expose(["IceEncoding"])
        if foreign { imports.use("Glacier2") }
        for field in fields { imports.expose(field.type.modules) }
        imports.remove(Module.api.rawValue)
        var source = Source(release: schema.release, imports: imports)
        let derived = schema.exceptions.values.contains { $0.base == id }
        let baseProtocol = declaration.base.map {
            $0.hasPrefix("::Glacier2") ? "UserException" : names.classProtocol($0)
        }
        if derived {
            source.line(
                "/// ``\(name)`` and all exceptions derived from it: `catch let error as any \(names.classProtocol(id))`."
            )
            source.block("public protocol \(names.classProtocol(id)): \(baseProtocol ?? "UserException") {") { source in
                for (field, declared) in zip(fields, all) {
                    guard declaration.fields?.contains(where: { $0.name == declared.name }) == true else { continue }
                    source.line("/// \(notes.exception(declared.name))")
                    source.line("var \(field.name): \(field.type.name) { get }")
                }
            }
            source.line()
        }
        source.line("/// `\(id)`")
        let conformance = derived ? names.classProtocol(id) : baseProtocol ?? "UserException"
        try source.block("public struct \(name): \(conformance), Hashable, CustomStringConvertible {") { source in
            var arguments = [id.literal]
            if let base = declaration.base { arguments.append("base: \(names.type(base)).descriptor") }
            let own = try (declaration.fields ?? []).map {
                ".init(\($0.name.literal), \(try types.descriptor($0.type)))"
            }
            if !own.isEmpty { arguments.append("fields: [\(own.joined(separator: ", "))]") }
            source.list("public static let descriptor = ExceptionDescriptor(", arguments, closing: ")")
            for (field, declared) in zip(fields, all) {
                source.line("/// \(notes.exception(declared.name))")
                source.line("public var \(field.name): \(field.type.name)")
            }
            source.line()
            initializer(Self.messageFirst(fields.map { ($0.name, $0.type.name) }), to: &source)
            source.line()
            source.block("public init(record: ObjectReference) {") { source in
                for (number, field) in fields.enumerated() {
                    source.line("\(field.name) = \(field.type.fromWire("record[\(number)]"))")
                }
            }
            source.line()
            source.block("public func store(in record: RecordDraft) {") { source in
                for (number, field) in fields.enumerated() {
                    source.line("record[\(number)] = \(field.type.toWire(field.name))")
                }
            }
            source.line()
            let text = fields.contains { $0.name == "message" } ? "message" : "reason"
            source.line("public var description: String { \"\(name): \\(\(text))\" }")
        }
        return source.text
    }

    /// What a servant that throws the exception has to say comes first.
    private static func messageFirst(_ members: [(name: String, type: String)]) -> [(name: String, type: String)] {
        members.filter { $0.name == "message" } + members.filter { $0.name != "message" }
    }
}
