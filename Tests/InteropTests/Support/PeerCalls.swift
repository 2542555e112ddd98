import Ice
import InteropPeer
import InteropTypes
import Testing

/// The operations of `interop::Peer`, called and compared.
struct PeerCalls: Sendable {
    let proxy: Proxy
    init(_ proxy: Proxy) { self.proxy = proxy }

    var is10: Bool { proxy.reference.encoding == .v1_0 }

    func send<A: SliceCodable>(_ operation: String, _ value: A) async throws {
        try await proxy.invoke(operation, mode: PeerOperations.mode(operation), write: { value.write(to: &$0) })
    }

    func call<A: SliceCodable, R: SliceCodable>(_ operation: String, _ value: A, as: R.Type = R.self) async throws -> R
    {
        try await proxy.invoke(
            operation,
            mode: PeerOperations.mode(operation),
            format: PeerOperations.format(operation),
            write: { value.write(to: &$0) },
            read: { try R(from: &$0) }
        )
    }

    func get<R: SliceCodable>(_ operation: String, as: R.Type = R.self) async throws -> R {
        try await proxy.invoke(
            operation,
            mode: PeerOperations.mode(operation),
            format: PeerOperations.format(operation),
            read: { try R(from: &$0) }
        )
    }

    private func echo<Value: SliceCodable & Equatable>(_ operation: String, _ values: Value...) async throws {
        for value in values {
            let answer: Value = try await call(operation, value)
            #expect(answer == value, "\(operation) of \(proxy)")
        }
    }

    private func echo<Class: SliceClass>(instance operation: String, _ values: Class?...) async throws {
        for value in values {
            let answer: Class? = try await call(operation, value)
            expectSame(answer, value, operation)
        }
    }

    /// Compares graphs by content and shape.
    private func expectSame<Class: SliceClass>(_ a: Class?, _ b: Class?, _ what: String) {
        switch (a, b) {
        case (nil, nil): break
        case (let a?, let b?): #expect(a.isEquivalent(to: b), "\(what) of \(proxy)")
        default: Issue.record("\(what) of \(proxy): one is null")
        }
    }

    // MARK: Values

    func values() async throws {
        try await echo("echoBool", true, false)
        try await echo("echoByte", 0, 127, 128, 255 as UInt8)
        try await echo("echoShort", .min, -1, 0, .max as Int16)
        try await echo("echoInt", .min, -1, 0, .max as Int32)
        try await echo("echoLong", .min, -1, 0, .max as Int64)
        try await echo("echoFloat", 0, -1.5, .greatestFiniteMagnitude, .infinity, .leastNonzeroMagnitude as Float)
        try await echo("echoDouble", 0, -1.5, .greatestFiniteMagnitude, -.infinity, .leastNonzeroMagnitude as Double)
        try await echo(
            "echoString", "", "a", "é世😀\u{0}", String(repeating: "x", count: 254), String(repeating: "y", count: 70_000)
        )
        try await echo("echoColour", Colour.red, .green, .blue)
        try await echo("echoWeight", Weight.light, .medium, .heavy)
        try await echo("echoDistance", Distance.near, .middling, .far)
        try await echo("echoPoint", Point(x: .min, y: .max))
        try await echo("echoLabel", label(), Label(text: "", marks: [], place: Point(x: 0, y: 0)))
        try await echo("echoBytes", [], [0, 255], [UInt8](repeating: 7, count: 100_000))
        try await echo("echoBools", [], [true, false, true])
        try await echo("echoShorts", [], [.min, 0, .max] as [Int16])
        try await echo("echoInts", [], [.min, 0, .max] as [Int32])
        try await echo("echoLongs", [], [.min, 0, .max] as [Int64])
        try await echo("echoFloats", [], [0.5, -.infinity] as [Float])
        try await echo("echoDoubles", [], [0.5, -.infinity] as [Double])
        try await echo("echoStrings", [], ["", "a", "é世😀"])
        try await echo("echoColours", [], [Colour.blue, .red])
        try await echo("echoPoints", [], [Point(x: 1, y: 2), Point(x: -1, y: -2)])
        try await echo("echoLabels", [], [label("a"), label("b")])
        try await echo("echoStringLists", [], [[], ["a"], ["b", ""]])
        try await echo("echoDicts", [], [[:], ["a": "b", "c": "d"]])
        try await echo("echoStringStrings", [:], ["a": "1", "": ""])
        try await echo("echoIntStrings", [:], [-1: "minus", .max: "max"] as [Int32: String])
        try await echo("echoColourPoints", [:], [Colour.green: Point(x: 5, y: 6)])
        try await echo("echoLongInts", [:], [1 << 40: [1, 2], 0: []] as [Int64: [Int32]])
        // Encoding 1.0 has no place for a proxy's own encoding.
        var sent = anyProxy
        if is10 { sent.encoding = .v1_0 }
        var indirect = ProxyReference(identity: Identity(name: "a b", category: "c/d"), adapterID: "an adapter")
        indirect.encoding = sent.encoding
        try await echo("echoProxy", nil, sent, indirect)
        try await echo("echoProxies", [], [sent, nil, indirect])
        try await echo("echoPeer", nil, sent)
        try await echo("echoPeers", [], [sent, nil])
        try await parameters()
    }

    private func parameters() async throws {
        let sum = try await proxy.invoke("addAll") { stream in
            stream.write(200 as UInt8)
            stream.write(-3 as Int16)
            stream.write(70_000 as Int32)
            stream.write((1 << 40) as Int64)
        } read: { stream in
            (text: try stream.readString(), sum: try stream.readInteger(Int64.self))
        }
        #expect(sum.text == "200+-3+70000+1099511627776")
        #expect(sum.sum == 200 - 3 + 70_000 + (1 << 40))
        let parts = try await divide(-17, 5)
        #expect(parts == [-3, -2])
        do {
            _ = try await divide(1, 0)
            Issue.record("1 / 0 has a result")
        } catch let error as Failure {
            #expect(error.reason == "division by zero")
        }
    }

    private func divide(_ a: Int32, _ b: Int32) async throws -> [Int32] {
        try await proxy.invoke("divide") { stream in
            stream.write(a)
            stream.write(b)
        } read: { stream in
            [try stream.readInteger(), try stream.readInteger()]
        }
    }

    // MARK: Classes

    func classes() async throws {
        let base = GraphBuilder.build { $0.base(5) }
        // Encoding 1.0 drops optional members.
        let om: Int32? = is10 ? nil : 2
        let derived = GraphBuilder.build { $0.derived(om: om) }
        let asBase = Base(object: derived.object)
        for operation in ["echoBase", "echoBaseCompact", "echoBaseSliced"] {
            try await echo(instance: operation, nil, base, asBase)
        }
        let answer: Base? = try await call("echoBase", asBase as Base?)
        #expect(answer?.typeID == "::interop::Derived")
        let web = GraphBuilder.build { $0.web(om: om) }
        try await echo(instance: "echoNode", nil, ring(1), ring(7), web)
        try await echo(instance: "echoNodeSliced", nil, ring(3), web)
        try await echo(instance: "echoObject", nil, AnySliceObject(base), AnySliceObject(asBase))
        try await echo(instance: "echoEmpty", nil, GraphBuilder.build { $0.add(Empty.self) })
        let compact = GraphBuilder.build { builder in
            builder.add(CompactDerived.self) { draft in
                draft.c = "c"
                draft.cd = 6
            }
        }
        for operation in ["echoCompact", "echoCompactSliced"] {
            try await echo(instance: operation, nil, Compact(object: compact.object))
        }
        let nodes: [Node?] = try await call("echoNodes", [ring(2), nil, ring(3)])
        #expect(nodes.map(ringLength) == [2, 0, 3])
        let noNodes: [Node?] = try await call("echoNodes", [Node?]())
        #expect(noNodes.isEmpty)
        let bases: [Base?] = try await call("echoBases", [base, nil, base, asBase])
        #expect(bases.count == 4 && bases[0] == bases[2] && bases[1] == nil)
        let dictionary: [String: Node?] = try await call(
            "echoStringNodes", ["r": ring(4), "none": nil] as [String: Node?])
        #expect(dictionary.count == 2)
        #expect(ringLength(dictionary["r"] ?? nil) == 4)
        let emptyDictionary: [String: Node?] = try await call("echoStringNodes", [String: Node?]())
        #expect(emptyDictionary.isEmpty)
        try await pairs(base)
        try await graphs()
        try await everything()
    }

    private func pairs(_ base: Base) async throws {
        for pair in [Pair(first: base, second: base), Pair(first: base, second: nil), Pair(first: nil, second: nil)] {
            let answer = try await proxy.invoke("echoPair", write: { pair.write(to: &$0) }) { stream in
                (same: try stream.readBool(), pair: try Pair(from: &stream))
            }
            #expect(answer.same == (pair.first == pair.second))
            #expect((answer.pair.first == answer.pair.second) == (pair.first == pair.second))
        }
    }

    private func graphs() async throws {
        for count: Int32 in [0, 1, 2, 100] {
            let node: Node? = try await call("ring", count)
            #expect(ringLength(node) == count)
            let length: Int32 = try await call("ringLength", ring(Int(count)))
            #expect(length == count)
        }
        for count: Int32 in [0, 1, 2000] {
            let items: [Item?] = try await call("graph", count)
            #expect(itemGraphSize(items) == count)
            let size: Int32 = try await call("graphSize", itemGraph(Int(count)))
            #expect(size == count)
        }
    }

    private func everything() async throws {
        let all = GraphBuilder.build { $0.allTypes() }
        let answer = try await proxy.invoke("echoEverything", write: { $0.write(all as AllTypes?) }) { stream in
            (text: try stream.readString(), colour: try Colour(from: &stream), all: try AllTypes?(from: &stream))
        }
        #expect(answer.text == "all é世😀all é世😀")
        #expect(answer.colour == .red)
        if is10 {
            // Optional members and the encodings of proxies are lost; the rest has to be there.
            #expect(answer.all?.longInts == all.longInts)
            #expect(answer.all?.aNode?.next?.name == "child")
            #expect(answer.all?.aNode == answer.all?.nodes.first ?? nil)
        } else {
            expectSame(answer.all, all, "echoEverything")
        }
    }

    // MARK: Optionals

    func optionals() async throws {
        try await optional("optBool", true)
        try await optional("optByte", 200 as UInt8)
        try await optional("optShort", -3 as Int16)
        try await optional("optInt", 70_000 as Int32)
        try await optional("optLong", (1 << 40) as Int64)
        try await optional("optFloat", 1.5 as Float)
        try await optional("optDouble", -2.25)
        try await optional("optString", "text")
        try await optional("optColour", Colour.blue)
        try await optional("optBytes", [0, 255] as [UInt8])
        try await optional("optInts", [1, 2, 3] as [Int32])
        try await optional("optInts", [Int32](repeating: 9, count: 300))
        try await optional("optStrings", ["a", "", "c"])
        try await optional("optPoint", Point(x: 1, y: 2))
        try await optional("optLabel", label())
        try await optional("optIntInts", [1: 2] as [Int32: Int32])
        try await optional("optDict", ["k": "v"])
        try await optional("optProxy", anyProxy as ProxyReference?)
        let derived = GraphBuilder.build { Base(object: $0.derived().object) }
        let answer = try await optionalCall("optBase", derived as Base?)
        expectSame(answer ?? nil, derived, "optBase")
        let none = try await optionalCall("optBase", nil as Base??)
        #expect((none ?? nil) == nil)
        try await echo(
            instance: "echoOptionals",
            nil, GraphBuilder.build { $0.add(Optionals.self) }, GraphBuilder.build { $0.options() }
        )
        let mixed = try await proxy.invoke("optMixed") { stream in
            stream.write(10 as Int32)
            stream.writeOptional(tag: 3, 5 as Int32)
            stream.writeOptional(tag: 7, "abc")
        } read: { stream in
            (
                twice: try stream.readInteger(Int32.self), result: try stream.readInteger(Int32.self),
                a: try stream.readOptional(tag: 4, as: Int32.self), b: try stream.readOptional(tag: 9, as: String.self)
            )
        }
        #expect(mixed == (20, 18, 5, "abc"))
    }

    private func optionalCall<Value: SliceCodable>(_ operation: String, _ value: Value?) async throws -> Value? {
        try await proxy.invoke(operation, write: { $0.writeOptional(tag: 2, value) }) { stream in
            try stream.readOptional(tag: 1, as: Value.self)
        }
    }

    private func optional<Value: SliceCodable & Equatable>(_ operation: String, _ value: Value) async throws {
        let some = try await optionalCall(operation, value)
        #expect(some == value, "\(operation)")
        let none = try await optionalCall(operation, nil as Value?)
        #expect(none == nil, "\(operation)")
    }

    // MARK: Exceptions

    func exceptions() async throws {
        for operation in ["fail", "failSliced", "failCompact"] {
            try await expectThrows(operation, "failure") { ($0 as? Failure)?.reason == "failure" }
            try await expectThrows(operation, "detailed") { error in
                guard let error = error as? DetailedFailure else { return false }
                return error.reason == "detailed" && error.code == 17 && error.where?.name == "where"
                    && error.hint == (is10 ? nil : "a hint")
            }
            try await expectThrows(operation, "detailedNoHint") { error in
                guard let error = error as? DetailedFailure else { return false }
                return error.where == nil && error.hint == nil
            }
            try await expectThrows(operation, "undeclared") { isIce($0, .unknownUserException) }
            try await expectThrows(operation, "local") { isIce($0, .unknownLocalException) }
            try await expectThrows(operation, "crash") { isIce($0, .unknownException) }
            try await expectThrows(operation, "objectNotExist") { isIce($0, .objectNotExist) }
            try await expectThrows(operation, "facetNotExist") { isIce($0, .facetNotExist) }
            try await expectThrows(operation, "operationNotExist") { isIce($0, .operationNotExist) }
            try await send(operation, "nothing at all")
        }
        // What this side does not know is cut down to what it knows, where the form allows it.
        try await expectThrows("failSliced", "unknownUser") { ($0 as? Failure)?.reason == "unknownUser" }
        try await expectThrows("failCompact", "unknownUser") { error in
            is10 ? (error as? Failure)?.reason == "unknownUser" : isIce(error, .unknownUserException)
        }
    }

    private func isIce(_ error: any Error, _ code: IceError.Code) -> Bool { (error as? IceError)?.code == code }

    private func expectThrows(_ operation: String, _ kind: String, _ check: (any Error) -> Bool) async throws {
        do {
            try await send(operation, kind)
            Issue.record("\(operation)(\(kind)) of \(proxy) did not throw")
        } catch {
            #expect(check(error), "\(operation)(\(kind)) of \(proxy) threw \(error)")
        }
    }

    // MARK: Unknown slices

    func unknownSlices() async throws {
        let sliced: Base? = try await get("sendUnknownSliced")
        #expect(sliced?.b == 7 && sliced?.typeID == "::interop::Base")
        if !is10 {
            do {
                let _: Base? = try await get("sendUnknownCompact")
                Issue.record("an unknown class was read in compact form")
            } catch let error as IceError {
                #expect(error.code == .marshal)
            }
            let preserved: Preserved? = try await get("sendUnknownPreserved")
            #expect(preserved?.p == 5)
            #expect(preserved?.object.preservedTypeIDs.isEmpty == false)
            let isIntact: Bool = try await call("isIntactPreserved", preserved)
            #expect(isIntact, "unknown slices were not sent back as they came")
            let again: Preserved? = try await call("roundTripPreserved", preserved)
            let stillIntact: Bool = try await call("isIntactPreserved", again)
            #expect(stillIntact)
        }
    }

    // MARK: Requests

    func requests() async throws {
        try await proxy.ping()
        let ids = try await proxy.typeIDs()
        #expect(ids == ["::Ice::Object", "::interop::Peer"])
        let id = try await proxy.typeID()
        #expect(id == "::interop::Peer")
        let isPeer = try await proxy.isA("::interop::Peer")
        let isOther = try await proxy.isA("::interop::Other")
        #expect(isPeer && !isOther)
        let values: [String: String] = try await PeerCalls(proxy.withContext(["a": "1", "é": "世"])).get("context")
        #expect(values == ["a": "1", "é": "世"])
        let facet: String = try await PeerCalls(proxy.withFacet("second")).get("facetName")
        #expect(facet == "second")
        let identity: Ident = try await PeerCalls(proxy.withIdentity(Identity(name: "x", category: "default"))).get(
            "identity")
        #expect(identity == Ident(name: "x", category: "default"))
        let normal: String = try await get("operationMode")
        let idempotent: String = try await get("operationModeIdempotent")
        #expect([normal, idempotent] == ["normal", "idempotent"])
        let encoding: String = try await get("encodingVersion")
        #expect(encoding == proxy.reference.encoding.description)
        let _: Int32 = try await get("counted")
        let oneway = PeerCalls(proxy.oneway())
        for number: Int32 in 1...3 { try await oneway.send("count", number) }
        try await expectCount(6)
        for (other, code) in [
            (proxy.withIdentity(Identity(name: "nobody")), IceError.Code.objectNotExist),
            (proxy.withFacet("third"), .facetNotExist),
        ] {
            do {
                try await other.ping()
                Issue.record("\(other) exists")
            } catch let error as IceError {
                #expect(error.code == code)
            }
        }
    }

    /// Oneway requests arrive some time.
    func expectCount(_ expected: Int32) async throws {
        var total: Int32 = 0
        for _ in 0..<500 {
            total += try await get("counted", as: Int32.self)
            if total >= expected { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(total == expected)
    }

    // MARK: Call-backs

    /// The server calls back over our own connection.
    func callbacks(_ communicator: Communicator) async throws {
        let adapter = try communicator.createObjectAdapter("callbacks")
        let servant = CallbackServant()
        let identity = try adapter.addWithUUID(servant).identity
        try await proxy.connection().setAdapter(adapter)
        let sum = try await proxy.invoke("callMe") { stream in
            identity.write(to: &stream)
            stream.write(3 as Int32)
        } read: {
            try $0.readInteger(Int32.self)
        }
        #expect(sum == 1 + 2 + 3)
        #expect(servant.received == ["call 0", "call 1", "call 2"])
        try await proxy.connection().setAdapter(nil)
        await adapter.deactivate()
    }
}
