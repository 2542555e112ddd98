import Foundation
import Ice
import Synchronization
import Testing

@Suite("Client and server over loopback")
struct LoopbackTests {
    @Test("a call gets its answer")
    func call() async throws {
        try await withEchoServer { _, _, echo, _ in
            try await expectEqual(echo.echo("héllo"), "héllo")
        }
    }

    @Test("many tasks share one connection and each gets its own answer")
    func multiplexing() async throws {
        try await withEchoServer { client, adapter, echo, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        try await expectEqual(echo.echo("call \(number)"), "call \(number)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(adapter.connections.count == 1)
        }
    }

    @Test("what every object can be asked is answered without the servant's help")
    func objectOperations() async throws {
        try await withEchoServer { _, _, echo, _ in
            try await echo.ping()
            try await expectEqual(echo.isA("::test::Echo"), true)
            try await expectEqual(echo.isA("::Ice::Object"), true)
            let isOther = try await echo.isA("::test::Other")
            #expect(!isOther)
            try await expectEqual(echo.typeID(), "::test::Echo")
            try await expectEqual(echo.typeIDs(), ["::Ice::Object", "::test::Echo"])
        }
    }

    @Test("what does not exist is named: object, facet, operation")
    func missing() async throws {
        try await withEchoServer { _, _, echo, _ in
            await expectError(.objectNotExist) { try await echo.withIdentity(Identity(name: "nobody")).ping() }
            await expectError(.facetNotExist) { try await echo.withFacet("other").ping() }
            await expectError(.operationNotExist) { try await echo.invoke("nothing") }
        }
    }

    @Test("a servant's own failure reaches the caller as an unknown exception that names only its type")
    func crash() async throws {
        try await withEchoServer { _, _, _, slow in
            let error = await expectError(.unknownException) { try await slow.invoke("crash") }
            #expect(error?.message == "Crash")
        }
    }

    @Test("a call that takes too long ends with a time-out, and the next one works on the same connection")
    func invocationTimeout() async throws {
        try await withEchoServer { _, adapter, _, slow in
            await expectError(.invocationTimeout) {
                try await slow.sleep(5000, options: .init(timeout: .milliseconds(50)))
            }
            try await slow.sleep(1)
            #expect(adapter.connections.count == 1)
        }
    }

    @Test("a cancelled task stops waiting and leaves the connection to the others")
    func cancellation() async throws {
        try await withEchoServer { _, adapter, echo, slow in
            try await slow.ping()
            let task = Task { try await slow.sleep(5000) }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await expectEqual(echo.echo("still here"), "still here")
            #expect(adapter.connections.count == 1)
        }
    }

    @Test("the request context is the call's, else the proxy's, else the communicator's")
    func contexts() async throws {
        var configuration = CommunicatorConfiguration()
        configuration.implicitContext = ["who": "communicator"]
        try await withEchoServer(client: configuration) { _, _, echo, _ in
            func who(_ proxy: Proxy, _ options: CallOptions = .init()) async throws -> String {
                try await proxy.invoke(
                    "contextValue", options: options, write: { $0.write("who") }, read: { try $0.readString() })
            }
            try await expectEqual(who(echo), "communicator")
            try await expectEqual(who(echo.withContext(["who": "proxy"])), "proxy")
            try await expectEqual(who(echo.withContext(["who": "proxy"]), .init(context: ["who": "call"])), "call")
            try await expectEqual(who(echo, .init(context: [:])), "")
        }
    }

    @Test("oneway and batch requests arrive although nobody answers them")
    func oneway() async throws {
        try await withEchoServer { _, _, _, slow in
            try await slow.oneway().invoke("count", write: { $0.write(1 as Int32) })
            let batch = slow.batchOneway()
            for number: Int32 in 1...10 { try await batch.invoke("count", write: { $0.write(number) }) }
            func counted() async throws -> Int32 {
                try await slow.invoke("counted", read: { try $0.readInteger() })
            }
            try await expectEventually { try await counted() == 1 }
            try await batch.flushBatchRequests()
            try await expectEventually { try await counted() == 56 }
        }
    }

    @Test("a server calls the client back over the client's own connection")
    func bidirectional() async throws {
        try await withEchoServer { client, adapter, _, slow in
            let callbacks = try client.createObjectAdapter("callbacks")
            try callbacks.add(EchoServant(), identity: Identity(name: "me"))
            try await slow.connection().setAdapter(callbacks)
            let answer = try await slow.invoke(
                "callMe",
                write: { Identity(name: "me").write(to: &$0) },
                read: { try $0.readString() }
            )
            #expect(answer == "called back")
            #expect(adapter.connections.count == 1)
        }
    }

    @Test("a servant that calls back gets its answer even when the connection is at its dispatch limit")
    func callbackAtTheLimit() async throws {
        var limits = ObjectAdapterConfiguration()
        limits.dispatchLimit = 1
        try await withEchoServer(adapter: limits) { client, _, _, slow in
            let callbacks = try client.createObjectAdapter("callbacks")
            try callbacks.add(EchoServant(), identity: Identity(name: "me"))
            try await slow.connection().setAdapter(callbacks)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await slow.invoke(
                            "callMe", write: { Identity(name: "me").write(to: &$0) },
                            read: { stream in
                                let text = try stream.readString()
                                #expect(text == "called back")
                            })
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("no more requests of a connection are carried out at a time than its adapter allows")
    func dispatchLimit() async throws {
        var limits = ObjectAdapterConfiguration()
        limits.dispatchLimit = 3
        let servant = SlowServant()
        try await withEchoServer(adapter: limits, slow: servant) { _, _, _, slow in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 { group.addTask { try await slow.sleep(20) } }
                try await group.waitForAll()
            }
        }
        #expect(servant.running.withLock { $0.most } == 3)
    }

    @Test("a servant that asks for order gets the requests of a connection one after the other")
    func orderedDispatch() async throws {
        let servant = SlowServant(ordered: true)
        try await withEchoServer(slow: servant) { _, _, _, slow in
            let oneway = slow.oneway()
            for milliseconds: Int32 in [30, 20, 10, 1] { try await oneway.sleep(milliseconds) }
            try await slow.sleep(0)
        }
        #expect(servant.log.withLock { $0 } == [30, 20, 10, 1, 0])
        #expect(servant.running.withLock { $0.most } == 1)
    }

    @Test("one connection more than the limit is closed, the others work on")
    func connectionLimit() async throws {
        var limits = ObjectAdapterConfiguration()
        limits.connectionLimit = 2
        var client = CommunicatorConfiguration()
        client.retry = .never
        try await withEchoServer(client: client, adapter: limits) { _, _, echo, _ in
            try await echo.withConnectionID("a").ping()
            try await echo.withConnectionID("b").ping()
            await expectError(.connectionLost) { try await echo.withConnectionID("c").ping() }
            try await echo.withConnectionID("a").ping()
        }
    }

    @Test("a request over the message limit is refused before it is sent")
    func messageLimit() async throws {
        var client = CommunicatorConfiguration()
        client.messageSizeMax = 10_000
        try await withEchoServer(client: client) { _, _, echo, _ in
            await expectError(.messageTooLarge) { _ = try await echo.echo(String(repeating: "x", count: 10_000)) }
            try await expectEqual(echo.echo("small"), "small")
        }
    }

    @Test("a reply over the server's limit is an error for its caller, and the connection lives")
    func replyLimit() async throws {
        var adapter = ObjectAdapterConfiguration()
        adapter.messageSizeMax = 10_000
        try await withEchoServer(adapter: adapter) { _, _, echo, _ in
            // The request is a little longer than the reply: its size must fit.
            try await expectEqual(echo.echo(String(repeating: "x", count: 9000)).count, 9000)
        }
    }
}
