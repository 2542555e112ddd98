/// The calls of one connection that wait for their replies.
///
/// A reply to a call that is no longer here (cancelled, timed out) is a legitimate drop, not an error.
struct RequestTable<Waiter: Sendable>: Sendable {
    private struct Entry {
        var waiter: Waiter
        var deadline: Instant?
    }

    private var entries: [Int32: Entry] = [:]
    /// No call ends before it. May be earlier than any: calls that were answered do not move it.
    private(set) var earliestDeadline: Instant?

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// False when the id is in use, which after 2³¹ calls on one connection can happen to a very old one.
    mutating func insert(_ id: Int32, _ waiter: Waiter, deadline: Instant?) -> Bool {
        guard entries[id] == nil else { return false }
        entries[id] = Entry(waiter: waiter, deadline: deadline)
        if let deadline, deadline < earliestDeadline ?? Instant(nanoseconds: .max) {
            earliestDeadline = deadline
        }
        return true
    }

    mutating func remove(_ id: Int32) -> Waiter? {
        entries.removeValue(forKey: id)?.waiter
    }

    /// Takes out the calls whose time is over.
    mutating func removeExpired(_ now: Instant) -> [Waiter] {
        guard let earliest = earliestDeadline, earliest <= now else { return [] }
        var expired: [Waiter] = []
        var next: Instant?
        for (id, entry) in entries {
            guard let deadline = entry.deadline else { continue }
            if deadline <= now {
                expired.append(entry.waiter)
                entries.removeValue(forKey: id)
            } else if deadline < next ?? Instant(nanoseconds: .max) {
                next = deadline
            }
        }
        earliestDeadline = next
        return expired
    }

    mutating func removeAll() -> [Waiter] {
        let waiters = entries.values.map(\.waiter)
        entries = [:]
        earliestDeadline = nil
        return waiters
    }
}
