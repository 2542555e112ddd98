import NIOCore

extension GraphDecoder {
    /// What stands before a slice's content.
    struct SliceHeader {
        var flags = SliceFlags()
        /// The class, as an index into the arena's layouts; ``GraphDecoder/unknown`` if the registry has none,
        /// nil if the slice names none.
        var layout: UInt32?
        /// The name of a class that is not known.
        var typeID = ""
        var compactID: Int32 = -1
        /// Where the content ends; -1 if the slice does not say.
        var end = -1
    }

    // MARK: Type ids

    /// Enters a type id that the stream introduces: its class, or `unknown`.
    private mutating func introduce(_ typeID: String) -> UInt32 {
        let layout = types.classDescriptor(typeID).map { arena.layoutIndex(of: $0) } ?? Self.unknown
        typeLayouts.append(layout)
        typeNames.append(typeID)
        return layout
    }

    private mutating func setType(_ header: inout SliceHeader, number: Int) throws(MarshalError) {
        guard number >= 1, number <= typeLayouts.count else {
            throw error(.invalidInstanceIndex(Int32(truncatingIfNeeded: number)))
        }
        let layout = typeLayouts.base[number - 1]
        header.layout = layout
        if layout == Self.unknown { header.typeID = typeNames[number - 1] }
    }

    private mutating func setType(_ header: inout SliceHeader, compactID: Int) {
        let id = Int32(truncatingIfNeeded: compactID)
        header.compactID = id
        if let known = compactLayouts[id] {
            header.layout = known
            return
        }
        let layout = types.classDescriptor(compactID: id).map { arena.layoutIndex(of: $0) } ?? Self.unknown
        compactLayouts[id] = layout
        header.layout = layout
    }

    /// The header of an instance's slice.
    @inline(__always)
    mutating func sliceHeader() throws(MarshalError) -> SliceHeader {
        var header = SliceHeader()
        if isEncoding10 {
            // A bool says whether the type id is an index; the size is always there.
            if try byte() != 0 {
                try setType(&header, number: try size())
            } else {
                let typeID = try string()
                header.typeID = typeID
                header.layout = introduce(typeID)
            }
            header.flags = .hasSize
        } else {
            header.flags = SliceFlags(rawValue: try byte())
            switch header.flags.rawValue & SliceFlags.typeIDMask {
            case SliceFlags.typeIDIndex: try setType(&header, number: try size())
            case SliceFlags.typeIDString:
                let typeID = try string()
                header.typeID = typeID
                header.layout = introduce(typeID)
            case SliceFlags.typeIDCompact: setType(&header, compactID: try size())
            default: break
            }
        }
        if header.flags.contains(.hasSize) { header.end = try sliceEnd() }
        return header
    }

    /// A slice's size counts its own four bytes.
    mutating func sliceEnd() throws(MarshalError) -> Int {
        let size = Int(Int32(bitPattern: try word()))
        guard size >= 4, size - 4 <= end - cursor else { throw error(.invalidSize(size)) }
        return position + size - 4
    }

    // MARK: Instances

    /// Starts to read an instance that follows here (encoding 1.1): gives it a number and pushes its frame.
    @inline(__always)
    mutating func startInstance() throws(MarshalError) -> UInt32 {
        arena.records.append(InstanceRecord(layout: InstanceRecord.undefined, first: 0))
        let index = UInt32(truncatingIfNeeded: arena.records.count - 1)
        wireInstances.append(index)
        guard depth < depthLimit else { throw error(.nestingTooDeep(limit: depthLimit)) }
        depth += 1
        let header = try sliceHeader()
        guard let layout = header.layout else { throw error(.invalidSlice) }
        if layout == Self.unknown {
            try skipSlices(index, header)
        } else if !flat(index, layout, header.flags) {
            try open(index, layout, header)
        }
        return index
    }

    /// Makes room for an instance whose class is known, and pushes the frame of its first known slice.
    @inline(__always)
    private mutating func open(_ index: UInt32, _ layoutIndex: UInt32, _ header: SliceHeader) throws(MarshalError) {
        let layout = arena.layouts.base[Int(layoutIndex)]
        guard let first = arena.allocateInstance(layout) else { throw tooLarge }
        arena.records.base[Int(index)] = InstanceRecord(layout: layoutIndex, first: first)
        try push(index, first, layout, header)
    }

    @inline(__always)
    mutating func push(
        _ index: UInt32,
        _ first: UInt32,
        _ layout: UnsafePointer<ClassLayout>,
        _ header: SliceHeader,
        isException: Bool = false
    ) throws(MarshalError) {
        let ops = layout.pointee.ops
        frames.append(
            Frame(
                kind: .slice,
                flags: header.flags,
                isIndirect: header.flags.contains(.hasIndirectionTable),
                isException: isException,
                instance: index,
                base: first,
                layout: layout,
                op: ops,
                firstOp: ops,
                endOp: ops + layout.pointee.opCount,
                sliceEnd: header.end,
                fixupStart: fixups.count
            )
        )
        limit(to: header)
        try checkLast(header.flags, layout, isException: isException)
    }

    /// From here to the end of a slice that tells its size nothing beyond it is read: a member that is missing is
    /// found as such.
    @inline(__always)
    private mutating func limit(to header: SliceHeader) {
        if header.end >= 0 { end = start + header.end }
    }

    /// Whether a slice says that it is the last one where it is, and only there.
    @inline(__always)
    private func checkLast(
        _ flags: SliceFlags,
        _ layout: UnsafePointer<ClassLayout>,
        isException: Bool
    ) throws(MarshalError) {
        if isEncoding10 { return }
        let isLast = layout.pointee.base == nil
        // C++ of Ice 3.7 forgets the flag in exceptions (zeroc-ice/ice, issue 1938).
        guard flags.contains(.isLast) == isLast || isException && isLast else { throw error(.invalidSlice) }
    }

    /// Goes over slices of classes that are not known, to the first one that is.
    mutating func skipSlices(_ index: UInt32, _ first: SliceHeader) throws(MarshalError) {
        var header = first
        while true {
            guard header.flags.contains(.hasSize) else { throw unknownClass(header) }
            try keep(index, header)
            if header.flags.contains(.hasIndirectionTable) {
                return try pushTable(index, header.flags, .skippedTable, layout: ClassDescriptor.object.layout)
            }
            guard let next = try nextSlice(index, header.flags) else { return }
            header = next
        }
    }

    private func unknownClass(_ header: SliceHeader) -> MarshalError {
        error(.unknownClass(header.typeID.isEmpty ? String(header.compactID) : header.typeID))
    }

    /// Keeps a slice that is not known, for a base that wants it.
    private mutating func keep(_ index: UInt32, _ header: SliceHeader) throws(MarshalError) {
        let hasOptionals = header.flags.contains(.hasOptionals)
        // The end marker of the optionals is not kept; who sends the slice on writes it again.
        let count = header.end - position - (hasOptionals ? 1 : 0)
        guard count >= 0 else { throw error(.invalidSlice) }
        arena.preserved[index, default: []].append(
            PreservedSlice(
                typeID: header.typeID,
                compactID: header.compactID,
                bytes: ByteBuffer(bytes: UnsafeRawBufferPointer(start: cursor, count: count)),
                hasOptionals: hasOptionals,
                isLast: header.flags.contains(.isLast),
                instances: []
            )
        )
        cursor = start + header.end
    }

    /// The slice after one that is not known, or nil if the instance is placed: a slice that is known was opened,
    /// or there is none.
    private mutating func nextSlice(_ index: UInt32, _ flags: SliceFlags) throws(MarshalError) -> SliceHeader? {
        if flags.contains(.isLast) {
            // Nothing of the instance is known: it is an Object with slices.
            let layout = arena.layoutIndex(of: .object)
            arena.records.base[Int(index)] = InstanceRecord(layout: layout, first: 0)
            depth -= 1
            return nil
        }
        let header = try sliceHeader()
        guard let layout = header.layout else { throw error(.invalidSlice) }
        if layout == Self.unknown { return header }
        if !arena.layouts.base[Int(layout)].pointee.preserves { arena.preserved[index] = nil }
        try open(index, layout, header)
        return nil
    }

    // MARK: The end of a slice

    /// Checks the end of a known slice, then turns to its indirection table or to the slice of the base.
    mutating func endSlice(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        if frame.pointee.sliceEnd >= 0, frame.pointee.sliceEnd != position { throw error(.invalidSlice) }
        end = endOfInput
        if frame.pointee.flags.contains(.hasIndirectionTable) {
            frame.pointee.phase = .afterTable
            try pushTable(frame.pointee.instance, frame.pointee.flags, .table, layout: frame.pointee.layout)
        } else {
            try nextLevel(frame)
        }
    }

    private mutating func nextLevel(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        guard let base = frame.pointee.layout.pointee.base else {
            if isEncoding10, !frame.pointee.isException, frame.pointee.layout.pointee.typeNumber != 0 {
                try objectSlice()
            }
            frames.removeLast()
            depth -= 1
            return
        }
        let header = frame.pointee.isException ? try exceptionHeader() : try sliceHeader()
        if frame.pointee.isException {
            guard header.typeID == base.pointee.typeID else { throw error(.invalidSlice) }
        } else if let layout = header.layout, layout == Self.unknown || arena.layouts.base[Int(layout)] != base {
            // Compared by number too: a registry may hold another description of the same class.
            guard layout != Self.unknown,
                arena.layouts.base[Int(layout)].pointee.typeNumber == base.pointee.typeNumber
            else { throw error(.invalidSlice) }
        }
        let ops = base.pointee.ops
        frame.pointee.layout = base
        frame.pointee.phase = .members
        frame.pointee.flags = header.flags
        frame.pointee.isIndirect = header.flags.contains(.hasIndirectionTable)
        frame.pointee.op = ops
        frame.pointee.firstOp = ops
        frame.pointee.endOp = ops + base.pointee.opCount
        frame.pointee.optional = 0
        frame.pointee.sliceEnd = header.end
        frame.pointee.fixupStart = fixups.count
        limit(to: header)
        try checkLast(header.flags, base, isException: frame.pointee.isException)
    }

    /// The last slice in encoding 1.0 is that of ::Ice::Object; it held facets once and is skipped.
    private mutating func objectSlice() throws(MarshalError) {
        let header = try sliceHeader()
        guard let layout = header.layout, layout != Self.unknown,
            arena.layouts.base[Int(layout)].pointee.typeNumber == 0
        else { throw error(.invalidSlice) }
        cursor = start + header.end
    }

    // MARK: Indirection tables

    mutating func pushTable(
        _ index: UInt32,
        _ flags: SliceFlags,
        _ kind: Frame.Kind,
        layout: UnsafePointer<ClassLayout>,
        isException: Bool = false
    ) throws(MarshalError) {
        let count = try count(minimumWireSize: 1)
        guard count > 0 else { throw error(.invalidSlice) }
        let ops = layout.pointee.ops
        frames.append(
            Frame(
                kind: kind,
                flags: flags,
                isException: isException,
                instance: index,
                base: 0,
                remaining: count,
                layout: layout,
                op: ops,
                firstOp: ops,
                endOp: ops,
                tableStart: tables.count
            )
        )
    }

    /// Reads entries of a table until one of them brings an instance, or to the end.
    mutating func tableEntries(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        let count = frames.count
        var frame = frame
        while frame.pointee.remaining > 0 {
            frame.pointee.remaining -= 1
            // The place of the entry comes first: the instance may bring a table that lies above it.
            let place = tables.allocate(1)
            let instance = try reference(try size())
            tables.base[place] = instance
            if frames.count != count { return }
            frame = frames.base + (count - 1)
        }
        // The entries stay until the slice has resolved its references.
        let table = frame.pointee
        frames.removeLast()
        guard table.kind == .skippedTable else {
            frames.base[frames.count - 1].tableStart = table.tableStart
            return
        }
        let entries = Array(
            UnsafeBufferPointer(start: tables.base + table.tableStart, count: tables.count - table.tableStart)
        )
        tables.truncate(to: table.tableStart)
        if let last = arena.preserved[table.instance]?.indices.last {
            arena.preserved[table.instance]?[last].instances = entries
        }
        if table.isException { return }
        if let next = try nextSlice(table.instance, table.flags) { try skipSlices(table.instance, next) }
    }

    /// Puts the instances of a slice's table where its members refer to them.
    mutating func afterTable(_ frame: UnsafeMutablePointer<Frame>) throws(MarshalError) {
        let tableStart = frame.pointee.tableStart
        let count = tables.count - tableStart
        for index in frame.pointee.fixupStart..<fixups.count {
            let fixup = fixups.base[index]
            let number = Int(arena.words.base[Int(fixup.word)])
            guard number >= 1, number <= count else {
                throw MarshalError(
                    .invalidInstanceIndex(Int32(truncatingIfNeeded: number)),
                    at: position,
                    path: frame.pointee.layout.pointee.path(fixup.field)
                )
            }
            let instance = tables.base[tableStart + number - 1]
            arena.words.base[Int(fixup.word)] = instance
            try check(
                instance,
                fixup.typeNumber,
                layout: frame.pointee.layout,
                field: fixup.field,
                position: position
            )
        }
        fixups.truncate(to: frame.pointee.fixupStart)
        tables.truncate(to: tableStart)
        try nextLevel(frame)
    }

    // MARK: Encoding 1.0

    /// The instances that follow the parameters, batch by batch until an empty one.
    mutating func pendingInstances() throws(MarshalError) {
        while true {
            let count = try count(minimumWireSize: 1)
            if count == 0 { break }
            for _ in 0..<count { try pendingInstance() }
        }
        guard undefinedCount == 0 else {
            let missing = numberedInstances.first {
                arena.records.base[Int($0.value)].layout == InstanceRecord.undefined
            }
            throw error(.invalidInstanceIndex(missing?.key ?? 0))
        }
    }

    private mutating func firstKnownSlice() throws(MarshalError) -> SliceHeader {
        let position = position
        let first = try sliceHeader()
        var header = first
        while header.layout == Self.unknown {
            // Slices that are not known are not kept: encoding 1.0 has no way to send them on.
            cursor = start + header.end
            header = try sliceHeader()
            if let layout = header.layout, layout != Self.unknown,
                arena.layouts.base[Int(layout)].pointee.typeNumber == 0
            {
                throw error(.unknownClass(first.typeID), at: position)
            }
        }
        return header
    }

    /// An error before an instance is known to be of a class, with the member that first refers to it.
    private func located(_ error: MarshalError, _ instance: UInt32) -> MarshalError {
        let referring = UnsafeBufferPointer(start: checks.base, count: checks.count).first { check in
            check.instance == instance && check.layout != nil
        }
        guard error.path == nil, let referring, let layout = referring.layout else { return error }
        return MarshalError(error.reason, at: error.position, path: layout.pointee.path(referring.field))
    }

    private mutating func pendingInstance() throws(MarshalError) {
        let number = Int32(bitPattern: try word())
        guard number > 0 else { throw error(.invalidInstanceIndex(number)) }
        let index = instance(numbered: number)
        guard arena.records.base[Int(index)].layout == InstanceRecord.undefined else {
            throw error(.invalidInstanceIndex(number))
        }
        undefinedCount -= 1
        depth += 1
        let header: SliceHeader
        do throws(MarshalError) {
            header = try firstKnownSlice()
        } catch {
            throw located(error, index)
        }
        guard let layout = header.layout else { throw error(.invalidSlice) }
        if arena.layouts.base[Int(layout)].pointee.typeNumber == 0 {
            // A plain Object.
            arena.records.base[Int(index)] = InstanceRecord(layout: layout, first: 0)
            cursor = start + header.end
            depth -= 1
            return
        }
        try open(index, layout, header)
        try run(downTo: 0)
    }
}
