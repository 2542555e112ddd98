import NIOCore

/// Where an instance is: its class, as an index into the arena's layouts, and its first word.
struct InstanceRecord: BitwiseCopyable {
    var layout: UInt32
    var first: UInt32

    /// The class of an instance that was mentioned but not read yet.
    static let undefined = UInt32.max
}

/// A slice of a class that is not known, kept to be sent on.
struct PreservedSlice: Sendable {
    var typeID: String
    var compactID: Int32
    /// The content, without the end marker of its optionals.
    var bytes: ByteBuffer
    var hasOptionals: Bool
    var isLast: Bool
    /// The slice's indirection table, as instances of the same graph.
    var instances: [UInt32]
}

/// The memory of a graph: 32-bit words, and the bytes of its strings and number sequences.
///
/// | type | words |
/// | --- | --- |
/// | bool, byte, short, int, float, enumeration | the value |
/// | long, double | the value, low word first |
/// | string | where its UTF-8 begins, count of bytes |
/// | sequence of numbers | where its bytes begin, count of elements |
/// | other sequence, dictionary | first word of its elements, count |
/// | class | the instance, 0 for null |
/// | proxy | one more than its place in ``proxies``, 0 for null |
/// | struct | its members |
/// | tagged optional | whether it is there, then the value |
///
/// Where bytes begin is an offset into ``bytes``, or with the highest bit set into ``message``.
struct GraphArena: ~Copyable {
    var words: Growable<UInt32>
    var bytes: Growable<UInt8>
    /// The instances; number 0 stands for null.
    var records: Growable<InstanceRecord>
    var layouts: Growable<UnsafePointer<ClassLayout>>
    /// Keeps the layouts alive.
    var descriptors: [ClassDescriptor] = []
    var proxies: [ProxyReference] = []
    var binding: (any ProxyBinding)?
    /// The bytes that the graph was read from, if any of its sequences shares them.
    var message: ByteBuffer?
    var preserved: [UInt32: [PreservedSlice]] = [:]

    static let inMessage: UInt32 = 1 << 31
    /// From this size on a sequence of numbers stays in the message instead of being copied.
    static let sharedSize = 1024

    init(words: Int = 0, bytes: Int = 0, records: Int = 0) {
        self.words = Growable(capacity: words)
        self.bytes = Growable(capacity: bytes)
        self.records = Growable(capacity: records)
        self.layouts = Growable(capacity: 8)
        self.records.append(InstanceRecord(layout: InstanceRecord.undefined, first: 0))
    }

    init(copying other: borrowing GraphArena) {
        words = Growable(copying: other.words)
        bytes = Growable(copying: other.bytes)
        records = Growable(copying: other.records)
        layouts = Growable(copying: other.layouts)
        descriptors = other.descriptors
        proxies = other.proxies
        binding = other.binding
        message = other.message
        preserved = other.preserved
    }

    /// The index of a class, which is entered if it is new.
    mutating func layoutIndex(of descriptor: ClassDescriptor) -> UInt32 {
        // Graphs hold few classes, and readers and builders remember what they found.
        for index in 0..<layouts.count where layouts.base[index] == descriptor.layout { return UInt32(index) }
        descriptors.append(descriptor)
        layouts.append(descriptor.layout)
        return UInt32(layouts.count - 1)
    }

    /// Zeroed words, or nil if the arena cannot number so many.
    @inline(__always)
    mutating func allocateWords(_ count: Int) -> UInt32? {
        guard words.count + count <= Int(UInt32.max) else { return nil }
        return UInt32(truncatingIfNeeded: words.allocate(count))
    }

    /// The members of a new instance.
    @inline(__always)
    mutating func allocateInstance(_ layout: UnsafePointer<ClassLayout>) -> UInt32? {
        guard let first = allocateWords(layout.pointee.wordCount) else { return nil }
        for index in 0..<layout.pointee.defaultCount {
            let value = layout.pointee.defaults[index]
            words.base[Int(first) + Int(value.slot)] = value.value
        }
        return first
    }

    /// Copies bytes into the arena; nil if it cannot number so many.
    @inline(__always)
    mutating func append(_ source: UnsafeRawPointer, count: Int) -> UInt32? {
        guard bytes.count + count < Int(Self.inMessage) else { return nil }
        let offset = bytes.count
        bytes.reserve(count)
        UnsafeMutableRawPointer(bytes.base + offset).copyMemory(from: source, byteCount: count)
        bytes.didAppend(count)
        return UInt32(truncatingIfNeeded: offset)
    }

    /// Ends the process: a graph that is being built has 16 GiB of members, or 2 GiB of strings and number sequences.
    ///
    /// Only a program's own building leads here. No message holds so much, its size being a positive 32-bit number:
    /// what a peer sends ends in a ``MarshalError`` if the arena cannot number it, and a decoded graph always fits when
    /// it is copied into an empty one, as each byte of its message is in it at most once. A server that builds from what
    /// others have stored limits that beforehand, as the store's `QueryLimit` does. Of values that become instances on
    /// their way out (`IceOutputStream.writeInstances`) a stream begins a new graph at 64 MiB, so that the next has room;
    /// one value has the bytes of one message at most, and 64 MiB of strings that it repeats (`RValue`). To throw instead,
    /// every setter of a member would have to.
    static func overflow() -> Never { preconditionFailure("a graph that is being built is too large") }

    mutating func shrink() {
        words.shrink()
        bytes.shrink()
        records.shrink()
        layouts.shrink()
    }

    /// The layout of an instance.
    @inline(__always)
    func layout(_ instance: UInt32) -> UnsafePointer<ClassLayout> {
        layouts.base[Int(records.base[Int(instance)].layout)]
    }

    /// The first word of a member of an instance.
    @inline(__always)
    func slot(_ instance: UInt32, _ field: Int) -> Int {
        let record = records.base[Int(instance)]
        let layout = layouts.base[Int(record.layout)]
        precondition(field >= 0 && field < layout.pointee.fieldCount, "no such member")
        return Int(record.first) + Int(layout.pointee.slots[field])
    }

    /// How many words a member of an instance takes.
    func wordCount(_ instance: UInt32, _ field: Int) -> Int {
        let layout = layout(instance)
        precondition(field >= 0 && field < layout.pointee.fieldCount, "no such member")
        let next = field + 1
        let end = next < layout.pointee.fieldCount ? Int(layout.pointee.slots[next]) : layout.pointee.wordCount
        return end - Int(layout.pointee.slots[field])
    }

    /// Calls `body` with the bytes that begin at `offset`.
    func withBytes<R>(at offset: UInt32, count: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        if offset & Self.inMessage == 0 {
            precondition(Int(offset) + count <= bytes.count)
            return body(UnsafeRawBufferPointer(start: bytes.base + Int(offset), count: count))
        }
        let start = Int(offset & ~Self.inMessage)
        // No number of a peer's comes here: the decoder alone sets the bit, in a graph to which it gave the message, and
        // after it has found the bytes within that.
        guard let message else { preconditionFailure("a graph that shares its message holds it") }
        return message.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    }

    /// What the arena occupies, in bytes.
    var footprint: Int {
        var total = MemoryLayout<GraphArena>.size
        total += words.capacity * 4
        total += bytes.capacity
        total += records.capacity * MemoryLayout<InstanceRecord>.stride
        total += layouts.capacity * 8 + descriptors.count * 8
        total += proxies.count * MemoryLayout<ProxyReference>.stride
        total += message?.readableBytes ?? 0
        for slices in preserved.values {
            for slice in slices { total += MemoryLayout<PreservedSlice>.stride + slice.bytes.readableBytes }
        }
        return total
    }
}
