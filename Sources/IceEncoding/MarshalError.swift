/// Bytes that are not what the Slice encoding says they must be, or values that it cannot carry.
///
/// Whatever a peer sends ends as a value or as one of these, never as a trap.
public struct MarshalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Sendable, Hashable {
        /// The input ends before the value does.
        case truncated(needed: Int, available: Int)
        /// A size is negative or larger than the input that should hold it.
        case invalidSize(Int)
        /// A string that is not UTF-8.
        case invalidUTF8
        /// A number that is not an enumerator of the enumeration.
        case invalidEnumerator(type: String, value: Int32)
        /// An encapsulation in an encoding that this library does not know.
        case unsupportedEncoding(EncodingVersion)
        /// An encapsulation whose size or end does not fit.
        case invalidEncapsulation
        /// Bytes are left where the value should have ended.
        case trailingBytes(Int)
        /// An instance of a class that is not known and has no slice that is.
        case unknownClass(String)
        /// An instance of another class than the field, parameter or element can hold.
        case unexpectedClass(expected: String, found: String)
        /// An exception of which no slice is known.
        case unknownException(String)
        /// A reference to an instance or a type id that the stream has not introduced, or not in a legal way.
        case invalidInstanceIndex(Int32)
        /// Slice flags or a slice layout that the encoding forbids.
        case invalidSlice
        /// Values nested deeper than the limit.
        case nestingTooDeep(limit: Int)
        /// An optional with another format than its type has.
        case optionalFormat(tag: Int32, expected: UInt8, found: UInt8)
        /// A proxy or endpoint that is not formed as the encoding says.
        case invalidProxy
        /// A value that the encoding cannot carry, such as more than 2³¹ − 1 elements or bytes.
        case valueTooLarge(Int)
        /// A required value is missing.
        case missingValue
    }

    /// What is wrong.
    public var reason: Reason
    /// The offset in bytes from the start of the encapsulation (or buffer) that was being read or written.
    public var position: Int
    /// The class, exception or struct and the field that was being read, such as `::omero::model::Project.name`.
    public var path: String?

    public init(_ reason: Reason, at position: Int, path: String? = nil) {
        self.reason = reason
        self.position = position
        self.path = path
    }

    public var description: String {
        let place = path.map { " in \($0)" } ?? ""
        return "\(explanation)\(place) (at byte \(position))"
    }

    private var explanation: String {
        switch reason {
        case .truncated(let needed, let available): "input ends early: \(needed) bytes needed, \(available) left"
        case .invalidSize(let size): "size \(size) does not fit the input"
        case .invalidUTF8: "string is not UTF-8"
        case .invalidEnumerator(let type, let value): "\(value) is not an enumerator of \(type)"
        case .unsupportedEncoding(let version): "encoding \(version) is not supported"
        case .invalidEncapsulation: "encapsulation has an invalid size or end"
        case .trailingBytes(let count): "\(count) bytes left over"
        case .unknownClass(let id): "class \(id) is not known"
        case .unexpectedClass(let expected, let found): "expected an instance of \(expected), found \(found)"
        case .unknownException(let id): "exception \(id) is not known"
        case .invalidInstanceIndex(let index): "invalid instance or type index \(index)"
        case .invalidSlice: "invalid slice"
        case .nestingTooDeep(let limit): "values nested deeper than \(limit)"
        case .optionalFormat(let tag, let expected, let found):
            "optional \(tag) has format \(found) instead of \(expected)"
        case .invalidProxy: "invalid proxy or endpoint"
        case .valueTooLarge(let size): "value of size \(size) is too large for the encoding"
        case .missingValue: "a required value is missing"
        }
    }
}
