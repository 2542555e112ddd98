extension GraphEncoder {
    /// Writes an instance of numbers and strings only in one go (encoding 1.1, compact format), as ``run()`` does it step by
    /// step; false if it is no such instance, of which nothing was written then.
    @inline(__always)
    mutating func flat(_ instance: UInt32) throws(MarshalError) -> Bool {
        var level = arena.pointee.layout(instance)
        guard level.pointee.isFlat, !isSliced, arena.pointee.preserved.isEmpty else { return false }
        let words = arena.pointee.words.base + Int(arena.pointee.records.base[Int(instance)].first)
        let flagsPosition = out.count
        put(0 as UInt8)
        // Only the first slice names its type. Naming it may move what is written so far.
        let flags = try put(typeOf: level) | level.flatFlags
        out.base[flagsPosition] = flags
        while true {
            for number in 0..<level.pointee.opCount {
                let op = level.pointee.ops + number
                try flatMember(op.pointee.kind, words + Int(op.pointee.slot))
            }
            guard let base = level.pointee.base else { return true }
            level = base
            put(level.flatFlags)
        }
    }
}

extension UnsafePointer<ClassLayout> {
    /// The flags of a flat class's slice in the compact format, without how its type is named.
    @inline(__always)
    var flatFlags: UInt8 { pointee.base == nil ? SliceFlags.isLast.rawValue : 0 }
}
