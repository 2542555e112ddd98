import Foundation
import IceEncoding
import OMERO
import OMEROModel

/// All that a server sent of an object, property by property.
struct ObjectDump: Encodable, Sendable {
    /// In the order of the model.
    private(set) var properties: [(name: String, value: JSONValue)] = []

    init(_ object: ObjectReference) {
        let handle = object.cast(to: IObject.self)
        properties = [
            ("type", .text(ModelClass.name(of: object.descriptor))),
            ("id", handle?.id.map { .integer($0) } ?? .null),
        ]
        for (index, field) in object.descriptor.allFields.enumerated() {
            var name = Substring(field.name)
            // Those without the mark say what is loaded.
            guard name.hasPrefix("_"), !["_id", "_details", "_loaded"].contains(name) else { continue }
            name = name.dropFirst()
            if name.hasSuffix("Loaded") || name.hasSuffix("CountPerOwner") { continue }
            if name.hasSuffix("Seq") { name = name.dropLast(3) }
            if let value = Self.value(object, index, field.type) { properties.append((String(name), value)) }
        }
        guard let handle else { return }
        func add(_ name: String, _ value: JSONValue?) { if let value { properties.append((name, value)) } }
        add("ownerId", handle.ownerID.map { .integer($0) })
        add("ownerName", handle.ownerName.map { .text($0) })
        add("groupId", handle.groupID.map { .integer($0) })
        add("groupName", handle.groupName.map { .text($0) })
        add("created", handle.createdAt.map { .text($0.formatted(.iso8601)) })
        add("updated", handle.updatedAt.map { .text($0.formatted(.iso8601)) })
        if let permissions = handle.permissions {
            let may: [(Permissions.Action, String)] = [
                (.link, "link"), (.edit, "edit"), (.delete, "delete"), (.annotate, "annotate"), (.chgrp, "move"),
                (.chown, "give"),
            ]
            add("may", .list(may.filter { permissions.allows($0.0) }.map { .text($0.1) }))
        }
    }

    /// Nil for what was not loaded, which says nothing.
    private static func value(_ object: ObjectReference, _ index: Int, _ type: SliceType) -> JSONValue? {
        switch type {
        case .instance(let typeID):
            if let value = quantity(object, index, typeID) { return value }
            if typeID.hasPrefix("::omero::R") { return JSONValue((object[index] as Box<RValue>).value) }
            let other: AnySliceObject? = object[index]
            return other.map { JSONValue(referenceTo: $0.object) } ?? .null
        case .sequence(.instance("::omero::model::NamedValue")):
            let pairs: [Box<NamedValue>] = object[index]
            return .list(pairs.compactMap { $0.value.map { .list([.text($0.name), .text($0.value)]) } })
        case .bool: return .bool(object[index])
        case .int: return .integer(Int64(object[index] as Int32))
        case .long: return .integer(object[index])
        case .double: return .number(object[index])
        case .string: return .text(object[index])
        default: return nil
        }
    }

    private static func quantity(_ object: ObjectReference, _ index: Int, _ typeID: String) -> JSONValue? {
        func text<Value: Quantity>(_: Value.Type) -> JSONValue {
            (object[index] as Box<Value>).value.map { .text($0.description) } ?? .null
        }
        return switch typeID {
        case "::omero::model::Length": text(Length.self)
        case "::omero::model::Time": text(Time.self)
        case "::omero::model::Temperature": text(Temperature.self)
        case "::omero::model::Pressure": text(Pressure.self)
        case "::omero::model::Power": text(Power.self)
        case "::omero::model::Frequency": text(Frequency.self)
        case "::omero::model::ElectricPotential": text(ElectricPotential.self)
        default: nil
        }
    }

    private struct Name: CodingKey {
        var stringValue: String
        init(stringValue: String) { self.stringValue = stringValue }
        var intValue: Int? { nil }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (name, value) in properties { try container.encode(value, forKey: Name(stringValue: name)) }
    }

    func lines(on terminal: Terminal) -> [String] {
        let width = (properties.map(\.name.columns).max() ?? 0) + 2
        return properties.map { name, value in
            terminal.styled(name.padded(to: width), .dim) + value.text.onOneLine
        }
    }
}
