import NIOCore

/// Reads class instances of one encapsulation into an arena.
///
/// In encoding 1.1 an instance travels at its first mention, inside the instance that mentions it: a list of ten
/// thousand nodes nests ten thousand deep on the wire. The decoder therefore keeps its own stack of ``Frame``s and
/// never recurses.
struct GraphDecoder: ~Copyable {
    var arena: GraphArena
    let types: TypeRegistry
    let isEncoding10: Bool
    let depthLimit: Int
    /// The stream whose bytes are read, for proxies and errors; its position is that of `start`.
    let origin: IceInputStream

    // The bytes, valid during one call of `IceInputStream.decode`.
    var cursor: UnsafePointer<UInt8>
    /// Where the slice ends that is being read, if it says so; else the input.
    var end: UnsafePointer<UInt8>
    var endOfInput: UnsafePointer<UInt8>
    /// Where the encapsulation's content begins.
    var start: UnsafePointer<UInt8>

    var frames = Growable<Frame>(capacity: 16)
    /// References through an indirection table that is read after the slice.
    var fixups = Growable<Fixup>()
    /// Entries of indirection tables being read.
    var tables = Growable<UInt32>()
    /// Instances whose class was not known when they were referred to.
    var checks = Growable<Check>()

    /// The type ids that the stream has introduced, and the class of each.
    var typeLayouts = Growable<UInt32>()
    var typeNames: [String] = []
    var compactLayouts: [Int32: UInt32] = [:]
    /// The instance of each wire index: in encoding 1.1 numbered from 2 in the order of appearance,
    var wireInstances = Growable<UInt32>()
    /// in 1.0 by the sender.
    var numberedInstances: [Int32: UInt32] = [:]
    var undefinedCount = 0
    /// How many instances are open, one inside another.
    var depth = 0

    /// A place in an unfinished slice, sequence or table.
    struct Frame: BitwiseCopyable {
        enum Kind: UInt8 {
            /// The slices of an instance, from the most derived known one on.
            case slice
            /// The elements of a sequence or dictionary, or the value of an optional.
            case elements
            /// The indirection table of a known slice.
            case table
            /// The indirection table of a slice that is not known.
            case skippedTable
        }
        enum Phase: UInt8 { case members, optionals, end, afterTable }

        var kind: Kind
        var phase = Phase.members
        var flags = SliceFlags()
        /// References are numbers in the slice's indirection table.
        var isIndirect = false
        /// The slices are an exception's, which name their types in another way.
        var isException = false
        var instance: UInt32
        /// The first word of the instance or the element.
        var base: UInt32
        /// Elements or entries left.
        var remaining = 0
        var stride: UInt32 = 0
        var layout: UnsafePointer<ClassLayout>
        var op: UnsafePointer<FieldOp>
        var firstOp: UnsafePointer<FieldOp>
        var endOp: UnsafePointer<FieldOp>
        /// The next tagged member.
        var optional = 0
        /// Where the slice must end; -1 if it does not say.
        var sliceEnd = -1
        var fixupStart = 0
        var tableStart = 0
    }

    struct Fixup: BitwiseCopyable {
        var word: UInt32
        var typeNumber: UInt32
        var field: UInt32
    }

    struct Check: BitwiseCopyable {
        var instance: UInt32
        var typeNumber: UInt32
        var layout: UnsafePointer<ClassLayout>?
        var field: UInt32
        var position: Int
    }

    /// The class of a type id that the registry does not have.
    static let unknown = UInt32.max

    init(origin: IceInputStream) {
        self.origin = origin
        types = origin.types
        isEncoding10 = origin.encoding == .v1_0
        depthLimit = origin.instanceDepthLimit
        let remaining = origin.remaining
        // Less than what came takes, so that most of it need not be moved, and no more than what came.
        arena = GraphArena(
            words: min(remaining / 4, 1 << 18), bytes: min(remaining / 4, 1 << 14),
            records: min(remaining / 16, 1 << 16))
        arena.binding = origin.binding
        let nowhere = UnsafePointer<UInt8>(bitPattern: 1).unsafelyUnwrapped
        (cursor, end, endOfInput, start) = (nowhere, nowhere, nowhere, nowhere)
    }

    /// A copy for a stream that was copied.
    init(copying other: borrowing GraphDecoder) {
        arena = GraphArena(copying: other.arena)
        types = other.types
        isEncoding10 = other.isEncoding10
        depthLimit = other.depthLimit
        origin = other.origin
        (cursor, end, endOfInput, start) = (other.cursor, other.end, other.endOfInput, other.start)
        checks = Growable(copying: other.checks)
        typeLayouts = Growable(copying: other.typeLayouts)
        typeNames = other.typeNames
        compactLayouts = other.compactLayouts
        wireInstances = Growable(copying: other.wireInstances)
        numberedInstances = other.numberedInstances
        undefinedCount = other.undefinedCount
    }

    // MARK: Errors

    var position: Int { cursor - start }

    /// An error at the cursor, with the member that was being read.
    func error(_ reason: MarshalError.Reason, at position: Int? = nil) -> MarshalError {
        var path: String?
        if frames.count > 0 {
            let frame = frames.base[frames.count - 1]
            if frame.kind == .elements || frame.kind == .slice && frame.phase == .members && frame.op > frame.firstOp {
                path = frame.layout.pointee.path((frame.op > frame.firstOp ? frame.op - 1 : frame.op).pointee.field)
            } else {
                path = frame.layout.pointee.typeID
            }
        }
        return MarshalError(reason, at: position ?? self.position, path: path)
    }

    func truncated(_ needed: Int) -> MarshalError {
        error(.truncated(needed: needed, available: end - cursor))
    }

    var tooLarge: MarshalError { error(.valueTooLarge(arena.words.count)) }

    // MARK: Numbers

    @inline(__always)
    mutating func byte() throws(MarshalError) -> UInt8 {
        guard cursor < end else { throw truncated(1) }
        defer { cursor += 1 }
        return cursor.pointee
    }

    @inline(__always)
    mutating func word() throws(MarshalError) -> UInt32 {
        guard end - cursor >= 4 else { throw truncated(4) }
        defer { cursor += 4 }
        return UnsafeRawPointer(cursor).loadUnaligned(as: UInt32.self)
    }

    @inline(__always)
    mutating func size() throws(MarshalError) -> Int {
        guard cursor < end else { throw truncated(1) }
        let first = cursor.pointee
        cursor += 1
        if first < 255 { return Int(first) }
        let size = Int32(bitPattern: try word())
        guard size >= 0 else { throw error(.invalidSize(Int(size))) }
        return Int(size)
    }

    mutating func skip(_ count: Int) throws(MarshalError) {
        guard count >= 0, count <= end - cursor else { throw truncated(count) }
        cursor += count
    }

    /// A number of elements that the rest of the input can hold.
    @inline(__always)
    mutating func count(minimumWireSize: Int) throws(MarshalError) -> Int {
        let count = try size()
        // A count is below 2³¹ and the size that of a type: the product cannot overflow an Int.
        guard count * minimumWireSize <= end - cursor else { throw error(.invalidSize(count)) }
        return count
    }

    mutating func string() throws(MarshalError) -> String {
        let count = try count(minimumWireSize: 1)
        let bytes = UnsafeBufferPointer(start: cursor, count: count)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw error(.invalidUTF8) }
        cursor += count
        return text
    }

    // MARK: The stack

    /// Works until the stack is back at `level` frames.
    mutating func run(downTo level: Int) throws(MarshalError) {
        while frames.count > level {
            let top = frames.base + (frames.count - 1)
            switch top.pointee.kind {
            case .elements:
                if try members(top) { continue }
                if top.pointee.remaining > 1 {
                    top.pointee.remaining -= 1
                    top.pointee.base += top.pointee.stride
                    top.pointee.op = top.pointee.firstOp
                } else {
                    frames.removeLast()
                }
            case .slice:
                switch top.pointee.phase {
                case .members:
                    if try members(top) { continue }
                    top.pointee.phase = top.pointee.flags.contains(.hasOptionals) ? .optionals : .end
                case .optionals:
                    if try optionals(top) { continue }
                    top.pointee.phase = .end
                case .end: try endSlice(top)
                case .afterTable: try afterTable(top)
                }
            case .table, .skippedTable: try tableEntries(top)
            }
        }
    }

    // MARK: References

    /// A reference outside of slices: parameters, elements of parameters.
    mutating func parameter(_ typeNumber: UInt32) throws(MarshalError) -> UInt32 {
        let position = position
        let instance: UInt32
        if isEncoding10 {
            instance = try numberedReference()
        } else {
            instance = try reference(try size())
            try run(downTo: 0)
        }
        try check(instance, typeNumber, layout: nil, field: 0, position: position)
        return instance
    }

    /// A reference in encoding 1.1. The instance itself follows at its first mention: then a frame is pushed.
    @inline(__always)
    mutating func reference(_ number: Int) throws(MarshalError) -> UInt32 {
        if number == 0 { return 0 }
        if number == 1 { return try startInstance() }
        guard number - 2 < wireInstances.count else {
            throw error(.invalidInstanceIndex(Int32(truncatingIfNeeded: number)))
        }
        return wireInstances.base[number - 2]
    }

    /// A reference in encoding 1.0, where instances follow later: the negative of the sender's number.
    mutating func numberedReference() throws(MarshalError) -> UInt32 {
        let number = Int32(bitPattern: try word())
        if number == 0 { return 0 }
        guard number < 0, number > Int32.min else { throw error(.invalidInstanceIndex(number)) }
        return instance(numbered: -number)
    }

    mutating func instance(numbered number: Int32) -> UInt32 {
        if let known = numberedInstances[number] { return known }
        arena.records.append(InstanceRecord(layout: InstanceRecord.undefined, first: 0))
        let index = UInt32(arena.records.count - 1)
        numberedInstances[number] = index
        undefinedCount += 1
        return index
    }

    /// Checks that an instance is one of the class that is expected; later, if its class is not known yet.
    @inline(__always)
    mutating func check(
        _ instance: UInt32,
        _ typeNumber: UInt32,
        layout: UnsafePointer<ClassLayout>?,
        field: UInt32,
        position: Int
    ) throws(MarshalError) {
        if instance == 0 || typeNumber == 0 { return }
        let index = arena.records.base[Int(instance)].layout
        if index == InstanceRecord.undefined {
            checks.append(
                Check(instance: instance, typeNumber: typeNumber, layout: layout, field: field, position: position)
            )
            return
        }
        if arena.layouts.base[Int(index)].pointee.isA(typeNumber) { return }
        throw mismatch(
            Check(instance: instance, typeNumber: typeNumber, layout: layout, field: field, position: position)
        )
    }

    @inline(never)
    func mismatch(_ check: Check) -> MarshalError {
        let layout = arena.layout(check.instance)
        let kept = arena.preserved[check.instance]?.first?.typeID
        return MarshalError(
            .unexpectedClass(expected: TypeNumbers.name(of: check.typeNumber), found: kept ?? layout.pointee.typeID),
            at: check.position,
            path: check.layout?.pointee.path(check.field)
        )
    }

    /// The checks that had to wait.
    mutating func finishChecks() throws(MarshalError) {
        for index in 0..<checks.count {
            let check = checks.base[index]
            let layout = arena.records.base[Int(check.instance)].layout
            guard layout != InstanceRecord.undefined else { throw error(.invalidInstanceIndex(Int32(check.instance))) }
            if !arena.layouts.base[Int(layout)].pointee.isA(check.typeNumber) { throw mismatch(check) }
        }
        checks.truncate(to: 0)
    }
}
