/// Builds a graph of class instances: adds them, sets their members, then freezes the whole.
///
/// The handles that ``add(_:_:)`` gives can be stored in members of other instances at once, so that cycles need no
/// second thought; they can be read after ``freeze()``. Handles of other graphs can be stored too: their instances
/// are copied, each once.
///
/// ```swift
/// let builder = GraphBuilder()
/// let first = builder.add(Node.self) { $0.name = "first" }
/// let second = builder.add(Node.self) { $0.name = "second"; $0.next = first }
/// builder.update(first) { $0.next = second }
/// builder.freeze()
/// ```
///
/// Sizes beyond what a Slice message can hold (2³¹ − 1 bytes) trap.
public final class GraphBuilder {
    /// The graph being built; complete after ``freeze()``.
    public let graph = ObjectGraph()
    /// The graph's from ``freeze()`` on, this builder's before.
    let arena: UnsafeMutablePointer<GraphArena>
    private var copies: [ObjectIdentifier: GraphCopy] = [:]
    /// Whether ``freeze()`` was called: nothing may be added any more.
    public var isFrozen: Bool { graph.isComplete }

    /// Begins an empty graph.
    public init() {
        arena = .allocate(capacity: 1)
        arena.initialize(to: GraphArena())
    }

    /// A copy of what was built so far, with handles of its own.
    init(copying other: GraphBuilder) {
        arena = .allocate(capacity: 1)
        arena.initialize(to: GraphArena(copying: other.arena.pointee))
        copies = other.copies
    }

    deinit {
        guard !isFrozen else { return }
        arena.deinitialize(count: 1)
        arena.deallocate()
    }

    /// Builds a graph in one go: the result is what `body` returns, complete.
    public static func build<Result>(_ body: (GraphBuilder) throws -> Result) rethrows -> Result {
        let builder = GraphBuilder()
        let result = try body(builder)
        builder.freeze()
        return result
    }

    // MARK: Instances

    /// Adds an instance of a class that needs no Swift type. Its members are zero, empty, null or absent.
    public func add(_ descriptor: ClassDescriptor) -> ObjectReference {
        checkOpen()
        let layout = arena.pointee.layoutIndex(of: descriptor)
        // A program that adds 16 GiB of instances: see `overflow()`.
        guard let first = arena.pointee.allocateInstance(descriptor.layout) else { GraphArena.overflow() }
        arena.pointee.records.append(InstanceRecord(layout: layout, first: first))
        return ObjectReference(graph: graph, index: UInt32(arena.pointee.records.count - 1))
    }

    /// Adds an instance. Its members are zero, empty, null or absent.
    @discardableResult
    public func add<Class: SliceClass>(_ type: Class.Type) -> Class { Class(object: add(Class.descriptor)) }

    /// Adds an instance and sets its members in `body`.
    @discardableResult
    public func add<Class: SliceClass>(_ type: Class.Type, _ body: (inout Draft<Class>) throws -> Void)
        rethrows -> Class
    {
        let object = add(Class.descriptor)
        var draft = Draft<Class>(record: RecordDraft(builder: self, index: object.index))
        try body(&draft)
        return Class(object: object)
    }

    /// Sets members of an instance that was added before.
    public func update<Class: SliceClass>(_ instance: Class, _ body: (inout Draft<Class>) throws -> Void) rethrows {
        precondition(instance.object.graph === graph, "the instance belongs to another graph")
        var draft = Draft<Class>(record: RecordDraft(builder: self, index: instance.object.index))
        try body(&draft)
    }

    /// The members of an instance that was added before.
    public subscript(_ object: ObjectReference) -> RecordDraft {
        precondition(object.graph === graph, "the instance belongs to another graph")
        return RecordDraft(builder: self, index: object.index)
    }

    /// Copies an instance of another graph, and all that it refers to. Each instance is copied once.
    public func copy<Class: SliceClass>(_ instance: Class) -> Class {
        Class(object: ObjectReference(graph: graph, index: adopt(instance.object)))
    }

    /// Ends building; from now on the handles can be read, and passed to other tasks.
    @discardableResult
    public func freeze() -> ObjectGraph {
        checkOpen()
        copies = [:]
        arena.pointee.shrink()
        graph.fill(arena)
        return graph
    }

    // MARK: Seams for drafts and copies

    private func checkOpen() { precondition(!isFrozen, "the graph is frozen") }

    /// The index in this graph of an instance of this or another graph.
    func adopt(_ object: ObjectReference) -> UInt32 {
        checkOpen()
        if object.graph === graph { return object.index }
        precondition(object.graph.isComplete, "the instance belongs to another graph that is not frozen")
        let key = ObjectIdentifier(object.graph)
        var copy = copies.removeValue(forKey: key) ?? GraphCopy(of: object.graph)
        let index = copy.copy(object.index, into: &arena.pointee)
        copies[key] = copy
        return index
    }

    func set(_ word: UInt32, at position: Int) {
        checkOpen()
        precondition(position < arena.pointee.words.count)
        arena.pointee.words.base[position] = word
    }

    func allocate(words count: Int) -> UInt32 {
        checkOpen()
        // A program that sets 16 GiB of sequences of structures: see `overflow()`.
        guard let first = arena.pointee.allocateWords(count) else { GraphArena.overflow() }
        return first
    }

    func append(bytes: UnsafeRawBufferPointer) -> UInt32 {
        checkOpen()
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return 0 }
        // A program that sets 2 GiB of strings and number sequences: see `overflow()`.
        guard let offset = arena.pointee.append(base, count: bytes.count) else { GraphArena.overflow() }
        return offset
    }

    func add(proxy: ProxyReference) -> UInt32 {
        checkOpen()
        arena.pointee.proxies.append(proxy)
        return UInt32(arena.pointee.proxies.count)
    }
}

/// The members of an instance that is being built, by number among all members of its class, those of the bases
/// first.
public struct RecordDraft {
    /// Who builds the graph.
    public let builder: GraphBuilder
    let index: UInt32

    /// The class of the instance.
    public var descriptor: ClassDescriptor {
        let arena = builder.arena
        return arena.pointee.descriptors[Int(arena.pointee.records.base[Int(index)].layout)]
    }

    /// The ``ClassDescriptor/number`` of the class of the instance.
    package var classNumber: Int { Int(builder.arena.pointee.layout(index).pointee.typeNumber) }

    /// A member.
    @inlinable
    public subscript<Value: GraphStorable>(field: Int) -> Value {
        get {
            var reader = reader(field)
            return reader.read()
        }
        nonmutating set {
            var writer = writer(field)
            writer.store(newValue)
        }
    }

    /// A tagged member, or nil if it is not there.
    @inlinable
    public subscript<Value: GraphStorable>(optional field: Int) -> Value? {
        get {
            var reader = reader(field)
            return reader.word() == 0 ? nil : reader.read()
        }
        nonmutating set {
            var writer = writer(field)
            writer.store(word: newValue == nil ? 0 : 1)
            if let newValue { writer.store(newValue) }
        }
    }

    /// Sets a member that is a string to text that is in memory as UTF-8. What isn't UTF-8 becomes U+FFFD.
    public func setString(_ field: Int, utf8 text: UnsafeRawBufferPointer) {
        var writer = writer(field)
        let isValid = text.withMemoryRebound(to: UInt8.self) { bytes in
            bytes.baseAddress.map { isUTF8($0, count: bytes.count) } ?? true
        }
        guard isValid else { return writer.store(String(decoding: text, as: UTF8.self)) }
        writer.store(word: builder.append(bytes: text))
        writer.store(word: UInt32(text.count))
    }

    /// Sets a member to what it is in another instance of this graph: what that refers to is shared, not copied.
    ///
    /// Both instances are of one class, or the member is of a base that they have in common.
    public func share(_ field: Int, of other: RecordDraft) {
        precondition(other.builder === builder, "the instance belongs to another graph")
        let arena = builder.arena
        let count = arena.pointee.wordCount(index, field)
        precondition(arena.pointee.wordCount(other.index, field) == count, "the members are of different types")
        let from = arena.pointee.slot(other.index, field)
        let to = arena.pointee.slot(index, field)
        for word in 0..<count { builder.set(arena.pointee.words.base[from + word], at: to + word) }
    }

    @usableFromInline
    func reader(_ field: Int) -> GraphReader {
        precondition(!builder.isFrozen, "the graph is frozen")
        return GraphReader(
            graph: builder.graph,
            arena: UnsafePointer(builder.arena),
            position: builder.arena.pointee.slot(index, field)
        )
    }

    @usableFromInline
    func writer(_ field: Int) -> GraphWriter {
        precondition(!builder.isFrozen, "the graph is frozen")
        return GraphWriter(builder: builder, position: builder.arena.pointee.slot(index, field))
    }
}

/// The members of an instance of a class that is being built. Generated code extends it with a property per member:
///
/// ```swift
/// extension Draft<Node> {
///     var name: String { get { self[0] } nonmutating set { self[0] = newValue } }
/// }
/// ```
public struct Draft<Class: SliceClass> {
    /// The members by number, without their types.
    public let record: RecordDraft

    /// The members of an instance of the class, or of one derived from it.
    public init(record: RecordDraft) { self.record = record }

    /// The handle of the instance.
    public var handle: Class { Class(object: ObjectReference(graph: record.builder.graph, index: record.index)) }

    /// A member, by its number among all members of the class, those of the bases first.
    @inlinable
    public subscript<Value: GraphStorable>(field: Int) -> Value {
        get { record[field] }
        nonmutating set { record[field] = newValue }
    }

    /// A tagged member, or nil if it is not there.
    @inlinable
    public subscript<Value: GraphStorable>(optional field: Int) -> Value? {
        get { record[optional: field] }
        nonmutating set { record[optional: field] = newValue }
    }
}
