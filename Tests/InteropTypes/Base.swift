// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public struct Base: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Base",
        fields: [
            .init("b", .int)
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var b: Int32 { object[0] }
}

extension Draft<Base> {
    public var b: Int32 {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
}

public struct Middle: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Middle",
        base: Base.descriptor,
        fields: [
            .init("m", .string),
            .init("om", .int, tag: 1),
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var b: Int32 { object[0] }
    public var m: String { object[1] }
    public var om: Int32? { object[optional: 2] }
}

extension Draft<Middle> {
    public var b: Int32 {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
    public var m: String {
        get { self[1] }
        nonmutating set { self[1] = newValue }
    }
    public var om: Int32? {
        get { self[optional: 2] }
        nonmutating set { self[optional: 2] = newValue }
    }
}

public struct Derived: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Derived",
        base: Middle.descriptor,
        fields: [
            .init("d", .double),
            .init("peer", .instance("::interop::Base")),
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var b: Int32 { object[0] }
    public var m: String { object[1] }
    public var om: Int32? { object[optional: 2] }
    public var d: Double { object[3] }
    public var peer: Base? { object[4] }
}

extension Draft<Derived> {
    public var b: Int32 {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
    public var m: String {
        get { self[1] }
        nonmutating set { self[1] = newValue }
    }
    public var om: Int32? {
        get { self[optional: 2] }
        nonmutating set { self[optional: 2] = newValue }
    }
    public var d: Double {
        get { self[3] }
        nonmutating set { self[3] = newValue }
    }
    public var peer: Base? {
        get { self[4] }
        nonmutating set { self[4] = newValue }
    }
}

public struct Compact: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Compact",
        compactID: 42,
        fields: [
            .init("c", .string)
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var c: String { object[0] }
}

extension Draft<Compact> {
    public var c: String {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
}

public struct CompactDerived: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::CompactDerived",
        compactID: 43,
        base: Compact.descriptor,
        fields: [
            .init("cd", .int)
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var c: String { object[0] }
    public var cd: Int32 { object[1] }
}

extension Draft<CompactDerived> {
    public var c: String {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
    public var cd: Int32 {
        get { self[1] }
        nonmutating set { self[1] = newValue }
    }
}

public struct Preserved: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Preserved",
        fields: [
            .init("p", .int)
        ],
        preservesSlices: true
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var p: Int32 { object[0] }
}

extension Draft<Preserved> {
    public var p: Int32 {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
}

public struct PreservedKnown: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::PreservedKnown",
        base: Preserved.descriptor,
        fields: [
            .init("k", .string)
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var p: Int32 { object[0] }
    public var k: String { object[1] }
}

extension Draft<PreservedKnown> {
    public var p: Int32 {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
    public var k: String {
        get { self[1] }
        nonmutating set { self[1] = newValue }
    }
}
