extension GraphDecoder {
    /// Reads an instance of numbers and strings only in one go (encoding 1.1, compact format), as ``run(downTo:)`` does it
    /// step by step: the values of a projection are such.
    ///
    /// False where anything is not as it mostly is, such as sizes of slices, members that are not known, or the end of the
    /// input: then nothing was read, and the steps find out what it is.
    @inline(__always)
    mutating func flat(_ index: UInt32, _ layoutIndex: UInt32, _ first: SliceFlags) -> Bool {
        let layout = arena.layouts.base[Int(layoutIndex)]
        guard layout.pointee.isFlat, !isEncoding10 else { return false }
        let (begin, wordCount, byteCount) = (cursor, arena.words.count, arena.bytes.count)
        guard let base = arena.allocateInstance(layout) else { return false }
        var level = layout
        var flags = first.rawValue & ~SliceFlags.typeIDMask
        while flags == level.flatFlags, members(level, at: Int(base)) {
            guard let next = level.pointee.base else {
                arena.records.base[Int(index)] = InstanceRecord(layout: layoutIndex, first: base)
                depth -= 1
                return true
            }
            guard cursor < end else { break }
            flags = cursor.pointee
            cursor += 1
            level = next
        }
        cursor = begin
        arena.words.truncate(to: wordCount)
        arena.bytes.truncate(to: byteCount)
        return false
    }

    /// The members of one slice; false where they can't be read.
    @inline(__always)
    private mutating func members(_ layout: UnsafePointer<ClassLayout>, at base: Int) -> Bool {
        do throws(MarshalError) {
            for number in 0..<layout.pointee.opCount {
                let op = layout.pointee.ops + number
                try flatMember(op.pointee.kind, base + Int(op.pointee.slot))
            }
            return true
        } catch {
            return false
        }
    }
}
