extension GraphDecoder {
    /// The header of an exception's slice: the type id always as a string.
    mutating func exceptionHeader() throws(MarshalError) -> SliceHeader {
        var header = SliceHeader()
        if isEncoding10 {
            header.flags = .hasSize
        } else {
            header.flags = SliceFlags(rawValue: try byte())
        }
        header.typeID = try string()
        if header.flags.contains(.hasSize) { header.end = try sliceEnd() }
        return header
    }

    /// Reads an exception, from its most derived slice that is known; the record of its members.
    mutating func exception() throws(MarshalError) -> (type: any UserException.Type, record: UInt32) {
        // Encoding 1.0 says first whether instances follow.
        let hasPending = isEncoding10 ? try byte() != 0 : false
        var header = try exceptionHeader()
        let mostDerived = header.typeID
        while true {
            if let type = types.exception(header.typeID) {
                let descriptor = type.descriptor.record
                let layout = arena.layoutIndex(of: descriptor)
                guard let first = arena.allocateInstance(descriptor.layout) else { throw tooLarge }
                arena.records.append(InstanceRecord(layout: layout, first: first))
                let index = UInt32(truncatingIfNeeded: arena.records.count - 1)
                depth += 1
                try push(index, first, descriptor.layout, header, isException: true)
                try run(downTo: 0)
                if hasPending { try pendingInstances() }
                return (type, index)
            }
            guard header.flags.contains(.hasSize) else { throw error(.unknownException(mostDerived)) }
            cursor = start + header.end
            if header.flags.contains(.hasIndirectionTable) {
                let layout = ClassDescriptor.object.layout
                try pushTable(0, header.flags, .skippedTable, layout: layout, isException: true)
                try run(downTo: 0)
            }
            guard !header.flags.contains(.isLast), cursor < end else { throw error(.unknownException(mostDerived)) }
            do throws(MarshalError) {
                header = try exceptionHeader()
            } catch {
                // Encoding 1.0 does not mark the last slice: what follows it are instances, not a header.
                throw isEncoding10 ? self.error(.unknownException(mostDerived)) : error
            }
        }
    }
}
