import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Ice

@Suite("Where and when servants' work is carried out")
struct ServantTasksTests {
    @Test("a job waits for the run, another one begins at once, and after the end there is none")
    func beginningAndEnd() async {
        let tasks = ServantTasks()
        let done = Mutex<[String]>([])
        let isTaken = tasks.start(on: nil) { done.withLock { $0.append("early") } }
        #expect(isTaken)
        await Task.yield()
        let isTooEarly = done.withLock { !$0.isEmpty }
        #expect(!isTooEarly)
        await withDiscardingTaskGroup { group in
            group.addTask { await tasks.run() }
            let (ended, end) = AsyncStream.makeStream(of: Void.self)
            _ = tasks.start(on: nil) { end.finish() }
            for await _ in ended {}
            tasks.finish()
        }
        let jobs = done.withLock { $0 }
        #expect(jobs == ["early"])
        let isLateTaken = tasks.start(on: nil) {}
        #expect(!isLateTaken)
    }

    @Test("the run ends after the last job, and cancels those that would go on for ever", .timeLimit(.minutes(1)))
    func lastJob() async {
        let tasks = ServantTasks()
        let cancelled = Atomic<Bool>(false)
        let run = Task { await tasks.run() }
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        _ = tasks.start(on: nil) {
            begin.finish()
            try? await Task.sleep(for: .seconds(3600))
            cancelled.store(Task.isCancelled, ordering: .relaxed)
        }
        for await _ in begun {}
        run.cancel()
        await run.value
        let isCancelled = cancelled.load(ordering: .relaxed)
        #expect(isCancelled)
    }

    @Test("a brief task runs on the connection's event loop, an ordinary one where the adapter says")
    func places() async throws {
        try await withCommunicator { communicator in
            let queue = CountingExecutor()
            var configuration = ObjectAdapterConfiguration()
            configuration.executor = queue
            let adapter = try communicator.createObjectAdapter(
                "door", endpoints: "tcp -h 127.0.0.1 -p 0", configuration: configuration)
            try adapter.add(PlaceServant(), identity: Identity(name: "place"))
            try await adapter.activate()
            let client = try communicator.proxy(
                "place:" + adapter.publishedEndpoints.map(\.description).joined(separator: ":"))
            func ask(_ operation: String) async throws -> Bool {
                try await client.invoke(operation) { try $0.readBool() }
            }
            try await expectEqual(ask("brief"), true)
            #expect(queue.count == 0)
            try await expectEqual(ask("ordinary"), false)
            #expect(queue.count > 0)
        }
    }
}

/// Answers whether it runs on an event loop.
private struct PlaceServant: Servant {
    var typeIDs: [String] { ["::test::Place"] }

    func begin(_ request: IncomingRequest) throws -> Handling {
        request.current.operation == "brief"
            ? .briefTask { try await dispatch(request) } : .task { try await dispatch(request) }
    }

    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        let isOnLoop = MultiThreadedEventLoopGroup.currentEventLoop != nil
        return try request.respond { $0.write(isOnLoop) }
    }
}

/// Runs jobs on a thread of its own, and counts them.
private final class CountingExecutor: TaskExecutor {
    private let jobs = Atomic<Int>(0)
    var count: Int { jobs.load(ordering: .relaxed) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.add(1, ordering: .relaxed)
        NIOThreadPool.singleton.submit { _ in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
