import OMEROAPI
import Synchronization
import Testing

@testable import OMEROServer

@Suite("Turns of queries", .timeLimit(.minutes(1)))
struct QueryTurnsTests {
    /// Bodies that run until they are let go.
    private final class Doors: Sendable {
        private let entered = AsyncStream.makeStream(of: Int.self)
        private let left = AsyncStream.makeStream(of: Void.self)
        private let most = Mutex((now: 0, most: 0))

        func body(_ number: Int) async {
            most.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            entered.continuation.yield(number)
            for await _ in left.stream { break }
            most.withLock { $0.now -= 1 }
        }

        /// The numbers of the next bodies that began.
        func begun(_ count: Int) async -> [Int] {
            var numbers: [Int] = []
            for await number in entered.stream {
                numbers.append(number)
                if numbers.count == count { break }
            }
            return numbers
        }

        func letGo(_ count: Int) { for _ in 0..<count { left.continuation.yield() } }
        var mostAtOnce: Int { most.withLock(\.most) }
    }

    @Test("a user has so many at once, and others have theirs meanwhile")
    func limit() async throws {
        let turns = QueryTurns()
        let doors = Doors()
        let others = Doors()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<(3 * QueryTurns.perUser) {
                tasks.addTask { try await turns.take(1) { await doors.body(number) } }
            }
            _ = await doors.begun(QueryTurns.perUser)
            tasks.addTask { try await turns.take(2) { await others.body(0) } }
            #expect(await others.begun(1) == [0])
            others.letGo(1)
            for _ in 0..<2 {
                doors.letGo(QueryTurns.perUser)
                #expect(await doors.begun(QueryTurns.perUser).count == QueryTurns.perUser)
            }
            doors.letGo(QueryTurns.perUser)
            try await tasks.waitForAll()
        }
        #expect(doors.mostAtOnce == QueryTurns.perUser)
    }

    @Test("whoever is cancelled while waiting gives the place to the next")
    func cancellation() async throws {
        let turns = QueryTurns()
        let doors = Doors()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<QueryTurns.perUser {
                tasks.addTask { try await turns.take(1) { await doors.body(number) } }
            }
            _ = await doors.begun(QueryTurns.perUser)
            let waiting = Task { try await turns.take(1) { Issue.record("it had no turn") } }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            tasks.addTask { try await turns.take(1) { await doors.body(100) } }
            doors.letGo(1)
            #expect(await doors.begun(1) == [100])
            doors.letGo(QueryTurns.perUser)
            try await tasks.waitForAll()
        }
    }

    @Test("more than can wait are refused, and an error gives the turn back")
    func refusal() async throws {
        struct Failure: Error {}
        let turns = QueryTurns()
        for _ in 0..<(2 * QueryTurns.perUser) {
            await #expect(throws: Failure.self) { try await turns.take(1) { throw Failure() } }
        }
        let doors = Doors()
        let all = QueryTurns.perUser + QueryTurns.queue
        let refused = await withTaskGroup(of: Bool.self) { tasks in
            for number in 0..<(all + 5) {
                tasks.addTask {
                    do {
                        try await turns.take(1) { await doors.body(number) }
                    } catch is OverUsageException {
                        return true
                    } catch {
                        Issue.record(error)
                    }
                    return false
                }
            }
            var refused = 0
            for await isRefused in tasks where isRefused {
                refused += 1
                // Those that are not refused wait for this.
                if refused == 5 { doors.letGo(all) }
            }
            return refused
        }
        #expect(refused == 5)
    }
}
