/// Writes the handles of classes: members, and the drafts that set them.
struct ClassWriter {
    let schema: Schema
    let types: Types
    private let notes: MemberNotes
    private var names: Names { types.names }

    init(_ types: Types) {
        schema = types.schema
        self.types = types
        notes = MemberNotes(schema)
    }

    static let modelRoot = "::omero::model::IObject"

    /// One member as Swift shows it.
    private struct Member {
        enum Kind {
            /// Not bound to whether the object is loaded.
            case plain
            case optional
            case required
            /// Sequence of handles, with its `…Loaded` as the next member.
            case collection(element: String)
            /// The flag of the collection with that name.
            case loadedFlag
            case values
        }
        let name: String
        let field: Int
        let type: SwiftType
        let wireName: String
        /// The class that has it.
        let owner: String
        let kind: Kind
    }

    /// The file of a class; nil if it is written by hand.
    func file(_ id: String) throws -> String? {
        guard let declaration = schema.classes[id], !schema.patches.byHand.contains(id) else { return nil }
        let isHidden = schema.patches.hidden.contains(id)
        let members = isHidden ? [] : try self.members(of: declaration)
        var imports = Imports()
        for member in members { imports.expose(member.type.modules) }
        if members.contains(where: \.type.isBridged) { imports.use(Module.model.rawValue) }
        if let base = declaration.base, base != "Object" { imports.expose([Module(holding: base).rawValue]) }
        imports.expose(["IceEncoding"], as: isHidden ? "package" : "public")
        imports.remove(Module(holding: id).rawValue)
        var source = Source(release: schema.release, imports: imports)
        try write(declaration, members, to: &source)
        return source.text
    }

    // MARK: Members

    private func members(of declaration: ClassDeclaration) throws -> [Member] {
        let first = declaration.base.map { schema.allFields(of: $0).count } ?? 0
        let isModel = schema.isA(declaration.id, Self.modelRoot)
        // The root's members are in `IObjectProtocol`, by hand.
        if declaration.id == Self.modelRoot { return [] }
        let collections = Set((declaration.fields ?? []).map(\.name).filter { $0.hasSuffix("Seq") })
        return try (declaration.fields ?? []).enumerated().map { number, field in
            let name = names.property(declaration.id, field.name)
            let type = try types.swift(field.type)
            var kind = Member.Kind.plain
            var shown = name
            if isModel {
                let required = schema.requiredFields.contains("\(declaration.id).\(field.name)")
                if let element = types.handleElement(field.type), collections.contains(field.name) {
                    kind = .collection(element: element)
                } else if field.name.hasSuffix("Loaded"), collections.contains(field.name.dropLast(6) + "Seq") {
                    kind = .loadedFlag
                    shown = names.loadedProperty(String(name.dropLast(6)))
                } else if type.name.hasSuffix("?") {
                    kind = required ? .required : .optional
                } else if type.name.hasPrefix("["), type.isBridged, type.wire.hasPrefix("[Box<") {
                    kind = .values
                } else if !field.name.hasSuffix("CountPerOwner") {
                    kind = .optional
                }
            }
            return Member(
                name: shown, field: first + number, type: type, wireName: field.name, owner: declaration.id, kind: kind)
        }
    }

    // MARK: Writing

    private func write(_ declaration: ClassDeclaration, _ members: [Member], to source: inout Source) throws {
        let id = declaration.id
        let name = names.type(id)
        let hidden = schema.patches.hidden.contains(id)
        let access = hidden ? "package" : "public"
        let bases =
            declaration.base.flatMap { hidden || $0 == "Object" ? nil : names.classProtocol($0) } ?? "SliceClass"
        let hasSubclasses = !hidden && !schema.subclasses(of: id).isEmpty
        if hasSubclasses, id != Self.modelRoot {
            source.line("/// What handles to ``\(name)`` and to the classes derived from it have in common.")
            source.line("public protocol \(names.classProtocol(id)): \(bases) {}")
            source.line()
        }
        source.line("/// `\(id)`")
        let conformance = hasSubclasses ? names.classProtocol(id) : bases
        try source.block("\(access) struct \(name): \(conformance) {") { source in
            try descriptor(declaration, access, to: &source)
            source.line("\(access) let object: ObjectReference")
            source.line("\(access) init(object: ObjectReference) { self.object = object }")
            if hasSubclasses {
                source.line("/// The same object, as one of its base.")
                source.line("public init(_ other: some \(names.classProtocol(id))) { object = other.object }")
            }
            if !hasSubclasses { for member in members { getter(member, to: &source) } }
        }
        guard !members.isEmpty else { return }
        if hasSubclasses {
            source.line()
            source.block("extension \(names.classProtocol(id)) {") { source in
                for member in members { getter(member, to: &source) }
            }
        }
        source.line()
        let scope = hasSubclasses ? "Draft where Class: \(names.classProtocol(id))" : "Draft<\(name)>"
        source.block("extension \(scope) {") { source in
            for member in members { draft(member, to: &source) }
        }
    }

    private func descriptor(_ declaration: ClassDeclaration, _ access: String, to source: inout Source) throws {
        var arguments = [declaration.id.literal]
        if let compact = declaration.compactId { arguments.append("compactID: \(compact)") }
        if let base = declaration.base, base != "Object" { arguments.append("base: \(names.type(base)).descriptor") }
        if declaration.preserve == true { arguments.append("preservesSlices: true") }
        let fields = try (declaration.fields ?? []).map { field in
            let tag = field.tag.map { ", tag: \($0)" } ?? ""
            return ".init(\(field.name.literal), \(try types.descriptor(field.type))\(tag))"
        }
        guard !fields.isEmpty else {
            return source.list("\(access) static let descriptor = ClassDescriptor(", arguments, closing: ")")
        }
        source.block("\(access) static let descriptor = ClassDescriptor(", closing: ")") { source in
            for argument in arguments { source.line(argument + ",") }
            source.block("fields: [", closing: "]") { source in
                for field in fields { source.line(field + ",") }
            }
        }
    }

    private func getter(_ member: Member, to source: inout Source) {
        let name = Names.quoted(member.name)
        let type = member.type
        let required = type.name.hasSuffix("?") ? String(type.name.dropLast()) : type.name
        let throwing = "get throws(ModelError)"
        switch member.kind {
        case .plain:
            let value =
                type.isBridged ? type.fromWire("(object[\(member.field)] as \(type.wire))") : "object[\(member.field)]"
            source.line("/// \(notes.plain(member.wireName))")
            source.line("public var \(name): \(type.name) { \(value) }")
        case .loadedFlag:
            source.line("/// Whether the collection was fetched with the object.")
            source.line("public var \(name): Bool { isLoaded && object[\(member.field)] }")
        case .optional:
            let call = type.isBridged ? "optional" : "loaded"
            source.line("/// \(notes.value(member.owner, member.wireName, isRequired: false))")
            source.line("public var \(name): \(type.name) { \(throwing) { try \(call)(\(member.field)) } }")
        case .required:
            source.line("/// \(notes.value(member.owner, member.wireName, isRequired: true))")
            source.line("public var \(name): \(required) { \(throwing) { try required(\(member.field)) } }")
        case .collection(let element):
            source.line("/// \(notes.collection(member.owner, member.wireName, of: element))")
            source.line("public var \(name): [\(element)] { \(throwing) { try collection(\(member.field)) } }")
        case .values:
            source.line("/// \(notes.draft(member.owner, member.wireName))")
            source.line("public var \(name): \(list(type)) { \(throwing) { try values(\(member.field)) } }")
        }
    }

    /// `[NamedValue]` for `[NamedValue?]`.
    private func list(_ type: SwiftType) -> String { type.name.replacing("?]", with: "]") }

    private func draft(_ member: Member, to source: inout Source) {
        let name = Names.quoted(member.name)
        let type = member.type
        let field = member.field
        let (shown, read, write): (String, String, String)
        switch member.kind {
        case .loadedFlag: (shown, read, write) = ("Bool", "self[\(field)]", "self[\(field)] = newValue")
        case .collection(let element):
            (shown, read, write) = ("[\(element)]", "collection(\(field))", "set(newValue, \(field))")
        case .values: (shown, read, write) = (list(type), "unboxed(\(field))", "box(newValue, \(field))")
        case .plain, .optional, .required:
            shown = type.name
            if !type.isBridged {
                (read, write) = ("self[\(field)]", "self[\(field)] = newValue")
            } else if type.wire.hasPrefix("Box<") {
                (read, write) = ("unboxed(\(field))", "box(newValue, \(field))")
            } else {
                (read, write) = ("unboxed(\(field))", "self[\(field)] = \(type.toWire("newValue"))")
            }
        }
        let note =
            switch member.kind {
            case .loadedFlag: notes.draftLoaded(member.wireName)
            case .collection: notes.draftCollection(member.wireName)
            case .plain: notes.plain(member.wireName)
            case .values, .optional, .required: notes.draft(member.owner, member.wireName)
            }
        source.line("/// \(note)")
        source.block("public var \(name): \(shown) {") { source in
            source.line("get { \(read) }")
            source.line("nonmutating set { \(write) }")
        }
    }
}
