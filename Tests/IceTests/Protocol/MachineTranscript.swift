import NIOCore

@testable import Ice

/// What a state machine did, in a form that tests compare. Waiters are numbers.
enum Step: Equatable, Sendable {
    case wrote(String)
    case wroteOneway(String, Int)
    case succeeded(Int, ReplyStatus)
    case failed(Int, IceError.Code, mayHaveBeenDispatched: Bool)
    case dispatched(String)
    case opened
    case closesTransport
    case closed(IceError.Code)
}

/// A machine with a clock that tests move by hand.
struct MachineDriver {
    var machine: ConnectionStateMachine<Int>
    var now = Instant(nanoseconds: 1_000_000_000)

    init(
        _ role: ConnectionStateMachine<Int>.Role,
        activity: ActivityPolicy = ActivityPolicy(timeout: nil),
        dispatchLimit: Int = 2,
        backlogLimit: Int = 2000,
        messageSizeMax: Int = 10_000
    ) {
        machine = ConnectionStateMachine(
            .init(
                role: role,
                messageSizeMax: messageSizeMax,
                handshakeTimeout: .seconds(10),
                closeTimeout: .seconds(5),
                activity: activity,
                dispatchLimit: dispatchLimit,
                backlogLimit: backlogLimit
            ),
            now: now
        )
    }

    /// A client whose peer has validated the connection, or a server that has greeted.
    static func open(
        _ role: ConnectionStateMachine<Int>.Role,
        activity: ActivityPolicy = ActivityPolicy(timeout: nil),
        dispatchLimit: Int = 2,
        backlogLimit: Int = 2000
    ) -> MachineDriver {
        var driver = MachineDriver(role, activity: activity, dispatchLimit: dispatchLimit, backlogLimit: backlogLimit)
        _ = driver.start()
        if role == .client { _ = driver.receive(Message.bare(.validateConnection)) }
        return driver
    }

    mutating func start() -> [Step] { steps { $0.start($1, into: &$2) } }
    mutating func receive(_ bytes: ByteBuffer) -> [Step] { steps { $0.received(bytes, now: $1, into: &$2) } }
    mutating func call(_ id: Int32, timeout: Duration? = .seconds(60)) -> [Step] {
        let deadline = timeout.map { now + $0 }
        let message = request(id: id, "call\(id)")
        return steps { $0.call(id: id, Int(id), message: message, deadline: deadline, now: $1, into: &$2) }
    }
    mutating func oneway(_ waiter: Int) -> [Step] {
        let message = request(id: 0, "oneway\(waiter)")
        return steps { $0.call(id: 0, waiter, message: message, deadline: nil, now: $1, into: &$2) }
    }
    mutating func cancel(_ id: Int32) -> [Step] { steps { _ = $0.cancel(id, now: $1, into: &$2) } }
    mutating func finishDispatch(reply: ByteBuffer?) -> [Step] {
        steps { $0.dispatchFinished(reply: reply, now: $1, into: &$2) }
    }
    mutating func close() -> [Step] { steps { $0.close($1, into: &$2) } }
    mutating func transportEnds(_ error: (any Error)? = nil) -> [Step] {
        steps { machine, _, actions in machine.transportEnded(error, into: &actions) }
    }
    mutating func setWritable(_ writable: Bool) -> [Step] {
        steps { $0.writabilityChanged(writable, now: $1, into: &$2) }
    }
    /// Lets time pass and calls the machine at each moment it asked for.
    mutating func pass(_ duration: Duration) -> [Step] {
        let end = now + duration
        var all: [Step] = []
        while let due = machine.nextDeadline, due <= end {
            now = max(now, due)
            all += steps { $0.timePassed($1, into: &$2) }
        }
        now = end
        return all
    }

    private mutating func steps(
        _ body: (inout ConnectionStateMachine<Int>, Instant, inout [ConnectionStateMachine<Int>.Action]) -> Void
    ) -> [Step] {
        var actions: [ConnectionStateMachine<Int>.Action] = []
        body(&machine, now, &actions)
        return actions.map { action in
            switch action {
            case .write(let bytes, nil): .wrote(describe(bytes))
            case .write(let bytes, let waiter?): .wroteOneway(describe(bytes), waiter)
            case .succeed(let waiter, let reply): .succeeded(waiter, reply.status)
            case .fail(let waiter, let error):
                .failed(waiter, error.code, mayHaveBeenDispatched: error.mayHaveBeenDispatched)
            case .dispatch(let request): .dispatched(request.header.operation)
            case .opened: .opened
            case .closeTransport: .closesTransport
            case .closed(let error): .closed(error.code)
            }
        }
    }

    private func describe(_ bytes: ByteBuffer) -> String {
        var frames = FrameDecoder(messageSizeMax: .max)
        frames.append(bytes)
        guard let frame = try? frames.next(), let message = try? Message(frame) else { return "rubbish" }
        return switch message {
        case .request(let request): request.header.operation
        case .batchRequest(let requests): "batch of \(requests.count)"
        case .reply(let reply): "reply \(reply.id)"
        case .validateConnection: "validate"
        case .closeConnection: "goodbye"
        }
    }
}

func request(id: Int32, _ operation: String) -> ByteBuffer {
    let header = RequestHeader(id: id, identity: Identity(name: "object"), operation: operation)
    return (try? Message.encodeRequest(header, parameters: .empty(.v1_1))) ?? ByteBuffer()
}

func reply(to id: Int32, _ status: ReplyStatus = .ok(.empty(.v1_1))) -> ByteBuffer {
    (try? Message.encodeReply(id: id, status)) ?? ByteBuffer()
}
