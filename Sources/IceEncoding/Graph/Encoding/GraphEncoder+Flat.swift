extension GraphEncoder {
    /// Writes an instance of numbers and strings only in one go (encoding 1.1, compact format), as ``run()`` does it step by
    /// step; false if it is no such instance, of which nothing was written then.
    @inline(__always)
    mutating func flat(_ instance: UInt32) throws(MarshalError) -> Bool {
        var level = arena.pointee.layout(instance)
        guard level.pointee.isFlat, !isSliced, arena.pointee.preserved.isEmpty else { return false }
        let words = arena.pointee.words.base + Int(arena.pointee.records.base[Int(instance)].first)
        if level.pointee.compactID >= 0 {
            put(SliceFlags.typeIDCompact | level.flatFlags)
            try put(size: Int(level.pointee.compactID))
        } else {
            let (index, isNew) = typeIndex(level)
            put((isNew ? SliceFlags.typeIDString : SliceFlags.typeIDIndex) | level.flatFlags)
            if isNew { try put(name: level) } else { try put(size: Int(index)) }
        }
        while true {
            try members(level, at: words)
            guard let base = level.pointee.base else { return true }
            level = base
            // Only the first slice names its type.
            put(level.flatFlags)
        }
    }

    @inline(__always)
    private mutating func members(
        _ layout: UnsafePointer<ClassLayout>, at words: UnsafeMutablePointer<UInt32>
    ) throws(MarshalError) {
        for number in 0..<layout.pointee.opCount {
            let op = layout.pointee.ops + number
            let slot = words + Int(op.pointee.slot)
            switch op.pointee.kind {
            case .bool, .byte: put(UInt8(truncatingIfNeeded: slot[0]))
            case .short: put(slot, count: 2)
            case .word: put(slot[0])
            case .doubleWord: put(slot, count: 8)
            case .string: try bytes(slot, size: 1)
            // Not flat.
            case .enumeration, .numbers, .elements, .proxy, .instance: break
            }
        }
    }
}

extension UnsafePointer<ClassLayout> {
    /// The flags of a flat class's slice in the compact format, without how its type is named.
    @inline(__always)
    var flatFlags: UInt8 { pointee.base == nil ? SliceFlags.isLast.rawValue : 0 }
}
