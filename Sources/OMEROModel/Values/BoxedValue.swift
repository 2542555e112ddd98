public import IceEncoding

/// A Swift value that travels as an instance of a class of its own: OMERO's RTypes (`rstring` is a `String?`), and the
/// classes that are mere values, such as ``Length`` and ``Permissions``.
public protocol BoxedValue: Sendable, Hashable {
    /// The class, of which or of a class derived from which the instance is.
    static var boxDescriptor: ClassDescriptor { get }
    /// The class of the instance that this value becomes.
    var ownBoxDescriptor: ClassDescriptor { get }
    /// Takes the value out of an instance of ``boxDescriptor``.
    init(box: BoxContent)
    /// Puts the value into an instance of ``BoxedValue/ownBoxDescriptor``.
    func fill(_ box: RecordDraft)
}

/// The members of an instance that holds a value, in a finished graph or in one that is being built.
public struct BoxContent {
    @usableFromInline
    enum Source {
        case finished(ObjectReference)
        case draft(RecordDraft)
    }
    @usableFromInline
    let source: Source

    @inlinable
    init(_ object: ObjectReference) { source = .finished(object) }
    @inlinable
    init(_ draft: RecordDraft) { source = .draft(draft) }

    /// The instance's own class.
    public var descriptor: ClassDescriptor {
        switch source {
        case .finished(let object): object.descriptor
        case .draft(let draft): draft.descriptor
        }
    }

    /// The number of its class.
    var classNumber: Int {
        switch source {
        case .finished(let object): object.classNumber
        case .draft(let draft): draft.classNumber
        }
    }

    /// The instance itself.
    var object: ObjectReference {
        switch source {
        case .finished(let object): object
        case .draft(let draft): Draft<AnySliceObject>(record: draft).handle.object
        }
    }

    /// A member, by its number among all members of the class, those of the bases first.
    @inlinable
    public subscript<Value: GraphStorable>(field: Int) -> Value {
        switch source {
        case .finished(let object): object[field]
        case .draft(let draft): draft[field]
        }
    }

    /// The members of another instance of the same graph.
    public func content(of other: some SliceClass) -> BoxContent {
        switch source {
        case .finished: BoxContent(other.object)
        case .draft(let draft): BoxContent(draft.builder[other.object])
        }
    }
}

extension BoxedValue {
    public var ownBoxDescriptor: ClassDescriptor { Self.boxDescriptor }
}

/// What a ``BoxedValue`` is on the wire and in a graph: null, or an instance.
///
/// An instance that was read is not looked into before it is asked for: in a message it may be completed only after
/// the parameter that refers to it.
public struct Box<Value: BoxedValue>: GraphStorable {
    @usableFromInline
    enum Content: Sendable {
        case value(Value?)
        case instance(ObjectReference)
    }
    @usableFromInline
    let content: Content

    @inlinable
    public init(_ value: Value?) { content = .value(value) }

    @inlinable
    init(_ instance: ObjectReference?) { content = instance.map(Content.instance) ?? .value(nil) }

    /// The value, or nil for null.
    @inlinable
    public var value: Value? {
        switch content {
        case .value(let value): value
        case .instance(let instance): Value(box: BoxContent(instance))
        }
    }

    public static var sliceType: SliceType { .instance(Value.boxDescriptor.typeID) }
    public static var minimumWireSize: Int { 1 }
    public static var graphWordCount: Int { 1 }

    @inlinable
    public init(from stream: inout IceInputStream) throws(MarshalError) {
        self.init(try stream.readInstance(Value.boxDescriptor))
    }

    @inlinable
    public func write(to stream: inout IceOutputStream) {
        stream.writeInstances(1) { _, builder in instance(in: builder) }
    }

    @inlinable
    public static func readSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Self] {
        let count = try stream.readCount(minimumElementSize: minimumWireSize)
        var boxes: [Self] = []
        boxes.reserveCapacity(count)
        try stream.readInstances(count, Value.boxDescriptor) { boxes.append(Self($0)) }
        return boxes
    }

    @inlinable
    public static func writeSequence(_ values: [Self], to stream: inout IceOutputStream) {
        stream.writeSize(values.count)
        stream.writeInstances(values.count) { number, builder in values[number].instance(in: builder) }
    }

    /// The instance that was read, or a new one, or nil for null.
    @inlinable
    func instance(in builder: GraphBuilder) -> ObjectReference? {
        switch content {
        case .value(let value): value?.box(in: builder)
        case .instance(let instance): instance
        }
    }

    @inlinable
    public init(graph reader: inout GraphReader) {
        self.init(AnySliceObject.readNullable(graph: &reader)?.object)
    }

    @inlinable
    public func store(in writer: inout GraphWriter) {
        AnySliceObject.storeNullable(instance(in: writer.builder).map(AnySliceObject.init(object:)), in: &writer)
    }
}

extension Box {
    /// Writes lists of values, such as the rows of a projection, without a list of boxes for each.
    @inlinable
    public static func write(_ rows: [[Value?]], to stream: inout IceOutputStream) {
        stream.writeSize(rows.count)
        stream.writeInstances(rows: rows.count, width: { rows[$0].count }) { row, number, builder in
            rows[row][number]?.box(in: builder)
        }
    }

    /// Reads what ``write(_:to:)`` writes into one list; how many values each row has.
    @inlinable
    public static func readRows(
        from stream: inout IceInputStream, into boxes: inout [Box]
    ) throws(MarshalError) -> [Int] {
        try stream.readInstances(
            rows: Value.boxDescriptor, expect: { boxes.reserveCapacity(boxes.count + $0) },
            { boxes.append(Box($0)) })
    }
}

extension Dictionary {
    /// The values in the boxes. Keys that name one instance share its value: a short message may have a million that name
    /// one long list.
    package func unboxed<Content: BoxedValue>() -> [Key: Content?] where Value == Box<Content> {
        var met: [ObjectReference: Content] = [:]
        return mapValues { box in
            guard case .instance(let instance) = box.content else { return box.value }
            if let value = met[instance] { return value }
            let value = box.value
            met[instance] = value
            return value
        }
    }
}

extension BoxedValue {
    /// A new instance with this value.
    @inlinable
    func box(in builder: GraphBuilder) -> ObjectReference {
        let instance = builder.add(ownBoxDescriptor)
        fill(builder[instance])
        return instance
    }
}
