/// The calls of one connection that wait for their replies.
///
/// A reply to a call that is no longer here (cancelled, timed out) is a legitimate drop, not an error.
struct RequestTable<Waiter: Sendable>: Sendable {
    private struct Entry {
        var waiter: Waiter
        var deadline: Instant?
    }

    private var entries: [Int32: Entry] = [:]
    /// No call ends before it; nil when none has a deadline. May be earlier than any: calls that were answered do not
    /// move it.
    var earliestDeadline: Instant? { earliest == .never ? nil : earliest }
    private var earliest = Instant.never

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// False when the id is in use, which after 2³¹ calls on one connection can happen to a very old one.
    mutating func insert(_ id: Int32, _ waiter: Waiter, deadline: Instant?) -> Bool {
        guard entries[id] == nil else { return false }
        entries[id] = Entry(waiter: waiter, deadline: deadline)
        if let deadline, deadline < earliest { earliest = deadline }
        return true
    }

    mutating func remove(_ id: Int32) -> Waiter? {
        entries.removeValue(forKey: id)?.waiter
    }

    /// Takes out the calls whose time is over.
    mutating func removeExpired(_ now: Instant) -> [Waiter] {
        guard earliest <= now else { return [] }
        var expired: [Waiter] = []
        var next = Instant.never
        for (id, entry) in entries {
            guard let deadline = entry.deadline else { continue }
            if deadline <= now {
                expired.append(entry.waiter)
                entries.removeValue(forKey: id)
            } else if deadline < next {
                next = deadline
            }
        }
        earliest = next
        return expired
    }

    mutating func removeAll() -> [Waiter] {
        let waiters = entries.values.map(\.waiter)
        entries = [:]
        earliest = .never
        return waiters
    }
}
