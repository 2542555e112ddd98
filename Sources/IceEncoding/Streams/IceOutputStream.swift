public import NIOCore

/// Writes values in the Slice encoding.
///
/// A stream writes the content of one encapsulation. What cannot be encoded is remembered in ``failure`` rather
/// than thrown, so that a row of writes needs no `try`; whoever finishes the message looks at it once.
public struct IceOutputStream: Sendable {
    /// The encoding of what is written.
    public let encoding: EncodingVersion
    /// The format in which class instances and exceptions are written (encoding 1.1).
    public let format: SliceFormat
    /// The bytes written so far, together with whatever the buffer held when the stream was made.
    @usableFromInline
    package var buffer: ByteBuffer
    /// The first value that could not be encoded.
    public internal(set) var failure: MarshalError?

    /// Where the stream's own bytes begin in ``buffer``.
    @usableFromInline
    let start: Int
    /// The state of writing class instances; made at the first one.
    var instances: InstanceWriter?
    /// Whether instances belong behind the parameters even if none was written (encoding 1.0).
    @usableFromInline
    var usesClasses = false

    /// A stream that appends to `buffer`.
    public init(
        encoding: EncodingVersion = .v1_1,
        format: SliceFormat = .compact,
        appendingTo buffer: ByteBuffer = ByteBuffer()
    ) {
        self.encoding = encoding
        self.format = format
        self.buffer = buffer
        self.start = buffer.writerIndex
    }

    /// The bytes written, after those that the stream was made to append to.
    ///
    /// - Throws: what could not be encoded (``failure``).
    public consuming func finish() throws(MarshalError) -> ByteBuffer {
        if let failure { throw failure }
        return buffer
    }

    /// How many bytes this stream has written.
    @inlinable
    public var position: Int { buffer.writerIndex - start }

    @usableFromInline
    mutating func fail(_ reason: MarshalError.Reason) {
        if failure == nil {
            failure = MarshalError(reason, at: position)
        }
    }

    // MARK: Basic types

    /// A `bool`: one byte, 0 or 1.
    @inlinable
    public mutating func write(_ value: Bool) { buffer.writeInteger(value ? 1 : 0 as UInt8) }

    /// A `byte`.
    @inlinable
    public mutating func write(_ value: UInt8) { buffer.writeInteger(value) }

    /// A `short`: two bytes.
    @inlinable
    public mutating func write(_ value: Int16) { buffer.writeInteger(value, endianness: .little) }

    /// An `int`: four bytes.
    @inlinable
    public mutating func write(_ value: Int32) { buffer.writeInteger(value, endianness: .little) }

    /// A `long`: eight bytes.
    @inlinable
    public mutating func write(_ value: Int64) { buffer.writeInteger(value, endianness: .little) }

    /// A `float`: four bytes.
    @inlinable
    public mutating func write(_ value: Float) { buffer.writeInteger(value.bitPattern, endianness: .little) }

    /// A `double`: eight bytes.
    @inlinable
    public mutating func write(_ value: Double) { buffer.writeInteger(value.bitPattern, endianness: .little) }

    /// A size: one byte below 255, else 255 and an `int`.
    @inlinable
    public mutating func writeSize(_ size: Int) {
        if size >= 0 && size < 255 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: size))
        } else if let size = Int32(exactly: size), size >= 0 {
            buffer.writeInteger(255 as UInt8)
            buffer.writeInteger(size, endianness: .little)
        } else {
            fail(.valueTooLarge(size))
        }
    }

    /// A `string`: its size in bytes, and UTF-8.
    @inlinable
    public mutating func write(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            writeSize(utf8.count)
            buffer.writeBytes(UnsafeRawBufferPointer(utf8))
        }
    }

    /// An enumerator: in encoding 1.0 a byte, short or int by the enumeration's range, in 1.1 a size.
    @inlinable
    public mutating func writeEnumerator(_ value: Int32, maximum: Int32) {
        if encoding == .v1_0 {
            if maximum < 127 {
                write(UInt8(truncatingIfNeeded: value))
            } else if maximum < 32767 {
                write(Int16(truncatingIfNeeded: value))
            } else {
                write(value)
            }
        } else {
            writeSize(Int(value))
        }
    }

    // MARK: Bytes

    /// A `sequence<byte>`, in one copy.
    @inlinable
    public mutating func write(bytes: ByteBufferView) {
        writeSize(bytes.count)
        buffer.writeBytes(bytes)
    }

    /// A `sequence<byte>`, in one copy.
    @inlinable
    public mutating func write(bytes: ByteBuffer) {
        writeSize(bytes.readableBytes)
        buffer.writeImmutableBuffer(bytes)
    }

    /// Appends bytes as they are, without a size.
    @inlinable
    public mutating func write(raw bytes: ByteBuffer) { buffer.writeImmutableBuffer(bytes) }

    /// A sequence of fixed-size numbers, in one copy.
    @inlinable
    mutating func writeNumbers<T>(_ values: [T]) {
        writeSize(values.count)
        #if _endian(little)
            values.withUnsafeBytes { _ = buffer.writeBytes($0) }
        #else
            #error("The encoding is little-endian; no big-endian platform is supported.")
        #endif
    }

    // MARK: Sizes that are known afterwards

    /// Reserves an `int` that ``endSize(_:)`` fills with the number of bytes that follow it.
    @inlinable
    public mutating func startSize() -> Int {
        let mark = buffer.writerIndex
        buffer.writeInteger(0 as Int32)
        return mark
    }

    /// Fills the `int` reserved at `mark` with the number of bytes written after it.
    @inlinable
    public mutating func endSize(_ mark: Int) {
        patch(buffer.writerIndex - mark - 4, at: mark)
    }

    @inlinable
    mutating func patch(_ size: Int, at mark: Int) {
        guard let size = Int32(exactly: size) else { return fail(.valueTooLarge(size)) }
        buffer.setInteger(size, at: mark, endianness: .little)
    }

    // MARK: Encapsulations

    /// Starts an encapsulation in this stream's own encoding; ``endEncapsulation(_:)`` closes it.
    ///
    /// Only for a stream that was made for that encapsulation's content: the type tables of class instances belong
    /// to one encapsulation.
    @inlinable
    public mutating func startEncapsulation() -> Int {
        let mark = buffer.writerIndex
        buffer.writeInteger(0 as Int32)
        buffer.writeInteger(encoding.major)
        buffer.writeInteger(encoding.minor)
        return mark
    }

    /// Closes the encapsulation that began at `mark`: its size counts its own header.
    @inlinable
    public mutating func endEncapsulation(_ mark: Int) {
        patch(buffer.writerIndex - mark, at: mark)
    }

    /// Writes an encapsulation that is already encoded.
    public mutating func write(_ encapsulation: Encapsulation) {
        guard let size = Int32(exactly: encapsulation.bytes.readableBytes + 6) else {
            return fail(.valueTooLarge(encapsulation.bytes.readableBytes))
        }
        write(size)
        write(encapsulation.encoding.major)
        write(encapsulation.encoding.minor)
        buffer.writeImmutableBuffer(encapsulation.bytes)
    }
}

/// The content of an encapsulation: bytes, and the encoding that they are in.
public struct Encapsulation: Hashable, Sendable {
    /// The encoding of ``bytes``.
    public var encoding: EncodingVersion
    /// The content, without the six bytes of the encapsulation's header.
    public var bytes: ByteBuffer

    public init(encoding: EncodingVersion, bytes: ByteBuffer) {
        self.encoding = encoding
        self.bytes = bytes
    }

    /// An encapsulation without content.
    public static func empty(_ encoding: EncodingVersion) -> Encapsulation {
        Encapsulation(encoding: encoding, bytes: ByteBuffer())
    }
}
