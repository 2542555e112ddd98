extension IceOutputStream {
    /// A class instance, or null. In encoding 1.0 the instances follow with ``writePendingInstances()``.
    public mutating func write(_ instance: ObjectReference?) {
        if instance == nil, encoding != .v1_0 { return writeSize(0) }
        encode { (encoder) throws(MarshalError) in try encoder.parameter(instance) }
    }

    /// A row of class instances and nulls, which `make` gives by their number, or adds: for values that are instances on
    /// the wire only. Those that are added to one stream are in one graph, so that what they refer to is there once.
    @usableFromInline
    package mutating func writeInstances(_ count: Int, _ make: (Int, GraphBuilder) -> ObjectReference?) {
        encode { (encoder) throws(MarshalError) in
            for number in 0..<count {
                let builder = encoder.ownBuilder()
                try encoder.parameter(make(number, builder), builder)
            }
        }
    }

    /// Sequences of such rows, each with its size before it: `width` says how many there are in each.
    @usableFromInline
    package mutating func writeInstances(
        rows count: Int, width: (Int) -> Int, _ make: (_ row: Int, _ number: Int, GraphBuilder) -> ObjectReference?
    ) {
        encode { (encoder) throws(MarshalError) in
            for row in 0..<count {
                let width = width(row)
                try encoder.put(size: width)
                let builder = encoder.ownBuilder()
                for number in 0..<width { try encoder.parameter(make(row, number, builder), builder) }
            }
        }
    }

    /// A class instance.
    public mutating func write(_ instance: some SliceClass) { write(instance.object) }

    /// A row of class instances.
    @usableFromInline
    mutating func writeInstances(_ references: [ObjectReference?]) {
        encode { (encoder) throws(MarshalError) in
            for reference in references { try encoder.parameter(reference) }
        }
    }

    /// Writes the instances that parameters referred to in encoding 1.0, or that there are none; nothing in encoding
    /// 1.1, where the instances are already there. ``finishParameters()`` calls it where the parameters need it.
    public mutating func writePendingInstances() {
        guard encoding == .v1_0 else { return }
        encode { (encoder) throws(MarshalError) in try encoder.pendingInstances() }
    }

    /// An exception, with whatever instances its members refer to.
    public mutating func write(_ exception: some UserException) {
        let descriptor = type(of: exception).descriptor
        let record = GraphBuilder.build { builder in
            let record = builder.add(descriptor.record)
            exception.store(in: builder[record])
            return record
        }
        encode { (encoder) throws(MarshalError) in
            try encoder.exception(record, usesClasses: descriptor.usesClasses)
        }
        // Its instances are complete: nothing of them follows later.
        instances = nil
    }

    private mutating func encode(
        _ body: (inout GraphEncoder) throws(MarshalError) -> Void
    ) {
        if instances == nil {
            instances = InstanceWriter(isEncoding10: encoding == .v1_0, isSliced: format == .sliced)
        } else if !isKnownUniquelyReferenced(&instances), let shared = instances {
            instances = InstanceWriter(copying: shared)
        }
        guard let writer = instances else { return }
        writer.encoder.startPosition = position
        do {
            try body(&writer.encoder)
        } catch {
            if failure == nil { failure = error }
            writer.encoder.reset()
        }
        writer.encoder.flush(into: &buffer)
    }
}

/// The state of writing the class instances of one stream, shared by nobody: a stream that was copied takes a copy of
/// it before it goes on.
final class InstanceWriter: @unchecked Sendable {
    // Only touched by the stream that holds the only reference (see `IceOutputStream.encode`), so never by two
    // threads at once, and by one call of it at a time.
    @exclusivity(unchecked)
    fileprivate var encoder: GraphEncoder

    init(isEncoding10: Bool, isSliced: Bool) {
        encoder = GraphEncoder(isEncoding10: isEncoding10, isSliced: isSliced)
    }

    init(copying other: InstanceWriter) { encoder = GraphEncoder(copying: other.encoder) }
}
