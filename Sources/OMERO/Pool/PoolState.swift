/// Who has which gateway of a pool, who waits, and what is to be done about it.
///
/// Knows neither clock nor socket: each input comes with its time, and says by its actions what happens next. What is
/// pooled is any `Resource`, for any number of `Key`s that never get each other's.
///
/// - Every resource counts from the decision to open it until it is closed; their number is never over the bound.
/// - Those who wait for a key are served in the order in which they came. Where the bound over all keys makes them
///   wait, that order holds between keys too: a resource of another key is closed for who came first.
/// - Nothing is opened that nobody waits for. While it is not known whether a key opens anything (at first, and after a
///   failure) one attempt is made at a time, so that a wrong password is shown to the server once.
struct PoolState<Key: Hashable & Sendable, Resource: Sendable, Waiter: Sendable>: Sendable {
    typealias Instant = ContinuousClock.Instant
    typealias MemberID = Int
    typealias WaiterID = Int

    /// What the caller must do, in this order, without holding up further inputs.
    enum Action: Sendable {
        /// Call ``PoolState/begin(_:now:)`` then, and open a resource if it says so.
        case open(MemberID, after: Instant?)
        /// Find out whether it still works, and call ``PoolState/checked(_:isWhole:now:)``.
        case check(MemberID, Resource)
        /// Close it, and call ``PoolState/closed(_:now:)``.
        case close(MemberID, Resource)
        case give(Waiter, PoolLease<Resource>, waited: Duration)
        case refuse(Waiter, GatewayError)
        case cancel(Waiter)
        /// Call ``PoolState/tick(now:)`` then.
        case wake(Instant)
        /// The time for an orderly end is over: cancel openings and checks.
        case interrupt
        /// Everything is closed, and stays so.
        case finish
    }

    struct Member: Sendable {
        /// A member whose opening fails is gone at once; from every phase with a resource it can go to `closing`.
        enum Phase: Hashable, Sendable {
            /// To `opening`, or gone if nobody waits for it any more.
            case planned
            /// To `idle`, `leased`.
            case opening
            /// Fresh until `checkAt`. To `leased`, `checking`.
            case idle(since: Instant, checkAt: Instant)
            /// To `leased`, `idle`.
            case checking
            /// To `idle`, `checking`, `leased` by the next.
            case leased
            /// Gone when it is closed.
            case closing
        }

        let key: Key
        var phase = Phase.planned
        /// Nil before it is opened.
        var resource: Resource?
        var openedAt: Instant?
        /// It broke while it was lent or checked.
        var isBroken = false
    }

    struct Waiting: Sendable {
        let key: Key
        let waiter: Waiter
        let arrival: Int
        let since: Instant
        let deadline: Instant
    }

    /// What there is for one key; a group without members and waiters vanishes.
    struct Group: Sendable {
        /// As it was given last: keys may carry more than makes them equal.
        var key: Key
        var members = 0
        /// In order of arrival.
        var waiting: [WaiterID] = []
        /// The one that was used last comes last, and is lent first.
        var idle: [MemberID] = []
        var planned: [MemberID] = []
        var opening = 0
        var checking = 0
        /// Whether the last opening succeeded.
        var isProven = false
        var failures = 0
        var lastFailure: GatewayError?

        init(key: Key) { self.key = key }

        /// How many of those who wait have something on its way.
        var supply: Int { planned.count + opening + checking }
    }

    enum Life: Hashable, Sendable {
        case running
        /// Nothing is lent any more; at the given time what is lent is closed under its users' hands.
        case ending(by: Instant)
        case interrupted
        case finished
    }

    let limits: PoolConfiguration
    let perKey: Int
    var life = Life.running
    var members: [MemberID: Member] = [:]
    var waiting: [WaiterID: Waiting] = [:]
    var groups: [Key: Group] = [:]
    var closing = 0
    /// When the caller will call ``tick(now:)``; each earlier than the one before.
    var wakes: [Instant] = []
    private var lastMember = 0
    private var lastArrival = 0

    /// - Parameter perKey: the bound for one key; that over all keys is ``PoolConfiguration/maximum``.
    init(_ limits: PoolConfiguration, perKey: Int) {
        self.limits = limits
        self.perKey = max(1, min(perKey, limits.maximum))
    }

    var total: Int { max(1, limits.maximum) }

    // MARK: Those who want one

    /// Somebody wants a resource.
    ///
    /// - Parameter id: for ``cancel(_:now:)``; never used before.
    mutating func lease(_ key: Key, id: WaiterID, waiter: Waiter, now: Instant) -> [Action] {
        guard life == .running else { return [.refuse(waiter, .poolIsClosed)] }
        var actions: [Action] = []
        settle(now, &actions)
        var group = groups[key] ?? Group(key: key)
        group.key = key
        let isServedNow = group.waiting.isEmpty && group.idle.contains { isFresh($0, now) }
        guard isServedNow || waiting.count < max(1, limits.maximumWaiting) else {
            return actions + [.refuse(waiter, .tooManyWait)]
        }
        lastArrival += 1
        group.waiting.append(id)
        groups[key] = group
        waiting[id] = Waiting(
            key: key, waiter: waiter, arrival: lastArrival, since: now, deadline: now + limits.waitLimit)
        serve(key, now, &actions)
        settle(now, &actions)
        return actions
    }

    /// Who waits does so no longer; nothing happens if it was served before.
    mutating func cancel(_ id: WaiterID, now: Instant) -> [Action] {
        var actions: [Action] = []
        if let gone = stopWaiting(id) { actions.append(.cancel(gone.waiter)) }
        settle(now, &actions)
        return actions
    }

    /// A resource comes back. One that was closed under its user's hands is not missed.
    mutating func release(_ id: MemberID, _ condition: PoolCondition, now: Instant) -> [Action] {
        var actions: [Action] = []
        if let member = members[id], member.phase == .leased {
            if condition == .broken || cannotStay(member, now) || isOwedToOthers(than: member.key) {
                close(id, &actions)
            } else {
                place(id, isFresh: condition == .whole, now, &actions)
            }
        }
        settle(now, &actions)
        return actions
    }

    // MARK: What becomes of resources

    /// Whether the resource that was asked for is still wanted, and for whom.
    mutating func begin(_ id: MemberID) -> Key? {
        guard let member = members[id], member.phase == .planned else { return nil }
        members[id]?.phase = .opening
        groups[member.key]?.planned.removeAll { $0 == id }
        groups[member.key]?.opening += 1
        return groups[member.key]?.key
    }

    mutating func opened(_ id: MemberID, _ resource: Resource, now: Instant) -> [Action] {
        var actions: [Action] = []
        guard let member = members[id], member.phase == .opening else { return actions }
        members[id]?.resource = resource
        members[id]?.openedAt = now
        groups[member.key]?.opening -= 1
        groups[member.key]?.isProven = true
        groups[member.key]?.failures = 0
        groups[member.key]?.lastFailure = nil
        if life == .running { place(id, isFresh: true, now, &actions) } else { close(id, &actions) }
        settle(now, &actions)
        return actions
    }

    /// No resource could be opened.
    ///
    /// - Parameter isFinal: another attempt would fail as well: everyone who waits for the key is told. Otherwise it
    ///   is tried again, after a pause, as long as somebody waits.
    mutating func failed(_ id: MemberID, _ error: GatewayError, isFinal: Bool, now: Instant) -> [Action] {
        var actions: [Action] = []
        guard let member = members[id], member.phase == .opening else { return actions }
        groups[member.key]?.opening -= 1
        groups[member.key]?.isProven = false
        groups[member.key]?.lastFailure = error
        // Attempts that were made at the same time failed for the same reason, which counts once.
        if groups[member.key]?.opening == 0 { groups[member.key]?.failures += 1 }
        if isFinal {
            for id in groups[member.key]?.waiting ?? [] {
                if let gone = stopWaiting(id) { actions.append(.refuse(gone.waiter, error)) }
            }
            groups[member.key]?.failures = 0
        }
        forget(id)
        // Who counted on it may get one that is idle, but was not fresh enough to be lent at once.
        serve(member.key, now, &actions)
        settle(now, &actions)
        return actions
    }

    mutating func checked(_ id: MemberID, isWhole: Bool, now: Instant) -> [Action] {
        var actions: [Action] = []
        guard let member = members[id], member.phase == .checking else { return actions }
        groups[member.key]?.checking -= 1
        if !isWhole || cannotStay(member, now) {
            close(id, &actions)
            serve(member.key, now, &actions)
        } else {
            place(id, isFresh: true, now, &actions)
        }
        settle(now, &actions)
        return actions
    }

    /// A resource will never work again.
    mutating func broke(_ id: MemberID, now: Instant) -> [Action] {
        var actions: [Action] = []
        switch members[id]?.phase {
        case .idle: close(id, &actions)
        case .leased, .checking: members[id]?.isBroken = true
        case .planned, .opening, .closing, nil: break
        }
        settle(now, &actions)
        return actions
    }

    mutating func closed(_ id: MemberID, now: Instant) -> [Action] {
        var actions: [Action] = []
        guard let member = members[id], member.phase == .closing else { return actions }
        closing -= 1
        forget(id)
        settle(now, &actions)
        return actions
    }

    // MARK: Time and the end

    /// Time went by.
    mutating func tick(now: Instant) -> [Action] {
        var actions: [Action] = []
        settle(now, &actions)
        return actions
    }

    /// Lends nothing any more; closes what is not lent, and what is as soon as it comes back.
    mutating func shutdown(now: Instant) -> [Action] {
        guard life == .running else { return [] }
        life = .ending(by: now + limits.shutdownLimit)
        var actions: [Action] = []
        closeDoors(&actions)
        settle(now, &actions)
        return actions
    }

    /// Closes everything at once.
    mutating func interrupt(now: Instant) -> [Action] {
        var actions: [Action] = []
        if life == .running { closeDoors(&actions) }
        if life != .finished, life != .interrupted { takeBack(&actions) }
        settle(now, &actions)
        return actions
    }

    mutating func newMember(_ key: Key) -> MemberID {
        lastMember += 1
        members[lastMember] = Member(key: key)
        groups[key]?.members += 1
        groups[key]?.planned.append(lastMember)
        return lastMember
    }
}

/// A resource that is lent.
struct PoolLease<Resource: Sendable>: Sendable {
    let id: Int
    let resource: Resource
}

/// What whoever had a resource leaves behind.
enum PoolCondition: Hashable, Sendable, CaseIterable {
    case whole
    /// It has to be checked before somebody else gets it.
    case doubtful
    case broken
}
