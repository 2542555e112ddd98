@testable import Ice
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("What goes wrong on the network is said and mended")
struct FaultTests: FaultSuite {
    // MARK: Reaching the server

    @Test("nobody listens: the error says so at once, and the call works when the server has come")
    func refused() async throws {
        let peer = try await ScriptedServer.start()
        let port = peer.port
        await peer.stop()
        try await withClient(port) { echo in
            let error = await expectFailure(.connectionRefused, port, within: .zero) { try await echo.ping() }
            #expect(error?.message == "nobody listens on 127.0.0.1 port \(port)")
            expectEqual(error?.phase, .connect)
            expectEqual(error?.mayHaveBeenDispatched, false)
            try await expectMended(echo, port)
        }
    }

    @Test("a host name without an address is named, and other proxies of the communicator work")
    func unresolved() async throws {
        var configuration = quick
        configuration.timeouts.connect = .seconds(2)
        try await withEchoServer(client: configuration) { client, _, echo, _ in
            let nowhere = try client.proxy("echo:tcp -h no-such-host.invalid -p 4061")
            do {
                try await nowhere.ping()
                Issue.record("nothing was thrown")
            } catch let error as IceError where error.code == .connectTimeout {
                // The resolver of this machine takes long; the connect time-out ends that too.
                #expect(error.endpoint?.contains("-h no-such-host.invalid -p 4061") == true)
            } catch let error as IceError {
                #expect(error.code == .cannotResolve, "\(error)")
                #expect(error.phase == .resolve)
                #expect(error.message.contains("no-such-host.invalid"))
                #expect(error.endpoint?.contains("-h no-such-host.invalid -p 4061") == true)
                #expect(!error.mayHaveBeenDispatched)
            }
            try await expectEqual(echo.echo("here"), "here")
        }
    }

    @Test("a peer that accepts but never greets costs the handshake time-out and no more")
    func neverGreets() async throws {
        var configuration = quick
        configuration.timeouts.handshake = .seconds(1)
        try await withPeer(greeting: [], client: configuration) { peer, echo in
            let error = await expectFailure(.handshakeTimeout, peer.port, within: .seconds(1)) {
                try await echo.ping()
            }
            expectEqual(error?.phase, .validation)
            expectEqual(error?.mayHaveBeenDispatched, false)
            #expect(peer.requests == 0)
        }
    }

    @Test(
        "a communicator that ends does not wait for a connection that is still being made", arguments: ["tcp", "ssl"])
    func endsWhileConnecting(_ transport: String) async throws {
        let peer = try await ScriptedServer.start(greeting: [])
        let clock = ContinuousClock()
        var start = clock.now
        await withTaskGroup { tasks in
            tasks.addTask {
                try? await withCommunicator(CommunicatorConfiguration()) { client in
                    try await client.proxy("echo:\(transport) -h 127.0.0.1 -p \(peer.port)").ping()
                }
            }
            try? await expectEventually { peer.connections > 0 }
            start = clock.now
            tasks.cancelAll()
        }
        #expect(clock.now - start < .seconds(4), "the time for a handshake is \(Timeouts().handshake)")
        await peer.stop()
    }

    @Test("a peer that answers with HTTP is no Ice server, and the error shows what came")
    func greetsWithHTTP() async throws {
        try await withPeer(greeting: Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8)) {
            peer, echo in
            let error = await expectFailure(.protocolError, peer.port, within: .zero) { try await echo.ping() }
            #expect(error?.message.contains("\"HTTP\"") == true, "\(String(describing: error))")
            expectEqual(error?.phase, .validation)
            expectEqual(error?.mayHaveBeenDispatched, false)
            #expect(peer.requests == 0)
        }
    }

    @Test("a peer whose first message is another than the greeting breaks the protocol")
    func greetsWrongly() async throws {
        try await withPeer(greeting: ScriptedServer.goodbye) { peer, echo in
            let error = await expectFailure(.protocolError, peer.port, within: .zero) { try await echo.ping() }
            expectEqual(error?.phase, .validation)
            expectEqual(error?.mayHaveBeenDispatched, false)
        }
    }

    // MARK: During a call

    @Test("a connection that ends in the middle of a reply is lost, and the error says where")
    func halfAReply() async throws {
        try await withPeer { request in
            request.peer.send(Array(request.replyBytes.prefix(20)))
            request.peer.close()
        } body: { peer, echo in
            let error = await expectFailure(.connectionLost, peer.port, within: .zero) {
                try await echo.invoke("change")
            }
            #expect(error?.message.contains("in the middle of a message") == true)
            expectEqual(error?.mayHaveBeenDispatched, true)
            #expect(peer.requests == 1)
        }
    }

    @Test("a request that is never answered ends with its time, and the connection serves the next")
    func neverAnswers() async throws {
        try await withPeer { request in
            if request.operation != "never" { request.reply() }
        } body: { peer, echo in
            let error = await expectFailure(.invocationTimeout, peer.port, within: .milliseconds(200)) {
                try await echo.invoke("never", mode: .idempotent, options: .init(timeout: .milliseconds(200)))
            }
            expectEqual(error?.mayHaveBeenDispatched, true)
            #expect(peer.requests == 1)
            try await echo.ping()
            #expect(peer.connections == 1)
            #expect(peer.requests == 2)
        }
    }

    @Test("a peer that falls silent during a call is given up after the idle time")
    func fallsSilent() async throws {
        var configuration = quick
        // Not idle close: a busy machine may take longer than this before the call begins.
        configuration.activity = ActivityPolicy(timeout: .milliseconds(200), heartbeat: .off, close: .onInvocation)
        try await withPeer(client: configuration) { peer, echo in
            let error = await expectFailure(.peerSilent, peer.port, within: .milliseconds(400)) {
                try await echo.invoke("change")
            }
            expectEqual(error?.mayHaveBeenDispatched, true)
            #expect(peer.requests == 1)
        }
    }

    @Test("a reset during a call ends every call under way, each with the connection's loss")
    func reset() async throws {
        try await withPeer { request in
            if request.number == 50 { request.peer.reset() }
        } body: { peer, echo in
            let port = peer.port
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let error = await expectFailure(.connectionLost, port, within: .zero) {
                            try await echo.invoke("change")
                        }
                        expectEqual(error?.mayHaveBeenDispatched, true)
                    }
                }
            }
            #expect(peer.connections == 1)
            #expect(peer.requests == 50)
        }
    }

    @Test("garbage after the greeting breaks the protocol")
    func garbage() async throws {
        try await withPeer { request in
            request.peer.send([UInt8](repeating: 0xA5, count: 64))
        } body: { peer, echo in
            let error = await expectFailure(.protocolError, peer.port, within: .zero) {
                try await echo.invoke("change", mode: .idempotent)
            }
            #expect(error?.message.contains("0xa5") == true)
            expectEqual(error?.mayHaveBeenDispatched, true)
            #expect(peer.requests == 1)
        }
    }

    @Test("a reply whose content is broken breaks the protocol")
    func brokenReply() async throws {
        try await withPeer { request in
            var bytes = request.replyBytes
            bytes[18] = 99  // no reply status
            request.peer.send(bytes)
        } body: { peer, echo in
            let error = await expectFailure(.protocolError, peer.port, within: .zero) {
                try await echo.invoke("change")
            }
            expectEqual(error?.mayHaveBeenDispatched, true)
        }
    }

    @Test("a message that claims 2 GB is refused by its header")
    func claimsTooMuch() async throws {
        try await withPeer { request in
            request.peer.send(Self.claim)
        } body: { peer, echo in
            let error = await expectFailure(.messageTooLarge, peer.port, within: .zero) {
                try await echo.invoke("change")
            }
            #expect(error?.message.contains("2147483647") == true)
            expectEqual(error?.mayHaveBeenDispatched, true)
        }
    }

    @Test("where 2 GB are allowed, memory grows with what comes and not with what is claimed")
    func claimsMuch() async throws {
        var configuration = quick
        configuration.messageSizeMax = Int(Int32.max)
        try await withPeer(client: configuration) { request in
            request.peer.send(Self.claim)
            // More pieces, so that the decoder joins them.
            for delay: Int64 in [10, 20, 30] {
                request.peer.channel.eventLoop.scheduleTask(in: .milliseconds(delay)) {
                    request.peer.send([UInt8](repeating: 7, count: 10_000))
                }
            }
        } body: { peer, echo in
            let before = try peakOfAddressSpace()
            await expectFailure(.invocationTimeout, peer.port, within: .milliseconds(200)) {
                try await echo.invoke("change", options: .init(timeout: .milliseconds(200)))
            }
            let after = try peakOfAddressSpace()
            #expect(after - before < 1 << 30)
        }
    }

    /// A reply's header that announces as many bytes as it can.
    private static var claim: [UInt8] {
        Array(ScriptedServer.greeting.prefix(8)) + [2, 0] + [0xFF, 0xFF, 0xFF, 0x7F]
    }

    // MARK: Repeating

    @Test(
        "a call that the peer's orderly close overtakes is repeated by itself, also if it is not idempotent"
    )
    func orderlyClose() async throws {
        var configuration = quick
        configuration.retry = .standard
        try await withPeer(client: configuration) { request in
            guard request.connection == 1 else { return request.reply() }
            request.peer.send(ScriptedServer.goodbye)
        } body: { peer, echo in
            try await echo.invoke("change")
            // More where a busy machine takes so long that the new one is idle, too, before it is used.
            #expect(peer.connections >= 2)
            #expect(peer.requests == 2)
        }
    }

    @Test("without repetition an orderly close is an error that says that nothing was carried out")
    func orderlyCloseOnce() async throws {
        try await withPeer { request in
            request.peer.send(ScriptedServer.goodbye)
        } body: { peer, echo in
            let error = await expectFailure(.connectionClosedByPeer, peer.port, within: .zero) {
                try await echo.invoke("change")
            }
            expectEqual(error?.mayHaveBeenDispatched, false)
            #expect(peer.requests == 1)
        }
    }

    @Test(
        "a call whose connection is lost is repeated only if it is idempotent",
        arguments: [(OperationMode.normal, 1), (.idempotent, 2), (.nonmutating, 2)]
    )
    func lostConnection(mode: OperationMode, requests: Int) async throws {
        var configuration = quick
        configuration.retry = .standard
        try await withPeer(client: configuration) { request in
            request.peer.close()
        } body: { peer, echo in
            let error = await expectFailure(.connectionLost, peer.port, within: .zero) {
                try await echo.invoke("change", mode: mode)
            }
            expectEqual(error?.mayHaveBeenDispatched, true)
            #expect(peer.requests == requests)
            #expect(peer.connections == requests)
        }
    }

    @Test("a call that found the connection closed before anything was sent is repeated whatever it does")
    func closedBetweenCalls() async throws {
        var configuration = quick
        configuration.retry = .standard
        try await withPeer(client: configuration) { request in
            request.reply()
            request.peer.close()
        } body: { peer, echo in
            for _ in 0..<20 {
                try await echo.invoke("change")
                // The peer has closed; the client hears of it in a moment.
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(peer.requests == 20)
        }
    }

    @Test(
        "a call made while the idle connection is being closed takes a new one, also if the peer is slow to let go"
    )
    func idleClose() async throws {
        var configuration = quick
        configuration.retry = .standard
        // Idle only: a busy machine may be silent for longer than this during a call.
        configuration.activity.close = .onIdle
        configuration.activity.timeout = .seconds(1)
        // The peer never closes its side: the goodbye lasts the whole close time-out.
        configuration.timeouts.close = .seconds(5)
        try await withPeer(client: configuration) { request in
            request.reply()
        } body: { peer, echo in
            try await echo.invoke("change")
            try await Task.sleep(for: .milliseconds(1800))
            try await echo.invoke("change")
            // More where a busy machine takes so long that the new one is idle, too, before it is used.
            #expect(peer.connections >= 2)
            #expect(peer.requests == 2)
        }
    }

    // MARK: Servers

    @Test(
        "a server that was stopped and started again is found by the next call", arguments: ["tcp", "ssl", "ws", "wss"])
    func restart(kind: String) async throws {
        let peer = try await ScriptedServer.start()
        let port = peer.port
        await peer.stop()
        try await withClient(port, kind, trusting) { echo in
            for _ in 0..<3 {
                try await expectMended(echo, port, kind, tls: serverTLS)
                await expectFailure(.connectionRefused, port, within: .zero) { try await echo.invoke("change") }
            }
        }
    }
}

/// The most address space that this process has had, in bytes: it shows storage that was reserved but never touched.
private func peakOfAddressSpace() throws -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") })
    return try #require(Int(line.filter(\.isNumber))) * 1024
}
