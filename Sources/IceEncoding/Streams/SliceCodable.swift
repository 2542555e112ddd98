/// A value of a Slice type that can be written into and read from a stream.
///
/// Basic types, strings, sequences, dictionaries and proxies conform; generated structs and enumerations do too.
/// Class instances go through an object graph (see ``ObjectGraph``).
public protocol SliceCodable: Sendable {
    /// The Slice type, as tables describe it.
    static var sliceType: SliceType { get }
    /// The fewest bytes that a value takes on the wire. Bounds what a claimed element count may allocate.
    static var minimumWireSize: Int { get }

    /// Reads a value.
    init(from stream: inout IceInputStream) throws(MarshalError)
    /// Writes the value. What can't be encoded is kept in ``IceOutputStream/failure``.
    func write(to stream: inout IceOutputStream)

    /// Reads a sequence of such values; number types do it in one copy.
    static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Self]
    /// Writes a sequence of such values; number types do it in one copy.
    static func writeSequence(_ values: [Self], to stream: inout IceOutputStream)
}

extension SliceCodable {
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Self] {
        let count = try stream.readCount(minimumElementSize: minimumWireSize)
        try stream.enterNesting()
        defer { stream.leaveNesting() }
        var values: [Self] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            values.append(try Self(from: &stream))
        }
        return values
    }

    @inlinable
    public static func writeSequence(_ values: [Self], to stream: inout IceOutputStream) {
        stream.writeSize(values.count)
        for value in values {
            value.write(to: &stream)
        }
    }
}

/// An enumeration of Slice: its raw value is the enumerator's number.
public protocol SliceEnum: GraphStorable, RawRepresentable, CaseIterable, Hashable where RawValue == Int32 {
    /// The type id and the numbers. A stored property, such as
    /// `static let descriptor = EnumDescriptor("::omero::model::enums::UnitsLength", cases: allCases)`.
    static var descriptor: EnumDescriptor { get }
}

extension SliceEnum {
    /// The type id, such as `::omero::model::enums::UnitsLength`.
    public static var typeID: String { descriptor.typeID }
    /// The largest number of any enumerator: it decides the width in encoding 1.0.
    public static var maximumRawValue: Int32 { descriptor.maximum }
    public static var sliceType: SliceType { .enumeration(descriptor) }
    public static var minimumWireSize: Int { 1 }

    public init(from stream: inout IceInputStream) throws(MarshalError) {
        let position = stream.position
        let number = try stream.readEnumerator(maximum: Self.maximumRawValue)
        guard let value = Self(rawValue: number) else {
            throw MarshalError(.invalidEnumerator(type: Self.typeID, value: number), at: position)
        }
        self = value
    }

    public func write(to stream: inout IceOutputStream) {
        stream.writeEnumerator(rawValue, maximum: Self.maximumRawValue)
    }
}

/// A value whose Slice type has a null: proxies and class instances. As parameters, members and elements they are
/// optionals in Swift.
public protocol SliceNullable: Sendable {
    /// The Slice type, as tables describe it.
    static var nullableSliceType: SliceType { get }
    /// The fewest bytes that a value, or null, takes on the wire.
    static var minimumNullableWireSize: Int { get }
    /// Reads a value or null.
    static func readNullable(from stream: inout IceInputStream) throws(MarshalError) -> Self?
    /// Writes a value or null.
    static func writeNullable(_ value: Self?, to stream: inout IceOutputStream)

    /// Reads a sequence; classes do it in one go.
    static func readNullableSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Self?]
    /// Writes a sequence; classes do it in one go.
    static func writeNullableSequence(_ values: [Self?], to stream: inout IceOutputStream)

    /// Reads a member of a class instance. Proxies have this through ``readNullable(from:)``.
    static func readNullable(graph reader: inout GraphReader) -> Self?
    /// Stores a member of a class instance. Proxies have this through ``writeNullable(_:to:)``.
    static func storeNullable(_ value: Self?, in writer: inout GraphWriter)
}

extension SliceNullable {
    public static func readNullableSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Self?] {
        let count = try stream.readCount(minimumElementSize: minimumNullableWireSize)
        var values: [Self?] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try readNullable(from: &stream)) }
        return values
    }

    public static func writeNullableSequence(_ values: [Self?], to stream: inout IceOutputStream) {
        stream.writeSize(values.count)
        for value in values { writeNullable(value, to: &stream) }
    }

    /// A proxy: read again from its encoding, so that it is bound as one that comes in a parameter is. Nil also if
    /// the graph was read without the ``ProxyBinding`` that this kind of proxy needs.
    public static func readNullable(graph reader: inout GraphReader) -> Self? {
        guard let reference = reader.proxy() else { return nil }
        var output = IceOutputStream()
        output.write(reference)
        var input = IceInputStream(output.buffer, binding: reader.arena.pointee.binding)
        return try? readNullable(from: &input)
    }

    public static func storeNullable(_ value: Self?, in writer: inout GraphWriter) {
        var output = IceOutputStream()
        writeNullable(value, to: &output)
        var input = IceInputStream(output.buffer)
        writer.store(proxy: (try? input.readProxy()) ?? nil)
    }
}

extension Optional: SliceCodable where Wrapped: SliceNullable {
    @inlinable
    public static var sliceType: SliceType { Wrapped.nullableSliceType }
    @inlinable
    public static var minimumWireSize: Int { Wrapped.minimumNullableWireSize }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) {
        self = try Wrapped.readNullable(from: &stream)
    }
    @inlinable
    public func write(to stream: inout IceOutputStream) { Wrapped.writeNullable(self, to: &stream) }
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Wrapped?] {
        try Wrapped.readNullableSequence(from: &stream)
    }
    @inlinable
    public static func writeSequence(_ values: [Wrapped?], to stream: inout IceOutputStream) {
        Wrapped.writeNullableSequence(values, to: &stream)
    }
}

/// What the runtime attaches to a stream so that the proxies in it become callable: its communicator.
public protocol ProxyBinding: AnyObject, Sendable {}
