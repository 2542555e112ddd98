import Testing

@testable import OMERO

/// SplitMix64: the same numbers on every machine.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A world around a pool in which anything may happen in any order, and what must be true of it.
private struct World {
    /// What a resource is: whose, and which.
    struct Thing: Hashable {
        let key: Int
        let id: Int
    }

    var random: Seeded
    var pool: PoolState<Int, Thing, Int>
    var now = ContinuousClock.now
    let limits: PoolConfiguration
    let perKey: Int
    var lastWaiter = 0

    /// Those who wait for a key, in order of arrival.
    var queue: [Int: [Int]] = [:]
    var keyOf: [Int: Int] = [:]
    var answered: Set<Int> = []
    var served = 0
    var plans: Set<Int> = []
    var openings: [Int: Int] = [:]
    var checks: [Int: Thing] = [:]
    var closings: [Int: Thing] = [:]
    var leases: [Int: Thing] = [:]
    var opened: Set<Thing> = []
    var wakes: [ContinuousClock.Instant] = []
    var isFinished = false
    var problems: [String] = []

    init(seed: UInt64, change: (inout PoolConfiguration) -> Void = { _ in }) {
        random = Seeded(state: seed)
        var limits = PoolConfiguration()
        limits.maximum = Int.random(in: 1...6, using: &random)
        limits.maximumWaiting = Int.random(in: 1...30, using: &random)
        limits.lifeLimit = Bool.random(using: &random) ? .seconds(600) : nil
        limits.checkAfter = [.zero, .seconds(30), .seconds(1000)].randomElement(using: &random) ?? .zero
        change(&limits)
        self.limits = limits
        perKey = Int.random(in: 1...limits.maximum, using: &random)
        pool = PoolState(limits, perKey: perKey)
    }

    // MARK: Inputs

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: arrive()
        case 30..<36:
            if let one = queue.values.flatMap({ $0 }).sorted().randomElement(using: &random) { leave(one) }
        case 36..<58: if let id = leases.keys.sorted().randomElement(using: &random) { release(id) }
        case 58..<68: if let id = plans.sorted().randomElement(using: &random) { begin(id) }
        case 68..<80: if let id = openings.keys.sorted().randomElement(using: &random) { finishOpening(id) }
        case 80..<86: if let id = checks.keys.sorted().randomElement(using: &random) { finishCheck(id) }
        case 86..<93: if let id = closings.keys.sorted().randomElement(using: &random) { finishClosing(id) }
        case 93..<95:
            if let thing = opened.sorted(by: { $0.id < $1.id }).randomElement(using: &random) {
                take(pool.broke(thing.id, now: now))
            }
        default: pass(.milliseconds(Int.random(in: 0...20_000, using: &random)))
        }
    }

    mutating func arrive() {
        lastWaiter += 1
        let key = Int.random(in: 0..<4, using: &random)
        keyOf[lastWaiter] = key
        queue[key, default: []].append(lastWaiter)
        take(pool.lease(key, id: lastWaiter, waiter: lastWaiter, now: now))
    }

    mutating func leave(_ waiter: Int) {
        take(pool.cancel(waiter, now: now))
        if !answered.contains(waiter) { problems.append("waiter \(waiter) was cancelled without an answer") }
    }

    mutating func release(_ id: Int, _ condition: PoolCondition? = nil) {
        leases[id] = nil
        take(pool.release(id, condition ?? .allCases.randomElement(using: &random) ?? .whole, now: now))
    }

    mutating func begin(_ id: Int) {
        plans.remove(id)
        guard let key = pool.begin(id) else { return }
        openings[id] = key
        let underway = openings.values.count { $0 == key } + checks.values.count { $0.key == key }
        if underway > queue[key, default: []].count { problems.append("more is opened than is waited for") }
    }

    mutating func finishOpening(_ id: Int, succeeds: Bool? = nil) {
        guard let key = openings.removeValue(forKey: id) else { return }
        if succeeds ?? (Int.random(in: 0..<4, using: &random) > 0) {
            let thing = Thing(key: key, id: id)
            opened.insert(thing)
            take(pool.opened(id, thing, now: now))
        } else {
            let isFinal = Bool.random(using: &random)
            take(pool.failed(id, GatewayError(.refused, "no"), isFinal: isFinal, now: now))
            if isFinal, !queue[key, default: []].isEmpty { problems.append("a failure that stays was not told") }
        }
    }

    mutating func finishCheck(_ id: Int, isWhole: Bool? = nil) {
        checks[id] = nil
        take(pool.checked(id, isWhole: isWhole ?? Bool.random(using: &random), now: now))
    }

    mutating func finishClosing(_ id: Int) {
        guard let thing = closings.removeValue(forKey: id) else { return }
        opened.remove(thing)
        take(pool.closed(id, now: now))
    }

    /// Time goes by, and wakes come when they are due.
    mutating func pass(_ time: Duration) {
        let end = now + time
        while let next = wakes.min(), next <= end {
            now = max(now, next)
            wakes.removeAll { $0 == next }
            take(pool.tick(now: now))
        }
        now = end
    }

    // MARK: Actions

    mutating func take(_ actions: [PoolState<Int, Thing, Int>.Action]) {
        for action in actions { take(action) }
        check()
    }

    private mutating func take(_ action: PoolState<Int, Thing, Int>.Action) {
        if isFinished { problems.append("an action after the end") }
        switch action {
        case .open(let id, _): plans.insert(id)
        case .check(let id, let thing): checks[id] = thing
        case .close(let id, let thing):
            if closings[id] != nil || !opened.contains(thing) { problems.append("\(thing) is closed twice") }
            leases[id] = nil
            closings[id] = thing
        case .give(let waiter, let lease, _):
            let key = keyOf[waiter] ?? -1
            if lease.resource.key != key { problems.append("waiter \(waiter) gets another key's \(lease.resource)") }
            if leases.updateValue(lease.resource, forKey: lease.id) != nil { problems.append("lent twice") }
            if queue[key]?.first != waiter { problems.append("waiter \(waiter) is served before its turn") }
            if !opened.contains(lease.resource) || closings[lease.id] != nil { problems.append("lent when closed") }
            served += 1
            answer(waiter)
        case .refuse(let waiter, _), .cancel(let waiter): answer(waiter)
        case .wake(let time): wakes.append(time)
        case .interrupt: break
        case .finish: isFinished = true
        }
    }

    private mutating func answer(_ waiter: Int) {
        if !answered.insert(waiter).inserted { problems.append("waiter \(waiter) is answered twice") }
        queue[keyOf[waiter] ?? -1]?.removeAll { $0 == waiter }
    }

    // MARK: What is always true

    private mutating func check() {
        func demand(_ condition: Bool, _ problem: String) { if !condition { problems.append(problem) } }
        demand(pool.members.count <= limits.maximum, "over the bound")
        demand(opened.count + openings.count <= limits.maximum, "more is open than the bound allows")
        for (key, group) in pool.groups {
            let members = pool.members.values.filter { $0.key == key }
            demand(members.count == group.members && members.count <= perKey, "over the bound of \(key)")
            demand(group.waiting == queue[key, default: []], "the queue of \(key) is another")
            demand(members.count { $0.phase == .opening } == group.opening, "openings of \(key) miscounted")
            demand(members.count { $0.phase == .checking } == group.checking, "checks of \(key) miscounted")
            demand(
                group.planned.isEmpty || group.supply <= group.waiting.count, "\(key) plans more than is waited for")
            demand(group.members > 0 || !group.waiting.isEmpty, "an empty group stays")
            demand(
                group.idle.isEmpty || group.waiting.count <= group.opening + group.checking,
                "somebody waits for \(key) although one is idle")
        }
        demand(pool.waiting.count == queue.values.reduce(0) { $0 + $1.count }, "a waiter is lost")
        demand(pool.closing == closings.count, "closings miscounted")
        demand(pool.wakes.count < 20, "wakes pile up")
        let deadline = pool.waiting.values.map(\.deadline).min()
        demand(deadline.map { time in wakes.contains { $0 <= time } } ?? true, "nobody wakes the pool in time")
    }

    /// Everything that was begun ends well, and who has something gives it back, until nothing is left to do.
    mutating func drain() {
        for _ in 0..<5000 {
            if let id = plans.min() {
                begin(id)
            } else if let id = openings.keys.min() {
                finishOpening(id, succeeds: true)
            } else if let id = checks.keys.min() {
                finishCheck(id, isWhole: true)
            } else if let id = closings.keys.min() {
                finishClosing(id)
            } else if let id = leases.keys.min() {
                release(id, .whole)
            } else {
                return
            }
        }
        problems.append("the pool does not come to rest")
    }
}

@Suite struct PoolModelTests {
    @Test(arguments: 0..<100)
    func `whatever happens in whatever order, everyone is answered and everything closed`(_ seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<400 where world.problems.isEmpty { world.step() }
        let isGraceful = Bool.random(using: &world.random)
        world.take(isGraceful ? world.pool.shutdown(now: world.now) : world.pool.interrupt(now: world.now))
        #expect(world.pool.waiting.isEmpty)
        for _ in 0..<50 where !world.isFinished && world.problems.isEmpty { world.step() }
        world.pass(.seconds(60))
        world.drain()
        #expect(world.problems.isEmpty, "seed \(seed): \(world.problems.prefix(3))")
        #expect(world.isFinished || world.pool.life == .finished)
        #expect(world.opened.isEmpty && world.pool.members.isEmpty && world.leases.isEmpty)
        #expect(world.answered.count == world.lastWaiter)
        #expect(world.served > 0)
    }

    @Test(arguments: 100..<200)
    func `where openings succeed, everyone who waits is served without a time limit's help`(_ seed: UInt64) {
        var world = World(seed: seed) {
            $0.waitLimit = .seconds(1_000_000)
            $0.maximumWaiting = 10_000
        }
        for _ in 0..<400 where world.problems.isEmpty { world.step() }
        let waiting = world.pool.waiting.count
        let served = world.served
        world.drain()
        #expect(world.problems.isEmpty, "seed \(seed): \(world.problems.prefix(3))")
        #expect(world.served == served + waiting)
        #expect(world.answered.count == world.lastWaiter)
        // Left alone, the pool closes everything by itself.
        world.pass(.seconds(301))
        world.drain()
        #expect(world.pool.members.isEmpty && world.pool.groups.isEmpty)
    }
}
