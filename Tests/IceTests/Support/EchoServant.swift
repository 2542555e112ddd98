import Ice
import Synchronization

/// Answers `echo`, `sleep`, `count`, … without a task of its own where it can.
struct EchoServant: InlineServant {
    var typeIDs: [String] { ["::test::Echo"] }

    func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse {
        switch request.current.operation {
        case "echo":
            let text = try request.read { try $0.readString() }
            return try request.respond { $0.write(text) }
        case "echoBytes":
            let bytes = try request.read { try $0.readBytes() }
            return try request.respond { $0.write(bytes: bytes) }
        case "contextValue":
            let key = try request.read { try $0.readString() }
            return try request.respond { $0.write(request.current.context[key] ?? "") }
        default:
            throw request.operationNotExist()
        }
    }
}

/// Answers in tasks: waits, counts, calls back.
final class SlowServant: Servant {
    let counter = Mutex(0)
    let log = Mutex<[Int32]>([])
    let running = Mutex((now: 0, most: 0))
    let isOrdered: Bool

    init(ordered: Bool = false) { isOrdered = ordered }

    var typeIDs: [String] { ["::test::Slow"] }

    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        switch request.current.operation {
        case "sleep":
            let milliseconds = try request.read { try $0.readInteger(Int32.self) }
            running.withLock { running in
                running.now += 1
                running.most = max(running.most, running.now)
            }
            defer { running.withLock { $0.now -= 1 } }
            try await Task.sleep(for: .milliseconds(milliseconds))
            log.withLock { $0.append(milliseconds) }
            return try request.respond()
        case "count":
            let number = try request.read { try $0.readInteger(Int32.self) }
            counter.withLock { $0 += Int(number) }
            return try request.respond()
        case "counted":
            try request.readNothing()
            let value = counter.withLock { $0 }
            return try request.respond { $0.write(Int32(value)) }
        case "callMe":
            let identity = try request.read { try Identity(from: &$0) }
            let proxy = request.current.connection.createProxy(identity)
            let text = try await proxy.invoke("echo", write: { $0.write("called back") }, read: { try $0.readString() })
            return try request.respond { $0.write(text) }
        case "crash":
            struct Crash: Error {}
            throw Crash()
        default:
            throw request.operationNotExist()
        }
    }
}

/// Runs `body` with a server at a free port of loopback and a client.
func withEchoServer(
    _ endpoints: String = "tcp -h 127.0.0.1 -p 0",
    server: CommunicatorConfiguration = .init(),
    client: CommunicatorConfiguration = .init(),
    adapter: ObjectAdapterConfiguration = .init(),
    slow: SlowServant = SlowServant(),
    _ body: @Sendable (Communicator, ObjectAdapter, _ echo: Proxy, _ slow: Proxy) async throws -> Void
) async throws {
    try await withCommunicator(server) { serverSide in
        let objects = try serverSide.createObjectAdapter("test", endpoints: endpoints, configuration: adapter)
        try objects.add(EchoServant(), identity: Identity(name: "echo"))
        try objects.add(slow, identity: Identity(name: "slow"))
        try await objects.activate()
        try await withCommunicator(client) { clientSide in
            let echo = clientSide.proxy(objects.createProxy(Identity(name: "echo")).reference)
            let slow = clientSide.proxy(objects.createProxy(Identity(name: "slow")).reference)
            try await body(clientSide, objects, echo, slow)
        }
    }
}

extension Proxy {
    func echo(_ text: String, options: CallOptions = .init()) async throws -> String {
        try await invoke("echo", options: options, write: { $0.write(text) }, read: { try $0.readString() })
    }

    func sleep(_ milliseconds: Int32, options: CallOptions = .init()) async throws {
        try await invoke("sleep", options: options, write: { $0.write(milliseconds) })
    }
}
