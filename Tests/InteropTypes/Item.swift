// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public struct Item: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Item",
        fields: [
            .init("name", .string),
            .init("number", .int),
            .init("stamp", .long),
            .init("owner", .instance("::interop::Item")),
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var name: String { object[0] }
    public var number: Int32 { object[1] }
    public var stamp: Int64 { object[2] }
    public var owner: Item? { object[3] }
}

extension Draft<Item> {
    public var name: String {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
    public var number: Int32 {
        get { self[1] }
        nonmutating set { self[1] = newValue }
    }
    public var stamp: Int64 {
        get { self[2] }
        nonmutating set { self[2] = newValue }
    }
    public var owner: Item? {
        get { self[3] }
        nonmutating set { self[3] = newValue }
    }
}
