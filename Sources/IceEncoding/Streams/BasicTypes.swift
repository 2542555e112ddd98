public import NIOCore

// The basic types of Slice, as `SliceCodable`. Sequences of numbers travel in one copy.

extension Bool: SliceCodable {
    public static var sliceType: SliceType { .bool }
    public static var minimumWireSize: Int { 1 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readBool() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
}

extension UInt8: SliceCodable {
    public static var sliceType: SliceType { .byte }
    public static var minimumWireSize: Int { 1 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readByte() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [UInt8] {
        try stream.readNumbers()
    }
    @inlinable
    public static func writeSequence(_ values: [UInt8], to stream: inout IceOutputStream) {
        stream.writeNumbers(values)
    }
}

extension Int16: SliceCodable {
    public static var sliceType: SliceType { .short }
    public static var minimumWireSize: Int { 2 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readInteger() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Int16] {
        try stream.readNumbers()
    }
    @inlinable
    public static func writeSequence(_ values: [Int16], to stream: inout IceOutputStream) {
        stream.writeNumbers(values)
    }
}

extension Int32: SliceCodable {
    public static var sliceType: SliceType { .int }
    public static var minimumWireSize: Int { 4 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readInteger() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Int32] {
        try stream.readNumbers()
    }
    @inlinable
    public static func writeSequence(_ values: [Int32], to stream: inout IceOutputStream) {
        stream.writeNumbers(values)
    }
}

extension Int64: SliceCodable {
    public static var sliceType: SliceType { .long }
    public static var minimumWireSize: Int { 8 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readInteger() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Int64] {
        try stream.readNumbers()
    }
    @inlinable
    public static func writeSequence(_ values: [Int64], to stream: inout IceOutputStream) {
        stream.writeNumbers(values)
    }
}

extension Float: SliceCodable {
    public static var sliceType: SliceType { .float }
    public static var minimumWireSize: Int { 4 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readFloat() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Float] {
        try stream.readNumbers()
    }
    @inlinable
    public static func writeSequence(_ values: [Float], to stream: inout IceOutputStream) {
        stream.writeNumbers(values)
    }
}

extension Double: SliceCodable {
    public static var sliceType: SliceType { .double }
    public static var minimumWireSize: Int { 8 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readDouble() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Double] {
        try stream.readNumbers()
    }
    @inlinable
    public static func writeSequence(_ values: [Double], to stream: inout IceOutputStream) {
        stream.writeNumbers(values)
    }
}

extension String: SliceCodable {
    public static var sliceType: SliceType { .string }
    public static var minimumWireSize: Int { 1 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readString() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(self) }
}

extension Array: SliceCodable where Element: SliceCodable {
    public static var sliceType: SliceType { .sequence(Element.sliceType) }
    public static var minimumWireSize: Int { 1 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) {
        if stream.encoding == .v1_0 { stream.note(Element.sliceType) }
        self = try Element.readSequence(from: &stream)
    }
    @inlinable
    public func write(to stream: inout IceOutputStream) {
        if stream.encoding == .v1_0 { stream.note(Element.sliceType) }
        Element.writeSequence(self, to: &stream)
    }
}

extension Dictionary: SliceCodable where Key: SliceCodable, Value: SliceCodable {
    public static var sliceType: SliceType { .dictionary(key: Key.sliceType, value: Value.sliceType) }
    public static var minimumWireSize: Int { 1 }

    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) {
        let count = try stream.readCount(minimumElementSize: Key.minimumWireSize + Value.minimumWireSize)
        if stream.encoding == .v1_0 { stream.note(Value.sliceType) }
        try stream.enterNesting()
        defer { stream.leaveNesting() }
        self.init(minimumCapacity: count)
        for _ in 0..<count {
            let key = try Key(from: &stream)
            // The last of equal keys stays, as in Ice's own mappings.
            self[key] = try Value(from: &stream)
        }
    }

    @inlinable
    public func write(to stream: inout IceOutputStream) {
        if stream.encoding == .v1_0 { stream.note(Value.sliceType) }
        stream.writeSize(count)
        for (key, value) in self {
            key.write(to: &stream)
            value.write(to: &stream)
        }
    }
}

/// A `sequence<byte>` that shares its message's storage.
extension ByteBuffer: SliceCodable {
    public static var sliceType: SliceType { .sequence(.byte) }
    public static var minimumWireSize: Int { 1 }
    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) { self = try stream.readBytes() }
    @inlinable
    public func write(to stream: inout IceOutputStream) { stream.write(bytes: self) }
}
