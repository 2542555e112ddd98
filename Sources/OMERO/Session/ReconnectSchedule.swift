/// When to try again after a loss: back-off, drawn apart by chance, until the time for it is over.
///
/// Knows no clock: whoever uses it says how much time has gone by.
struct ReconnectSchedule {
    let policy: ReconnectPolicy
    private(set) var attempts = 0

    init(_ policy: ReconnectPolicy) { self.policy = policy }

    /// How long to wait before the next attempt; nil when the time is over.
    ///
    /// - Parameters:
    ///   - elapsed: since the loss.
    ///   - chance: -1…1, drawn by the caller.
    mutating func next(elapsed: Duration, chance: Double) -> Duration? {
        guard policy.isEnabled, elapsed < policy.limit else { return nil }
        // 2^20 times the first delay is over any longest delay that makes sense.
        let factor = 1 << min(attempts, 20)
        attempts += 1
        var delay = min(policy.firstDelay.waitable * factor, policy.longestDelay.waitable)
        // Without a first delay the second attempt follows at once; from then on nobody is met without a pause.
        if attempts > 2 { delay = max(delay, .milliseconds(10)) }
        let share = policy.jitter.isNaN ? 0 : min(max(policy.jitter, 0), 1)
        let jitter = share * min(max(chance, -1), 1)
        delay = max(.zero, delay * (1 + jitter))
        // The last attempt is made when the time is over, not later.
        return min(delay, policy.limit - elapsed)
    }
}

/// Counts beats without an answer.
struct BeatCounter {
    let limit: Int
    private(set) var misses = 0

    mutating func answered() { misses = 0 }

    /// Whether that was one too many.
    mutating func missed() -> Bool {
        misses += 1
        return misses >= max(1, limit)
    }
}
