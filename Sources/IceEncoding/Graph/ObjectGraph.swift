import Synchronization

/// Class instances that refer to each other, in one piece of memory that never changes once it is filled.
///
/// A graph is what one message (or one ``GraphBuilder``) holds: instances, whatever they refer to, cycles included.
/// ``ObjectReference`` and the typed handles that wrap it keep the graph alive; instances do not keep each other
/// alive, so that a cycle leaks nothing.
///
/// Handles exist before the graph is filled: in encoding 1.0 instances follow the parameters that refer to them, and
/// a builder gives out handles that are to be referred to. The memory is published exactly once, by an atomic
/// exchange with release ordering, and every access loads it with acquire ordering; before that the graph is empty
/// for all threads, afterwards the same for all. This is what makes it `Sendable`.
public final class ObjectGraph: Sendable {
    /// The address of the memory; 0 before it is filled.
    private let storage = Atomic<UInt>(0)
    /// The long texts that were read, by their place. A short message may name one in a million places: whoever reads
    /// them all gets one text, not a million.
    private let texts = Mutex<[TextPlace: String]>([:])

    init() {}

    deinit {
        if let arena = UnsafeMutablePointer<GraphArena>(bitPattern: storage.load(ordering: .acquiring)) {
            arena.deinitialize(count: 1)
            arena.deallocate()
        }
    }

    /// Publishes the memory, unless the graph has some already: then it is freed.
    func fill(_ pointer: UnsafeMutablePointer<GraphArena>) {
        let (exchanged, _) = storage.compareExchange(
            expected: 0,
            desired: UInt(bitPattern: pointer),
            ordering: .acquiringAndReleasing
        )
        guard !exchanged else { return }
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }

    /// Whether the instances can be read.
    public var isComplete: Bool { storage.load(ordering: .acquiring) != 0 }

    @inline(__always)
    var arena: UnsafePointer<GraphArena> {
        // A mistake in a program's order of calls, whatever came from outside: a message whose instances can't be read
        // ends in an error of `readPendingInstances()`, and leaves no value to look into.
        guard let pointer = UnsafePointer<GraphArena>(bitPattern: storage.load(ordering: .acquiring)) else {
            preconditionFailure(
                """
                The graph is not complete: call readPendingInstances() before looking into instances that were read, \
                freeze() before looking into instances that were built.
                """
            )
        }
        return pointer
    }

    /// Where a text stands.
    struct TextPlace: Hashable {
        let offset: UInt32
        let count: Int
    }

    /// The text that was read from this place before, or a new one.
    func text(at place: TextPlace, _ make: () -> String) -> String {
        texts.withLock { texts in
            if let text = texts[place] { return text }
            let text = make()
            texts[place] = text
            return text
        }
    }

    /// How many instances the graph holds.
    public var count: Int { arena.pointee.records.count - 1 }

    /// The bytes of memory that the graph holds, shared message included.
    public var memoryFootprint: Int { arena.pointee.footprint }

    /// The instances, in the order in which they were read or added.
    public var instances: [ObjectReference] {
        (1..<arena.pointee.records.count).map { ObjectReference(graph: self, index: UInt32($0)) }
    }
}

extension ObjectGraph: Equatable {
    /// Whether both are the same graph, not whether they look the same; see ``ObjectReference/isEquivalent(to:)``.
    public static func == (left: ObjectGraph, right: ObjectGraph) -> Bool { left === right }
}

/// An instance of a Slice class in a graph: what every typed handle wraps.
///
/// Two references are equal if they are to the same instance of the same graph.
public struct ObjectReference: Sendable, Hashable {
    /// The graph that the instance lives in, and keeps.
    public let graph: ObjectGraph
    let index: UInt32

    init(graph: ObjectGraph, index: UInt32) {
        self.graph = graph
        self.index = index
    }

    public static func == (left: ObjectReference, right: ObjectReference) -> Bool {
        left.index == right.index && left.graph === right.graph
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(graph))
        hasher.combine(index)
    }

    /// The most derived class that is known of the instance.
    public var descriptor: ClassDescriptor {
        let arena = graph.arena
        return arena.pointee.descriptors[Int(arena.pointee.records.base[Int(index)].layout)]
    }

    /// The ``ClassDescriptor/number`` of the most derived class that is known of the instance.
    package var classNumber: Int { Int(graph.arena.pointee.layout(index).pointee.typeNumber) }

    /// The type id of the instance: of slices that are kept the most derived one, even if its class is unknown.
    public var typeID: String {
        let arena = graph.arena
        if let slice = arena.pointee.preserved[index]?.first {
            return slice.typeID.isEmpty ? String(slice.compactID) : slice.typeID
        }
        return descriptor.typeID
    }

    /// The type ids of unknown slices that are kept and sent on in the sliced format, the most derived one first.
    public var preservedTypeIDs: [String] {
        (graph.arena.pointee.preserved[index] ?? []).map { $0.typeID.isEmpty ? String($0.compactID) : $0.typeID }
    }

    /// Whether the instance is one of the class with that type id, as far as its class is known.
    public func isA(_ typeID: String) -> Bool { descriptor.isA(typeID) }

    /// The handle of a class, if the instance is one of it.
    public func cast<Class: SliceClass>(to type: Class.Type = Class.self) -> Class? {
        graph.arena.pointee.layout(index).pointee.isA(Class.descriptor.layout.pointee.typeNumber)
            ? Class(object: self) : nil
    }

    // MARK: Members

    /// The value of a member, by its number among all members of the class, those of the bases first.
    @inlinable
    public subscript<Value: GraphStorable>(field: Int) -> Value {
        var reader = reader(field)
        return Value(graph: &reader)
    }

    /// The value of a tagged member, if it is there.
    @inlinable
    public subscript<Value: GraphStorable>(optional field: Int) -> Value? {
        var reader = reader(field)
        guard reader.word() != 0 else { return nil }
        return Value(graph: &reader)
    }

    @usableFromInline
    func reader(_ field: Int) -> GraphReader {
        let arena = graph.arena
        return GraphReader(graph: graph, arena: arena, position: arena.pointee.slot(index, field))
    }
}
