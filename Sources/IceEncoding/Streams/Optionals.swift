import NIOCore

/// The eight wire formats of a tagged optional (encoding 1.1, "Optional Values").
public enum OptionalFormat: UInt8, Sendable, Hashable {
    /// One byte: bool, byte.
    case f1 = 0
    /// Two bytes: short.
    case f2 = 1
    /// Four bytes: int, float.
    case f4 = 2
    /// Eight bytes: long, double.
    case f8 = 3
    /// A size: enumerations.
    case size = 4
    /// A size in bytes and the value: strings, sequences and structs of fixed-size elements.
    case vsize = 5
    /// An `int` size in bytes and the value: proxies, and whatever has no fixed size.
    case fsize = 6
    /// A class instance.
    case `class` = 7
}

extension IceOutputStream {
    /// The tag and format that precede an optional's value. False in encoding 1.0, which has no optionals:
    /// the value is left out then.
    public mutating func writeOptionalHeader(tag: Int32, format: OptionalFormat) -> Bool {
        guard encoding != .v1_0 else { return false }
        if tag < 30 {
            write(UInt8(truncatingIfNeeded: tag) << 3 | format.rawValue)
        } else {
            write(30 << 3 | format.rawValue as UInt8)
            writeSize(Int(tag))
        }
        return true
    }

    /// Writes an optional parameter or member, if there is a value. Optionals are written by ascending tag, after
    /// what is required.
    public mutating func writeOptional<Value: SliceCodable>(tag: Int32, _ value: Value?) {
        guard let value else { return }
        let type = Value.sliceType
        let optionalFormat = type.optionalFormat
        guard writeOptionalHeader(tag: tag, format: optionalFormat) else { return }
        switch optionalFormat {
        case .f1, .f2, .f4, .f8, .size, .class:
            value.write(to: &self)
        case .fsize:
            let mark = startSize()
            value.write(to: &self)
            endSize(mark)
        case .vsize:
            if type.isOwnVSize { return value.write(to: &self) }
            // The size in bytes stands before the value, in a size of its own that takes one byte or five.
            var content = IceOutputStream(encoding: encoding, format: format)
            value.write(to: &content)
            if let reason = content.failure?.reason { fail(reason) }
            write(bytes: content.buffer)
        }
    }
}

extension IceInputStream {
    /// Ends an optional section, inside slices.
    static let optionalEndMarker: UInt8 = 0xFF

    /// Whether the optional with this tag comes next; skips those with lower tags.
    public mutating func readOptionalHeader(tag: Int32, format: OptionalFormat) throws(MarshalError) -> Bool {
        guard encoding != .v1_0 else { return false }
        while remaining > 0 {
            let saved = buffer.readerIndex
            let position = position
            let byte = try readByte()
            if byte == Self.optionalEndMarker {
                buffer.moveReaderIndex(to: saved)
                return false
            }
            guard let found = OptionalFormat(rawValue: byte & 7) else {
                throw MarshalError(.invalidSlice, at: position)
            }
            var foundTag = Int32(byte >> 3)
            if foundTag == 30 {
                foundTag = Int32(truncatingIfNeeded: try readSize())
            }
            if foundTag > tag {
                buffer.moveReaderIndex(to: saved)
                return false
            }
            if foundTag == tag {
                guard found == format else {
                    throw MarshalError(
                        .optionalFormat(tag: tag, expected: format.rawValue, found: found.rawValue),
                        at: position
                    )
                }
                return true
            }
            try skipOptional(found)
        }
        return false
    }

    /// Reads an optional parameter or member, if it is there.
    public mutating func readOptional<Value: SliceCodable>(
        tag: Int32,
        as type: Value.Type = Value.self
    ) throws(MarshalError) -> Value? {
        let format = Value.sliceType.optionalFormat
        guard try readOptionalHeader(tag: tag, format: format) else { return nil }
        switch format {
        case .f1, .f2, .f4, .f8, .size, .class:
            return try Value(from: &self)
        case .fsize:
            try skip(4)
            return try Value(from: &self)
        case .vsize:
            if !Value.sliceType.isOwnVSize { _ = try readSize() }
            return try Value(from: &self)
        }
    }

    /// Skips an optional's value by its format.
    mutating func skipOptional(_ format: OptionalFormat) throws(MarshalError) {
        switch format {
        case .f1: try skip(1)
        case .f2: try skip(2)
        case .f4: try skip(4)
        case .f8: try skip(8)
        case .size: _ = try readSize()
        case .vsize: try skip(try readSize())
        case .fsize: try skip(Int(try readInteger(Int32.self)))
        case .class: try skipInstance()
        }
    }
}
