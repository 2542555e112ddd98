import Foundation
import Ice
import IceEncoding
import NIOCore
import OMEROModel

/// A line for each member of an instance and of all that it refers to: the same text that Python makes
/// (Tests/Interop/OMERO/samples.py), but from the descriptors of the Swift types.
struct Description {
    private var lines: [String] = []
    private var numbers: [ObjectReference: Int] = [:]
    private var waiting: [ObjectReference] = []

    /// All of an instance.
    static func of(_ object: ObjectReference?) -> String {
        var description = Description()
        description.add("value", .instance(object))
        return description.finish()
    }

    /// All of an exception.
    static func of(_ error: any UserException) -> String {
        let record = GraphBuilder.build { builder in
            let record = builder.add(classDescriptor(type(of: error).descriptor))
            error.store(in: builder[record])
            return record
        }
        var description = Description()
        description.lines.append("class=\(error.typeID)")
        for (number, field) in record.descriptor.allFields.enumerated() {
            description.add(field.name, MemberContent(record, number, field.type))
        }
        return description.finish()
    }

    /// An exception's members as those of a class, which graphs can hold.
    private static func classDescriptor(_ exception: ExceptionDescriptor) -> ClassDescriptor {
        ClassDescriptor(exception.typeID, base: exception.base.map(classDescriptor), fields: exception.fields)
    }

    private mutating func finish() -> String {
        var next = 0
        while next < waiting.count {
            let object = waiting[next]
            next += 1
            lines.append("\(next).class=\(object.typeID)")
            for (number, field) in object.descriptor.allFields.enumerated() {
                add("\(next).\(field.name)", MemberContent(object, number, field.type))
            }
        }
        return lines.joined(separator: "\n")
    }

    private mutating func add(_ path: String, _ content: MemberContent) {
        switch content {
        case .scalar(let text): lines.append("\(path)=\(text)")
        case .instance(let object): lines.append("\(path)=\(object.map { "#\(number(of: $0))" } ?? "null")")
        case .row(let fields): for field in fields { add("\(path).\(field.name)", field.content) }
        case .list(let elements):
            lines.append("\(path)=\(elements.count) elements")
            for (index, element) in elements.enumerated() { add("\(path)[\(index)]", element) }
        case .map(let elements):
            lines.append("\(path)=\(elements.count) elements")
            for (key, element) in elements.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                add("\(path){\(key)}", element)
            }
        }
    }

    private mutating func number(of object: ObjectReference) -> Int {
        if let number = numbers[object] { return number }
        waiting.append(object)
        numbers[object] = waiting.count
        return waiting.count
    }
}

/// All of a value that an operation takes or returns, as Swift's users see it: handles by all they refer to.
func describe(_ value: Any) -> String {
    switch value {
    case let handle as any SliceClass: return Description.of(handle.object)
    case let proxy as any TypedProxy: return text(proxy.proxy.reference)
    case let proxy as Proxy: return text(proxy.reference)
    case let bytes as ByteBuffer: return "\(Array(bytes.readableBytesView))"
    case let date as Date: return "\(date.omeroMilliseconds) ms"
    case let value as RValue:
        return Mirror(reflecting: value).children.map { "\($0.label ?? ""): \(describe($0.value))" }.joined()
    case let list as [Any]: return list.enumerated().map { "[\($0)] \(describe($1))" }.joined(separator: "\n")
    case let map as [AnyHashable: Any]:
        return map.map { "{\($0.base)} \(describe($1))" }.sorted().joined(separator: "\n")
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.map { describe($0.value) } ?? "null"
    case .tuple, .struct:
        return mirror.children.map { "\($0.label ?? ""): \(describe($0.value))" }.joined(separator: "\n")
    default: return "\(value)"
    }
}

/// The first lines that differ; nil if none.
func difference(_ wanted: String, _ found: String) -> String? {
    if wanted == found { return nil }
    let (ours, theirs) = (wanted.split(separator: "\n"), found.split(separator: "\n"))
    for number in 0..<max(ours.count, theirs.count) {
        let one = number < ours.count ? ours[number] : "nothing"
        let other = number < theirs.count ? theirs[number] : "nothing"
        if one != other { return "\(one.prefix(200)) is wanted, \(other.prefix(200)) was found" }
    }
    return "characters differ"
}
