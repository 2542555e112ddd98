import Foundation

/// All files of a module, by path below its `Generated` folder.
struct Generator {
    let schema: Schema
    let types: Types

    init(_ schema: Schema) {
        self.schema = schema
        types = Types(schema)
    }

    func files(_ module: Module) throws -> [String: String] {
        if module == .gateway { return ["LoadPaths.swift": LoadPathWriter(types).file()] }
        if module == .store { return try ModelWriter(schema: schema).files() }
        var files: [String: String] = [:]
        func add(_ path: String, _ content: String) throws {
            guard files.updateValue(content, forKey: path) == nil else { throw GeneratorError("two files are \(path)") }
        }
        let classes = ClassWriter(types)
        let values = ValueWriters(types)
        let services = ServiceWriter(types)
        for id in schema.classes.keys.sorted() where module.holds(id) {
            guard let source = try classes.file(id) else { continue }
            try add("\(folder(id))/\(types.names.type(id)).swift", source)
        }
        for id in schema.enums.keys.sorted() where module.holds(id) {
            guard let declaration = schema.enums[id] else { continue }
            try add("\(folder(id))/\(types.names.type(id)).swift", values.enumeration(declaration))
        }
        if module == .api {
            for declaration in schema.structs.values.sorted(by: { $0.id < $1.id }) {
                try add(
                    "\(folder(declaration.id))/\(types.names.type(declaration.id)).swift", values.structure(declaration)
                )
            }
            for declaration in schema.interfaces.values.sorted(by: { $0.id < $1.id }) where module.holds(declaration.id)
            {
                try add("Proxies/\(types.names.proxy(declaration.id)).swift", services.proxy(declaration))
                try add("Servants/\(types.names.servant(declaration.id)).swift", services.servant(declaration))
            }
            for declaration in schema.exceptions.values.sorted(by: { $0.id < $1.id })
            where declaration.id.hasPrefix("::omero") {
                try add("Exceptions/\(types.names.type(declaration.id)).swift", values.exception(declaration))
            }
        }
        try add("Types.swift", registry(module))
        return files
    }

    /// Samples, calls and servants of every interface, for the tests with omero-py.
    func tests() throws -> [String: String] {
        let writer = TestWriter(types)
        let interfaces = schema.interfaces.values.filter { Module.api.holds($0.id) }.sorted { $0.id < $1.id }
        var files = ["Interfaces.swift": writer.list(interfaces)]
        for declaration in interfaces {
            files["\(types.names.type(declaration.id)).swift"] = try writer.file(declaration)
        }
        return files
    }

    /// `::omero::cmd::graphs::X` goes to `cmd`.
    private func folder(_ id: String) -> String {
        let parts = id.split(separator: ":").map(String.init)
        return parts.first != "omero" || parts.count < 3 ? "rtypes" : parts[1]
    }

    private func registry(_ module: Module) throws -> String {
        let names = types.names
        let ids = schema.classes.keys.filter(module.holds).sorted()
        var imports = Imports()
        imports.expose(["IceEncoding"])
        var source = Source(release: schema.release, imports: imports)
        let name = module == .model ? "omeroModelTypes" : "omeroAPITypes"
        source.line(
            "/// The classes\(module == .api ? " and exceptions" : "") of this module, for a communicator's types.")
        // Not by the descriptors: making them all takes longer than a short program's whole work.
        source.block("public let \(name) = TypeRegistry(capacity: \(ids.count)) { types in", closing: "}") { source in
            for id in ids {
                let isBox = schema.patches.byHand.contains(id)
                source.line("types.add(\"\(id)\") { \(names.type(id)).\(isBox ? "boxDescriptor" : "descriptor") }")
            }
            guard module == .api else { return }
            for id in schema.exceptions.keys.sorted() where id.hasPrefix("::omero") {
                source.line("types.add(\"\(id)\", exception: \(names.type(id)).self)")
            }
        }
        return source.text
    }
}
