import Foundation

/// The data model as tables of Swift values: a file per area.
struct ModelWriter {
    let schema: Schema

    func files() throws -> [String: String] {
        var files: [String: String] = [:]
        var areas: [String] = []
        for document in schema.dataModel.sorted(by: { $0.area < $1.area }) {
            files["\(Names.upperFirst(document.area)).swift"] = try file(document)
            areas.append(document.area)
        }
        var source = Source(release: schema.release, imports: Imports())
        source.block("extension DataModel {") { source in
            source.line("static let allEntities: [Entity] = [")
            for area in areas { source.line("    \(area)Types,") }
            source.line("].flatMap(\\.self)")
        }
        files["Entities.swift"] = source.text
        return files
    }

    private func file(_ document: DataModelDocument) throws -> String {
        var source = Source(release: schema.release, imports: Imports())
        try source.block("extension DataModel {") { source in
            let names = document.types.map { Names.quoted(Self.constant($0.name)) }
            source.list("static let \(document.area)Types: [Entity] = [", names, closing: "]")
            for type in document.types {
                source.line()
                try entity(type, document.area, &source)
            }
        }
        return source.text
    }

    /// `OTF` is `otf`, `DBPatch` is `dbPatch`: constants begin in lower case.
    private static func constant(_ name: String) -> String {
        let upper = name.prefix { $0.isUppercase }
        if upper.count == name.count { return name.lowercased() }
        return upper.dropLast(upper.count > 1 ? 1 : 0).lowercased() + name.dropFirst(max(1, upper.count - 1))
    }

    private func entity(_ type: DataModelDocument.Model, _ area: String, _ source: inout Source) throws {
        try check(type)
        var arguments = [type.name.literal, type.kind == "enum" ? ".enumeration" : ".\(type.kind)"]
        arguments.append("area: \(area.literal)")
        if type.abstract { arguments.append("abstract: true") }
        if let base = type.base { arguments.append("base: \(base.literal)") }
        arguments.append("table: \(type.table.literal)")
        switch type.strategy?.kind {
        case "single": arguments.append("storage: .single(discriminator: \(type.strategy?.value?.literal ?? "nil"))")
        case "joined": arguments.append("storage: .joined(key: \((type.strategy?.key ?? "id").literal))")
        default: break
        }
        arguments.append("sequence: \(type.sequence.literal)")
        if type.global { arguments.append("global: true") }
        if type.immutable { arguments.append("immutable: true") }
        if type.versioned { arguments.append("versioned: true") }
        let uniques = type.uniques.map { Self.list($0) }
        if !uniques.isEmpty { arguments.append("uniques: [\(uniques.joined(separator: ", "))]") }
        let partial = (type.partialUniques ?? []).map {
            ".init(columns: \(Self.list($0.columns)), condition: \($0.where.literal))"
        }
        if !partial.isEmpty { arguments.append("partialUniques: [\(partial.joined(separator: ", "))]") }
        let columns = try (type.columns ?? []).map { column in
            let length = column.type == "string" ? "\(column.length ?? 255)" : "nil"
            return ".init(name: \(column.column.literal), type: \(try dataType(column.type)), length: \(length))"
        }
        if !columns.isEmpty { arguments.append("columns: [\(columns.joined(separator: ", "))]") }
        let properties = try (type.properties ?? []).map { try property($0) }
        let entries = (type.entries ?? []).map(entry)
        source.block("static let \(Names.quoted(Self.constant(type.name))) = Entity(", closing: ")") { source in
            guard !entries.isEmpty || !properties.isEmpty else {
                source.line(arguments.joined(separator: ", "))
                return
            }
            source.line(arguments.joined(separator: ", ") + ",")
            if !entries.isEmpty { source.list("entries: [", entries, closing: "],") }
            source.block("properties: [", closing: "]") { source in
                for property in properties { source.line(property + ",") }
            }
        }
    }

    private func entry(_ entry: DataModelDocument.Entry) -> String {
        var text = ".init(\(entry.value.literal)"
        if let id = entry.id { text += ", id: \(id)" }
        if let size = entry.bitSize { text += ", numbers: [\"bitsize\": \(size)]" }
        return text + ")"
    }

    private func property(_ property: DataModelDocument.Property) throws -> String {
        var flags: [String] = []
        if property.required { flags.append("required: true") }
        if property.unique == true { flags.append("unique: true") }
        if property.mutable == false { flags.append("mutable: false") }
        let name = property.name.literal
        if let map = property.map { return ".map(\(name), MapTable(\(map.table.literal), key: \(map.key.literal)))" }
        let index = property.indexColumn.map { ", index: \($0.literal)" } ?? ""
        if property.isCollection {
            guard let inverse = property.inverse else { throw GeneratorError("\(property.name) has no inverse") }
            return ".collection(\(name), \(property.type.literal), inverse: \(inverse.literal)"
                + (property.target.map { ", target: \($0.literal)" } ?? "") + index
                + (property.countView.map { ", countView: \($0.literal)" } ?? "") + ")"
        }
        if schema.classes["::omero::model::\(property.type)"] != nil, property.unitType == nil {
            if let inverse = property.inverse { flags.append("inverse: \(inverse.literal)") }
            if let index = property.indexColumn { flags.append("index: \(index.literal)") }
            return ".reference(" + ([name, property.type.literal] + flags).joined(separator: ", ") + ")"
        }
        if property.mapped == false { flags.append("mapped: false") }
        if let length = property.length { flags.append("length: \(length)") }
        switch property.domain {
        case "positive_float"?: flags.append("domain: .positive")
        case "nonnegative_float"?: flags.append("domain: .nonNegative")
        case nil: break
        case let domain?: throw GeneratorError("\(property.name): no domain \(domain)")
        }
        if let value = property.default { flags.append("defaultValue: \(value.text.literal)") }
        if let unit = property.unitType {
            return ".quantity(" + ([name, property.type.literal, unit.literal] + flags).joined(separator: ", ") + ")"
        }
        return ".value(" + ([name, try dataType(property.type)] + flags).joined(separator: ", ") + ")"
    }

    private func dataType(_ name: String) throws -> String {
        let types = [
            "string": ".string", "text": ".text", "boolean": ".bool", "int": ".int", "long": ".long",
            "double": ".double", "PositiveInteger": ".positiveInt", "NonNegativeInteger": ".nonNegativeInt",
            "PercentFraction": ".fraction", "timestamp": ".time", "byte[]": ".bytes", "string[]": ".strings",
        ]
        guard let type = types[name] else { throw GeneratorError("no data type \(name)") }
        return type
    }

    private static func list(_ names: [String]) -> String {
        "[" + names.map(\.literal).joined(separator: ", ") + "]"
    }

    /// What the store takes for granted, so that the tables need not say it.
    private func check(_ type: DataModelDocument.Model) throws {
        for property in type.properties ?? [] {
            let name = property.name.lowercased()
            guard property.column ?? name == name, property.unitColumn ?? "\(name)unit" == "\(name)unit" else {
                throw GeneratorError("\(type.name).\(property.name): its columns have other names")
            }
            let wire = "_\(property.name)\(property.isCollection ? "Seq" : "")"
            guard property.wire?.first == wire else {
                throw GeneratorError("\(type.name).\(property.name): its member is not \(wire)")
            }
        }
        guard let details = type.details else { return }
        var expected = ["permissions": "permissions", "externalInfo": "external_id"]
        if !type.global {
            expected.merge(["owner": "owner_id", "group": "group_id", "creationEvent": "creation_id"]) { $1 }
            if !type.immutable { expected["updateEvent"] = "update_id" }
        }
        guard details == expected else { throw GeneratorError("\(type.name): details have other columns") }
    }
}
