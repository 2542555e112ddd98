import NIOCore

/// Writes class instances of one encapsulation.
///
/// The counterpart of ``GraphDecoder``: with a stack of its own, for graphs that nest deeper than any thread's stack.
struct GraphEncoder: ~Copyable {
    let isEncoding10: Bool
    let isSliced: Bool
    /// What is to be appended to the stream.
    var out = Growable<UInt8>(capacity: 256)
    /// Where in the stream that begins.
    var startPosition = 0

    /// The graphs whose instances were written, and the one at work.
    private var graphs: [ObjectIdentifier: GraphNumbers] = [:]
    /// Instances that the stream makes itself; it is never frozen.
    private var own: GraphBuilder?
    private(set) var active: GraphNumbers?
    /// Of the active graph.
    private(set) var arena: UnsafePointer<GraphArena>
    private(set) var numbers: UnsafeMutablePointer<UInt32>

    /// The number of the last instance. Encoding 1.1 numbers from 2, as 1 announces a new instance; 1.0 from 1.
    private var lastNumber: UInt32
    /// The number of each class's type id, by the class's own number; 0 if it was not written yet.
    private var typeIndexes = Growable<UInt32>()
    private var typeCount: UInt32 = 0
    /// The numbers of type ids of slices that are not known.
    private var namedTypeIndexes: [String: UInt32] = [:]
    /// Numbers the slices, so that the places in one's indirection table need not be cleared for the next.
    var sliceStamp: UInt32 = 0
    /// Indirection tables being made.
    var tables = Growable<UInt32>()
    var frames = Growable<Frame>(capacity: 16)
    /// Instances that were referred to in encoding 1.0 and not written yet.
    private var pending: [(graph: ObjectGraph, instance: UInt32)] = []

    /// A place in an unfinished slice, sequence or table.
    struct Frame: BitwiseCopyable {
        enum Kind: UInt8 {
            case slice
            case elements
            /// The indirection table after a slice.
            case table
            /// The end of a value whose size in bytes stands before it.
            case size
        }
        enum Phase: UInt8 { case preserved, header, members, optionals, end, nextLevel }

        var kind: Kind
        var phase = Phase.preserved
        var flags = SliceFlags()
        var isFirst = true
        var isException = false
        var instance: UInt32 = 0
        var base: Int = 0
        var remaining = 0
        var stride = 0
        var layout: UnsafePointer<ClassLayout>
        var op: UnsafePointer<FieldOp>
        var firstOp: UnsafePointer<FieldOp>
        var endOp: UnsafePointer<FieldOp>
        /// The next tagged member, or the next slice that is not known.
        var next = 0
        var typeBits: UInt8 = 0
        /// Where the flags and the size of the slice are.
        var flagsPosition = 0
        var sizePosition = 0
        var tableStart = 0
    }

    init(isEncoding10: Bool, isSliced: Bool) {
        self.isEncoding10 = isEncoding10
        self.isSliced = isSliced && !isEncoding10
        lastNumber = isEncoding10 ? 0 : 1
        arena = UnsafePointer(bitPattern: 8).unsafelyUnwrapped
        numbers = UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
    }

    /// A copy for a stream that was copied.
    init(copying other: borrowing GraphEncoder) {
        self.init(isEncoding10: other.isEncoding10, isSliced: other.isSliced)
        graphs = other.graphs.mapValues { GraphNumbers(copying: $0, in: $0.graph, $0.arena) }
        lastNumber = other.lastNumber
        typeIndexes = Growable(copying: other.typeIndexes)
        typeCount = other.typeCount
        namedTypeIndexes = other.namedTypeIndexes
        sliceStamp = other.sliceStamp
        pending = other.pending
        guard let shared = other.own else { return }
        // Its instances go on growing in both streams, each with those of its own.
        let builder = GraphBuilder(copying: shared)
        own = builder
        if let known = graphs.removeValue(forKey: ObjectIdentifier(shared.graph)) {
            let numbers = GraphNumbers(copying: known, in: builder.graph, UnsafePointer(builder.arena))
            graphs[ObjectIdentifier(builder.graph)] = numbers
        }
        pending = pending.map { $0.graph === shared.graph ? (builder.graph, $0.instance) : $0 }
    }

    /// Forgets what was being written when an error ended it.
    mutating func reset() {
        frames.truncate(to: 0)
        tables.truncate(to: 0)
        out.truncate(to: 0)
    }

    /// Hands the bytes over.
    mutating func flush(into buffer: inout ByteBuffer) {
        buffer.writeBytes(UnsafeRawBufferPointer(start: out.base, count: out.count))
        out.truncate(to: 0)
    }

    func error(_ reason: MarshalError.Reason) -> MarshalError {
        let path = frames.count > 0 ? frames.base[frames.count - 1].layout.pointee.typeID : nil
        return MarshalError(reason, at: startPosition + out.count, path: path)
    }

    // MARK: References

    private mutating func activate(_ graph: ObjectGraph) {
        if let active, active.graph === graph { return }
        let entry: GraphNumbers
        if let known = graphs[ObjectIdentifier(graph)] {
            entry = known
        } else {
            entry = GraphNumbers(graph, graph.arena, isSliced: isSliced)
            graphs[ObjectIdentifier(graph)] = entry
        }
        active = entry
        arena = entry.arena
        numbers = entry.numbers
    }

    /// The same for a graph that is being built, as far as it is.
    private mutating func activate(_ builder: GraphBuilder) {
        if active?.graph !== builder.graph {
            let key = ObjectIdentifier(builder.graph)
            if graphs[key] == nil {
                graphs[key] = GraphNumbers(builder.graph, UnsafePointer(builder.arena), isSliced: isSliced)
            }
            activate(builder.graph)
        }
        guard let active else { return }
        active.cover(arena.pointee.records.count)
        numbers = active.numbers
    }

    /// The place of each instance in the indirection table of a slice, with the slice's stamp.
    var places: UnsafeMutablePointer<UInt64>? { active?.places }

    /// A reference outside of slices: parameters, elements of parameters.
    mutating func parameter(_ object: ObjectReference?) throws(MarshalError) {
        guard let object else {
            if isEncoding10 { put(0 as UInt32) } else { put(0 as UInt8) }
            return
        }
        activate(object.graph)
        try parameter(object.index)
    }

    /// Who builds the instances that the stream makes itself. One graph holds no more than 2 GiB of strings, which would end
    /// the process (see ``GraphArena/overflow()``): long before that another one is begun. What is to be added to it comes
    /// from a message, or from what a server limits.
    mutating func ownBuilder() -> GraphBuilder {
        if let own, own.arena.pointee.bytes.count < 1 << 26 { return own }
        let builder = GraphBuilder()
        own = builder
        return builder
    }

    /// The same, perhaps to an instance of a graph that is being built.
    mutating func parameter(_ object: ObjectReference?, _ builder: GraphBuilder) throws(MarshalError) {
        guard let object, object.graph === builder.graph else { return try parameter(object) }
        activate(builder)
        try parameter(object.index)
    }

    /// Of the active graph.
    private mutating func parameter(_ instance: UInt32) throws(MarshalError) {
        if isEncoding10 {
            numberedReference(instance)
        } else if try reference(instance) {
            try run()
        }
    }

    /// A reference in encoding 1.1; true if it is the first one to the instance, and its frame was pushed.
    @inline(__always)
    mutating func reference(_ instance: UInt32) throws(MarshalError) -> Bool {
        if instance == 0 {
            put(0 as UInt8)
            return false
        }
        let number = numbers[Int(instance)]
        if number != 0 {
            try put(size: Int(number))
            return false
        }
        lastNumber += 1
        numbers[Int(instance)] = lastNumber
        put(1 as UInt8)
        if try flat(instance) { return false }
        push(instance, isException: false)
        return true
    }

    @inline(__always)
    private mutating func push(_ instance: UInt32, isException: Bool) {
        let layout = arena.pointee.layout(instance)
        let ops = layout.pointee.ops
        frames.append(
            Frame(
                kind: .slice,
                phase: arena.pointee.preserved.isEmpty ? .header : .preserved,
                isException: isException,
                instance: instance,
                base: Int(arena.pointee.records.base[Int(instance)].first),
                layout: layout,
                op: ops,
                firstOp: ops,
                endOp: ops
            )
        )
    }

    /// A reference in encoding 1.0: the negative of the instance's number; the instance follows later.
    mutating func numberedReference(_ instance: UInt32) {
        if instance == 0 { return put(0 as UInt32) }
        if numbers[Int(instance)] == 0 {
            lastNumber += 1
            numbers[Int(instance)] = lastNumber
            if let graph = active?.graph { pending.append((graph, instance)) }
        }
        put(UInt32(bitPattern: -Int32(truncatingIfNeeded: numbers[Int(instance)])))
    }

    /// The instances that were referred to, batch by batch, as each batch refers to more; an empty one ends them.
    mutating func pendingInstances() throws(MarshalError) {
        while !pending.isEmpty {
            let batch = pending
            pending = []
            try put(size: batch.count)
            for (graph, instance) in batch {
                activate(graph)
                put(numbers[Int(instance)])
                push(instance, isException: false)
                try run()
            }
        }
        put(0 as UInt8)
    }

    /// An exception's members.
    mutating func exception(_ record: ObjectReference, usesClasses: Bool) throws(MarshalError) {
        if isEncoding10 { put(usesClasses ? 1 : 0 as UInt8) }
        activate(record.graph)
        push(record.index, isException: true)
        try run()
        if isEncoding10, usesClasses { try pendingInstances() }
    }

    // MARK: Bytes

    @inline(__always)
    mutating func put(_ value: UInt8) { out.append(value) }

    @inline(__always)
    mutating func put(_ value: UInt32) {
        out.reserve(4)
        UnsafeMutableRawPointer(out.base + out.count).storeBytes(of: value, as: UInt32.self)
        out.didAppend(4)
    }

    @inline(__always)
    mutating func put(size: Int) throws(MarshalError) {
        if size < 255 {
            put(UInt8(truncatingIfNeeded: size))
        } else {
            guard size <= Int(Int32.max) else { throw error(.valueTooLarge(size)) }
            put(255 as UInt8)
            put(UInt32(truncatingIfNeeded: size))
        }
    }

    @inline(__always)
    mutating func put(_ bytes: UnsafeRawPointer, count: Int) {
        out.reserve(count)
        UnsafeMutableRawPointer(out.base + out.count).copyMemory(from: bytes, byteCount: count)
        out.didAppend(count)
    }

    /// Fills four bytes that were left free with a size.
    mutating func patch(_ size: Int, at position: Int) throws(MarshalError) {
        guard let size = Int32(exactly: size) else { throw error(.valueTooLarge(size)) }
        UnsafeMutableRawPointer(out.base + position).storeBytes(of: size, as: Int32.self)
    }

    // MARK: Type ids

    /// The number of a class's type id, and whether it is new.
    @inline(__always)
    mutating func typeIndex(_ layout: UnsafePointer<ClassLayout>) -> (index: UInt32, isNew: Bool) {
        let number = Int(layout.pointee.typeNumber)
        if number >= typeIndexes.count { _ = typeIndexes.allocate(number + 1 - typeIndexes.count) }
        let known = typeIndexes.base[number]
        if known != 0 { return (known, false) }
        typeCount += 1
        typeIndexes.base[number] = typeCount
        return (typeCount, true)
    }

    mutating func typeIndex(named typeID: String) -> (index: UInt32, isNew: Bool) {
        if let known = namedTypeIndexes[typeID] { return (known, false) }
        typeCount += 1
        namedTypeIndexes[typeID] = typeCount
        return (typeCount, true)
    }
}

/// The numbers on the wire of a graph's instances.
final class GraphNumbers {
    let graph: ObjectGraph
    /// The graph's, or that of who builds it.
    let arena: UnsafePointer<GraphArena>
    private var count: Int
    private var capacity: Int
    /// 0 for an instance that was not written yet.
    private(set) var numbers: UnsafeMutablePointer<UInt32>
    private(set) var places: UnsafeMutablePointer<UInt64>?

    init(_ graph: ObjectGraph, _ arena: UnsafePointer<GraphArena>, isSliced: Bool) {
        self.graph = graph
        self.arena = arena
        count = arena.pointee.records.count
        capacity = count
        numbers = .allocate(capacity: count)
        numbers.initialize(repeating: 0, count: count)
        places = isSliced ? .allocate(capacity: count) : nil
        places?.initialize(repeating: 0, count: count)
    }

    /// A copy, for the graph or for a copy of it.
    init(copying other: GraphNumbers, in graph: ObjectGraph, _ arena: UnsafePointer<GraphArena>) {
        self.graph = graph
        self.arena = arena
        count = other.count
        capacity = other.count
        numbers = .allocate(capacity: count)
        numbers.initialize(from: other.numbers, count: count)
        places = other.places == nil ? nil : .allocate(capacity: count)
        places?.initialize(repeating: 0, count: count)
    }

    deinit {
        numbers.deallocate()
        places?.deallocate()
    }

    /// Has a place for each instance of a graph that has grown.
    func cover(_ newCount: Int) {
        guard newCount > count else { return }
        if newCount > capacity {
            capacity = max(newCount, capacity * 2)
            numbers = Self.moved(numbers, count, capacity)
            places = places.map { Self.moved($0, count, capacity) }
        }
        (numbers + count).initialize(repeating: 0, count: newCount - count)
        places.map { $0 + count }?.initialize(repeating: 0, count: newCount - count)
        count = newCount
    }

    private static func moved<Number>(
        _ numbers: UnsafeMutablePointer<Number>, _ count: Int, _ capacity: Int
    ) -> UnsafeMutablePointer<Number> {
        let moved = UnsafeMutablePointer<Number>.allocate(capacity: capacity)
        moved.moveInitialize(from: numbers, count: count)
        numbers.deallocate()
        return moved
    }
}
