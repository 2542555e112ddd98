/// A value in memory. Texts are bytes: two texts are the same when PostgreSQL says so, not when they look alike.
enum Plain: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case text([UInt8])
    case time(Int64)
    case quantity(Double, String)

    init(_ text: String) { self = .text(Array(text.utf8)) }

    var isNull: Bool { self == .null }

    /// As a number; of a quantity its value.
    var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value), .quantity(let value, _): value
        case .null, .bool, .text, .time: nil
        }
    }

    var string: String? {
        guard case .text(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Less than zero, zero, or more, as the first is before, with or after the second; nil if one of them is null.
    static func compare(_ first: Plain, _ second: Plain) throws -> Int? {
        func sign<Value: Comparable>(_ left: Value, _ right: Value) -> Int { left < right ? -1 : left > right ? 1 : 0 }
        switch (first, second) {
        case (.null, _), (_, .null): return nil
        case (.bool(let left), .bool(let right)): return sign(left ? 1 : 0, right ? 1 : 0)
        case (.int(let left), .int(let right)), (.time(let left), .time(let right)): return sign(left, right)
        case (.text(let left), .text(let right)):
            return left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
        default:
            guard let left = first.number, let right = second.number else {
                throw Unevaluated("\(first) is compared with \(second)")
            }
            return sign(left, right)
        }
    }
}

/// What the plain evaluation does not know: a fault of the generator's, or of the evaluation.
struct Unevaluated: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
