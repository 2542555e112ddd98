// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public struct Optionals: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::Optionals",
        fields: [
            .init("oBool", .bool, tag: 1),
            .init("oByte", .byte, tag: 2),
            .init("oShort", .short, tag: 3),
            .init("oInt", .int, tag: 4),
            .init("oLong", .long, tag: 5),
            .init("oFloat", .float, tag: 6),
            .init("oDouble", .double, tag: 7),
            .init("oString", .string, tag: 8),
            .init("oColour", Colour.sliceType, tag: 9),
            .init("oBytes", .sequence(.byte), tag: 10),
            .init("oInts", .sequence(.int), tag: 11),
            .init("oStrings", .sequence(.string), tag: 12),
            .init("oPoint", Point.sliceType, tag: 13),
            .init("oLabel", Label.sliceType, tag: 14),
            .init("oPoints", .sequence(Point.sliceType), tag: 15),
            .init("oLabels", .sequence(Label.sliceType), tag: 16),
            .init("oIntInts", .dictionary(key: .int, value: .int), tag: 17),
            .init("oDict", .dictionary(key: .string, value: .string), tag: 18),
            .init("oProxy", .proxy(nil), tag: 19),
            .init("oInt29", .int, tag: 29),
            .init("oInt30", .int, tag: 30),
            .init("oBase", .instance("::interop::Base"), tag: 300),
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var oBool: Bool? { object[optional: 0] }
    public var oByte: UInt8? { object[optional: 1] }
    public var oShort: Int16? { object[optional: 2] }
    public var oInt: Int32? { object[optional: 3] }
    public var oLong: Int64? { object[optional: 4] }
    public var oFloat: Float? { object[optional: 5] }
    public var oDouble: Double? { object[optional: 6] }
    public var oString: String? { object[optional: 7] }
    public var oColour: Colour? { object[optional: 8] }
    public var oBytes: [UInt8]? { object[optional: 9] }
    public var oInts: [Int32]? { object[optional: 10] }
    public var oStrings: [String]? { object[optional: 11] }
    public var oPoint: Point? { object[optional: 12] }
    public var oLabel: Label? { object[optional: 13] }
    public var oPoints: [Point]? { object[optional: 14] }
    public var oLabels: [Label]? { object[optional: 15] }
    public var oIntInts: [Int32: Int32]? { object[optional: 16] }
    public var oDict: [String: String]? { object[optional: 17] }
    public var oProxy: ProxyReference? { object[optional: 18] ?? nil }
    public var oInt29: Int32? { object[optional: 19] }
    public var oInt30: Int32? { object[optional: 20] }
    public var oBase: Base? { object[optional: 21] ?? nil }
}

extension Draft<Optionals> {
    public var oBool: Bool? {
        get { self[optional: 0] }
        nonmutating set { self[optional: 0] = newValue }
    }
    public var oByte: UInt8? {
        get { self[optional: 1] }
        nonmutating set { self[optional: 1] = newValue }
    }
    public var oShort: Int16? {
        get { self[optional: 2] }
        nonmutating set { self[optional: 2] = newValue }
    }
    public var oInt: Int32? {
        get { self[optional: 3] }
        nonmutating set { self[optional: 3] = newValue }
    }
    public var oLong: Int64? {
        get { self[optional: 4] }
        nonmutating set { self[optional: 4] = newValue }
    }
    public var oFloat: Float? {
        get { self[optional: 5] }
        nonmutating set { self[optional: 5] = newValue }
    }
    public var oDouble: Double? {
        get { self[optional: 6] }
        nonmutating set { self[optional: 6] = newValue }
    }
    public var oString: String? {
        get { self[optional: 7] }
        nonmutating set { self[optional: 7] = newValue }
    }
    public var oColour: Colour? {
        get { self[optional: 8] }
        nonmutating set { self[optional: 8] = newValue }
    }
    public var oBytes: [UInt8]? {
        get { self[optional: 9] }
        nonmutating set { self[optional: 9] = newValue }
    }
    public var oInts: [Int32]? {
        get { self[optional: 10] }
        nonmutating set { self[optional: 10] = newValue }
    }
    public var oStrings: [String]? {
        get { self[optional: 11] }
        nonmutating set { self[optional: 11] = newValue }
    }
    public var oPoint: Point? {
        get { self[optional: 12] }
        nonmutating set { self[optional: 12] = newValue }
    }
    public var oLabel: Label? {
        get { self[optional: 13] }
        nonmutating set { self[optional: 13] = newValue }
    }
    public var oPoints: [Point]? {
        get { self[optional: 14] }
        nonmutating set { self[optional: 14] = newValue }
    }
    public var oLabels: [Label]? {
        get { self[optional: 15] }
        nonmutating set { self[optional: 15] = newValue }
    }
    public var oIntInts: [Int32: Int32]? {
        get { self[optional: 16] }
        nonmutating set { self[optional: 16] = newValue }
    }
    public var oDict: [String: String]? {
        get { self[optional: 17] }
        nonmutating set { self[optional: 17] = newValue }
    }
    public var oProxy: ProxyReference? {
        get { self[optional: 18] ?? nil }
        nonmutating set { self[optional: 18] = newValue.map { Optional($0) } }
    }
    public var oInt29: Int32? {
        get { self[optional: 19] }
        nonmutating set { self[optional: 19] = newValue }
    }
    public var oInt30: Int32? {
        get { self[optional: 20] }
        nonmutating set { self[optional: 20] = newValue }
    }
    public var oBase: Base? {
        get { self[optional: 21] ?? nil }
        nonmutating set { self[optional: 21] = newValue.map { Optional($0) } }
    }
}
