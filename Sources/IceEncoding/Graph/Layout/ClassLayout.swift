import Synchronization

// Descriptors are compiled once into plain memory that the reader and the writer walk through raw pointers: no
// reference counting, no existentials and no enums with payloads on the way of each member.

/// One step of reading or writing: a value of a simple type, or the start of an element program.
struct FieldOp: BitwiseCopyable {
    enum Kind: UInt8 {
        case bool, byte, short
        /// int, float: four bytes of the wire are one word.
        case word
        /// long, double: eight bytes of the wire are two words.
        case doubleWord
        case string, enumeration
        /// A sequence of numbers, kept as the wire's bytes: offset and count.
        case numbers
        /// A sequence or dictionary of anything else: first word and count of its elements.
        case elements
        /// One more than the index in the graph's table of proxies; 0 for the null proxy.
        case proxy
        /// The index of an instance; 0 for null.
        case instance
    }

    var kind: Kind
    /// The size of a number, for `numbers`.
    var numberSize: UInt8 = 0
    /// The first word of the value, from the start of the instance or element.
    var slot: UInt32
    /// The class that is expected of an instance.
    var typeNumber: UInt32 = 0
    /// The index of the member in the class's own members, for error messages.
    var field: UInt32
    var program: UnsafePointer<ElementProgram>?
    var enumeration: UnsafePointer<EnumTable>?
}

extension FieldOp {
    /// Whether it leads to nothing else and needs no look at a table.
    var isFlat: Bool {
        switch kind {
        case .bool, .byte, .short, .word, .doubleWord, .string: true
        case .enumeration, .numbers, .elements, .proxy, .instance: false
        }
    }
}

/// How the elements of a sequence or dictionary are read and written, one after another.
struct ElementProgram: BitwiseCopyable {
    var ops: UnsafePointer<FieldOp>
    var opCount: Int
    /// How many of them are of a dictionary's key; 0 for sequences.
    var keyOpCount: Int
    /// How many words an element takes.
    var stride: Int
    var minimumWireSize: Int
    /// The wire size of every element, or 0 if it varies.
    var fixedWireSize: Int
}

struct EnumTable: BitwiseCopyable {
    var typeNumber: UInt32
    var maximum: Int32
    /// Whether every number from 0 to the maximum is an enumerator.
    var isContiguous: Bool
    var values: UnsafePointer<Int32>
    var count: Int

    func contains(_ value: Int32) -> Bool {
        if isContiguous { return value >= 0 && value <= maximum }
        return UnsafeBufferPointer(start: values, count: count).contains(value)
    }
}

/// A tagged member. Its first word says whether it is there, the value follows.
struct OptionalOp: BitwiseCopyable {
    var tag: Int32
    var format: UInt8
    var isOwnVSize: Bool
    /// The wire size of the value (struct) or of an element of it (sequence, dictionary), for the format VSize.
    var fixedWireSize: Int
    var slot: UInt32
    var field: UInt32
    var ops: UnsafePointer<FieldOp>
    var opCount: Int
}

/// What the reader and the writer need of a class: one level of the hierarchy, with a pointer to the next.
struct ClassLayout: BitwiseCopyable {
    var ops: UnsafePointer<FieldOp>
    var opCount: Int
    var optionals: UnsafePointer<OptionalOp>
    var optionalCount: Int
    var base: UnsafePointer<ClassLayout>?
    /// How many words an instance takes, with the members of the bases, which come first.
    var wordCount: Int
    var typeNumber: UInt32
    var compactID: Int32
    var preserves: Bool
    var usesClasses: Bool
    /// Whether all members, those of the bases too, are numbers and strings.
    var isFlat: Bool
    /// The type id as UTF-8.
    var name: UnsafePointer<UInt8>
    var nameCount: Int
    /// The first word of each member, inherited ones first.
    var slots: UnsafePointer<UInt32>
    var fieldCount: Int
    /// Words that are not 0 in a new instance: enumerations without a 0.
    var defaults: UnsafePointer<WordDefault>
    var defaultCount: Int
    var descriptor: Unmanaged<ClassDescriptor>?

    @inline(__always)
    func isA(_ number: UInt32) -> Bool {
        if number == 0 || number == typeNumber { return true }
        var level = base
        while let current = level {
            if current.pointee.typeNumber == number { return true }
            level = current.pointee.base
        }
        return false
    }

    var typeID: String { String(decoding: UnsafeBufferPointer(start: name, count: nameCount), as: UTF8.self) }

    /// The name of a member as error messages give it.
    func path(_ field: UInt32) -> String {
        guard let fields = descriptor?._withUnsafeGuaranteedRef({ $0.fields }), Int(field) < fields.count else {
            return typeID
        }
        return "\(typeID).\(fields[Int(field)].name)"
    }
}

struct WordDefault: BitwiseCopyable {
    var slot: UInt32
    var value: UInt32
}

/// Numbers for type ids, so that "is an instance of" compares integers. Grows with the program's descriptors only.
enum TypeNumbers {
    private static let table = Mutex<(numbers: [String: UInt32], names: [String])>(
        (["::Ice::Object": 0], ["::Ice::Object"])
    )

    static func number(of typeID: String) -> UInt32 {
        table.withLock { table in
            if let number = table.numbers[typeID] { return number }
            let number = UInt32(table.names.count)
            table.numbers[typeID] = number
            table.names.append(typeID)
            return number
        }
    }

    static func name(of number: UInt32) -> String {
        table.withLock { table in Int(number) < table.names.count ? table.names[Int(number)] : "" }
    }
}

/// Owns the raw memory of one descriptor's layout.
final class LayoutMemory: @unchecked Sendable {
    // Written while the layout is compiled, before any other thread can see it; only freed afterwards.
    private let blocks: [UnsafeMutableRawPointer]

    init(_ blocks: [UnsafeMutableRawPointer]) { self.blocks = blocks }

    deinit {
        for block in blocks { block.deallocate() }
    }
}
