/// A typed handle to an instance of a Slice class. Generated code conforms:
///
/// ```swift
/// struct Node: SliceClass {
///     static let descriptor = ClassDescriptor(
///         "::demo::Node",
///         fields: [.init("name", .string), .init("next", .instance("::demo::Node"))]
///     )
///     let object: ObjectReference
///     init(object: ObjectReference) { self.object = object }
///
///     var name: String { object[0] }
///     var next: Node? { object[1] }
/// }
/// ```
///
/// Members are numbered from the most distant base on. A handle of a derived class has the members of its bases;
/// ``cast(to:)`` leads from one handle to another of the same instance, up to a base as well as down to a derived class.
public protocol SliceClass: SliceNullable, Hashable {
    /// The class: its name, its base and its members.
    static var descriptor: ClassDescriptor { get }
    /// The instance.
    var object: ObjectReference { get }
    /// A handle to an instance that is known to be one of the class.
    init(object: ObjectReference)
}

extension SliceClass {
    public static var nullableSliceType: SliceType { .instance(descriptor.typeID) }
    // Four bytes in encoding 1.0, but this bounds claims in both.
    @inlinable
    public static var minimumNullableWireSize: Int { 1 }

    /// The type id of the instance, which can be of a derived class.
    public var typeID: String { object.typeID }

    /// The handle of another class, if the instance is one of it.
    public func cast<Class: SliceClass>(to type: Class.Type = Class.self) -> Class? { object.cast(to: type) }

    /// A new instance in a graph of its own; its members are zero, empty, null or absent unless `body` sets them.
    public static func make(_ body: (inout Draft<Self>) throws -> Void) rethrows -> Self {
        try GraphBuilder.build { try $0.add(Self.self, body) }
    }

    /// A new instance in a graph of its own; its members are zero, empty, null or absent.
    public static func make() -> Self { make { _ in } }

    /// Whether both graphs look the same from here: see ``ObjectReference/isEquivalent(to:)``.
    public func isEquivalent(to other: Self) -> Bool { object.isEquivalent(to: other.object) }

    @inlinable
    public static func readNullable(from stream: inout IceInputStream) throws(MarshalError) -> Self? {
        try stream.readInstance(descriptor).map { Self(object: $0) }
    }

    @inlinable
    public static func writeNullable(_ value: Self?, to stream: inout IceOutputStream) {
        stream.write(value?.object)
    }

    @inlinable
    public static func readNullableSequence(from stream: inout IceInputStream) throws(MarshalError) -> [Self?] {
        let count = try stream.readCount(minimumElementSize: minimumNullableWireSize)
        var values: [Self?] = []
        values.reserveCapacity(count)
        try stream.readInstances(count, descriptor) { values.append($0.map { Self(object: $0) }) }
        return values
    }

    @inlinable
    public static func writeNullableSequence(_ values: [Self?], to stream: inout IceOutputStream) {
        stream.writeSize(values.count)
        stream.writeInstances(values.map { $0?.object })
    }

    /// The instance that comes next; nil for null.
    @inlinable
    public static func readNullable(graph reader: inout GraphReader) -> Self? {
        reader.instance().map { Self(object: $0) }
    }

    @inlinable
    public static func storeNullable(_ value: Self?, in writer: inout GraphWriter) {
        writer.store(instance: value?.object)
    }
}

/// An instance of any class: `Object` in Slice.
public struct AnySliceObject: SliceClass {
    public static var descriptor: ClassDescriptor { .object }
    /// The instance.
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    /// Any handle, as one of any class.
    public init(_ other: some SliceClass) { self.object = other.object }
}

extension GraphReader {
    @usableFromInline
    mutating func instance() -> ObjectReference? {
        let index = word()
        // False only if the member is of another type than the one that is asked for.
        precondition(Int(index) < arena.pointee.records.count)
        return index == 0 ? nil : ObjectReference(graph: graph, index: index)
    }

    mutating func proxy() -> ProxyReference? {
        let index = word()
        return index == 0 ? nil : arena.pointee.proxies[Int(index) - 1]
    }
}

extension GraphWriter {
    @usableFromInline
    mutating func store(instance: ObjectReference?) {
        store(word: instance.map { builder.adopt($0) } ?? 0)
    }

    mutating func store(proxy: ProxyReference?) { store(word: proxy.map { builder.add(proxy: $0) } ?? 0) }
}
