// The values that the peers send each other; the same as in Peers/python/peers.py and Peers/cpp/peers.h.

public import Ice
public import InteropTypes

public func label(_ text: String = "label") -> Label {
    Label(text: text, marks: [1, -2, 3], place: Point(x: 4, y: 5))
}

public let anyProxy = ProxyReference(
    identity: Identity(name: "name", category: "cat"),
    facet: "facet",
    mode: .oneway,
    endpoints: [.tcp(IPEndpoint(host: "127.0.0.1", port: 4063, timeout: 5000, compress: true))]
)

/// `n` nodes, of which each points to the next and the last to the first.
public func ring(_ n: Int) -> Node? {
    guard n > 0 else { return nil }
    return GraphBuilder.build { builder in
        let nodes = (0..<n).map { number in builder.add(Node.self) { $0.name = "node \(number)" } }
        for (number, node) in nodes.enumerated() {
            builder.update(node) { $0.next = nodes[(number + 1) % n] }
        }
        return nodes[0]
    }
}

/// The length of a ring; 0 for none, -1 for a chain that ends.
public func ringLength(_ start: Node?) -> Int32 {
    var length: Int32 = 0
    var node = start
    while let current = node {
        length += 1
        node = current.next
        if node == start { return length }
        if node == nil || length > 1_000_000 { return -1 }
    }
    return 0
}

extension GraphBuilder {
    public func node(_ name: String) -> Node { add(Node.self) { $0.name = name } }

    public func base(_ b: Int32) -> Base { add(Base.self) { $0.b = b } }

    /// - Parameter om: an optional member, which encoding 1.0 drops.
    public func derived(om: Int32? = 2) -> Derived {
        let peer = base(9)
        return add(Derived.self) { derived in
            derived.b = 1
            derived.m = "m"
            derived.om = om
            derived.d = 3.5
            derived.peer = peer
        }
    }

    /// Cycles, sharing and every member of `Node` in use.
    public func web(om: Int32? = 2) -> Node {
        let root = node("root")
        let child = node("child")
        let leaf = node("leaf é世😀")
        let derived = derived(om: om)
        update(root) { draft in
            draft.next = child
            draft.children = [child, leaf, nil, child]
            draft.index = ["self": root]
        }
        update(child) { draft in
            draft.next = root
            draft.any = AnySliceObject(derived)
        }
        update(leaf) { $0.any = AnySliceObject(leaf) }
        return root
    }

    public func options() -> Optionals {
        let base = derived()
        return add(Optionals.self) { draft in
            draft.oBool = true
            draft.oByte = 200
            draft.oShort = -3
            draft.oInt = 70000
            draft.oLong = -(1 << 40)
            draft.oFloat = 1.5
            draft.oDouble = -2.25
            draft.oString = "text"
            draft.oColour = .blue
            draft.oBytes = [0, 255]
            draft.oInts = [1, 2, 3]
            draft.oStrings = ["a", "", "c"]
            draft.oPoint = Point(x: 1, y: 2)
            draft.oLabel = label()
            draft.oPoints = [Point(x: 3, y: 4)]
            draft.oLabels = [label("x")]
            draft.oIntInts = [1: 2]
            draft.oDict = ["k": "v"]
            draft.oProxy = anyProxy
            draft.oInt29 = 29
            draft.oInt30 = 30
            draft.oBase = Base(object: base.object)
        }
    }

    /// Every member something.
    ///
    /// - Parameter encoding: 1.0 makes what arrives in that encoding of it: no optional members, proxies of 1.0.
    public func allTypes(asIn encoding: EncodingVersion = .v1_1) -> AllTypes {
        add(AllTypes.self) { fill($0, encoding) }
    }

    /// Every member something; see ``allTypes(asIn:)``.
    public func allTypesMore(asIn encoding: EncodingVersion = .v1_1) -> AllTypesMore {
        let options = encoding == .v1_0 ? add(Optionals.self) : options()
        return add(AllTypesMore.self) { draft in
            fill(Draft<AllTypes>(record: draft.record), encoding)
            draft.options = options
            draft.remark = encoding == .v1_0 ? nil : "remark"
            draft.last = "last"
        }
    }

    private func fill(_ draft: Draft<AllTypes>, _ encoding: EncodingVersion) {
        let shared = web(om: encoding == .v1_0 ? nil : 2)
        let object = add(CompactDerived.self) { draft in
            draft.c = "c"
            draft.cd = 6
        }
        var proxy = anyProxy
        proxy.encoding = encoding
        var peer = ProxyReference(
            identity: Identity(name: "peer"), endpoints: [.tcp(IPEndpoint(host: "127.0.0.1", port: 1))])
        peer.encoding = encoding
        draft.aBool = true
        draft.aByte = 254
        draft.aShort = .min
        draft.anInt = .min
        draft.aLong = .min
        draft.aFloat = 0.25
        draft.aDouble = 1e300
        draft.aString = "all é世😀"
        draft.aColour = .blue
        draft.aWeight = .heavy
        draft.aDistance = .far
        draft.aPoint = Point(x: -1, y: 1)
        draft.aLabel = label()
        draft.bytes = [1, 2]
        draft.bools = [true, false]
        draft.shorts = [1, -1]
        draft.ints = [2, -2]
        draft.longs = [3, -3]
        draft.floats = [0.5, -0.5]
        draft.doubles = [0.125, -0.125]
        draft.strings = ["", "x"]
        draft.colours = [.green, .red]
        draft.points = [Point(x: 1, y: 2), Point(x: 3, y: 4)]
        draft.labels = [label("l")]
        draft.stringLists = [[], ["a", "b"]]
        draft.dicts = [[:], ["a": "b"]]
        draft.proxies = [proxy, nil]
        draft.nodes = [shared, nil]
        draft.stringStrings = ["a": "1"]
        draft.intStrings = [-1: "minus"]
        draft.colourPoints = [.green: Point(x: 5, y: 6)]
        draft.stringNodes = ["s": shared]
        draft.longInts = [1 << 40: [1, 2]]
        draft.aProxy = proxy
        draft.aPeer = peer
        draft.aNode = shared
        draft.anObject = AnySliceObject(object)
    }
}

/// Item 0, the owner, owns itself and all others.
public func itemGraph(_ n: Int) -> [Item?] {
    guard n > 0 else { return [] }
    return GraphBuilder.build { builder in
        let owner = builder.add(Item.self) { $0.name = "owner" }
        builder.update(owner) { $0.owner = owner }
        let others = (1..<max(n, 1)).map { number in
            builder.add(Item.self) { draft in
                draft.name = "item \(number)"
                draft.number = Int32(number)
                draft.stamp = Int64(number) * 1_000_000_007
                draft.owner = owner
            }
        }
        return [owner] + others
    }
}

/// How many items there are; -1 if one is not as ``itemGraph(_:)`` makes it.
public func itemGraphSize(_ items: [Item?]) -> Int32 {
    for (number, item) in items.enumerated() {
        guard let item, item.owner == items[0], item.number == Int32(number),
            item.stamp == Int64(number) * 1_000_000_007,
            item.name == (number == 0 ? "owner" : "item \(number)")
        else { return -1 }
    }
    return Int32(items.count)
}
