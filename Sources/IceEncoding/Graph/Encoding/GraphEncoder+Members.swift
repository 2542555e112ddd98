import NIOCore

extension GraphEncoder {
    /// Writes the row of members at which a frame stands, up to its end (false) or to where another frame was
    /// pushed (true).
    mutating func members(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) -> Bool {
        let words = arena.pointee.words.base
        while frame.pointee.op < frame.pointee.endOp {
            let op = frame.pointee.op
            frame.pointee.op = op + 1
            let slot = words + frame.pointee.base + Int(op.pointee.slot)
            switch op.pointee.kind {
            case .bool, .byte, .short, .word, .doubleWord, .string: try flatMember(op.pointee.kind, slot)
            case .numbers: try bytes(slot, size: Int(op.pointee.numberSize))
            case .enumeration: try enumerator(Int32(bitPattern: slot[0]), op)
            case .proxy: proxy(slot[0])
            case .instance:
                if isEncoding10 {
                    numberedReference(slot[0])
                } else if isSliced {
                    try indirectReference(slot[0])
                } else if try reference(slot[0]) {
                    return true
                }
            case .elements:
                guard let program = op.pointee.program else { continue }
                let count = Int(slot[1])
                try put(size: count)
                if count == 0 { continue }
                frames.append(
                    Frame(
                        kind: .elements,
                        base: Int(slot[0]),
                        remaining: count,
                        stride: program.pointee.stride,
                        layout: frame.pointee.layout,
                        op: program.pointee.ops,
                        firstOp: program.pointee.ops,
                        endOp: program.pointee.ops + program.pointee.opCount
                    )
                )
                return true
            }
        }
        return false
    }

    /// A number or a string; nothing of another kind.
    @inline(__always)
    mutating func flatMember(_ kind: FieldOp.Kind, _ slot: UnsafeMutablePointer<UInt32>) throws(MarshalError) {
        switch kind {
        case .bool, .byte: put(UInt8(truncatingIfNeeded: slot[0]))
        case .short: put(slot, count: 2)
        case .word: put(slot[0])
        case .doubleWord: put(slot, count: 8)
        case .string: try bytes(slot, size: 1)
        case .enumeration, .numbers, .elements, .proxy, .instance: break
        }
    }

    /// A string or a sequence of numbers.
    @inline(__always)
    private mutating func bytes(_ slot: UnsafeMutablePointer<UInt32>, size: Int) throws(MarshalError) {
        let count = Int(slot[1])
        try put(size: count)
        if count == 0 { return }
        let offset = slot[0]
        if offset & GraphArena.inMessage == 0 {
            put(arena.pointee.bytes.base + Int(offset), count: count * size)
        } else {
            let arena = arena
            arena.pointee.withBytes(at: offset, count: count * size) { bytes in
                if let base = bytes.baseAddress { put(base, count: bytes.count) }
            }
        }
    }

    private mutating func enumerator(_ value: Int32, _ op: UnsafePointer<FieldOp>) throws(MarshalError) {
        guard isEncoding10, let maximum = op.pointee.enumeration?.pointee.maximum else {
            return try put(size: Int(value))
        }
        if maximum < 127 {
            put(UInt8(truncatingIfNeeded: value))
        } else if maximum < 32767 {
            put(UInt8(truncatingIfNeeded: value))
            put(UInt8(truncatingIfNeeded: value >> 8))
        } else {
            put(UInt32(bitPattern: value))
        }
    }

    private mutating func proxy(_ index: UInt32) {
        var stream = IceOutputStream(encoding: isEncoding10 ? .v1_0 : .v1_1)
        stream.write(index == 0 ? nil : arena.pointee.proxies[Int(index) - 1])
        stream.buffer.withUnsafeReadableBytes { bytes in
            if let base = bytes.baseAddress { put(base, count: bytes.count) }
        }
    }

    /// A reference through the indirection table that follows the slice: its place there, counted from 1.
    private mutating func indirectReference(_ instance: UInt32) throws(MarshalError) {
        guard instance != 0, let places else { return put(0 as UInt8) }
        let known = places[Int(instance)]
        if UInt32(truncatingIfNeeded: known >> 32) == sliceStamp {
            return try put(size: Int(UInt32(truncatingIfNeeded: known)))
        }
        tables.append(instance)
        let place = tables.count - tableStart
        places[Int(instance)] = UInt64(sliceStamp) << 32 | UInt64(place)
        try put(size: place)
    }

    /// Where the table of the slice at work begins: that of the innermost slice on the stack.
    private var tableStart: Int {
        var index = frames.count - 1
        while frames.base[index].kind != .slice { index -= 1 }
        return frames.base[index].tableStart
    }

    // MARK: Tagged members

    /// Writes the next tagged member that is there: true if there may be more, false at the end of them.
    mutating func optionals(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) -> Bool {
        let layout = frame.pointee.layout
        if isEncoding10 { return false }
        let words = arena.pointee.words.base + frame.pointee.base
        while frame.pointee.next < layout.pointee.optionalCount {
            let optional = layout.pointee.optionals + frame.pointee.next
            frame.pointee.next += 1
            if words[Int(optional.pointee.slot)] == 0 { continue }
            frame.pointee.flags.insert(.hasOptionals)
            let tag = optional.pointee.tag
            if tag < 30 {
                put(UInt8(truncatingIfNeeded: tag) << 3 | optional.pointee.format)
            } else {
                put(30 << 3 | optional.pointee.format)
                try put(size: Int(tag))
            }
            var value = frame.pointee
            value.op = optional.pointee.ops
            value.firstOp = optional.pointee.ops
            value.endOp = optional.pointee.ops + optional.pointee.opCount
            if optional.pointee.format == OptionalFormat.vsize.rawValue, !optional.pointee.isOwnVSize {
                try put(size: byteCount(optional, words))
            } else if optional.pointee.format == OptionalFormat.fsize.rawValue {
                value.kind = .size
                value.sizePosition = out.count
                put(0 as UInt32)
                frames.append(value)
            }
            value.kind = .elements
            value.remaining = 1
            frames.append(value)
            return true
        }
        return false
    }

    /// The size in bytes of a struct of fixed size, or of a sequence or dictionary of elements of fixed size.
    private func byteCount(_ optional: UnsafePointer<OptionalOp>, _ words: UnsafeMutablePointer<UInt32>) -> Int {
        let size = optional.pointee.fixedWireSize
        guard let op = optional.pointee.opCount == 1 ? optional.pointee.ops : nil,
            op.pointee.kind == .numbers || op.pointee.kind == .elements
        else { return size }
        let count = Int(words[Int(op.pointee.slot) + 1])
        return count * size + (count < 255 ? 1 : 5)
    }
}
