// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public struct AllTypesMore: SliceClass {
    public static let descriptor = ClassDescriptor(
        "::interop::AllTypesMore",
        base: AllTypes.descriptor,
        fields: [
            .init("options", .instance("::interop::Optionals")),
            .init("remark", .string, tag: 7),
            .init("last", .string),
        ]
    )
    public let object: ObjectReference
    public init(object: ObjectReference) { self.object = object }
    public var aBool: Bool { object[0] }
    public var aByte: UInt8 { object[1] }
    public var aShort: Int16 { object[2] }
    public var anInt: Int32 { object[3] }
    public var aLong: Int64 { object[4] }
    public var aFloat: Float { object[5] }
    public var aDouble: Double { object[6] }
    public var aString: String { object[7] }
    public var aColour: Colour { object[8] }
    public var aWeight: Weight { object[9] }
    public var aDistance: Distance { object[10] }
    public var aPoint: Point { object[11] }
    public var aLabel: Label { object[12] }
    public var bytes: [UInt8] { object[13] }
    public var bools: [Bool] { object[14] }
    public var shorts: [Int16] { object[15] }
    public var ints: [Int32] { object[16] }
    public var longs: [Int64] { object[17] }
    public var floats: [Float] { object[18] }
    public var doubles: [Double] { object[19] }
    public var strings: [String] { object[20] }
    public var colours: [Colour] { object[21] }
    public var points: [Point] { object[22] }
    public var labels: [Label] { object[23] }
    public var stringLists: [[String]] { object[24] }
    public var dicts: [[String: String]] { object[25] }
    public var proxies: [ProxyReference?] { object[26] }
    public var nodes: [Node?] { object[27] }
    public var stringStrings: [String: String] { object[28] }
    public var intStrings: [Int32: String] { object[29] }
    public var colourPoints: [Colour: Point] { object[30] }
    public var stringNodes: [String: Node?] { object[31] }
    public var longInts: [Int64: [Int32]] { object[32] }
    public var aProxy: ProxyReference? { object[33] }
    public var aPeer: ProxyReference? { object[34] }
    public var aNode: Node? { object[35] }
    public var anObject: AnySliceObject? { object[36] }
    public var options: Optionals? { object[37] }
    public var remark: String? { object[optional: 38] }
    public var last: String { object[39] }
}

extension Draft<AllTypesMore> {
    public var aBool: Bool {
        get { self[0] }
        nonmutating set { self[0] = newValue }
    }
    public var aByte: UInt8 {
        get { self[1] }
        nonmutating set { self[1] = newValue }
    }
    public var aShort: Int16 {
        get { self[2] }
        nonmutating set { self[2] = newValue }
    }
    public var anInt: Int32 {
        get { self[3] }
        nonmutating set { self[3] = newValue }
    }
    public var aLong: Int64 {
        get { self[4] }
        nonmutating set { self[4] = newValue }
    }
    public var aFloat: Float {
        get { self[5] }
        nonmutating set { self[5] = newValue }
    }
    public var aDouble: Double {
        get { self[6] }
        nonmutating set { self[6] = newValue }
    }
    public var aString: String {
        get { self[7] }
        nonmutating set { self[7] = newValue }
    }
    public var aColour: Colour {
        get { self[8] }
        nonmutating set { self[8] = newValue }
    }
    public var aWeight: Weight {
        get { self[9] }
        nonmutating set { self[9] = newValue }
    }
    public var aDistance: Distance {
        get { self[10] }
        nonmutating set { self[10] = newValue }
    }
    public var aPoint: Point {
        get { self[11] }
        nonmutating set { self[11] = newValue }
    }
    public var aLabel: Label {
        get { self[12] }
        nonmutating set { self[12] = newValue }
    }
    public var bytes: [UInt8] {
        get { self[13] }
        nonmutating set { self[13] = newValue }
    }
    public var bools: [Bool] {
        get { self[14] }
        nonmutating set { self[14] = newValue }
    }
    public var shorts: [Int16] {
        get { self[15] }
        nonmutating set { self[15] = newValue }
    }
    public var ints: [Int32] {
        get { self[16] }
        nonmutating set { self[16] = newValue }
    }
    public var longs: [Int64] {
        get { self[17] }
        nonmutating set { self[17] = newValue }
    }
    public var floats: [Float] {
        get { self[18] }
        nonmutating set { self[18] = newValue }
    }
    public var doubles: [Double] {
        get { self[19] }
        nonmutating set { self[19] = newValue }
    }
    public var strings: [String] {
        get { self[20] }
        nonmutating set { self[20] = newValue }
    }
    public var colours: [Colour] {
        get { self[21] }
        nonmutating set { self[21] = newValue }
    }
    public var points: [Point] {
        get { self[22] }
        nonmutating set { self[22] = newValue }
    }
    public var labels: [Label] {
        get { self[23] }
        nonmutating set { self[23] = newValue }
    }
    public var stringLists: [[String]] {
        get { self[24] }
        nonmutating set { self[24] = newValue }
    }
    public var dicts: [[String: String]] {
        get { self[25] }
        nonmutating set { self[25] = newValue }
    }
    public var proxies: [ProxyReference?] {
        get { self[26] }
        nonmutating set { self[26] = newValue }
    }
    public var nodes: [Node?] {
        get { self[27] }
        nonmutating set { self[27] = newValue }
    }
    public var stringStrings: [String: String] {
        get { self[28] }
        nonmutating set { self[28] = newValue }
    }
    public var intStrings: [Int32: String] {
        get { self[29] }
        nonmutating set { self[29] = newValue }
    }
    public var colourPoints: [Colour: Point] {
        get { self[30] }
        nonmutating set { self[30] = newValue }
    }
    public var stringNodes: [String: Node?] {
        get { self[31] }
        nonmutating set { self[31] = newValue }
    }
    public var longInts: [Int64: [Int32]] {
        get { self[32] }
        nonmutating set { self[32] = newValue }
    }
    public var aProxy: ProxyReference? {
        get { self[33] }
        nonmutating set { self[33] = newValue }
    }
    public var aPeer: ProxyReference? {
        get { self[34] }
        nonmutating set { self[34] = newValue }
    }
    public var aNode: Node? {
        get { self[35] }
        nonmutating set { self[35] = newValue }
    }
    public var anObject: AnySliceObject? {
        get { self[36] }
        nonmutating set { self[36] = newValue }
    }
    public var options: Optionals? {
        get { self[37] }
        nonmutating set { self[37] = newValue }
    }
    public var remark: String? {
        get { self[optional: 38] }
        nonmutating set { self[optional: 38] = newValue }
    }
    public var last: String {
        get { self[39] }
        nonmutating set { self[39] = newValue }
    }
}
