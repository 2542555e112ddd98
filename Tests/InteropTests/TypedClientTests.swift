import Ice
import InteropPeer
import InteropTypes
import Synchronization
import Testing

/// Our client with typed proxies, as generated code has them, against real Ice servers: what ``SwiftClientTests`` asks
/// by name is asked here of the edges.
@Suite("Typed proxies call real Ice servers", .needsPeers, .serialized)
struct TypedClientTests {
    /// Runs `body` with the typed proxy for every transport and both encodings.
    private func withPeers(
        _ foreign: ForeignPeer,
        _ transports: [Transport] = Transport.allCases,
        _ body: @Sendable (_ peer: PeerProxy, _ communicator: Communicator) async throws -> Void
    ) async throws {
        try await withForeignServer(foreign, transports) { communicator, proxies in
            for proxy in proxies.values {
                for encoding in [EncodingVersion.v1_0, .v1_1] {
                    try await body(PeerProxy(proxy.withEncoding(encoding)), communicator)
                }
            }
        }
    }

    // MARK: Objects

    @Test("a cast asks the object, and failures say what is missing", arguments: ForeignPeer.allCases)
    func objects(foreign: ForeignPeer) async throws {
        try await withPeers(foreign) { peer, _ in
            try await expectEqual(PeerProxy.checkedCast(peer.proxy), peer)
            try await expectEqual(CallbackProxy.checkedCast(peer.proxy), nil)
            try await expectEqual(PeerProxy.checkedCast(peer.proxy.withFacet("second"))?.facetName(), "second")
            try await expectEqual(peer.facetName(), "")
            try await expectEqual(peer.identity(), Ident(name: "interop", category: ""))
            let missing = Identity(name: "absent \u{e9}", category: "no/where")
            try await expectFailure(
                .objectNotExist, RequestFailure(identity: missing, facet: "", operation: "ice_ping")
            ) {
                try await peer.proxy.withIdentity(missing).ping()
            }
            let interop = Identity(name: "interop")
            try await expectFailure(.facetNotExist, RequestFailure(identity: interop, facet: "x", operation: "ice_id"))
            {
                _ = try await peer.proxy.withFacet("x").typeID()
            }
            try await expectFailure(
                .operationNotExist,
                RequestFailure(identity: interop, facet: "", operation: "notify")
            ) {
                _ = try await CallbackProxy(peer.proxy).notify(1, "")
            }
        }
    }

    private func expectFailure(
        _ code: IceError.Code,
        _ failure: RequestFailure,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async throws {
        let error = await #expect(throws: IceError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.requestFailure == failure, sourceLocation: sourceLocation)
    }

    // MARK: Values

    @Test("values at the edges come back as they went", arguments: ForeignPeer.allCases)
    func edges(foreign: ForeignPeer) async throws {
        try await withPeers(foreign) { peer, communicator in
            let isOld = peer.proxy.reference.encoding == .v1_0
            for number in [Float.nan, -.infinity, .leastNormalMagnitude, -0.0] {
                try await expectEqual(peer.echoFloat(number).bitPattern, number.bitPattern)
            }
            for number in [Double.nan, -.infinity, .leastNormalMagnitude, -0.0] {
                try await expectEqual(peer.echoDouble(number).bitPattern, number.bitPattern)
            }
            // The size takes five bytes from 255 on.
            for count in [253, 254, 255, 256] {
                try await expectEqual(peer.echoString(String(repeating: "x", count: count)).utf8.count, count)
                try await expectEqual(peer.echoInts(Array(repeating: -1, count: count)).count, count)
                let dictionary = Dictionary(uniqueKeysWithValues: (0..<Int32(count)).map { ($0, "\($0)") })
                try await expectEqual(peer.echoIntStrings(dictionary), dictionary)
            }
            try await expectEqual(peer.echoString("a\u{0}b \u{10ffff} e\u{301}"), "a\u{0}b \u{10ffff} e\u{301}")
            // Proxies: every kind of endpoint; encoding 1.0 has no place for a proxy's own encoding.
            for text in [
                "wellknown", "a/b -t @ adapter", "p -s -e 1.0:ssl -h h -p 1:ws -h h -p 2 -r /r",
                "p -o:udp -h 127.0.0.1 -p 9",
                "cat/name -f facet -o:tcp -h 127.0.0.1 -p 4063 -t 5000 -z",
                "n:wss -h h -p 3 -r /x -t 7:opaque -t 99 -v abcd",
                "n:tcp -h \"::1\" -p 4 -t infinite",
            ] {
                let sent = try communicator.proxy(text)
                let expected = isOld ? sent.withEncoding(.v1_0) : sent
                try await expectEqual(peer.echoProxy(sent), expected)
                try await expectEqual(peer.echoPeer(PeerProxy(sent)), PeerProxy(expected))
                try await expectEqual(peer.echoProxies([sent, nil]), [expected, nil])
                try await expectEqual(peer.echoPeers([nil, PeerProxy(sent)]), [nil, PeerProxy(expected)])
            }
            try await expectEqual(peer.addAll(255, -3, 70000, 1 << 40).text, "255+-3+70000+1099511627776")
            let failure = await #expect(throws: Failure.self) { _ = try await peer.divide(1, 0) }
            #expect(failure?.reason == "division by zero")
        }
    }

    @Test("ten megabytes go there and back", arguments: ForeignPeer.allCases)
    func large(foreign: ForeignPeer) async throws {
        try await withForeignServer(foreign, Transport.allCases) { _, proxies in
            // Not of one value alone, and not of a period that some buffer's size is a multiple of.
            let bytes = Array(repeatElement([1, 2, 3, 5, 8, 13, 21] as [UInt8], count: 3 << 19).joined())
            for proxy in proxies.values {
                let answer = try await PeerProxy(proxy).echoBytes(bytes)
                // Not both in a macro, which would print them.
                let isSame = answer == bytes
                #expect(isSame, "\(proxy)")
            }
        }
    }

    // MARK: Classes

    @Test("graphs keep their shape, and encoding 1.0 drops optional members only", arguments: ForeignPeer.allCases)
    func classes(foreign: ForeignPeer) async throws {
        try await withPeers(foreign) { peer, _ in
            let isOld = peer.proxy.reference.encoding == .v1_0
            let full = GraphBuilder.build { $0.options() }
            let empty = GraphBuilder.build { $0.add(Optionals.self) }
            try await expectSame(peer.echoOptionals(full), isOld ? empty : full)
            try await expectSame(peer.echoOptionals(empty), empty)
            let all = GraphBuilder.build { $0.allTypesMore() }
            let received = GraphBuilder.build { $0.allTypesMore(asIn: isOld ? .v1_0 : .v1_1) }
            let answer = try await peer.echoEverything(AllTypes(object: all.object))
            #expect(answer.doubled == all.aString + all.aString && answer.turned == .red)
            expectSame(answer.result, AllTypes(object: received.object))
            let middle = GraphBuilder.build { builder in
                Base(
                    object: builder.add(Middle.self) {
                        $0.b = 1; $0.m = "middle"
                    }.object)
            }
            for echo in [peer.echoBase, peer.echoBaseCompact, peer.echoBaseSliced] {
                try await expectSame(echo(middle), middle)
            }
            let compact = GraphBuilder.build { builder in builder.add(Compact.self) { $0.c = "c" } }
            try await expectSame(peer.echoCompact(compact), compact)
            try await expectSame(peer.echoCompactSliced(compact), compact)
            let twins = GraphBuilder.build { (builder: GraphBuilder) in
                Pair(first: builder.base(1), second: builder.base(1))
            }
            let pair = try await peer.echoPair(twins)
            #expect(!pair.same && pair.result.first != pair.result.second && pair.result.second?.b == 1)
            let broken = GraphBuilder.build { builder in
                let items = itemGraph(3).compactMap { $0.map(builder.copy) }
                builder.update(items[2]) { $0.owner = items[1] }
                return items
            }
            try await expectEqual(peer.graphSize(broken), -1)
            try await expectEqual(itemGraphSize(peer.graph(5)), 5)
            let chain = GraphBuilder.build { builder in
                let end = builder.node("end")
                return builder.add(Node.self) {
                    $0.name = "start"; $0.next = end
                }
            }
            try await expectEqual(peer.ringLength(chain), -1)
        }
    }

    @Test("slices that nobody here knows are kept or cut, as encoding and format say", arguments: ForeignPeer.allCases)
    func unknownSlices(foreign: ForeignPeer) async throws {
        try await withPeers(foreign) { peer, _ in
            let isOld = peer.proxy.reference.encoding == .v1_0
            try await expectEqual(peer.sendUnknownSliced()?.b, 7)
            if isOld {
                try await expectEqual(peer.sendUnknownCompact()?.b, 7)
            } else {
                let error = await #expect(throws: IceError.self) { _ = try await peer.sendUnknownCompact() }
                #expect((error?.cause as? MarshalError)?.reason == .unknownClass("::interop::Unknown1"))
            }
            let kept = try await peer.sendUnknownPreserved()
            #expect(kept?.p == 5)
            #expect(kept?.object.preservedTypeIDs == (isOld ? [] : ["::interop::PUnknown"]))
            try await expectEqual(peer.isIntactPreserved(kept), !isOld)
            let copied = kept.map { kept in GraphBuilder.build { $0.copy(kept) } }
            try await expectEqual(peer.isIntactPreserved(copied), !isOld)
            try await expectSame(peer.roundTripPreserved(kept), kept)
            try await expectSame(peer.roundTripPreserved(nil), nil)
            let known = GraphBuilder.build { builder in
                Preserved(
                    object: builder.add(PreservedKnown.self) {
                        $0.p = 6; $0.k = "k"
                    }.object)
            }
            try await expectSame(peer.roundTripPreserved(known), known)
            // Beside each other in one call's parameters, and as an object of any class.
            try await expectEqual(peer.echoObject(kept.map { AnySliceObject($0) })?.cast(to: Preserved.self)?.p, 5)
        }
    }

    // MARK: Optionals

    @Test("optional parameters are there or not; encoding 1.0 has none", arguments: ForeignPeer.allCases)
    func optionals(foreign: ForeignPeer) async throws {
        try await withPeers(foreign) { peer, _ in
            func check<Value: Equatable & SliceCodable>(
                _ call: (Value?) async throws -> Value?,
                _ values: Value...,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws {
                try await expectEqual(call(nil), nil, sourceLocation: sourceLocation)
                for value in values {
                    let expected = peer.proxy.reference.encoding == .v1_0 ? nil : value
                    try await expectEqual(call(value), expected, sourceLocation: sourceLocation)
                }
            }
            try await check(peer.optBool, true, false)
            try await check(peer.optByte, 0, 255)
            try await check(peer.optShort, -1)
            try await check(peer.optInt, 0, .min)
            try await check(peer.optLong, 1 << 62)
            try await check(peer.optFloat, 1.5)
            try await check(peer.optDouble, -1.5)
            try await check(peer.optString, "", "text", String(repeating: "x", count: 300))
            try await check(peer.optColour, .red, .green)
            try await check(peer.optBytes, [], [1, 2], Array(repeating: 3, count: 255))
            try await check(peer.optInts, [], [1, 2, 3], Array(repeating: 7, count: 300))
            try await check(peer.optStrings, [], ["a", ""], Array(repeating: "s", count: 300))
            try await check(peer.optPoint, Point(x: 1, y: 2))
            try await check(peer.optLabel, label(), label(""))
            try await check(
                peer.optIntInts, [:], [1: 2, 3: 4], Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, $0) }))
            try await check(peer.optDict, [:], ["a": "b"])
            try await check(peer.optProxy, nil, peer.proxy)
            if peer.proxy.reference.encoding == .v1_0 {
                try await expectEqual(peer.optBase(GraphBuilder.build { $0.base(1) }) == nil, true)
                try await expectEqual(peer.optBase(nil) == nil, true)
                try await expectEqual(peer.optMixed("four", 10, 3) == (10, nil, 20, nil), true)
            } else {
                let base = GraphBuilder.build { Base(object: $0.derived().object) }
                try await expectSame(peer.optBase(base) ?? nil, base)
                try await expectEqual(peer.optBase(.some(nil)) == .some(nil), true)
                try await expectEqual(peer.optMixed("four", 10, 3) == (17, "four", 20, 3), true)
                try await expectEqual(peer.optMixed(nil, 10, 3) == (13, nil, 20, 3), true)
            }
            try await expectEqual(peer.optMixed(nil, 10, nil) == (10, nil, 20, nil), true)
        }
    }

    // MARK: Requests

    @Test("the context is the call's, or the proxy's and the communicator's together", arguments: ForeignPeer.allCases)
    func contexts(foreign: ForeignPeer) async throws {
        try await withPeers(foreign, [.tcp]) { peer, _ in
            try await expectEqual(peer.context(), [:])
            try await expectEqual(
                peer.context(options: .init(context: ["a": "1", "\u{e4}": "\u{4e16}"])),
                ["a": "1", "\u{e4}": "\u{4e16}"])
            try await expectEqual(
                peer.contextValue("omero.group", options: .init(context: ["omero.group": "54"])), "54")
            try await expectEqual(peer.contextValue("omero.group"), "")
            var configuration = Peers.configuration("client")
            configuration.implicitContext = ["shared": "yes", "other": "too"]
            let reference = peer.proxy.reference
            try await withCommunicator(configuration) { communicator in
                let plain = communicator.proxy(reference)
                try await expectEqual(PeerProxy(plain).context(), ["shared": "yes", "other": "too"])
                let own = PeerProxy(plain.withContext(["p": "q", "shared": "own"]))
                try await expectEqual(own.context(), ["p": "q", "shared": "own", "other": "too"])
                try await expectEqual(own.context(options: .init(context: ["a": "1"])), ["a": "1"])
                try await expectEqual(own.context(options: .init(context: [:])), [:])
            }
        }
    }

    @Test("modes, encodings, connections and calls without an answer", arguments: ForeignPeer.allCases)
    func requests(foreign: ForeignPeer) async throws {
        try await withPeers(foreign) { peer, _ in
            try await expectEqual(peer.operationMode(), "normal")
            try await expectEqual(peer.operationModeIdempotent(), "idempotent")
            try await expectEqual(peer.encodingVersion(), peer.proxy.reference.encoding.description)
            // `nonmutating` is what old Slice files say.
            try await expectEqual(
                peer.proxy.invoke("operationModeIdempotent", mode: .nonmutating, read: { try $0.readString() }),
                "nonmutating"
            )
            let first = try await peer.proxy.connection()
            let second = try await peer.proxy.connection()
            let other = try await peer.proxy.withConnectionID("other").connection()
            #expect(first === second && first !== other)
            let error = await #expect(throws: IceError.self) { _ = try await PeerProxy(peer.proxy.oneway()).echoInt(1) }
            #expect(error?.code == .illegalArgument)
            _ = try await peer.counted()
            let oneway = PeerProxy(peer.proxy.oneway())
            let batch = PeerProxy(peer.proxy.batchOneway())
            for _ in 0..<10 { try await oneway.count(1) }
            for _ in 0..<100 { try await batch.count(2) }
            try await PeerCalls(peer.proxy).expectCount(10)
            try await batch.proxy.flushBatchRequests()
            try await PeerCalls(peer.proxy).expectCount(200)
        }
    }

    @Test("answers overtake each other on one connection", arguments: ForeignPeer.allCases)
    func overtaking(foreign: ForeignPeer) async throws {
        try await withPeers(foreign, [.tcp]) { peer, communicator in
            let order = Order()
            let held = HeldCallbackServant()
            let own = try communicator.createObjectAdapter("held", endpoints: "tcp -h 127.0.0.1 -p 0")
            try await own.activate()
            let callback = CallbackProxy(try own.addWithUUID(held))
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Three, as the peers have threads for a few at a time. They end when the others have: if these could
                // not overtake them, nothing would be answered at all.
                for _ in 0..<3 {
                    group.addTask {
                        try await expectEqual(peer.callProxy(callback, 1), 1)
                        order.note("slept")
                    }
                }
                group.addTask {
                    await held.arrived(3)
                    for number: Int32 in 0..<64 { try await expectEqual(peer.echoInt(number), number) }
                    order.note("echoed")
                    held.release()
                }
                try await group.waitForAll()
            }
            #expect(order.noted == ["echoed", "slept", "slept", "slept"])
            await own.deactivate()
        }
    }

    @Test("the server calls back over our connection, or over one of its own", arguments: ForeignPeer.allCases)
    func callbacks(foreign: ForeignPeer) async throws {
        try await withPeers(foreign) { peer, communicator in
            let servant = CallbackServant()
            let own = try communicator.createObjectAdapter("own", endpoints: "tcp -h 127.0.0.1 -p 0")
            try await own.activate()
            let callback = CallbackProxy(try own.addWithUUID(servant))
            try await expectEqual(peer.callProxy(callback, 5), 15)
            #expect(servant.received == (0..<5).map { "call \($0)" })
            let bidirectional = try communicator.createObjectAdapter("callbacks")
            try await peer.proxy.connection().setAdapter(bidirectional)
            let error = await #expect(throws: IceError.self) {
                _ = try await peer.callMe(Ident(name: "nobody", category: ""), 1)
            }
            #expect(error?.code == .objectNotExist)
            try bidirectional.add(servant, identity: Identity(name: "me", category: "\u{e9}"))
            try await expectEqual(peer.callMe(Ident(name: "me", category: "\u{e9}"), 4), 10)
            try await peer.proxy.connection().setAdapter(nil)
            await bidirectional.deactivate()
            await own.deactivate()
        }
    }

    @Test("shutdown ends a real server, and our call with it", arguments: ForeignPeer.allCases)
    func shutdown(foreign: ForeignPeer) async throws {
        try await withForeignServer(foreign) { _, proxies in
            let proxy = try #require(proxies[.tcp])
            let connection = try await proxy.connection()
            try await PeerProxy(proxy).shutdown()
            await connection.waitUntilClosed()
            #expect(connection.closeError?.code == .connectionClosedByPeer, "\(connection.closeError as Any)")
        }
    }

    /// Compares graphs by content and shape.
    private func expectSame<Class: SliceClass>(
        _ actual: Class?,
        _ expected: Class?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        switch (actual, expected) {
        case (nil, nil): break
        case (let actual?, let expected?):
            #expect(actual.isEquivalent(to: expected), "\(Class.descriptor.typeID)", sourceLocation: sourceLocation)
        default:
            Issue.record(
                "\(actual == nil ? "null" : "an instance") instead of the other", sourceLocation: sourceLocation)
        }
    }
}

/// What happened, in its order.
private final class Order: Sendable {
    private let events = Mutex<[String]>([])
    var noted: [String] { events.withLock { $0 } }
    func note(_ event: String) { events.withLock { $0.append(event) } }
}

/// Answers when it is let.
private final class HeldCallbackServant: Servant {
    private let answering = CallbackServant()
    private let requests = AsyncStream.makeStream(of: Void.self)
    private let state = Mutex((isReleased: false, waiting: [CheckedContinuation<Void, Never>]()))

    var typeIDs: [String] { answering.typeIDs }

    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        requests.continuation.yield()
        await withCheckedContinuation { continuation in
            let isReleased = state.withLock { state in
                if !state.isReleased { state.waiting.append(continuation) }
                return state.isReleased
            }
            if isReleased { continuation.resume() }
        }
        return try answering.dispatchInline(request)
    }

    /// Waits until so many requests are there.
    func arrived(_ count: Int) async {
        var left = count
        for await _ in requests.stream {
            left -= 1
            if left == 0 { break }
        }
    }

    func release() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for each in waiting { each.resume() }
    }
}
