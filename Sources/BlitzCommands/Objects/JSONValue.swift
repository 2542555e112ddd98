import Foundation
import IceEncoding
import OMEROModel

/// A value of OMERO's as JSON and as text.
enum JSONValue: Encodable, Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        // JSON has no name for them.
        case .number(let value):
            if value.isFinite { try container.encode(value) } else { try container.encode("\(value)") }
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }

    /// As it stands in a table.
    var text: String {
        switch self {
        case .null: "–"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): value
        case .list(let values):
            values.map { value in
                // A name and its value.
                if case .list(let pair) = value { pair.map(\.text).joined(separator: "=") } else { value.text }
            }.joined(separator: ", ")
        case .object(let members):
            if case .text(let type)? = members["type"], case .integer(let id)? = members["id"] {
                "\(type):\(id)" + (members["name"].map { " \($0.text)" } ?? "")
            } else {
                members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: ", ")
            }
        }
    }

    init(_ value: RValue?) {
        switch value {
        case nil: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .integer(Int64(value))
        case .long(let value): self = .integer(value)
        case .float(let value): self = .number(Double(value))
        case .double(let value): self = .number(value)
        case .string(let value), .className(let value): self = .text(value)
        case .time(let value): self = .text(value.formatted(.iso8601))
        case .object(let value): self = value.map { JSONValue(referenceTo: $0.object) } ?? .null
        case .internal: self = .null
        case .array(let values), .list(let values), .set(let values): self = .list(values.map(JSONValue.init))
        case .map(let values): self = .object(values.mapValues(JSONValue.init))
        }
    }

    /// Class, number and name of an object.
    init(referenceTo object: ObjectReference) {
        var members: [String: JSONValue] = ["type": .text(ModelClass.name(of: object.descriptor))]
        if let handle = object.cast(to: IObject.self) {
            members["id"] = handle.id.map { .integer($0) } ?? .null
            let fields = object.descriptor.allFields.map(\.name)
            for name in ["_name", "_omeName", "_textValue", "_value"] where handle.isLoaded {
                guard let index = fields.firstIndex(of: name),
                    case .instance("::omero::RString") = object.descriptor.allFields[index].type
                else { continue }
                if let text = (object[index] as Box<String>).value { members["name"] = .text(text) }
                break
            }
        }
        self = .object(members)
    }
}
