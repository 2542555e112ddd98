public import NIOCore

/// Reads values in the Slice encoding from the content of one encapsulation.
///
/// Every read checks the input first; a failed read throws ``MarshalError`` with the offset where it began.
public struct IceInputStream: Sendable {
    /// The encoding of what is read.
    public let encoding: EncodingVersion
    /// The classes and exceptions that can be decoded.
    public let types: TypeRegistry
    /// What is left to read.
    @usableFromInline
    package var buffer: ByteBuffer
    /// Makes the proxies that are read callable; nil leaves them plain references.
    public let binding: (any ProxyBinding)?
    /// The deepest nesting of sequences, dictionaries and structs that is read.
    public let nestingLimit: Int
    /// The deepest nesting of class instances that is read. It can be large, as no thread's stack is used for it.
    public var instanceDepthLimit = defaultInstanceDepthLimit

    @usableFromInline
    let start: Int
    @usableFromInline
    var nesting = 0
    /// The state of reading class instances; made at the first one.
    var instances: InstanceReader?
    /// Whether instances follow the parameters even if none was read (encoding 1.0).
    @usableFromInline
    var usesClasses = false

    /// The limit when none is given: deeper than OMERO's graphs go, far from the end of any thread's stack.
    public static let defaultNestingLimit = 100
    /// The limit when none is given: lists in encoding 1.1 nest as deep as they are long.
    public static let defaultInstanceDepthLimit = 1_000_000

    public init(
        _ bytes: ByteBuffer,
        encoding: EncodingVersion = .v1_1,
        types: TypeRegistry = .empty,
        binding: (any ProxyBinding)? = nil,
        nestingLimit: Int = defaultNestingLimit
    ) {
        self.buffer = bytes
        self.encoding = encoding
        self.types = types
        self.binding = binding
        self.nestingLimit = nestingLimit
        self.start = bytes.readerIndex
    }

    /// A stream over the content of an encapsulation.
    ///
    /// - Throws: ``MarshalError/Reason/unsupportedEncoding(_:)``.
    public init(
        _ encapsulation: Encapsulation,
        types: TypeRegistry = .empty,
        binding: (any ProxyBinding)? = nil,
        nestingLimit: Int = defaultNestingLimit
    ) throws(MarshalError) {
        guard encapsulation.encoding.isSupported else {
            throw MarshalError(.unsupportedEncoding(encapsulation.encoding), at: 0)
        }
        self.init(
            encapsulation.bytes,
            encoding: encapsulation.encoding,
            types: types,
            binding: binding,
            nestingLimit: nestingLimit
        )
    }

    /// How many bytes were read.
    @inlinable
    public var position: Int { buffer.readerIndex - start }

    /// How many bytes are left.
    @inlinable
    public var remaining: Int { buffer.readableBytes }

    @usableFromInline
    func truncated(_ needed: Int) -> MarshalError {
        MarshalError(.truncated(needed: needed, available: remaining), at: position)
    }

    /// Throws when bytes are left over.
    public func expectEnd() throws(MarshalError) {
        guard remaining == 0 else { throw MarshalError(.trailingBytes(remaining), at: position) }
    }

    // MARK: Nesting

    /// Counts one level of nesting; each call that succeeds is paired with ``leaveNesting()``.
    @inlinable
    public mutating func enterNesting() throws(MarshalError) {
        guard nesting < nestingLimit else { throw MarshalError(.nestingTooDeep(limit: nestingLimit), at: position) }
        nesting += 1
    }

    /// The level that ``enterNesting()`` counted is over.
    @inlinable
    public mutating func leaveNesting() { nesting -= 1 }

    // MARK: Basic types

    /// A `bool`: one byte, of which every value but 0 is true.
    @inlinable
    public mutating func readBool() throws(MarshalError) -> Bool { try readInteger(UInt8.self) != 0 }

    /// A `byte`.
    @inlinable
    public mutating func readByte() throws(MarshalError) -> UInt8 { try readInteger() }

    /// A `short`, `int` or `long`.
    @inlinable
    public mutating func readInteger<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(MarshalError) -> T {
        guard let value = buffer.readInteger(endianness: .little, as: T.self) else {
            throw truncated(MemoryLayout<T>.size)
        }
        return value
    }

    /// A `float`: four bytes, IEEE 754.
    @inlinable
    public mutating func readFloat() throws(MarshalError) -> Float { Float(bitPattern: try readInteger()) }

    /// A `double`: eight bytes, IEEE 754.
    @inlinable
    public mutating func readDouble() throws(MarshalError) -> Double { Double(bitPattern: try readInteger()) }

    /// A size: one byte below 255, else 255 and an `int`.
    @inlinable
    public mutating func readSize() throws(MarshalError) -> Int {
        let position = position
        let byte = try readByte()
        if byte < 255 { return Int(byte) }
        let size = try readInteger(Int32.self)
        guard size >= 0 else { throw MarshalError(.invalidSize(Int(size)), at: position) }
        return Int(size)
    }

    /// The number of elements of a sequence or dictionary, checked against what the rest of the input can hold.
    @inlinable
    public mutating func readCount(minimumElementSize: Int) throws(MarshalError) -> Int {
        let position = position
        let count = try readSize()
        // A count is an Int32 and an element's minimum a small constant: the product cannot overflow an Int.
        guard count * max(minimumElementSize, 1) <= remaining else {
            throw MarshalError(.invalidSize(count), at: position)
        }
        return count
    }

    /// A `string`: its size in bytes, and UTF-8. Other bytes are an error.
    @inlinable
    public mutating func readString() throws(MarshalError) -> String {
        let position = position
        let count = try readSize()
        guard count <= remaining else { throw MarshalError(.invalidSize(count), at: position) }
        let text = buffer.withUnsafeReadableBytes { bytes in
            String(validating: UnsafeRawBufferPointer(rebasing: bytes[..<count]), as: UTF8.self)
        }
        guard let text else { throw MarshalError(.invalidUTF8, at: position) }
        buffer.moveReaderIndex(forwardBy: count)
        return text
    }

    /// The number of an enumerator, whose width in encoding 1.0 follows from the largest number.
    @inlinable
    public mutating func readEnumerator(maximum: Int32) throws(MarshalError) -> Int32 {
        guard encoding == .v1_0 else { return Int32(truncatingIfNeeded: try readSize()) }
        if maximum < 127 { return Int32(try readByte()) }
        if maximum < 32767 { return Int32(try readInteger(Int16.self)) }
        return try readInteger()
    }

    // MARK: Bytes

    /// A `sequence<byte>`, without a copy: the buffer shares the message's storage.
    @inlinable
    public mutating func readBytes() throws(MarshalError) -> ByteBuffer {
        let position = position
        let count = try readSize()
        guard let slice = buffer.readSlice(length: count) else {
            throw MarshalError(.invalidSize(count), at: position)
        }
        return slice
    }

    /// `count` bytes as they are, sharing the message's storage.
    @inlinable
    public mutating func readRaw(_ count: Int) throws(MarshalError) -> ByteBuffer {
        guard count >= 0, let slice = buffer.readSlice(length: count) else { throw truncated(count) }
        return slice
    }

    /// Leaves out so many bytes.
    @inlinable
    public mutating func skip(_ count: Int) throws(MarshalError) {
        guard count >= 0, count <= remaining else { throw truncated(count) }
        buffer.moveReaderIndex(forwardBy: count)
    }

    /// A sequence of fixed-size numbers, in one copy.
    @inlinable
    mutating func readNumbers<T: BitwiseCopyable>(_ type: T.Type = T.self) throws(MarshalError) -> [T] {
        let count = try readCount(minimumElementSize: MemoryLayout<T>.size)
        let byteCount = count * MemoryLayout<T>.size
        // The element's size divides its stride for every number type, so that the array is the wire's bytes.
        let values = buffer.withUnsafeReadableBytes { bytes in
            [T](unsafeUninitializedCapacity: count) { target, initialized in
                UnsafeMutableRawBufferPointer(target).copyMemory(from: .init(rebasing: bytes[..<byteCount]))
                initialized = count
            }
        }
        buffer.moveReaderIndex(forwardBy: byteCount)
        return values
    }

    // MARK: Encapsulations

    /// The next encapsulation, whatever its encoding.
    public mutating func readEncapsulation() throws(MarshalError) -> Encapsulation {
        let position = position
        let size = Int(try readInteger(Int32.self))
        guard size >= 6, size - 4 <= remaining else { throw MarshalError(.invalidEncapsulation, at: position) }
        let version = EncodingVersion(major: try readByte(), minor: try readByte())
        return Encapsulation(encoding: version, bytes: try readRaw(size - 6))
    }
}
