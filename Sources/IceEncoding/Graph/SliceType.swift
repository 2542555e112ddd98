/// A Slice type, as the tables of classes, exceptions and structs describe it.
public indirect enum SliceType: Sendable, Hashable {
    /// The basic types.
    case bool, byte, short, int, long, float, double, string
    /// One of named numbers.
    case enumeration(EnumDescriptor)
    /// A value with members.
    case structure(StructDescriptor)
    /// Elements in order.
    case sequence(SliceType)
    /// Values by key.
    case dictionary(key: SliceType, value: SliceType)
    /// A proxy; the type id of its interface, or nil for any object.
    case proxy(String?)
    /// A class instance; the type id of its class.
    case instance(String)
}

extension SliceType {
    /// Any class instance: `Object` in Slice.
    public static var anyInstance: SliceType { .instance(ClassDescriptor.objectTypeID) }

    /// How many 32-bit words a value takes in an object graph.
    var wordCount: Int {
        switch self {
        case .bool, .byte, .short, .int, .float, .enumeration, .proxy, .instance: 1
        case .long, .double, .string, .sequence, .dictionary: 2
        case .structure(let descriptor): descriptor.fields.reduce(0) { $0 + $1.type.wordCount }
        }
    }

    /// The size on the wire if every value has the same. An enumerator has not: it travels as a size.
    var fixedWireSize: Int? {
        switch self {
        case .bool, .byte: return 1
        case .short: return 2
        case .int, .float: return 4
        case .long, .double: return 8
        case .string, .enumeration, .sequence, .dictionary, .proxy, .instance: return nil
        case .structure(let descriptor):
            var total = 0
            for field in descriptor.fields {
                guard let size = field.type.fixedWireSize else { return nil }
                total += size
            }
            return total
        }
    }

    /// The fewest bytes that a value takes on the wire.
    var minimumWireSize: Int {
        switch self {
        case .string, .enumeration, .sequence, .dictionary, .instance: 1
        case .proxy: 2
        case .structure(let descriptor): descriptor.fields.reduce(0) { $0 + $1.type.minimumWireSize }
        case .bool, .byte, .short, .int, .long, .float, .double: fixedWireSize ?? 1
        }
    }

    /// The size of an element (of a key and a value), if this is a sequence (dictionary) whose elements have all
    /// the same size.
    var fixedElementSize: Int? {
        switch self {
        case .sequence(let element): return element.fixedWireSize
        case .dictionary(let key, let value):
            guard let key = key.fixedWireSize, let value = value.fixedWireSize else { return nil }
            return key + value
        default: return nil
        }
    }

    /// The size of the numbers if a sequence of this type is kept as the wire's bytes.
    var numberSize: Int? {
        switch self {
        case .bool, .byte, .short, .int, .long, .float, .double: fixedWireSize
        default: nil
        }
    }

    /// The format in which a tagged optional of this type travels (encoding 1.1, "Optional Values").
    var optionalFormat: OptionalFormat {
        switch self {
        case .bool, .byte: .f1
        case .short: .f2
        case .int, .float: .f4
        case .long, .double: .f8
        case .enumeration: .size
        case .string: .vsize
        case .sequence, .dictionary: fixedElementSize == nil ? .fsize : .vsize
        case .structure: fixedWireSize == nil ? .fsize : .vsize
        case .proxy: .fsize
        case .instance: .class
        }
    }

    /// Whether the size with which the value begins is already that of the optional: strings, and sequences of
    /// elements of one byte.
    var isOwnVSize: Bool {
        switch self {
        case .string: true
        case .sequence: fixedElementSize == 1
        default: false
        }
    }
}
