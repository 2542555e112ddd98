/// The identity of an Ice object: a name, and a category that groups objects.
///
/// An identity with an empty name is that of the null proxy.
public struct Identity: Hashable, Sendable {
    /// What the object is called, within its category.
    public var name: String
    /// What names are unique in; often empty.
    public var category: String

    @inlinable
    public init(name: String, category: String = "") {
        self.name = name
        self.category = category
    }
}

extension Identity: GraphStorable {
    /// `Ice::Identity`.
    public static let sliceType: SliceType = .structure(
        StructDescriptor(
            "::Ice::Identity",
            fields: [.init("name", .string), .init("category", .string)]
        )
    )
    public static var minimumWireSize: Int { 2 }

    public init(from stream: inout IceInputStream) throws(MarshalError) {
        name = try stream.readString()
        category = try stream.readString()
    }

    public func write(to stream: inout IceOutputStream) {
        stream.write(name)
        stream.write(category)
    }

    public init(graph reader: inout GraphReader) {
        name = reader.read()
        category = reader.read()
    }

    public func store(in writer: inout GraphWriter) {
        writer.store(name)
        writer.store(category)
    }
}
