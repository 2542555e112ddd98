#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif
public import IceEncoding

/// A value of any of OMERO's RTypes: query parameters, rows of a projection, script inputs.
///
/// ```swift
/// let parameters: [String: RValue?] = ["id": 5, "names": .list(["a", "b"])]
/// ```
///
/// Collections that hold each other in a circle, or are nested deeper than ``nestingLimit``, read as nil from there
/// on; so does what a few shared collections or strings would unfold to beyond all measure. No OMERO server sends such.
public enum RValue: Sendable, Hashable {
    /// `RBool`.
    case bool(Bool)
    /// `RInt`.
    case int(Int32)
    /// `RLong`.
    case long(Int64)
    /// `RFloat`.
    case float(Float)
    /// `RDouble`.
    case double(Double)
    /// `RString`.
    case string(String)
    /// Milliseconds since 1970 on the wire.
    case time(Date)
    /// The name of a class of OMERO's model.
    case className(String)
    /// `RObject`: an object of the model.
    case object(IObject?)
    /// `RInternal`: something of the server's own.
    case `internal`(Internal?)
    /// `RArray`.
    case array([RValue?])
    /// `RList`.
    case list([RValue?])
    /// `RSet`; the order is that on the wire.
    case set([RValue?])
    /// `RMap`.
    case map([String: RValue?])

    /// How many collections may hold each other.
    public static let nestingLimit = 100
}

extension RValue: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RType.descriptor }

    public init(box: BoxContent) {
        var reader = RValueReader()
        self = reader.read(box, depth: 0) ?? .internal(nil)
    }

    public var ownBoxDescriptor: ClassDescriptor {
        switch self {
        case .bool: RBool.descriptor
        case .int: RInt.descriptor
        case .long: RLong.descriptor
        case .float: RFloat.descriptor
        case .double: RDouble.descriptor
        case .string: RString.descriptor
        case .time: RTime.descriptor
        case .className: RClass.descriptor
        case .object: RObject.descriptor
        case .internal: RInternal.descriptor
        case .array: RArray.descriptor
        case .list: RList.descriptor
        case .set: RSet.descriptor
        case .map: RMap.descriptor
        }
    }

    public func fill(_ box: RecordDraft) {
        switch self {
        case .bool(let value): box[0] = value
        case .int(let value): box[0] = value
        case .long(let value): box[0] = value
        case .float(let value): box[0] = value
        case .double(let value): box[0] = value
        case .string(let value), .className(let value): box[0] = value
        case .time(let value): value.fill(box)
        case .object(let value): box[0] = value
        case .internal(let value): box[0] = value
        case .array(let values), .list(let values), .set(let values): box[0] = values.map(Box.init)
        case .map(let values): box[0] = values.mapValues(Box.init)
        }
    }
}

/// Takes values out of boxes, which may be shared and in circles.
private struct RValueReader {
    /// How many elements are read of collections that were read before. A value has no shared parts: forty lists, each
    /// twice in the next, would unfold to a million million.
    private var allowance = 1_000_000
    /// How many bytes are read of strings that were read before: one of a megabyte, three thousand times in a list, is a
    /// short message. In memory they are one, but on the way out of it each is for itself.
    private var textAllowance = 1 << 26
    /// The collections, and the strings in them, that were read.
    private var met: Set<ObjectReference> = []

    mutating func read(_ box: BoxContent, depth: Int) -> RValue? {
        guard depth < RValue.nestingLimit else { return nil }
        switch box.classNumber {
        case Self.long: return .long(box[0])
        case Self.string: return text(box, depth: depth).map(RValue.string)
        case Self.int: return .int(box[0])
        case Self.double: return .double(box[0])
        case Self.bool: return .bool(box[0])
        case Self.time: return .time(Date(box: box))
        case Self.object: return .object(box[0])
        default: return rest(box, depth: depth)
        }
    }

    // Asking for a class by its number takes no hold of it: a projection has many thousand values.
    private static let long = RLong.descriptor.number
    private static let string = RString.descriptor.number
    private static let int = RInt.descriptor.number
    private static let double = RDouble.descriptor.number
    private static let bool = RBool.descriptor.number
    private static let time = RTime.descriptor.number
    private static let object = RObject.descriptor.number

    private mutating func text(_ box: BoxContent, depth: Int) -> String? {
        let text: String = box[0]
        // A value that is in no collection is there once.
        guard depth > 0, !met.insert(box.object).inserted else { return text }
        textAllowance -= text.utf8.count
        return textAllowance >= 0 ? text : nil
    }

    /// What is seldom read: collections, and values of few.
    private mutating func rest(_ box: BoxContent, depth: Int) -> RValue? {
        let descriptor = box.descriptor
        if descriptor === RFloat.descriptor { return .float(box[0]) }
        if descriptor === RClass.descriptor { return text(box, depth: depth).map(RValue.className) }
        if descriptor === RInternal.descriptor { return .internal(box[0]) }
        let isMap = descriptor === RMap.descriptor
        guard isMap || descriptor.isA(RCollection.descriptor.typeID) else { return nil }
        let isRepeated = !met.insert(box.object).inserted
        if isRepeated, allowance <= 0 || textAllowance <= 0 { return nil }
        if isMap {
            let elements: [String: RType?] = box[0]
            if isRepeated {
                allowance -= elements.count + 1
                textAllowance -= elements.keys.reduce(0) { $0 + $1.utf8.count }
            }
            return .map(elements.mapValues { $0.flatMap { read(box.content(of: $0), depth: depth + 1) } })
        }
        let elements: [RType?] = box[0]
        if isRepeated { allowance -= elements.count + 1 }
        let values = elements.map { $0.flatMap { read(box.content(of: $0), depth: depth + 1) } }
        if descriptor === RArray.descriptor { return .array(values) }
        return descriptor === RSet.descriptor ? .set(values) : .list(values)
    }
}

// Literals make integers `long`: ids are what parameters mostly are.
extension RValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .long(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
