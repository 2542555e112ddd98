/// The properties in a file of the kind that the variable ICE_CONFIG names: lines of `name = value`.
///
/// A `#` begins a comment. A backslash takes their meaning from `#`, `=`, space and itself, and stands for itself
/// before anything else. Space around names and values does not count, unless a backslash keeps it in a value. Of two
/// lines with the same name the later counts; a line without a value takes an earlier one back.
struct IceProperties: Sendable {
    struct Property: Sendable, Hashable {
        var value: String
        /// Counted from 1.
        var line: Int
    }

    private(set) var properties: [String: Property] = [:]
    /// The lines that are neither empty, nor a comment, nor a property.
    private(set) var malformedLines: [Int] = []

    init(_ text: String) {
        // As bytes: all that has a meaning is ASCII, and a combining accent behind it must not hide it.
        var bytes = text.utf8[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            switch Self.parse(line) {
            case .nothing: break
            case .malformed: malformedLines.append(number)
            case .property(let name, let value):
                properties[name] = value.isEmpty ? nil : Property(value: value, line: number)
            }
        }
    }

    private enum Line {
        case nothing
        case malformed
        case property(name: String, value: String)
    }

    private static func parse(_ line: Substring.UTF8View) -> Line {
        var name = Part()
        var value = Part()
        var inValue = false
        var rest = line
        scan: while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "#"): break scan
            case UInt8(ascii: "=") where !inValue: inValue = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                if inValue { value.space(byte) } else { name.space(byte) }
            case UInt8(ascii: "\\"):
                switch (rest.first, inValue) {
                case (UInt8(ascii: " "), true):
                    rest.removeFirst()
                    value.escapedSpace()
                case (UInt8(ascii: " "), false):
                    rest.removeFirst()
                    name.space(UInt8(ascii: " "))
                case (UInt8(ascii: "#")?, _), (UInt8(ascii: "=")?, _), (UInt8(ascii: "\\")?, _):
                    let escaped = rest.removeFirst()
                    if inValue { value.append(escaped) } else { name.append(escaped) }
                case (let next?, true):
                    rest.removeFirst()
                    value.append(byte)
                    value.append(next)
                case (nil, true):
                    // Escaped spaces before a backslash that ends the line: Ice has them once more behind it.
                    let kept = value.kept
                    value.append(byte)
                    value.bytes += kept
                case (_, false): name.append(byte)
                }
            default:
                if inValue { value.append(byte) } else { name.append(byte) }
            }
        }
        if name.bytes.isEmpty || !inValue {
            return name.bytes.isEmpty && !inValue ? .nothing : .malformed
        }
        return .property(
            name: String(decoding: name.bytes, as: UTF8.self),
            value: String(decoding: value.bytes + value.kept, as: UTF8.self))
    }

    /// A name or a value while it is read: space counts only once something follows it.
    private struct Part {
        var bytes: [UInt8] = []
        /// All the space since then.
        private var pending: [UInt8] = []
        /// What of it counts at the end, too.
        private(set) var kept: [UInt8] = []

        mutating func append(_ byte: UInt8) {
            bytes += pending
            pending.removeAll()
            kept.removeAll()
            bytes.append(byte)
        }

        mutating func space(_ byte: UInt8) {
            if !bytes.isEmpty { pending.append(byte) }
        }

        mutating func escapedSpace() {
            pending.append(UInt8(ascii: " "))
            kept.append(UInt8(ascii: " "))
        }
    }
}
