/// Writes the ways from each class of the model to what hangs on it, as properties of the gateway's `LoadPath`.
struct LoadPathWriter {
    private let schema: Schema
    private let types: Types

    init(_ types: Types) {
        schema = types.schema
        self.types = types
    }

    func file() -> String {
        var imports = Imports()
        imports.expose([Module.model.rawValue])
        var source = Source(release: schema.release, imports: imports)
        var isFirst = true
        for id in schema.classes.keys.sorted() {
            let ways = ways(id)
            guard !ways.isEmpty else { continue }
            if !isFirst { source.line() }
            isFirst = false
            let name = types.names.type(id)
            let scope =
                schema.subclasses(of: id).isEmpty
                ? "LoadPath<\(name)>" : "LoadPath where Object: \(types.names.classProtocol(id))"
            source.block("extension \(scope) {") { source in
                for way in ways {
                    source.line("/// `\(way.step)`")
                    source.line(
                        "public var \(Names.quoted(way.name)): LoadPath<\(way.target)> { to(\(way.step.literal)) }")
                }
            }
        }
        return source.text
    }

    private struct Way {
        let name: String
        /// As queries have it.
        let step: String
        let target: String
    }

    private func ways(_ id: String) -> [Way] {
        guard id != ClassWriter.modelRoot, schema.isA(id, ClassWriter.modelRoot),
            !schema.patches.hidden.contains(id), let fields = schema.classes[id]?.fields
        else { return [] }
        return fields.compactMap { field in
            let target = schema.sequences[field.type] ?? field.type
            guard schema.classes[target] != nil, schema.isA(target, ClassWriter.modelRoot) else { return nil }
            var step = Substring(field.name).drop { $0 == "_" }
            if step.hasSuffix("Seq") { step = step.dropLast(3) }
            return Way(
                name: types.names.property(id, field.name), step: String(step), target: types.names.type(target))
        }
    }
}
