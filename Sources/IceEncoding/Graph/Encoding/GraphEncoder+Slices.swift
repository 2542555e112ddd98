import NIOCore

extension GraphEncoder {
    /// Works until the stack is empty.
    mutating func run() throws(MarshalError) {
        while frames.count > 0 {
            let top = frames.base + (frames.count - 1)
            switch top.pointee.kind {
            case .elements:
                if try members(top) { continue }
                if top.pointee.remaining > 1 {
                    top.pointee.remaining -= 1
                    top.pointee.base += top.pointee.stride
                    top.pointee.op = top.pointee.firstOp
                } else {
                    frames.removeLast()
                }
            case .size:
                let position = top.pointee.sizePosition
                frames.removeLast()
                try patch(out.count - position - 4, at: position)
            case .table: try tableEntries(top)
            case .slice:
                switch top.pointee.phase {
                case .preserved: try preservedSlice(top)
                case .header: try header(top)
                case .members:
                    if try members(top) { continue }
                    top.pointee.phase = top.pointee.layout.pointee.optionalCount > 0 ? .optionals : .end
                case .optionals:
                    if try optionals(top) { continue }
                    top.pointee.phase = .end
                case .end: try endSlice(top)
                case .nextLevel: try nextLevel(top)
                }
            }
        }
    }

    // MARK: Headers

    @inline(__always)
    private mutating func header(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        let layout = frame.pointee.layout
        frame.pointee.flagsPosition = out.count
        var flags = SliceFlags()
        if isEncoding10 {
            if frame.pointee.isException {
                try put(name: layout)
            } else {
                let (index, isNew) = typeIndex(layout)
                put(isNew ? 0 : 1 as UInt8)
                if isNew { try put(name: layout) } else { try put(size: Int(index)) }
            }
        } else {
            put(0 as UInt8)
            if frame.pointee.isException {
                try put(name: layout)
            } else if isSliced || frame.pointee.isFirst {
                frame.pointee.isFirst = false
                flags.rawValue = try put(typeOf: layout)
            }
            if layout.pointee.base == nil { flags.insert(.isLast) }
        }
        if isSliced || isEncoding10 {
            flags.insert(.hasSize)
            frame.pointee.sizePosition = out.count
            put(0 as UInt32)
            frame.pointee.tableStart = tables.count
            sliceStamp += 1
        }
        if !isEncoding10 { out.base[frame.pointee.flagsPosition] = flags.rawValue }
        frame.pointee.flags = flags
        frame.pointee.next = 0
        frame.pointee.op = layout.pointee.ops
        frame.pointee.endOp = layout.pointee.ops + layout.pointee.opCount
        frame.pointee.phase = .members
    }

    /// Which class a slice is of, in encoding 1.1; the flags that say how.
    @inline(__always)
    mutating func put(typeOf layout: UnsafePointer<ClassLayout>) throws(MarshalError) -> UInt8 {
        if layout.pointee.compactID >= 0 {
            try put(size: Int(layout.pointee.compactID))
            return SliceFlags.typeIDCompact
        }
        let (index, isNew) = typeIndex(layout)
        if isNew { try put(name: layout) } else { try put(size: Int(index)) }
        return isNew ? SliceFlags.typeIDString : SliceFlags.typeIDIndex
    }

    private mutating func put(name layout: UnsafePointer<ClassLayout>) throws(MarshalError) {
        try put(size: layout.pointee.nameCount)
        put(layout.pointee.name, count: layout.pointee.nameCount)
    }

    // MARK: The end of a slice

    @inline(__always)
    private mutating func endSlice(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        frame.pointee.phase = .nextLevel
        if frame.pointee.flags.contains(.hasOptionals) { put(IceInputStream.optionalEndMarker) }
        if frame.pointee.flags.contains(.hasSize) {
            if isEncoding10, frame.pointee.layout.pointee.typeNumber == 0 {
                // The slice of ::Ice::Object holds an empty dictionary, of facets once.
                put(0 as UInt8)
            }
            try patch(out.count - frame.pointee.sizePosition, at: frame.pointee.sizePosition)
            if tables.count > frame.pointee.tableStart {
                frame.pointee.flags.insert(.hasIndirectionTable)
                out.base[frame.pointee.flagsPosition] = frame.pointee.flags.rawValue
                return try pushTable(frame.pointee.tableStart, frame.pointee.layout)
            }
        }
        if !isEncoding10 { out.base[frame.pointee.flagsPosition] = frame.pointee.flags.rawValue }
    }

    private mutating func nextLevel(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        let layout = frame.pointee.layout
        if let base = layout.pointee.base {
            frame.pointee.layout = base
        } else if isEncoding10, !frame.pointee.isException, layout.pointee.typeNumber != 0 {
            frame.pointee.layout = ClassDescriptor.object.layout
        } else {
            frames.removeLast()
            return
        }
        frame.pointee.phase = .header
    }

    private mutating func pushTable(_ start: Int, _ layout: UnsafePointer<ClassLayout>) throws(MarshalError) {
        try put(size: tables.count - start)
        let ops = layout.pointee.ops
        frames.append(
            Frame(
                kind: .table,
                remaining: tables.count - start,
                layout: layout,
                op: ops,
                firstOp: ops,
                endOp: ops,
                next: start,
                tableStart: start
            )
        )
    }

    private mutating func tableEntries(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        while frame.pointee.remaining > 0 {
            frame.pointee.remaining -= 1
            let instance = tables.base[frame.pointee.next]
            frame.pointee.next += 1
            if try reference(instance) { return }
        }
        tables.truncate(to: frame.pointee.tableStart)
        frames.removeLast()
    }

    // MARK: Slices that are not known

    /// Sends on the next slice that is not known; only the sliced format can.
    private mutating func preservedSlice(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        frame.pointee.phase = .header
        guard let slices = arena.pointee.preserved[frame.pointee.instance], !slices.isEmpty else { return }
        let isObject = frame.pointee.layout.pointee.typeNumber == 0
        guard isSliced else {
            // Without its slices an instance of which nothing is known has no class that could be named.
            guard !isObject else { throw error(.unknownClass(slices[0].typeID)) }
            return
        }
        guard frame.pointee.next < slices.count else {
            if isObject { frames.removeLast() }
            return
        }
        let slice = slices[frame.pointee.next]
        frame.pointee.next += 1
        frame.pointee.phase = .preserved
        let flagsPosition = out.count
        put(0 as UInt8)
        var flags: SliceFlags = .hasSize
        if slice.compactID >= 0 {
            flags.rawValue |= SliceFlags.typeIDCompact
            try put(size: Int(slice.compactID))
        } else {
            let (index, isNew) = typeIndex(named: slice.typeID)
            flags.rawValue |= isNew ? SliceFlags.typeIDString : SliceFlags.typeIDIndex
            if isNew {
                try put(size: slice.typeID.utf8.count)
                for byte in slice.typeID.utf8 { put(byte) }
            } else {
                try put(size: Int(index))
            }
        }
        if slice.isLast { flags.insert(.isLast) }
        if slice.hasOptionals { flags.insert(.hasOptionals) }
        if !slice.instances.isEmpty { flags.insert(.hasIndirectionTable) }
        out.base[flagsPosition] = flags.rawValue
        let sizePosition = out.count
        put(0 as UInt32)
        slice.bytes.withUnsafeReadableBytes { bytes in
            if let base = bytes.baseAddress { put(base, count: bytes.count) }
        }
        if slice.hasOptionals { put(IceInputStream.optionalEndMarker) }
        try patch(out.count - sizePosition, at: sizePosition)
        guard !slice.instances.isEmpty else { return }
        let start = tables.count
        for instance in slice.instances { tables.append(instance) }
        try pushTable(start, frame.pointee.layout)
    }
}
