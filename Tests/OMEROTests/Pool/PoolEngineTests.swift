import Synchronization
import Testing

@testable import OMERO

/// Things that a pool has instead of gateways: they are opened, closed and checked as the test says.
private final class FakeSource: PoolSource {
    final class Thing: Sendable {
        let key: String
        init(_ key: String) { self.key = key }
    }

    struct State {
        var opened = 0
        var open = 0
        var mostOpen = 0
        var openingFails: GatewayError?
        var openingTakes = Duration.zero
    }

    let state = Mutex(State())

    func open(_ key: String) async throws -> Thing {
        let time = state.withLock { $0.openingTakes }
        if time > .zero { try await Task.sleep(for: time) }
        return try state.withLock { state in
            if let error = state.openingFails { throw error }
            state.opened += 1
            state.open += 1
            state.mostOpen = max(state.mostOpen, state.open)
            return Thing(key)
        }
    }
    func isFinal(_ failure: GatewayError) -> Bool { failure.kind == .wrongUserOrPassword }
    func check(_ resource: Thing) async throws {}
    func close(_ resource: Thing) async { state.withLock { $0.open -= 1 } }
    func takeBack(_ resource: Thing) -> PoolCondition { .whole }
    func breakage(of resource: Thing) -> @Sendable () async -> Void { { try? await Task.sleep(for: .seconds(60)) } }
}

@Suite struct PoolEngineTests {
    private func limits(_ change: (inout PoolConfiguration) -> Void = { _ in }) -> PoolConfiguration {
        var limits = PoolConfiguration()
        limits.maximum = 3
        limits.waitLimit = .seconds(20)
        change(&limits)
        return limits
    }

    private func makeEngine(_ source: FakeSource, _ limits: PoolConfiguration) -> PoolEngine<FakeSource> {
        PoolEngine(source, limits, perKey: 2, logger: nil)
    }

    private func failureKind(_ body: () async throws -> Void) async -> GatewayError.Kind? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? GatewayError)?.kind
        }
    }

    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
        #expect(condition())
    }

    @Test(arguments: [true, false])
    func `many tasks of many keys are served within the bounds, run or not`(_ isRun: Bool) async throws {
        let source = FakeSource()
        let engine = makeEngine(source, limits())
        try await withThrowingTaskGroup(of: Void.self) { group in
            let running = isRun ? Task { try await engine.run() } : nil
            for number in 0..<200 {
                group.addTask {
                    let key = "key \(number % 5)"
                    try await engine.withResource(for: key) { thing in
                        #expect(thing.key == key)
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
            #expect(source.state.withLock { $0.mostOpen } <= 3)
            #expect(engine.waitingCount == 0)
            running?.cancel()
            try await running?.value
            if isRun { #expect(source.state.withLock { $0.open } == 0) }
        }
    }

    @Test func `a cancelled run closes everything, and lends nothing any more`() async throws {
        let source = FakeSource()
        let engine = makeEngine(source, limits())
        let running = Task { try await engine.run() }
        try await engine.withResource(for: "a") { _ in
            try await engine.withResource(for: "b") { _ in }
            let waiting = [0, 1].map { _ in
                Task {
                    await failureKind {
                        try await engine.withResource(for: "a") { _ in try await Task.sleep(for: .seconds(30)) }
                    }
                }
            }
            try await until { engine.waitingCount > 0 }
            running.cancel()
            try await running.value
            #expect(source.state.withLock { $0.open } == 0)
            #expect(engine.count == 0)
            for task in waiting { task.cancel() }
            var kinds: [GatewayError.Kind?] = []
            for task in waiting { kinds.append(await task.value) }
            #expect(kinds.contains(.closed))
        }
        let later = await failureKind { try await engine.withResource(for: "a") { _ in } }
        #expect(later == .closed)
        let again = await failureKind { try await engine.run() }
        #expect(again == .invalidRequest)
    }

    @Test func `a cancelled run does not wait for what is being opened`() async throws {
        let source = FakeSource()
        source.state.withLock { $0.openingTakes = .seconds(60) }
        let engine = makeEngine(source, limits())
        let running = Task { try await engine.run() }
        // Begun by run(), not before it.
        try await Task.sleep(for: .milliseconds(50))
        let waiting = Task { await failureKind { try await engine.withResource(for: "a") { _ in } } }
        try await until { engine.count == 1 }
        let started = ContinuousClock.now
        running.cancel()
        try await running.value
        #expect(ContinuousClock.now - started < .seconds(20))
        let kind = await waiting.value
        #expect(kind == .closed)
    }

    @Test func `a shutdown waits for what is lent, within its limit`() async throws {
        let source = FakeSource()
        let engine = makeEngine(source, limits { $0.shutdownLimit = .milliseconds(100) })
        let running = Task { try await engine.run() }
        try await engine.withResource(for: "a") { _ in
            engine.shutdown()
            #expect(source.state.withLock { $0.open } == 1)
            // Ends although this one is still lent.
            try await running.value
            #expect(source.state.withLock { $0.open } == 0)
        }
        #expect(engine.count == 0)
    }

    @Test func `who is cancelled while waiting leaves at once, also before the wait began`() async throws {
        let source = FakeSource()
        let engine = makeEngine(source, limits { $0.maximum = 1 })
        try await engine.withResource(for: "a") { _ in
            let tasks = (0..<20).map { _ in Task { try await engine.withResource(for: "a") { _ in } } }
            for task in tasks.prefix(10) { task.cancel() }
            try await until { engine.waitingCount == 10 }
            for task in tasks { task.cancel() }
            for task in tasks {
                let result = await task.result
                #expect(throws: CancellationError.self) { try result.get() }
            }
            #expect(engine.waitingCount == 0)
        }
        try await engine.withResource(for: "a") { _ in }
        #expect(source.state.withLock { $0.opened } == 1)
    }

    @Test func `a refused log-in is tried once for all who wait`() async throws {
        let source = FakeSource()
        source.state.withLock { state in
            state.openingFails = GatewayError(.wrongUserOrPassword, "no")
            state.openingTakes = .milliseconds(200)
        }
        let engine = makeEngine(source, limits())
        let attempts = (0..<20).map { _ in
            Task { await failureKind { try await engine.withResource(for: "a") { _ in } } }
        }
        for attempt in attempts {
            let kind = await attempt.value
            #expect(kind == .wrongUserOrPassword)
        }
        #expect(engine.count == 0)
        #expect(engine.keyCount == 0)
    }

    @Test func `who waits too long is told so, with or without a run`() async throws {
        let source = FakeSource()
        let engine = makeEngine(
            source,
            limits { limits in
                limits.maximum = 1
                limits.waitLimit = .milliseconds(50)
            })
        try await engine.withResource(for: "a") { _ in
            let kind = await failureKind { try await engine.withResource(for: "a") { _ in } }
            #expect(kind == .timedOut)
        }
    }

    @Test func `an engine that is dropped holds nothing`() async throws {
        let source = FakeSource()
        weak var thing: FakeSource.Thing?
        var engine: PoolEngine<FakeSource>? = makeEngine(source, limits())
        try await engine?.withResource(for: "a") { thing = $0 }
        #expect(thing != nil)
        engine = nil
        for _ in 0..<1000 where thing != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(thing == nil)
    }

    @Test func `an identity is that of its credentials, and shows nothing of them`() throws {
        let one = try #require(PoolIdentity(.password(user: "ami", "secret")))
        #expect(one == PoolIdentity(.password(user: "ami", "secret")))
        #expect(one != PoolIdentity(.password(user: "ami", "other")))
        #expect(one != PoolIdentity(.password(user: "ama", "secret")))
        #expect(one != PoolIdentity(.password(user: "amis", "ecret")))
        #expect(PoolIdentity(.sessionKey("guest")) != PoolIdentity("guest"))
        #expect(PoolIdentity(.provider { .guest }) == nil)
        #expect(!"\(one)".contains("ami") && !String(reflecting: one).contains("secret"))
    }
}
