import IceEncoding
import NIOCore

/// Drives a connection's state machine with arbitrary input and checks what must hold whatever comes.
///
/// For the fuzzer (`Fuzz/FuzzConnection`) and the tests that replay its corpus. The input is a program: bytes that pick
/// events, among them bytes from the peer.
package enum HostileConnection {
    /// - Returns: what broke, or nil.
    package static func run(_ input: [UInt8]) -> String? {
        var input = input[...]
        func byte() -> UInt8 { input.popFirst() ?? 0 }
        let configuration = ConnectionStateMachine<Int32>.Configuration(
            role: byte() & 1 == 0 ? .client : .server,
            messageSizeMax: 1 << 16,
            handshakeTimeout: .seconds(10),
            closeTimeout: .seconds(5),
            activity: ActivityPolicy(timeout: .seconds(20), heartbeat: .always, close: .onInvocationAndIdle),
            dispatchLimit: 2,
            backlogLimit: 4096
        )
        var now = Instant(nanoseconds: 0)
        var machine = ConnectionStateMachine<Int32>(configuration, now: now)
        var actions: [ConnectionStateMachine<Int32>.Action] = []
        var waiting: Set<Int32> = []
        var dispatching = 0
        var closed = 0
        var next: Int32 = 0

        func settle() -> String? {
            for action in actions {
                switch action {
                case .write(_, let waiter?), .succeed(let waiter, _), .fail(let waiter, _):
                    guard waiting.remove(waiter) != nil else { return "waiter \(waiter) ended twice" }
                case .write(_, nil), .opened: break
                case .dispatch: dispatching += 1
                case .closeTransport: break
                case .closed: closed += 1
                }
            }
            actions.removeAll(keepingCapacity: true)
            if closed > 1 { return "closed twice" }
            if closed == 1, !waiting.isEmpty { return "\(waiting.count) calls were left behind by the end" }
            if machine.dispatchesInFlight > configuration.dispatchLimit { return "over the dispatch limit" }
            return nil
        }

        machine.start(now, into: &actions)
        if let broken = settle() { return broken }
        while !input.isEmpty {
            switch byte() % 12 {
            case 0, 1, 2, 3:
                let length = min(Int(byte()) + 1, input.count)
                machine.received(ByteBuffer(bytes: input.prefix(length)), now: now, into: &actions)
                input = input.dropFirst(length)
            case 4:
                machine.received(Message.bare(.validateConnection), now: now, into: &actions)
            case 5:
                next += 1
                waiting.insert(next)
                let isOneway = byte() & 3 == 0
                machine.call(
                    id: isOneway ? 0 : next,
                    next,
                    message: Message.bare(.request),
                    deadline: now + .seconds(Int(byte())),
                    now: now,
                    into: &actions
                )
            case 6:
                if let waiter = machine.cancel(Int32(byte()), now: now, into: &actions) {
                    guard waiting.remove(waiter) != nil else { return "cancelled call \(waiter) had ended" }
                }
            case 7:
                guard dispatching > 0 else { continue }
                dispatching -= 1
                machine.dispatchFinished(
                    reply: byte() & 1 == 0 ? nil : Message.bare(.reply), now: now, into: &actions)
            case 8:
                if let reply = try? Message.encodeReply(id: Int32(byte()), .ok(.empty(.v1_1))) {
                    machine.received(reply, now: now, into: &actions)
                }
            case 9:
                now = now + .seconds(Int(byte()))
                if let due = machine.nextDeadline, due <= now { machine.timePassed(now, into: &actions) }
            case 10:
                machine.writabilityChanged(byte() & 1 == 0, now: now, into: &actions)
            default:
                switch byte() % 8 {
                case 0: machine.close(now, into: &actions)
                case 1: machine.transportEnded(nil, into: &actions)
                default: break
                }
            }
            if let broken = settle() { return broken }
        }
        machine.transportEnded(nil, into: &actions)
        if let broken = settle() { return broken }
        if closed != 1 { return "the end of the transport did not close the connection" }
        return nil
    }

    /// Decodes one message, compressed or not, and all that it wraps.
    package static func message(_ input: [UInt8]) {
        var frames = FrameDecoder(messageSizeMax: 1 << 16)
        frames.append(ByteBuffer(bytes: input))
        while let frame = try? frames.next() {
            _ = MessageDump(frame).description.utf8.count
        }
    }
}
