public import NIOCore

/// A value that members of class instances can have: it can be read from a graph and put into one.
///
/// All basic types, strings, sequences, dictionaries, enumerations, proxies and handles (as optionals) conform;
/// generated structs read and store their members in order:
///
/// ```swift
/// init(graph reader: inout GraphReader) {
///     x = reader.read()
///     y = reader.read()
/// }
/// func store(in writer: inout GraphWriter) {
///     writer.store(x)
///     writer.store(y)
/// }
/// ```
public protocol GraphStorable: SliceCodable {
    /// Reads a value at the place of the reader.
    init(graph reader: inout GraphReader)
    /// Puts the value at the place of the writer.
    func store(in writer: inout GraphWriter)

    /// How many words of a graph a value takes; that of ``SliceCodable/sliceType`` unless given.
    static var graphWordCount: Int { get }
    /// Reads a sequence; number types do it in one copy.
    static func readSequence(graph reader: inout GraphReader) -> [Self]
    /// Stores a sequence; number types do it in one copy.
    static func storeSequence(_ values: [Self], in writer: inout GraphWriter)
}

extension GraphStorable {
    public static var graphWordCount: Int { sliceType.wordCount }

    @inlinable
    public static func readSequence(graph reader: inout GraphReader) -> [Self] {
        let first = Int(reader.word())
        let count = Int(reader.word())
        var elements = reader.elements(at: first)
        var values: [Self] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(Self(graph: &elements)) }
        return values
    }

    @inlinable
    public static func storeSequence(_ values: [Self], in writer: inout GraphWriter) {
        var elements = writer.region(values.count, stride: graphWordCount)
        for value in values { value.store(in: &elements) }
    }
}

/// Reads values from a graph, one after another.
public struct GraphReader {
    /// The graph that is read.
    public let graph: ObjectGraph
    // Of the graph, which outlives the reader, or of a builder that is still at work.
    let arena: UnsafePointer<GraphArena>
    @usableFromInline
    var position: Int

    init(graph: ObjectGraph, arena: UnsafePointer<GraphArena>, position: Int) {
        self.graph = graph
        self.arena = arena
        self.position = position
    }

    /// A reader of the elements that begin at `position`.
    @usableFromInline
    func elements(at position: Int) -> GraphReader { GraphReader(graph: graph, arena: arena, position: position) }

    /// The next value.
    @inlinable
    public mutating func read<Value: GraphStorable>(_ type: Value.Type = Value.self) -> Value { Value(graph: &self) }

    @usableFromInline
    mutating func word() -> UInt32 {
        precondition(position < arena.pointee.words.count)
        defer { position += 1 }
        return arena.pointee.words.base[position]
    }

    @inline(__always)
    mutating func doubleWord() -> UInt64 {
        let low = word()
        return UInt64(word()) << 32 | UInt64(low)
    }

    /// A sequence of numbers: a copy of the bytes.
    mutating func numbers<T: BitwiseCopyable>(_ type: T.Type = T.self) -> [T] {
        let offset = word()
        let count = Int(word())
        if count == 0 { return [] }
        let size = count * MemoryLayout<T>.stride
        return arena.pointee.withBytes(at: offset, count: size) { bytes in
            [T](unsafeUninitializedCapacity: count) { target, initialized in
                UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
                initialized = count
            }
        }
    }
}

/// Puts values into a graph that is being built, one after another.
public struct GraphWriter {
    /// Who builds the graph.
    public let builder: GraphBuilder
    var position: Int

    init(builder: GraphBuilder, position: Int) {
        self.builder = builder
        self.position = position
    }

    /// Stores the next value.
    @inlinable
    public mutating func store<Value: GraphStorable>(_ value: Value) { value.store(in: &self) }

    @usableFromInline
    mutating func store(word: UInt32) {
        builder.set(word, at: position)
        position += 1
    }

    mutating func store(doubleWord value: UInt64) {
        store(word: UInt32(truncatingIfNeeded: value))
        store(word: UInt32(truncatingIfNeeded: value >> 32))
    }

    mutating func store<T: BitwiseCopyable>(numbers values: [T]) {
        let offset = values.withUnsafeBytes { builder.append(bytes: $0) }
        store(word: offset)
        store(word: UInt32(values.count))
    }

    /// Reserves the elements of a sequence or dictionary and gives what stores them.
    @usableFromInline
    mutating func region(_ count: Int, stride: Int) -> GraphWriter {
        let first = builder.allocate(words: count * stride)
        store(word: first)
        store(word: UInt32(count))
        return GraphWriter(builder: builder, position: Int(first))
    }
}

extension Array: GraphStorable where Element: GraphStorable {
    @inlinable
    public init(graph reader: inout GraphReader) { self = Element.readSequence(graph: &reader) }
    @inlinable
    public func store(in writer: inout GraphWriter) { Element.storeSequence(self, in: &writer) }
    public static var graphWordCount: Int { 2 }
}

extension Dictionary: GraphStorable where Key: GraphStorable, Value: GraphStorable {
    @inlinable
    public init(graph reader: inout GraphReader) {
        let first = Int(reader.word())
        let count = Int(reader.word())
        var elements = reader.elements(at: first)
        self.init(minimumCapacity: count)
        for _ in 0..<count {
            let key = Key(graph: &elements)
            self[key] = Value(graph: &elements)
        }
    }

    @inlinable
    public func store(in writer: inout GraphWriter) {
        var elements = writer.region(count, stride: Key.graphWordCount + Value.graphWordCount)
        for (key, value) in self {
            key.store(in: &elements)
            value.store(in: &elements)
        }
    }

    public static var graphWordCount: Int { 2 }
}

extension Optional: GraphStorable where Wrapped: SliceNullable {
    @inlinable
    public init(graph reader: inout GraphReader) { self = Wrapped.readNullable(graph: &reader) }
    @inlinable
    public func store(in writer: inout GraphWriter) { Wrapped.storeNullable(self, in: &writer) }
    public static var graphWordCount: Int { 1 }
}

extension SliceEnum {
    public init(graph reader: inout GraphReader) {
        let number = Int32(bitPattern: reader.word())
        // The reader has compared the number with the descriptor that the enumeration itself gives.
        guard let value = Self(rawValue: number) else {
            preconditionFailure("\(Self.typeID) does not agree with its descriptor: \(number)")
        }
        self = value
    }
    public func store(in writer: inout GraphWriter) { writer.store(word: UInt32(bitPattern: rawValue)) }
    public static var graphWordCount: Int { 1 }
}

extension ByteBuffer: GraphStorable {
    public init(graph reader: inout GraphReader) {
        let offset = reader.word()
        let count = Int(reader.word())
        let arena = reader.arena
        if offset & GraphArena.inMessage != 0, let message = arena.pointee.message,
            let shared = message.getSlice(
                at: message.readerIndex + Int(offset & ~GraphArena.inMessage),
                length: count
            )
        {
            self = shared
        } else {
            self = arena.pointee.withBytes(at: offset, count: count) { ByteBuffer(bytes: $0) }
        }
    }

    public func store(in writer: inout GraphWriter) {
        let offset = withUnsafeReadableBytes { writer.builder.append(bytes: $0) }
        writer.store(word: offset)
        writer.store(word: UInt32(readableBytes))
    }
    public static var graphWordCount: Int { 2 }
}
