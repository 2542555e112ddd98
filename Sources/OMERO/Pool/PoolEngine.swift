import Logging
import Synchronization

/// What a pool needs to know of what it pools.
protocol PoolSource: Sendable {
    associatedtype Key: Hashable & Sendable
    associatedtype Resource: Sendable

    func open(_ key: Key) async throws -> Resource
    /// Whether another attempt to open would fail as well.
    func isFinal(_ failure: GatewayError) -> Bool
    /// Throws if it does not work; takes a limited time.
    func check(_ resource: Resource) async throws
    /// Takes a limited time, and ends in time although its task is cancelled.
    func close(_ resource: Resource) async
    /// Makes it ready for somebody else, and says whether it is.
    func takeBack(_ resource: Resource) -> PoolCondition
    /// What returns when the resource will never work again, or is closed. Does not hold the resource.
    func breakage(of resource: Resource) -> @Sendable () async -> Void
}

/// Carries out what ``PoolState`` decides: in the task tree of ``run()`` while that runs, else in tasks of its own.
final class PoolEngine<Source: PoolSource>: Sendable {
    typealias Lease = PoolLease<Source.Resource>
    typealias State = PoolState<Source.Key, Source.Resource, CheckedContinuation<Lease, any Error>>

    /// Something that takes time.
    private enum Job: Sendable {
        case work(@Sendable () async -> Void)
        case interrupt
    }

    /// What the lock guards.
    private struct Guarded {
        var pool: State
        var jobs: AsyncStream<Job>.Continuation?
        var whenFinished: [CheckedContinuation<Void, Never>] = []
    }

    private let source: Source
    private let guarded: Mutex<Guarded>
    private let meters: PoolMeters
    private let logger: Logger?
    private let lastWaiter = Atomic<Int>(0)

    init(_ source: Source, _ limits: PoolConfiguration, perKey: Int, logger: Logger?) {
        self.source = source
        self.logger = logger
        meters = PoolMeters(pool: limits.name)
        guarded = Mutex(Guarded(pool: State(limits, perKey: perKey)))
    }

    /// How many resources there are, those that are being opened or closed among them.
    var count: Int { guarded.withLock { $0.pool.members.count } }
    var waitingCount: Int { guarded.withLock { $0.pool.waiting.count } }
    var keyCount: Int { guarded.withLock { $0.pool.groups.count } }

    // MARK: Lending

    func withResource<Result>(
        for key: Source.Key,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Source.Resource) async throws -> Result
    ) async throws -> Result {
        let lease = try await lease(for: key)
        defer {
            let condition = source.takeBack(lease.resource)
            change { $0.release(lease.id, condition, now: $1) }
        }
        return try await body(lease.resource)
    }

    private func lease(for key: Source.Key) async throws -> Lease {
        let id = lastWaiter.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                change { $0.lease(key, id: id, waiter: waiter, now: $1) }
                // The handler below may have come before there was anything to cancel.
                if Task.isCancelled { change { $0.cancel(id, now: $1) } }
            }
        } onCancel: {
            change { $0.cancel(id, now: $1) }
        }
    }

    // MARK: Running

    /// Does the pool's work until it is cancelled or ``shutdown()``; returns when everything is closed.
    func run() async throws {
        let (jobs, continuation) = AsyncStream.makeStream(of: Job.self)
        let isFirst = guarded.withLock { guarded in
            guard guarded.jobs == nil else { return false }
            guarded.jobs = continuation
            // A pool that was shut down before has nothing to run for.
            if guarded.pool.life == .finished { continuation.finish() }
            return true
        }
        guard isFirst else { throw GatewayError(.invalidRequest, "the pool is run already") }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for await job in jobs {
                    switch job {
                    case .work(let work): group.addTask { await work() }
                    case .interrupt: group.cancelAll()
                    }
                }
                group.cancelAll()
            }
            // After cancellation the closings are done outside of the tree, which takes no more.
            await untilFinished()
        } onCancel: {
            interrupt()
        }
    }

    /// Lends nothing any more; what is lent has its time to come back.
    func shutdown() { change { $0.shutdown(now: $1) } }

    private func interrupt() { change { $0.interrupt(now: $1) } }

    private func untilFinished() async {
        await withCheckedContinuation { continuation in
            let isFinished = guarded.withLock { guarded in
                if guarded.pool.life != .finished { guarded.whenFinished.append(continuation) }
                return guarded.pool.life == .finished
            }
            if isFinished { continuation.resume() }
        }
    }

    // MARK: Working

    private func change(_ input: (inout State, ContinuousClock.Instant) -> [State.Action]) {
        let actions = guarded.withLock { input(&$0.pool, .now) }
        for action in actions { carryOut(action) }
    }

    private func carryOut(_ action: State.Action) {
        switch action {
        case .give(let waiter, let lease, let waited):
            meters.lent(waited: waited)
            waiter.resume(returning: lease)
        case .refuse(let waiter, let error):
            meters.refused()
            waiter.resume(throwing: error)
        case .cancel(let waiter):
            waiter.resume(throwing: CancellationError())
        case .open(let id, let start):
            begin { await self.open(id, after: start) }
        case .check(let id, let resource):
            begin { await self.check(id, resource) }
        case .close(let id, let resource):
            begin { await self.close(id, resource) }
        case .wake(let time):
            // Nobody's pool needs no waking.
            begin { [weak self] in
                try? await Self.sleep(until: time)
                self?.change { $0.tick(now: $1) }
            }
        case .interrupt:
            guarded.withLock { $0.jobs }?.yield(.interrupt)
        case .finish:
            let (jobs, waiting) = guarded.withLock { guarded in
                defer { guarded.whenFinished = [] }
                return (guarded.jobs, guarded.whenFinished)
            }
            jobs?.finish()
            for continuation in waiting { continuation.resume() }
        }
    }

    private func begin(_ work: @escaping @Sendable () async -> Void) {
        if case .enqueued = guarded.withLock({ $0.jobs })?.yield(.work(work)) { return }
        // Nobody runs the pool, or whoever did was cancelled.
        Task { await work() }
    }

    private static func sleep(until time: ContinuousClock.Instant) async throws {
        try await Task.sleep(until: min(time, .now + .longestWait), clock: .continuous)
    }

    private func open(_ id: State.MemberID, after start: ContinuousClock.Instant?) async {
        if let start { try? await Self.sleep(until: start) }
        guard let key = guarded.withLock({ $0.pool.begin(id) }) else { return }
        do {
            let resource = try await source.open(key)
            meters.didOpen()
            logger?.debug("omero pool opened a gateway", metadata: [LogKey.member: "\(id)"])
            let breakage = source.breakage(of: resource)
            change { $0.opened(id, resource, now: $1) }
            begin { [weak self] in
                await breakage()
                self?.change { $0.broke(id, now: $1) }
            }
        } catch {
            let failure = GatewayError.ofOpening(error)
            // A pool that ends while it opens gateways has not failed.
            if !(error is CancellationError) {
                meters.failed()
                logger?.info(
                    "omero pool could not open a gateway",
                    metadata: [LogKey.member: "\(id)", LogKey.error: "\(failure)"])
            }
            let isFinal = source.isFinal(failure)
            change { $0.failed(id, failure, isFinal: isFinal, now: $1) }
        }
    }

    private func check(_ id: State.MemberID, _ resource: Source.Resource) async {
        var isWhole = true
        do {
            try await source.check(resource)
        } catch is CancellationError {
            // The pool is closed at once: this one too.
            isWhole = false
        } catch {
            isWhole = false
            meters.failed()
            logger?.info(
                "omero pool found a gateway broken", metadata: [LogKey.member: "\(id)", LogKey.error: "\(error)"])
        }
        change { [isWhole] in $0.checked(id, isWhole: isWhole, now: $1) }
    }

    private func close(_ id: State.MemberID, _ resource: Source.Resource) async {
        await source.close(resource)
        meters.didClose()
        logger?.debug("omero pool closed a gateway", metadata: [LogKey.member: "\(id)"])
        change { $0.closed(id, now: $1) }
    }
}

/// The metadata keys of a pool's log lines.
private enum LogKey {
    static let member = "omero.pool.gateway"
    static let error = "omero.error"
}

extension GatewayError {
    /// What made opening fail; providers of credentials throw what they want.
    fileprivate static func ofOpening(_ error: any Error) -> GatewayError {
        if let error = error as? GatewayError { return error }
        if error is CancellationError { return GatewayError(.closed, "opening was cancelled", phase: .connect) }
        return GatewayError(
            .badConfiguration, "the credentials could not be had", phase: .configuration, cause: error)
    }
}
