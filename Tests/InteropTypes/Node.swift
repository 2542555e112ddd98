// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public struct Node: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Node",
        fields: [
            .init("name", .string),
            .init("next", .instance("::interop::Node")),
            .init("children", .sequence(.instance("::interop::Node"))),
            .init("index", .dictionary(key: .string, value: .instance("::interop::Node"))),
            .init("any", .anyInstance),
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var name: String { object[0] }
    public var next: Node? { object[1] }
    public var children: [Node?] { object[2] }
    public var index: [String: Node?] { object[3] }
    public var any: AnySliceObject? { object[4] }
}

extension Draft<Node> {
    public var name: String {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
    public var next: Node? {
        get { self[1] }
        nonmutating set { self[1] = newValue }
    }
    public var children: [Node?] {
        get { self[2] }
        nonmutating set { self[2] = newValue }
    }
    public var index: [String: Node?] {
        get { self[3] }
        nonmutating set { self[3] = newValue }
    }
    public var any: AnySliceObject? {
        get { self[4] }
        nonmutating set { self[4] = newValue }
    }
}

public struct Empty: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Empty"
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
}
