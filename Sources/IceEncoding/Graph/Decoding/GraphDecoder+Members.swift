import NIOCore

extension GraphDecoder {
    /// Reads the row of members at which a frame stands, up to its end (false) or to where another frame was
    /// pushed (true).
    mutating func members(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) -> Bool {
        while frame.pointee.op < frame.pointee.endOp {
            let op = frame.pointee.op
            frame.pointee.op = op + 1
            let slot = Int(frame.pointee.base) + Int(op.pointee.slot)
            switch op.pointee.kind {
            case .bool, .byte, .short, .word, .doubleWord, .string: try flatMember(op.pointee.kind, slot)
            case .enumeration: try enumerator(op, slot)
            case .numbers: try numbers(op, slot)
            case .proxy: try proxy(slot)
            case .instance:
                if frame.pointee.isIndirect {
                    try indirectReference(op, slot)
                } else if isEncoding10 {
                    let position = position
                    let instance = try numberedReference()
                    arena.words.base[slot] = instance
                    try check(
                        instance,
                        op.pointee.typeNumber,
                        layout: frame.pointee.layout,
                        field: op.pointee.field,
                        position: position
                    )
                } else {
                    let position = position
                    let layout = frame.pointee.layout
                    let count = frames.count
                    // May push a frame, which can move the frames: `frame` is not used after it.
                    let instance = try reference(try size())
                    arena.words.base[slot] = instance
                    try check(
                        instance,
                        op.pointee.typeNumber,
                        layout: layout,
                        field: op.pointee.field,
                        position: position
                    )
                    if frames.count != count { return true }
                }
            case .elements:
                if try elements(op, slot, frame) { return true }
            }
        }
        return false
    }

    /// A number or a string; nothing of another kind.
    @inline(__always)
    mutating func flatMember(_ kind: FieldOp.Kind, _ slot: Int) throws(MarshalError) {
        switch kind {
        case .bool: arena.words.base[slot] = try byte() == 0 ? 0 : 1
        case .byte: arena.words.base[slot] = UInt32(try byte())
        case .short:
            guard end - cursor >= 2 else { throw truncated(2) }
            arena.words.base[slot] = UInt32(UnsafeRawPointer(cursor).loadUnaligned(as: UInt16.self))
            cursor += 2
        case .word: arena.words.base[slot] = try word()
        case .doubleWord:
            guard end - cursor >= 8 else { throw truncated(8) }
            UnsafeMutableRawPointer(arena.words.base + slot).copyMemory(from: cursor, byteCount: 8)
            cursor += 8
        case .string: try string(slot)
        case .enumeration, .numbers, .elements, .proxy, .instance: break
        }
    }

    /// The characters, copied and checked.
    @inline(__always)
    private mutating func string(_ slot: Int) throws(MarshalError) {
        let size = try count(minimumWireSize: 1)
        if size == 0 { return }
        guard let offset = arena.append(cursor, count: size) else { throw tooLarge }
        guard isUTF8(cursor, count: size) else { throw error(.invalidUTF8) }
        cursor += size
        arena.words.base[slot] = offset
        arena.words.base[slot + 1] = UInt32(truncatingIfNeeded: size)
    }

    private mutating func enumerator(_ op: UnsafePointer<FieldOp>, _ slot: Int) throws(MarshalError) {
        guard let table = op.pointee.enumeration else { throw error(.invalidSlice) }
        let position = position
        let value: Int32
        if !isEncoding10 {
            value = Int32(truncatingIfNeeded: try size())
        } else if table.pointee.maximum < 127 {
            value = Int32(try byte())
        } else if table.pointee.maximum < 32767 {
            guard end - cursor >= 2 else { throw truncated(2) }
            value = Int32(UnsafeRawPointer(cursor).loadUnaligned(as: Int16.self))
            cursor += 2
        } else {
            value = Int32(bitPattern: try word())
        }
        guard table.pointee.contains(value) else {
            let name = TypeNumbers.name(of: table.pointee.typeNumber)
            throw error(.invalidEnumerator(type: name, value: value), at: position)
        }
        arena.words.base[slot] = UInt32(bitPattern: value)
    }

    /// A sequence of numbers: the wire's bytes, copied if they are few.
    private mutating func numbers(_ op: UnsafePointer<FieldOp>, _ slot: Int) throws(MarshalError) {
        let elementSize = Int(op.pointee.numberSize)
        let count = try count(minimumWireSize: elementSize)
        if count == 0 { return }
        let byteCount = count * elementSize
        let offset: UInt32
        if byteCount >= GraphArena.sharedSize, position < Int(GraphArena.inMessage) {
            if arena.message == nil {
                var message = origin.buffer
                message.moveReaderIndex(to: origin.start)
                arena.message = message
            }
            offset = UInt32(truncatingIfNeeded: position) | GraphArena.inMessage
        } else {
            guard let copy = arena.append(cursor, count: byteCount) else { throw tooLarge }
            offset = copy
        }
        cursor += byteCount
        arena.words.base[slot] = offset
        arena.words.base[slot + 1] = UInt32(truncatingIfNeeded: count)
    }

    /// The start of a sequence or dictionary: pushes the frame of its elements unless it has none.
    private mutating func elements(
        _ op: UnsafePointer<FieldOp>,
        _ slot: Int,
        _ frame: UnsafeMutablePointer<Frame>
    ) throws(MarshalError) -> Bool {
        guard let program = op.pointee.program else { throw error(.invalidSlice) }
        let count = try count(minimumWireSize: program.pointee.minimumWireSize)
        if count == 0 { return false }
        guard let first = arena.allocateWords(count * program.pointee.stride) else { throw tooLarge }
        arena.words.base[slot] = first
        arena.words.base[slot + 1] = UInt32(truncatingIfNeeded: count)
        var elements = frame.pointee
        elements.kind = .elements
        elements.base = first
        elements.stride = UInt32(truncatingIfNeeded: program.pointee.stride)
        elements.remaining = count
        elements.firstOp = program.pointee.ops
        elements.op = program.pointee.ops
        elements.endOp = program.pointee.ops + program.pointee.opCount
        frames.append(elements)
        return true
    }

    private mutating func proxy(_ slot: Int) throws(MarshalError) {
        if end - cursor >= 2, cursor[0] == 0, cursor[1] == 0 {
            // The null proxy: an identity of empty strings.
            cursor += 2
            return
        }
        var stream = origin
        stream.buffer.moveReaderIndex(to: stream.start + position)
        let reference: ProxyReference?
        do {
            reference = try stream.readProxy()
        } catch {
            throw self.error(error.reason, at: error.position)
        }
        cursor = start + stream.position
        guard let reference else { return }
        arena.proxies.append(reference)
        arena.words.base[slot] = UInt32(truncatingIfNeeded: arena.proxies.count)
    }

    /// A reference through the indirection table that follows the slice: noted until the table is read.
    private mutating func indirectReference(_ op: UnsafePointer<FieldOp>, _ slot: Int) throws(MarshalError) {
        let number = try size()
        if number == 0 { return }
        arena.words.base[slot] = UInt32(truncatingIfNeeded: number)
        fixups.append(
            Fixup(
                word: UInt32(truncatingIfNeeded: slot),
                typeNumber: op.pointee.typeNumber,
                field: op.pointee.field
            )
        )
    }

    // MARK: Tagged members

    /// Reads the next tagged member of a slice: true if there may be more, false at the end of them.
    mutating func optionals(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) -> Bool {
        let layout = frame.pointee.layout
        let position = position
        let header = try byte()
        if header == IceInputStream.optionalEndMarker { return false }
        guard let format = OptionalFormat(rawValue: header & 7) else { throw error(.invalidSlice) }
        var tag = Int32(header >> 3)
        if tag == 30 { tag = Int32(truncatingIfNeeded: try size()) }
        var index = frame.pointee.optional
        while index < layout.pointee.optionalCount, layout.pointee.optionals[index].tag < tag { index += 1 }
        frame.pointee.optional = index
        guard index < layout.pointee.optionalCount, layout.pointee.optionals[index].tag == tag else {
            try skipOptional(format, frame)
            return true
        }
        frame.pointee.optional = index + 1
        let optional = layout.pointee.optionals + index
        guard optional.pointee.format == format.rawValue else {
            throw MarshalError(
                .optionalFormat(tag: tag, expected: optional.pointee.format, found: format.rawValue),
                at: position,
                path: layout.pointee.path(optional.pointee.field)
            )
        }
        switch format {
        case .vsize where !optional.pointee.isOwnVSize: _ = try size()
        case .fsize: try skip(4)
        default: break
        }
        arena.words.base[Int(frame.pointee.base) + Int(optional.pointee.slot)] = 1
        var value = frame.pointee
        value.kind = .elements
        value.remaining = 1
        value.firstOp = optional.pointee.ops
        value.op = optional.pointee.ops
        value.endOp = optional.pointee.ops + optional.pointee.opCount
        frames.append(value)
        return true
    }

    /// Skips a tagged member that is not known. An instance in it still counts, and may be referred to.
    private mutating func skipOptional(
        _ format: OptionalFormat,
        _ frame: UnsafeMutablePointer<Frame>
    ) throws(MarshalError) {
        switch format {
        case .f1: try skip(1)
        case .f2: try skip(2)
        case .f4: try skip(4)
        case .f8: try skip(8)
        case .size: _ = try size()
        case .vsize: try skip(try size())
        case .fsize: try skip(Int(Int32(bitPattern: try word())))
        case .class:
            let number = try size()
            if !frame.pointee.isIndirect { _ = try reference(number) }
        }
    }
}

/// Whether bytes are UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF.
@inline(__always)
func isUTF8(_ bytes: UnsafePointer<UInt8>, count: Int) -> Bool {
    var index = 0
    while count - index >= 8 {
        let eight = UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self)
        if eight & 0x8080_8080_8080_8080 != 0 { return isUTF8Beyond(bytes, from: index, count: count) }
        index += 8
    }
    while index < count {
        if bytes[index] >= 0x80 { return isUTF8Beyond(bytes, from: index, count: count) }
        index += 1
    }
    return true
}

@inline(never)
private func isUTF8Beyond(_ bytes: UnsafePointer<UInt8>, from start: Int, count: Int) -> Bool {
    var index = start
    while index < count {
        let first = bytes[index]
        if first < 0x80 {
            index += 1
            continue
        }
        // The range of the second byte excludes overlong forms and surrogates (Unicode, table 3-7).
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch first {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (0, 0...0)
            }
        guard length > 0, index + length <= count, second.contains(bytes[index + 1]) else { return false }
        for next in 2..<max(length, 2) where bytes[index + next] & 0xC0 != 0x80 { return false }
        index += length
    }
    return true
}
