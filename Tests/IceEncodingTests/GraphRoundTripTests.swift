import IceEncoding
import InteropTypes
import NIOCore
import Testing

@Suite("Class instances survive a round trip")
struct GraphRoundTripTests {
    @Test("null arrives as null", arguments: WireForm.allCases)
    func null(form: WireForm) throws {
        var stream = IceOutputStream(encoding: form.encoding, format: form.format)
        stream.write(nil as Node?)
        stream.writePendingInstances()
        #expect(try form.decode(stream.finish(), as: Node.self) == nil)
    }

    @Test("every member of every type keeps its value", arguments: WireForm.allCases)
    func allTypes(form: WireForm) throws {
        let sent = sampleAllTypes()
        let got = try #require(try form.roundTrip(sent))
        // Encoding 1.0 has no optionals, and its proxies no encoding of their own.
        #expect(form == .v1_0 || got.isEquivalent(to: sent))
        #expect(got.aString == "Grüße, 世界 🌍")
        #expect(got.bytes == Array(0...255))
        #expect(got.bools == [true, false, true])
        #expect(got.ints == (0..<600).map { $0 })
        #expect(got.aDistance == .far && got.aWeight == .heavy)
        #expect(got.labels == sent.labels && got.aLabel.marks == [1, 2, 3])
        #expect(got.stringLists == [[], ["x", "y"]])
        #expect(got.dicts == [["k": "v"], [:]])
        #expect(got.colourPoints == [.red: Point(x: 1, y: 2)])
        #expect(got.longInts == [5: [1, 2], 6: []])
        #expect(got.proxies.count == 2 && got.proxies[0] == nil)
        #expect(got.aProxy?.identity == sampleProxy.identity)
        #expect(got.nodes[0] == got.aNode && got.nodes[3] == got.aNode && got.nodes[1] == nil)
        #expect(got.anObject?.cast(to: Node.self) == got.nodes[2])
        #expect(got.aNode?.next?.next == got.aNode)
        #expect(got.nodes[2]?.any?.cast(to: Derived.self)?.m == "any")
        #expect(got.nodes[2]?.index.keys.sorted() == ["me", "none", "shared"])
    }

    @Test(
        "what instances share is the same for both, and stays when one gets something else",
        arguments: WireForm.allCases)
    func shared(form: WireForm) throws {
        let sent = GraphBuilder.build { builder in
            let common = builder.add(Node.self) { $0.name = "common" }
            let first = builder.add(Node.self) {
                $0.name = "first"
                $0.next = common
                $0.children = [common, nil]
                $0.index = ["a": common]
                $0.any = AnySliceObject(common)
            }
            let second = builder.add(Node.self) { node in
                for field in 0..<5 { node.record.share(field, of: builder[first.object]) }
            }
            builder.update(first) {
                $0.name = "changed"
                $0.children = []
                $0.index = ["b": nil]
            }
            return builder.add(Node.self) { $0.children = [first, second] }
        }
        let got = try #require(try form.roundTrip(sent))
        let (first, second) = (try #require(got.children[0]), try #require(got.children[1]))
        #expect(first.name == "changed" && first.children.isEmpty && first.index.keys.sorted() == ["b"])
        #expect(second.name == "first" && second.next == first.next && second.next?.name == "common")
        #expect(second.children == [second.next, nil] && second.index["a"] == second.next)
        #expect(second.any?.cast(to: Node.self) == second.next)
    }

    @Test("text that is in memory as UTF-8 becomes a string, with U+FFFD where it isn't UTF-8")
    func text() {
        let texts: [(bytes: [UInt8], text: String)] = [
            ([], ""), (Array("Grüße, 世界 🌍".utf8), "Grüße, 世界 🌍"), ([0x61, 0xFF, 0x62], "a\u{FFFD}b"),
        ]
        for (bytes, text) in texts {
            let node = GraphBuilder.build { builder in
                builder.add(Node.self) { node in
                    node.name = "before"
                    bytes.withUnsafeBytes { node.record.setString(0, utf8: $0) }
                }
            }
            #expect(node.name == text)
        }
    }

    @Test("optional members keep their values in encoding 1.1 and are left out in 1.0", arguments: WireForm.allCases)
    func optionals(form: WireForm) throws {
        let sent = GraphBuilder.build(sampleOptionals)
        let got = try #require(try form.roundTrip(sent))
        if form == .v1_0 {
            #expect(got.oBool == nil && got.oString == nil && got.oBase == nil)
            return
        }
        #expect(got.isEquivalent(to: sent))
        #expect(got.oBool == true && got.oLong == 4 && got.oDouble == 6)
        #expect(got.oString == "seven" && got.oColour == .green)
        #expect(got.oPoint == Point(x: 1, y: 2) && got.oLabels?.count == 1)
        #expect(got.oIntInts == [1: 2] && got.oDict == ["k": "v"])
        #expect(got.oProxy?.identity.name == "name")
        #expect(got.oInt29 == 29 && got.oInt30 == 30 && got.oBase?.b == 300)
    }

    @Test("a derived class with optionals between its levels keeps everything", arguments: [WireForm.compact, .sliced])
    func derived(form: WireForm) throws {
        let sent = sampleAllTypesMore()
        let got = try #require(try form.roundTrip(sent))
        #expect(got.isEquivalent(to: sent))
        #expect(got.last == "last" && got.remark == "remark" && got.options?.oInt30 == 30)
    }

    @Test("an instance arrives as its most derived class behind a base's parameter", arguments: WireForm.allCases)
    func polymorphism(form: WireForm) throws {
        let sent = GraphBuilder.build { builder in
            builder.add(Derived.self) {
                $0.b = 1
                $0.m = "m"
                $0.d = 3.5
                $0.peer = Base(object: $0.handle.object)
            }
        }
        let got = try #require(try form.decode(form.encode(sent), as: Base.self))
        let derived = try #require(got.cast(to: Derived.self))
        #expect(derived.b == 1 && derived.m == "m" && derived.om == nil && derived.d == 3.5)
        #expect(derived.peer?.object == derived.object)
        #expect(got.cast(to: Node.self) == nil)
    }

    @Test("compact type ids and classes without members work", arguments: WireForm.allCases)
    func compactIDs(form: WireForm) throws {
        let sent = GraphBuilder.build { builder in
            builder.add(CompactDerived.self) {
                $0.c = "c"
                $0.cd = 4
            }
        }
        let got = try #require(try form.decode(form.encode(sent), as: Compact.self))
        #expect(got.c == "c" && got.cast(to: CompactDerived.self)?.cd == 4)
        let empty = GraphBuilder.build { $0.add(Empty.self) }
        #expect(try form.roundTrip(empty) != nil)
    }

    @Test("instances shared by parameters and structs arrive as one", arguments: WireForm.allCases)
    func sharing(form: WireForm) throws {
        let base = GraphBuilder.build { builder in builder.add(Base.self) { $0.b = 5 } }
        var output = IceOutputStream(encoding: form.encoding, format: form.format)
        output.write(Pair(first: base, second: base))
        output.write([base, nil, base])
        output.writePendingInstances()
        var input = IceInputStream(try output.finish(), encoding: form.encoding, types: interopTypes)
        let pair = try Pair(from: &input)
        let bases = try [Base?](from: &input)
        try input.readPendingInstances()
        try input.expectEnd()
        #expect(pair.first == pair.second && pair.first?.b == 5)
        #expect(bases == [pair.first, nil, pair.first])
    }

    @Test("instances of several graphs go into one stream", arguments: WireForm.allCases)
    func severalGraphs(form: WireForm) throws {
        let first = ring(3)
        let second = ring(2)
        var output = IceOutputStream(encoding: form.encoding, format: form.format)
        output.write([first, second, first.next, nil])
        output.writePendingInstances()
        var input = IceInputStream(try output.finish(), encoding: form.encoding, types: interopTypes)
        let nodes = try [Node?](from: &input)
        try input.readPendingInstances()
        #expect(nodes[0]?.next == nodes[2])
        #expect(nodes[0]?.isEquivalent(to: first) == true && nodes[1]?.isEquivalent(to: second) == true)
        #expect(nodes[0]?.isEquivalent(to: second) == false)
    }

    @Test("a ring of ten thousand nodes, nested as deep on the wire", arguments: WireForm.allCases)
    func deepRing(form: WireForm) throws {
        let sent = ring(10_000)
        let got = try #require(try form.roundTrip(sent))
        var node: Node? = got
        for _ in 0..<10_000 { node = node?.next }
        #expect(node == got)
        #expect(got.isEquivalent(to: sent))
    }

    @Test("the benchmark's items share their owner", arguments: WireForm.allCases)
    func benchmarkItems(form: WireForm) throws {
        var output = IceOutputStream(encoding: form.encoding, format: form.format)
        output.write(items(500))
        output.writePendingInstances()
        var input = IceInputStream(try output.finish(), encoding: form.encoding, types: interopTypes)
        let got = try [Item?](from: &input)
        try input.readPendingInstances()
        #expect(got.count == 500)
        for (number, item) in got.enumerated() where number > 0 {
            #expect(item?.name == "item \(number)" && item?.stamp == Int64(number) * 1_000_000_007)
            #expect(item?.owner == got[0])
        }
    }

    @Test("what a builder takes from another graph is a copy, each instance once")
    func copies() throws {
        let source = sampleAllTypesMore()
        let (first, second) = GraphBuilder.build { builder in (builder.copy(source), builder.copy(source)) }
        #expect(first == second && first.object.graph != source.object.graph)
        #expect(first.isEquivalent(to: source))
        let mixed = GraphBuilder.build { builder in
            builder.add(Node.self) { $0.children = [source.aNode, source.aNode?.next, source.aNode] }
        }
        #expect(mixed.children[0] == mixed.children[2] && mixed.children[0]?.next == mixed.children[1])
    }

    @Test("a draft can be read, and takes optionals away again")
    func drafts() {
        let base = GraphBuilder.build { builder in
            builder.add(Middle.self) {
                $0.m = "a"
                $0.m += "b"
                $0.om = 1
                $0.om = nil
            }
        }
        #expect(base.m == "ab" && base.om == nil)
    }

    @Test("an enumeration without a zero starts with its first enumerator")
    func enumDefaults() {
        let value = GraphBuilder.build { $0.add(AllTypes.self) }
        #expect(value.aDistance == .near && value.aColour == .red && value.bytes == [] && value.stringNodes == [:])
    }

    @Test("handles read before a stream was copied are complete when any of the copies ends")
    func copyEndsFirst() throws {
        var one = IceInputStream(try WireForm.v1_0.encode(ring(2)), encoding: .v1_0, types: interopTypes)
        let node = try Node?(from: &one)
        let two = one
        try one.finish()
        #expect(node?.object.graph.isComplete == true && node?.next?.next == node)
        #expect(two.remaining > 0)
    }

    @Test("a stream that is copied while it is read fills graphs of its own")
    func copiedStream() throws {
        let bytes = try WireForm.compact.encode(ring(2), ring(3))
        var one = IceInputStream(bytes, types: interopTypes)
        let first = try Node?(from: &one)
        var two = one
        let second = try Node?(from: &one)
        let third = try Node?(from: &two)
        try one.readPendingInstances()
        try two.readPendingInstances()
        #expect(first?.next?.next == first)
        let other = try #require(third)
        #expect(second != third && second?.isEquivalent(to: other) == true)
    }
}
