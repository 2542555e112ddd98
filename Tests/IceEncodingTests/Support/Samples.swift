import IceEncoding
import InteropTypes
import NIOCore

/// A way to write class instances: encoding and format.
enum WireForm: CaseIterable, Sendable {
    case v1_0, compact, sliced

    var encoding: EncodingVersion { self == .v1_0 ? .v1_0 : .v1_1 }
    var format: SliceFormat { self == .sliced ? .sliced : .compact }

    /// A parameter list of one value, with the instances that it refers to.
    func encode(_ values: (any SliceClass)?...) throws -> ByteBuffer {
        var stream = IceOutputStream(encoding: encoding, format: format)
        for value in values { stream.write(value?.object) }
        stream.finishParameters()
        return try stream.finish()
    }

    func decode<Class: SliceClass>(
        _ bytes: ByteBuffer,
        as type: Class.Type = Class.self,
        types: TypeRegistry = interopTypes
    ) throws -> Class? {
        var stream = IceInputStream(bytes, encoding: encoding, types: types)
        let value = try Class?(from: &stream)
        try stream.readPendingInstances()
        try stream.expectEnd()
        return value
    }

    func roundTrip<Class: SliceClass>(_ value: Class) throws -> Class? {
        try decode(encode(value), as: Class.self)
    }
}

let sampleProxy = ProxyReference(
    identity: Identity(name: "name", category: "category"),
    facet: "facet",
    mode: .oneway,
    adapterID: "adapter"
)

/// Nodes in a ring, each referring to the next.
func ring(_ count: Int) -> Node {
    GraphBuilder.build { builder in
        let nodes = (0..<count).map { number in builder.add(Node.self) { $0.name = "node \(number)" } }
        for (number, node) in nodes.enumerated() {
            builder.update(node) { $0.next = nodes[(number + 1) % count] }
        }
        return nodes[0]
    }
}

/// The benchmark's graph: items that share an owner.
func items(_ count: Int) -> [Item?] {
    GraphBuilder.build { builder in
        let owner = builder.add(Item.self) { $0.name = "owner" }
        builder.update(owner) { $0.owner = owner }
        return [owner]
            + (1..<max(count, 1)).map { number in
                builder.add(Item.self) {
                    $0.name = "item \(number)"
                    $0.number = Int32(number)
                    $0.stamp = Int64(number) * 1_000_000_007
                    $0.owner = owner
                }
            }
    }
}

extension Draft<AllTypes> { func fill(_ builder: GraphBuilder) { fillAllTypes(record, builder) } }
extension Draft<AllTypesMore> { func fill(_ builder: GraphBuilder) { fillAllTypes(record, builder) } }

/// Every member something that is not its default; instances shared and in a ring.
private func fillAllTypes(_ record: RecordDraft, _ builder: GraphBuilder) {
    let node = builder.add(Node.self) { $0.name = "shared" }
    let other = builder.add(Node.self) {
        $0.name = "other"
        $0.next = node
        $0.children = [node, nil, $0.handle]
        $0.index = ["me": $0.handle, "shared": node, "none": nil]
        $0.any = AnySliceObject(
            builder.add(Derived.self) {
                $0.m = "any"
                $0.om = 7
            }
        )
    }
    builder.update(node) { $0.next = other }
    let draft = Draft<AllTypes>(record: record)
    draft.aBool = true
    draft.aByte = 200
    draft.aShort = -12345
    draft.anInt = .min
    draft.aLong = .max
    draft.aFloat = 1.5
    draft.aDouble = -2.25
    draft.aString = "Grüße, 世界 🌍"
    draft.aColour = .blue
    draft.aWeight = .heavy
    draft.aDistance = .far
    draft.aPoint = Point(x: 1, y: -1)
    draft.aLabel = Label(text: "label", marks: [1, 2, 3], place: Point(x: 4, y: 5))
    draft.bytes = Array(0...255)
    draft.bools = [true, false, true]
    draft.shorts = [1, -1]
    draft.ints = (0..<600).map { $0 }
    draft.longs = [.min, .max]
    draft.floats = [0.5]
    draft.doubles = [0.25, -0.25]
    draft.strings = ["", "a", "äöü"]
    draft.colours = [.green, .red]
    draft.points = [Point(x: 9, y: 8), Point(x: 7, y: 6)]
    draft.labels = [Label(text: "", marks: [], place: Point(x: 0, y: 0))]
    draft.stringLists = [[], ["x", "y"]]
    draft.dicts = [["k": "v"], [:]]
    draft.proxies = [nil, sampleProxy]
    draft.nodes = [node, nil, other, node]
    draft.stringStrings = ["a": "b", "c": "d"]
    draft.intStrings = [1: "one"]
    draft.colourPoints = [.red: Point(x: 1, y: 2)]
    draft.stringNodes = ["n": node, "0": nil]
    draft.longInts = [5: [1, 2], 6: []]
    draft.aProxy = sampleProxy
    draft.aPeer = nil
    draft.aNode = node
    draft.anObject = AnySliceObject(other)
}

func sampleAllTypes() -> AllTypes {
    GraphBuilder.build { builder in builder.add(AllTypes.self) { $0.fill(builder) } }
}

func sampleOptionals(_ builder: GraphBuilder) -> Optionals {
    builder.add(Optionals.self) {
        $0.oBool = true
        $0.oByte = 1
        $0.oShort = 2
        $0.oInt = 3
        $0.oLong = 4
        $0.oFloat = 5
        $0.oDouble = 6
        $0.oString = "seven"
        $0.oColour = .green
        $0.oBytes = [1, 2]
        $0.oInts = [1, 2, 3]
        $0.oStrings = ["a", "b"]
        $0.oPoint = Point(x: 1, y: 2)
        $0.oLabel = Label(text: "t", marks: [1], place: Point(x: 1, y: 2))
        $0.oPoints = [Point(x: 1, y: 2)]
        $0.oLabels = [Label(text: "t", marks: [], place: Point(x: 1, y: 2))]
        $0.oIntInts = [1: 2]
        $0.oDict = ["k": "v"]
        $0.oProxy = sampleProxy
        $0.oInt29 = 29
        $0.oInt30 = 30
        $0.oBase = builder.add(Base.self) { $0.b = 300 }
    }
}

func sampleAllTypesMore() -> AllTypesMore {
    GraphBuilder.build { builder in
        builder.add(AllTypesMore.self) {
            $0.fill(builder)
            $0.options = sampleOptionals(builder)
            $0.remark = "remark"
            $0.last = "last"
        }
    }
}
