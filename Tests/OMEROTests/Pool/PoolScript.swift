@testable import OMERO

/// A pool of numbers for keys that are names, whose actions are read as lines. A resource's number is its member's.
struct PoolScript {
    var pool: PoolState<String, Int, Int>
    let start = ContinuousClock.now
    private(set) var now: ContinuousClock.Instant
    private(set) var wakes: [Duration] = []
    private var lastWaiter = 0

    init(perKey: Int = 2, _ change: (inout PoolConfiguration) -> Void = { _ in }) {
        var limits = PoolConfiguration()
        limits.maximum = 2
        limits.lifeLimit = nil
        change(&limits)
        pool = PoolState(limits, perKey: perKey)
        now = start
    }

    mutating func pass(_ time: Duration) { now += time }

    /// The waiter's number is that of the call, from 1.
    mutating func lease(_ key: String = "a") -> [String] {
        lastWaiter += 1
        return lines(pool.lease(key, id: lastWaiter, waiter: lastWaiter, now: now))
    }
    mutating func cancel(_ id: Int) -> [String] { lines(pool.cancel(id, now: now)) }
    mutating func release(_ id: Int, _ condition: PoolCondition = .whole) -> [String] {
        lines(pool.release(id, condition, now: now))
    }
    mutating func opened(_ id: Int) -> [String] {
        guard pool.begin(id) != nil else { return ["not wanted"] }
        return lines(pool.opened(id, id, now: now))
    }
    mutating func failed(_ id: Int, isFinal: Bool = false) -> [String] {
        guard pool.begin(id) != nil else { return ["not wanted"] }
        return lines(pool.failed(id, GatewayError(.refused, "nobody listens"), isFinal: isFinal, now: now))
    }
    mutating func checked(_ id: Int, _ isWhole: Bool) -> [String] {
        lines(pool.checked(id, isWhole: isWhole, now: now))
    }
    mutating func broke(_ id: Int) -> [String] { lines(pool.broke(id, now: now)) }
    mutating func closed(_ id: Int) -> [String] { lines(pool.closed(id, now: now)) }
    mutating func tick(after time: Duration = .zero) -> [String] {
        pass(time)
        return lines(pool.tick(now: now))
    }
    mutating func shutdown() -> [String] { lines(pool.shutdown(now: now)) }
    mutating func interrupt() -> [String] { lines(pool.interrupt(now: now)) }

    /// Lends so many, of which the members are 1, 2, …
    mutating func lend(_ count: Int, _ key: String = "a") {
        let before = pool.members.count
        for id in before..<before + count {
            _ = lease(key)
            _ = opened(id + 1)
        }
    }

    mutating func lines(_ actions: [PoolState<String, Int, Int>.Action]) -> [String] {
        actions.compactMap { action in
            switch action {
            case .open(let id, nil): return "open \(id)"
            case .open(let id, let time?): return "open \(id) after \((time - now).readable)"
            case .check(let id, _): return "check \(id)"
            case .close(let id, _): return "close \(id)"
            case .give(let waiter, let lease, _): return "give \(lease.id) to \(waiter)"
            case .refuse(let waiter, let error): return "refuse \(waiter) \(error.kind)"
            case .cancel(let waiter): return "cancel \(waiter)"
            case .wake(let time):
                wakes.append(time - start)
                return nil
            case .interrupt: return "interrupt"
            case .finish: return "finish"
            }
        }
    }
}
