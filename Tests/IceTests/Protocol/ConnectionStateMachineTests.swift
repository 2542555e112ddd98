import NIOCore
import Testing

@testable import Ice

@Suite("The connection's state machine")
struct ConnectionStateMachineTests {
    let ok = ReplyStatus.ok(.empty(.v1_1))

    // MARK: Opening

    @Test("a server greets at once; a client waits for the greeting")
    func opening() {
        var server = MachineDriver(.server)
        #expect(server.start() == [.wrote("validate"), .opened])
        var client = MachineDriver(.client)
        #expect(client.start() == [])
        #expect(client.receive(Message.bare(.validateConnection)) == [.opened])
    }

    @Test("calls made before the greeting are held and leave with it, in their order")
    func heldCalls() {
        var client = MachineDriver(.client)
        _ = client.start()
        #expect(client.call(1) == [])
        #expect(client.oneway(70) == [])
        #expect(client.call(2) == [])
        #expect(
            client.receive(Message.bare(.validateConnection))
                == [.opened, .wrote("call1"), .wroteOneway("oneway70", 70), .wrote("call2")])
    }

    @Test("a held call that is cancelled is never sent")
    func cancelHeld() {
        var client = MachineDriver(.client)
        _ = client.start()
        _ = client.call(1)
        #expect(client.cancel(1) == [])
        #expect(client.receive(Message.bare(.validateConnection)) == [.opened])
    }

    @Test("held oneway calls, which share an id, are not lost by a cancellation with that id")
    func cancelOneway() {
        var client = MachineDriver(.client)
        _ = client.start()
        _ = client.oneway(70)
        #expect(client.cancel(0) == [])
        #expect(client.receive(Message.bare(.validateConnection)) == [.opened, .wroteOneway("oneway70", 70)])
    }

    @Test("a greeting that never comes ends the connection; held calls were surely not carried out")
    func handshakeTimeout() {
        var client = MachineDriver(.client)
        _ = client.start()
        _ = client.call(1)
        #expect(client.pass(.milliseconds(9999)) == [])
        #expect(
            client.pass(.milliseconds(1))
                == [
                    .failed(1, .handshakeTimeout, mayHaveBeenDispatched: false), .closesTransport,
                    .closed(.handshakeTimeout),
                ])
        #expect(client.machine.isClosed)
        #expect(client.machine.nextDeadline == nil)
    }

    @Test("whatever else a peer says first is a violation")
    func wrongGreeting() {
        for wrong in [Message.bare(.closeConnection), request(id: 1, "early"), reply(to: 1)] {
            var client = MachineDriver(.client)
            _ = client.start()
            #expect(client.receive(wrong) == [.closesTransport, .closed(.protocolError)])
        }
        var client = MachineDriver(.client)
        _ = client.start()
        #expect(
            client.receive(ByteBuffer(string: "HTTP/1.1 400 Bad Request")) == [
                .closesTransport, .closed(.protocolError),
            ])
    }

    @Test("a connection that ends before the greeting says so")
    func endsWhileValidating() {
        var client = MachineDriver(.client)
        _ = client.start()
        _ = client.call(1)
        #expect(
            client.transportEnds()
                == [
                    .failed(1, .connectionLost, mayHaveBeenDispatched: false), .closesTransport,
                    .closed(.connectionLost),
                ])
    }

    // MARK: Calls

    @Test("replies reach their calls in whatever order they come")
    func replies() {
        var client = MachineDriver.open(.client)
        #expect(client.call(1) == [.wrote("call1")])
        #expect(client.call(2) == [.wrote("call2")])
        #expect(client.receive(reply(to: 2)) == [.succeeded(2, ok)])
        #expect(client.receive(reply(to: 1, .unknownException("x"))) == [.succeeded(1, .unknownException("x"))])
        #expect(client.machine.callsUnderWay == 0)
    }

    @Test("a reply that arrives after its call was cancelled is dropped and the connection stays open")
    func lateReply() {
        var client = MachineDriver.open(.client)
        _ = client.call(1)
        _ = client.cancel(1)
        #expect(client.receive(reply(to: 1)) == [])
        #expect(client.call(2) == [.wrote("call2")])
    }

    @Test("each call ends at its own time and only it")
    func deadlines() {
        var client = MachineDriver.open(.client)
        _ = client.call(1, timeout: .seconds(3))
        _ = client.call(2, timeout: .seconds(1))
        _ = client.call(3, timeout: nil)
        #expect(client.pass(.seconds(1)) == [.failed(2, .invocationTimeout, mayHaveBeenDispatched: true)])
        #expect(client.pass(.seconds(1)) == [])
        #expect(client.pass(.seconds(1)) == [.failed(1, .invocationTimeout, mayHaveBeenDispatched: true)])
        #expect(client.pass(.seconds(100_000)) == [])
        #expect(client.machine.callsUnderWay == 1)
    }

    @Test("a call whose id is still in use is refused and the first one lives")
    func idInUse() {
        var client = MachineDriver.open(.client)
        _ = client.call(1)
        #expect(client.call(1) == [.failed(1, .limitReached, mayHaveBeenDispatched: false)])
        #expect(client.receive(reply(to: 1)) == [.succeeded(1, ok)])
    }

    @Test("a lost connection fails what was sent as perhaps carried out")
    func lost() {
        var client = MachineDriver.open(.client)
        _ = client.call(1)
        #expect(
            client.transportEnds()
                == [
                    .failed(1, .connectionLost, mayHaveBeenDispatched: true), .closesTransport,
                    .closed(.connectionLost),
                ])
        #expect(client.transportEnds() == [])
        #expect(client.call(2) == [.failed(2, .connectionClosed, mayHaveBeenDispatched: false)])
    }

    @Test("a peer that closes in an orderly way has not carried out what it did not answer")
    func peerCloses() {
        var client = MachineDriver.open(.client)
        _ = client.call(1)
        #expect(
            client.receive(Message.bare(.closeConnection))
                == [
                    .failed(1, .connectionClosedByPeer, mayHaveBeenDispatched: false), .closesTransport,
                    .closed(.connectionClosedByPeer),
                ])
    }

    // MARK: Framing

    @Test("messages that come byte by byte, or several at a time, are the same messages")
    func drip() {
        var stream = Message.bare(.validateConnection)
        var first = reply(to: 1)
        var second = reply(to: 2)
        stream.writeBuffer(&first)
        stream.writeBuffer(&second)
        let expected: [Step] = [.opened, .wrote("call1"), .wrote("call2"), .succeeded(1, ok), .succeeded(2, ok)]

        var whole = MachineDriver(.client)
        _ = whole.start()
        _ = whole.call(1)
        _ = whole.call(2)
        #expect(whole.receive(stream) == expected)

        var dripped = MachineDriver(.client)
        _ = dripped.start()
        _ = dripped.call(1)
        _ = dripped.call(2)
        var steps: [Step] = []
        for byte in stream.readableBytesView { steps += dripped.receive(ByteBuffer(bytes: [byte])) }
        #expect(steps == expected)
    }

    @Test("a message larger than the limit ends the connection before it is read")
    func tooLarge() {
        var server = MachineDriver.open(.server)
        var header = Message.bare(.request)
        header.setInteger(10_001 as Int32, at: 10, endianness: .little)
        #expect(server.receive(header) == [.closesTransport, .closed(.messageTooLarge)])
    }

    @Test(
        "each header that is not Ice's ends the connection as a violation",
        arguments: [
            (0, 0x49 &+ 1), (4, 2), (6, 2), (8, 5), (8, 255), (9, 3), (10, 13), (13, 0x80),
        ] as [(Int, UInt8)])
    func badHeaders(index: Int, value: UInt8) {
        var server = MachineDriver.open(.server)
        var header = Message.bare(.validateConnection)
        header.setInteger(value, at: index)
        #expect(server.receive(header) == [.closesTransport, .closed(.protocolError)])
    }

    @Test("a body that does not fit its message type ends the connection as a violation")
    func badBodies() {
        var long = Message.bare(.validateConnection)
        long.writeInteger(0 as UInt8)
        long.setInteger(15 as Int32, at: 10, endianness: .little)
        var server = MachineDriver.open(.server)
        #expect(server.receive(long) == [.closesTransport, .closed(.protocolError)])

        var short = request(id: 1, "x")
        short.moveWriterIndex(to: short.writerIndex - 1)
        short.setInteger(Int32(short.readableBytes), at: 10, endianness: .little)
        server = MachineDriver.open(.server)
        #expect(server.receive(short) == [.closesTransport, .closed(.protocolError)])
    }

    @Test("a connection that breaks within a message says so")
    func halfMessage() {
        var client = MachineDriver.open(.client)
        var half = reply(to: 1)
        half.moveWriterIndex(to: half.writerIndex - 3)
        _ = client.call(1)
        #expect(client.receive(half) == [])
        #expect(
            client.transportEnds()
                == [
                    .failed(1, .connectionLost, mayHaveBeenDispatched: true), .closesTransport,
                    .closed(.connectionLost),
                ])
    }

    // MARK: Dispatch

    @Test("requests over the limit wait their turn")
    func dispatchLimit() {
        var server = MachineDriver.open(.server)
        #expect(server.receive(request(id: 1, "a")) == [.dispatched("a")])
        #expect(server.receive(request(id: 2, "b")) == [.dispatched("b")])
        #expect(server.receive(request(id: 3, "c")) == [])
        #expect(server.finishDispatch(reply: reply(to: 1)) == [.wrote("reply 1"), .dispatched("c")])
        #expect(server.finishDispatch(reply: nil) == [])
        #expect(server.finishDispatch(reply: reply(to: 3)) == [.wrote("reply 3")])
        #expect(server.machine.dispatchesInFlight == 0)
    }

    @Test("a backlog over its limit stops the reading until dispatches end; nothing is lost")
    func backlog() {
        var server = MachineDriver.open(.server)
        var steps: [Step] = []
        for id: Int32 in 1...20 { steps += server.receive(request(id: id, "r\(id)")) }
        #expect(steps == [.dispatched("r1"), .dispatched("r2")])
        #expect(!server.machine.wantsInput)
        for id: Int32 in 1...20 { steps += server.finishDispatch(reply: reply(to: id)) }
        #expect(server.machine.wantsInput)
        #expect(
            steps.filter { if case .dispatched = $0 { true } else { false } } == (1...20).map { .dispatched("r\($0)") })
    }

    @Test("replies get through while requests wait")
    func repliesPassRequests() {
        var server = MachineDriver.open(.server, dispatchLimit: 1)
        _ = server.receive(request(id: 1, "a"))
        _ = server.receive(request(id: 2, "b"))
        _ = server.call(9)
        #expect(server.receive(reply(to: 9)) == [.succeeded(9, ok)])
    }

    @Test("a peer that does not take its replies is not read any further")
    func slowReader() {
        var server = MachineDriver.open(.server)
        _ = server.setWritable(false)
        #expect(server.machine.wantsInput)
        #expect(server.receive(request(id: 1, "a")) == [.dispatched("a")])
        #expect(!server.machine.wantsInput)
        #expect(server.receive(request(id: 2, "b")) == [])
        #expect(server.setWritable(true) == [.dispatched("b")])
    }

    @Test("a batch is so many requests")
    func batch() throws {
        var server = MachineDriver.open(.server, dispatchLimit: 3)
        var message = ByteBuffer()
        MessageHeader.write(.batchRequest, to: &message)
        message.writeInteger(2 as Int32, endianness: .little)
        for name in ["a", "b"] {
            var one = request(id: 0, name)
            one.moveReaderIndex(forwardBy: MessageHeader.size + 4)
            message.writeBuffer(&one)
        }
        try MessageHeader.patchSize(of: &message, from: 0)
        #expect(server.receive(message) == [.dispatched("a"), .dispatched("b")])
    }

    // MARK: Closing

    @Test("a close waits for calls and dispatches, then says goodbye and leaves the rest to the peer")
    func gracefulClose() {
        var server = MachineDriver.open(.server)
        _ = server.receive(request(id: 1, "a"))
        _ = server.call(9)
        #expect(server.close() == [])
        #expect(server.call(10) == [.failed(10, .connectionClosed, mayHaveBeenDispatched: false)])
        #expect(server.receive(reply(to: 9)) == [.succeeded(9, ok)])
        #expect(server.receive(request(id: 2, "late")) == [])
        #expect(server.finishDispatch(reply: reply(to: 1)) == [.wrote("reply 1"), .wrote("goodbye")])
        #expect(server.receive(request(id: 3, "later")) == [])
        #expect(server.close() == [])
        #expect(server.transportEnds() == [.closesTransport, .closed(.connectionClosed)])
    }

    @Test("a peer that ignores the goodbye is left after the close time-out")
    func closeTimeout() {
        var client = MachineDriver.open(.client)
        #expect(client.close() == [.wrote("goodbye")])
        #expect(client.pass(.seconds(5)) == [.closesTransport, .closed(.connectionClosed)])
    }

    @Test("calls that never end don't hold up a close for ever")
    func drainTimeout() {
        var client = MachineDriver.open(.client)
        _ = client.call(1, timeout: nil)
        _ = client.close()
        #expect(
            client.pass(.seconds(5))
                == [
                    .failed(1, .connectionClosed, mayHaveBeenDispatched: true), .closesTransport,
                    .closed(.connectionClosed),
                ])
    }

    @Test("an answer that comes after the connection's end is dropped")
    func dispatchAfterEnd() {
        var server = MachineDriver.open(.server)
        _ = server.receive(request(id: 1, "a"))
        _ = server.transportEnds()
        #expect(server.finishDispatch(reply: reply(to: 1)) == [])
    }

    // MARK: Heartbeats and silence

    func policy(_ heartbeat: ActivityPolicy.Heartbeat, _ close: ActivityPolicy.Close) -> ActivityPolicy {
        ActivityPolicy(timeout: .seconds(10), heartbeat: heartbeat, close: close)
    }

    @Test("heartbeats: off, while dispatching, while idle, always")
    func heartbeats() {
        var off = MachineDriver.open(.server, activity: policy(.off, .off))
        #expect(off.pass(.seconds(60)) == [])

        var dispatching = MachineDriver.open(.server, activity: policy(.onDispatch, .off))
        #expect(dispatching.pass(.seconds(10)) == [])
        _ = dispatching.receive(request(id: 1, "a"))
        #expect(dispatching.pass(.seconds(10)) == [.wrote("validate"), .wrote("validate")])
        _ = dispatching.finishDispatch(reply: nil)
        #expect(dispatching.pass(.seconds(10)) == [])

        var idle = MachineDriver.open(.client, activity: policy(.onIdle, .off))
        #expect(idle.pass(.seconds(10)) == [.wrote("validate"), .wrote("validate")])
        _ = idle.call(1, timeout: nil)
        #expect(idle.pass(.seconds(10)) == [])

        var always = MachineDriver.open(.client, activity: policy(.always, .off))
        _ = always.call(1, timeout: nil)
        #expect(always.pass(.seconds(10)) == [.wrote("validate"), .wrote("validate")])
    }

    @Test("an idle connection is closed in an orderly way, one with a call under way is not")
    func idleClose() {
        var idle = MachineDriver.open(.client, activity: policy(.off, .onIdle))
        #expect(idle.pass(.seconds(10)) == [.wrote("goodbye")])

        var busy = MachineDriver.open(.client, activity: policy(.off, .onIdle))
        _ = busy.call(1, timeout: nil)
        #expect(busy.pass(.seconds(100)) == [])
    }

    @Test("a peer that is silent during a call is taken for dead; its heartbeats keep it alive")
    func silence() {
        var client = MachineDriver.open(.client, activity: policy(.off, .onInvocationAndIdle))
        _ = client.call(1, timeout: nil)
        for _ in 0..<5 {
            #expect(client.pass(.seconds(6)) == [])
            #expect(client.receive(Message.bare(.validateConnection)) == [])
        }
        #expect(
            client.pass(.seconds(20))
                == [.failed(1, .peerSilent, mayHaveBeenDispatched: true), .closesTransport, .closed(.peerSilent)])
    }
}
