import NIOCore

/// The state of reading the class instances of one stream, shared by nobody: a stream that was copied takes a copy
/// of it before it goes on, and fills a graph of its own.
final class InstanceReader: @unchecked Sendable {
    // Only touched by the stream that holds the only reference (see `IceInputStream.decode`), so never by two
    // threads at once, and by one call of it at a time.
    @exclusivity(unchecked)
    fileprivate var decoder: GraphDecoder
    fileprivate let graph = ObjectGraph()
    /// The graphs of handles that the stream had given out before it was copied: whichever copy ends first completes
    /// them, as far as they were read by then all copies agree.
    private let earlier: [ObjectGraph]

    init(origin: IceInputStream) {
        decoder = GraphDecoder(origin: origin)
        earlier = []
    }

    init(copying other: InstanceReader) {
        decoder = GraphDecoder(copying: other.decoder)
        earlier = other.earlier + [other.graph]
    }

    /// Completes the graph.
    fileprivate func finish() throws(MarshalError) {
        try decoder.finishChecks()
        var arena = GraphArena()
        swap(&arena, &decoder.arena)
        arena.shrink()
        for other in earlier where !other.isComplete { other.fill(Self.allocate(GraphArena(copying: arena))) }
        graph.fill(Self.allocate(arena))
    }

    private static func allocate(_ arena: consuming GraphArena) -> UnsafeMutablePointer<GraphArena> {
        let pointer = UnsafeMutablePointer<GraphArena>.allocate(capacity: 1)
        pointer.initialize(to: arena)
        return pointer
    }
}

extension IceInputStream {
    /// A class instance, or nil for null.
    ///
    /// What it refers to may follow later in the stream: look into it after ``readPendingInstances()``.
    public mutating func readInstance(_ expected: ClassDescriptor = .object) throws(MarshalError) -> ObjectReference? {
        let number = expected.layout.pointee.typeNumber
        let index = try decode { (decoder) throws(MarshalError) in try decoder.parameter(number) }
        guard index != 0, let graph = instances?.graph else { return nil }
        return ObjectReference(graph: graph, index: index)
    }

    /// A row of class instances.
    @usableFromInline
    package mutating func readInstances(
        _ count: Int,
        _ expected: ClassDescriptor,
        _ each: (ObjectReference?) -> Void
    ) throws(MarshalError) {
        if count == 0 { return }
        let number = expected.layout.pointee.typeNumber
        let graph = ownInstances().graph
        try decode { (decoder) throws(MarshalError) in
            for _ in 0..<count {
                let index = try decoder.parameter(number)
                each(index == 0 ? nil : ObjectReference(graph: graph, index: index))
            }
        }
    }

    /// Sequences of class instances, each with its size before it; the sizes.
    ///
    /// - Parameter expect: called first, with how many instances there will be if all sequences are as long as the first:
    ///   no more than bytes that came, and than 65,536.
    @usableFromInline
    package mutating func readInstances(
        rows expected: ClassDescriptor, expect: (Int) -> Void, _ each: (ObjectReference?) -> Void
    ) throws(MarshalError) -> [Int] {
        let count = try readCount(minimumElementSize: 1)
        if count == 0 { return [] }
        let available = remaining
        let number = expected.layout.pointee.typeNumber
        let graph = ownInstances().graph
        return try decode { (decoder) throws(MarshalError) in
            var widths: [Int] = []
            widths.reserveCapacity(count)
            for _ in 0..<count {
                let width = try decoder.count(minimumWireSize: 1)
                if widths.isEmpty { expect(min(count * width, available, 1 << 16)) }
                for _ in 0..<width {
                    let index = try decoder.parameter(number)
                    each(index == 0 ? nil : ObjectReference(graph: graph, index: index))
                }
                widths.append(width)
            }
            return widths
        }
    }

    /// Ends the reading of class instances: in encoding 1.0 the instances themselves are read here. Afterwards the
    /// handles can be looked into. ``finish()`` calls it where the parameters need it.
    public mutating func readPendingInstances() throws(MarshalError) {
        if encoding == .v1_0 {
            try decode { (decoder) throws(MarshalError) in try decoder.pendingInstances() }
        }
        guard instances != nil else { return }
        try ownInstances().finish()
        instances = nil
    }

    /// An exception of the most derived type that is known.
    ///
    /// - Throws: ``MarshalError/Reason/unknownException(_:)`` with the exception's own type id if the registry knows
    ///   none of its types.
    public mutating func readException() throws(MarshalError) -> any UserException {
        let (type, record) = try decode { (decoder) throws(MarshalError) in try decoder.exception() }
        let reader = ownInstances()
        try reader.finish()
        instances = nil
        return type.init(record: ObjectReference(graph: reader.graph, index: record))
    }

    /// Skips a class instance, which keeps its place in the numbering.
    mutating func skipInstance() throws(MarshalError) {
        _ = try decode { (decoder) throws(MarshalError) in try decoder.parameter(0) }
    }

    private mutating func ownInstances() -> InstanceReader {
        // First, as a second reference would make it shared.
        if isKnownUniquelyReferenced(&instances), let own = instances { return own }
        let reader = instances.map { InstanceReader(copying: $0) } ?? InstanceReader(origin: self)
        instances = reader
        return reader
    }

    private mutating func decode<Value>(
        _ body: (inout GraphDecoder) throws(MarshalError) -> Value
    ) throws(MarshalError) -> Value {
        let reader = ownInstances()
        let position = position
        var consumed = 0
        let result: Result<Value, MarshalError> = buffer.withUnsafeReadableBytes { bytes in
            let nowhere = UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
            let first = (bytes.baseAddress ?? nowhere).assumingMemoryBound(to: UInt8.self)
            reader.decoder.cursor = first
            reader.decoder.start = first - position
            reader.decoder.end = first + bytes.count
            reader.decoder.endOfInput = reader.decoder.end
            do throws(MarshalError) {
                let value = try body(&reader.decoder)
                consumed = reader.decoder.cursor - first
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        buffer.moveReaderIndex(forwardBy: consumed)
        return try result.get()
    }
}
