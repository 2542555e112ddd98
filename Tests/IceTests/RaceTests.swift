@testable import Ice
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Two faults that once depended on who was faster, each here in the order that showed it.
@Suite("Who is faster does not matter")
struct RaceTests {
    @Test("a greeting that arrives before the client's handlers are in place is read by them")
    func greetingBeforeHandlers() async throws {
        let peer = try await ScriptedServer.start(onRequest: { $0.reply() })
        var configuration = CommunicatorConfiguration()
        configuration.timeouts.handshake = .seconds(5)
        configuration.retry = .never
        try await withCommunicator(configuration) { client in
            let text = "echo:tcp -h 127.0.0.1 -p \(peer.port)"
            let endpoint = try #require(client.proxy(text).reference.endpoints.first)
            let connector = Connector(communicator: client, endpoint: endpoint)
            let loop = client.eventLoopGroup.next()
            let channel = try await connector.bootstrap(on: loop).connect(host: "127.0.0.1", port: peer.port).get()
            // On loopback what was written has arrived; then the loop looks at its sockets twice.
            try await expectEventually { peer.greeted == 1 }
            for _ in 0..<2 { try await loop.submit {}.get() }
            let connection = try await loop.flatSubmit { connector.shakeHands(on: channel) }.get()
            try await connection.createProxy(Identity(name: "echo")).invoke("change")
            #expect(peer.requests == 1)
        }
        await peer.stop()
    }

    @Test("a conversation on one thread begins there, connects there, and gets its answers there")
    func conversationOnOneThread() async throws {
        try await withEchoServer { client, _, echo, _ in
            for number in 0..<4 {
                let proxy = echo.withConnectionID("\(number)")
                try await client.onOneThread {
                    let loop = try #require(MultiThreadedEventLoopGroup.currentEventLoop)
                    let connection = try await proxy.connection()
                    #expect(connection.eventLoop === loop)
                    try await expectEqual(proxy.echo("here"), "here")
                    #expect(MultiThreadedEventLoopGroup.currentEventLoop === loop)
                }
            }
        }
    }

    @Test("a task that was cancelled before it calls ends with that, and the connection goes on")
    func cancelledBeforeCall() async throws {
        try await withEchoServer { _, _, echo, _ in
            let connection = try await echo.connection()
            let fixed = connection.createProxy(Identity(name: "echo"))
            for _ in 0..<100 {
                let task = Task {
                    // From here on the cancellation is submitted before the call, by the same task.
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await fixed.echo("too late")
                }
                await #expect(throws: CancellationError.self) { _ = try await task.value }
            }
            try await expectEqual(fixed.echo("still there"), "still there")
            #expect(connection.isOpen)
        }
    }

    // MARK: The order of a call's events, as the connection's loop sees them

    @Test("a cancellation that overtakes its call ends it when it comes")
    func cancellationFirst() async {
        await #expect(throws: CancellationError.self) {
            try await ending { call in
                call.cancel()
                return call.submit()
            } expecting: { wasSubmitted in
                #expect(!wasSubmitted, "it must not be sent")
            }
        }
    }

    @Test("a cancellation after the call was submitted ends it at once, and a late reply is dropped")
    func cancellationAfterSubmission() async {
        await #expect(throws: CancellationError.self) {
            try await ending { call in
                let wasSubmitted = call.submit()
                call.cancel()
                call.end(.success(nil))
                return wasSubmitted
            } expecting: {
                #expect($0)
            }
        }
    }

    @Test("a cancellation after the reply changes nothing")
    func cancellationAfterEnd() async throws {
        try await ending { call in
            let wasSubmitted = call.submit()
            call.end(.success(nil))
            call.cancel()
            call.cancel()
            return wasSubmitted
        } expecting: {
            #expect($0)
        }
    }

    @Test("a failure before the call was submitted does not end it: nobody knows of it yet")
    func endBeforeSubmission() async throws {
        try await ending { call in
            call.end(.failure(IceError(.connectionLost, "of another call")))
            let wasSubmitted = call.submit()
            call.end(.success(nil))
            return wasSubmitted
        } expecting: {
            #expect($0)
        }
    }

    /// Waits for a call to which `events` happen. A continuation that is resumed twice or never stops the test.
    private func ending(
        _ events: (PendingCall) -> Bool,
        expecting: (Bool) -> Void
    ) async throws {
        let call = PendingCall(id: 1, message: ByteBuffer(), timeout: nil)
        var wasSubmitted = false
        _ = try await withUnsafeThrowingContinuation { continuation in
            call.continuation = continuation
            wasSubmitted = events(call)
        }
        expecting(wasSubmitted)
    }
}
