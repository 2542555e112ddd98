// What follows from the inputs: after each of them the pool is brought to where nobody waits for what is there.
extension PoolState {
    /// Carries out everything that is due.
    mutating func settle(_ now: Instant, _ actions: inout [Action]) {
        // The last wake is never later than what is due next.
        if wakes.last.map({ $0 <= now }) ?? true { expire(now, &actions) }
        dropUnneededPlans()
        if life == .running {
            planOpenings(now, &actions)
            makeRoom(&actions)
        } else if members.isEmpty, life != .finished {
            life = .finished
            actions.append(.finish)
        }
        scheduleWake(&actions)
    }

    // MARK: Giving

    /// Gives a resource that belongs to nobody to the first who waits for its key, or keeps it.
    mutating func place(_ id: MemberID, isFresh: Bool, _ now: Instant, _ actions: inout [Action]) {
        guard let key = members[id]?.key else { return }
        if isFresh, let first = groups[key]?.waiting.first { return lend(id, to: first, now, &actions) }
        let checkAt = isFresh ? now + limits.checkAfter : now
        members[id]?.phase = .idle(since: now, checkAt: checkAt)
        groups[key]?.idle.append(id)
        serve(key, now, &actions)
    }

    private mutating func lend(
        _ id: MemberID, to waiter: WaiterID, _ now: Instant, _ actions: inout [Action]
    ) {
        guard let resource = members[id]?.resource, let served = stopWaiting(waiter) else { return }
        members[id]?.phase = .leased
        groups[served.key]?.idle.removeAll { $0 == id }
        actions.append(.give(served.waiter, PoolLease(id: id, resource: resource), waited: now - served.since))
    }

    /// Those who wait for the key get what is idle.
    mutating func serve(_ key: Key, _ now: Instant, _ actions: inout [Action]) {
        while let first = groups[key]?.waiting.first, let id = groups[key]?.idle.last(where: { isFresh($0, now) }) {
            lend(id, to: first, now, &actions)
        }
        while let group = groups[key], group.waiting.count > group.opening + group.checking, let id = group.idle.last,
            let resource = members[id]?.resource
        {
            groups[key]?.idle.removeLast()
            groups[key]?.checking += 1
            members[id]?.phase = .checking
            actions.append(.check(id, resource))
        }
    }

    func isFresh(_ id: MemberID, _ now: Instant) -> Bool {
        guard case .idle(_, let checkAt) = members[id]?.phase else { return false }
        return now < checkAt
    }

    // MARK: Opening

    /// How many more resources the group could use now, but for the bound over all keys.
    private func need(_ group: Group) -> Int {
        let wanted = min(group.waiting.count - group.supply, perKey - group.members)
        guard !group.isProven else { return max(0, wanted) }
        return group.planned.isEmpty && group.opening == 0 ? max(0, min(1, wanted)) : 0
    }

    /// When the first came for whom nothing is on its way.
    private func arrivalOfFirstUnserved(_ group: Group) -> Int {
        guard group.waiting.count > group.supply else { return .max }
        return waiting[group.waiting[group.supply]]?.arrival ?? .max
    }

    private mutating func planOpenings(_ now: Instant, _ actions: inout [Action]) {
        while members.count < total {
            let next = groups.values.filter { need($0) > 0 }
                .min { arrivalOfFirstUnserved($0) < arrivalOfFirstUnserved($1) }
            guard let next else { return }
            let id = newMember(next.key)
            actions.append(.open(id, after: next.failures > 0 ? now + pause(afterFailures: next.failures) : nil))
        }
    }

    private func pause(afterFailures failures: Int) -> Duration {
        // 2^20 times the first delay is over any longest delay that makes sense.
        min(limits.firstRetryDelay.waitable * (1 << min(failures - 1, 20)), limits.longestRetryDelay)
    }

    /// Plans for people who left or were served otherwise.
    private mutating func dropUnneededPlans() {
        for (key, group) in groups where group.supply > group.waiting.count {
            for id in group.planned.suffix(group.supply - group.waiting.count) {
                groups[key]?.planned.removeLast()
                forget(id)
            }
        }
    }

    // MARK: Sharing between keys

    /// Where the bound over all keys holds somebody up, the resource that was idle longest gives way.
    private mutating func makeRoom(_ actions: inout [Action]) {
        guard members.count >= total else { return }
        let needed = groups.values.reduce(0) { $0 + need($1) }
        while closing < needed {
            let oldest = groups.values.compactMap { idleLongest($0) }.min { $0.since < $1.since }
            guard let oldest else { return }
            close(oldest.id, &actions)
        }
    }

    private func idleLongest(_ group: Group) -> (id: MemberID, since: Instant)? {
        guard let id = group.idle.first, case .idle(let since, _) = members[id]?.phase else { return nil }
        return (id, since)
    }

    /// Whether people who want other keys came before the first who wants this one, and there is no room for them.
    func isOwedToOthers(than key: Key) -> Bool {
        guard members.count >= total else { return false }
        let own = groups[key]?.waiting.first.flatMap { waiting[$0]?.arrival } ?? .max
        let earlier = groups.values.reduce(0) { count, group in
            guard group.key != key else { return count }
            let unserved = group.waiting.dropFirst(group.supply).prefix(need(group))
            return count + unserved.count { waiting[$0].map { $0.arrival < own } ?? false }
        }
        return earlier > closing
    }

    // MARK: Closing

    mutating func close(_ id: MemberID, _ actions: inout [Action]) {
        guard let member = members[id], let resource = member.resource, member.phase != .closing else { return }
        groups[member.key]?.idle.removeAll { $0 == id }
        members[id]?.phase = .closing
        members[id]?.resource = nil
        closing += 1
        actions.append(.close(id, resource))
    }

    func cannotStay(_ member: Member, _ now: Instant) -> Bool {
        life != .running || member.isBroken || isOverLife(member, now)
    }

    private func isOverLife(_ member: Member, _ now: Instant) -> Bool {
        endOfLife(member).map { $0 <= now } ?? false
    }

    private func endOfLife(_ member: Member) -> Instant? {
        guard let limit = limits.lifeLimit, let openedAt = member.openedAt else { return nil }
        return openedAt + limit
    }

    /// Closes also what is lent.
    mutating func takeBack(_ actions: inout [Action]) {
        life = .interrupted
        actions.append(.interrupt)
        for id in members.keys.sorted() where members[id]?.phase == .leased { close(id, &actions) }
    }

    /// Refuses who waits, closes what is idle: the beginning of the end.
    mutating func closeDoors(_ actions: inout [Action]) {
        for id in waiting.keys.sorted(by: { arrival($0) < arrival($1) }) {
            if let gone = stopWaiting(id) { actions.append(.refuse(gone.waiter, .poolIsClosed)) }
        }
        for id in members.keys.sorted() {
            if case .idle = members[id]?.phase { close(id, &actions) }
        }
    }

    // MARK: Time

    private mutating func expire(_ now: Instant, _ actions: inout [Action]) {
        wakes.removeAll { $0 <= now }
        let late = waiting.filter { $0.value.deadline <= now }.keys
        for id in late.sorted(by: { arrival($0) < arrival($1) }) {
            let failure = waiting[id].flatMap { groups[$0.key]?.lastFailure }
            guard let gone = stopWaiting(id) else { continue }
            actions.append(.refuse(gone.waiter, .noneWasFree(within: limits.waitLimit, because: failure)))
        }
        for id in members.keys.sorted() {
            guard let member = members[id], case .idle(let since, _) = member.phase else { continue }
            if since + limits.idleLimit <= now || isOverLife(member, now) { close(id, &actions) }
        }
        if case .ending(let end) = life, end <= now { takeBack(&actions) }
    }

    private func arrival(_ id: WaiterID) -> Int { waiting[id]?.arrival ?? .max }

    /// The next time at which something is due by itself.
    private var nextDue: Instant? {
        // All wait equally long: the first of each queue has the earliest deadline.
        var due = groups.values.compactMap { $0.waiting.first.flatMap { waiting[$0]?.deadline } }.min()
        func consider(_ other: Instant?) {
            if let other { due = due.map { min($0, other) } ?? other }
        }
        for member in members.values {
            guard case .idle(let since, _) = member.phase else { continue }
            consider(since + limits.idleLimit)
            consider(endOfLife(member))
        }
        if case .ending(let end) = life { consider(end) }
        return due
    }

    private mutating func scheduleWake(_ actions: inout [Action]) {
        guard let due = nextDue, wakes.last.map({ due < $0 }) ?? true else { return }
        wakes.append(due)
        actions.append(.wake(due))
    }

    // MARK: Leaving

    mutating func stopWaiting(_ id: WaiterID) -> Waiting? {
        guard let gone = waiting.removeValue(forKey: id) else { return nil }
        groups[gone.key]?.waiting.removeAll { $0 == id }
        vanishIfEmpty(gone.key)
        return gone
    }

    mutating func forget(_ id: MemberID) {
        guard let gone = members.removeValue(forKey: id) else { return }
        groups[gone.key]?.members -= 1
        vanishIfEmpty(gone.key)
    }

    private mutating func vanishIfEmpty(_ key: Key) {
        guard let group = groups[key], group.members == 0, group.waiting.isEmpty else { return }
        groups[key] = nil
    }
}

extension GatewayError {
    static let poolIsClosed = GatewayError(.closed, "the pool of connections was shut down", phase: .close)

    static let tooManyWait = GatewayError(
        .throttled, "too many wait for a connection to the server already", advice: "Try again later", phase: .connect)

    static func noneWasFree(within limit: Duration, because failure: GatewayError?) -> GatewayError {
        GatewayError(
            .timedOut,
            "no connection to the server was free within \(limit.readable)"
                + (failure.map { ": \($0.message)" } ?? ""),
            advice: failure?.advice, endpoint: failure?.endpoint, phase: failure?.phase ?? .connect, cause: failure)
    }
}
