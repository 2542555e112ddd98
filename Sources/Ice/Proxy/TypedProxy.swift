public import IceEncoding

/// A proxy for objects of one Slice interface; generated code conforms.
public protocol TypedProxy: SliceNullable, Hashable {
    /// The interface's type id, such as `::Glacier2::Router`.
    static var typeID: String { get }
    /// The proxy without its type.
    var proxy: Proxy { get }
    /// Takes the object's word for its type.
    init(_ proxy: Proxy)
}

extension TypedProxy {
    public static var nullableSliceType: SliceType { .proxy(typeID) }
    public static var minimumNullableWireSize: Int { 2 }

    public static func readNullable(from stream: inout IceInputStream) throws(MarshalError) -> Self? {
        try Proxy.readNullable(from: &stream).map(Self.init)
    }

    public static func writeNullable(_ value: Self?, to stream: inout IceOutputStream) {
        Proxy.writeNullable(value?.proxy, to: &stream)
    }

    /// Asks the object whether it has the interface; nil if not.
    public static func checkedCast(_ proxy: Proxy, context: Context? = nil) async throws -> Self? {
        try await proxy.isA(typeID, context: context) ? Self(proxy) : nil
    }
}
