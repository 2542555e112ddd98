import Synchronization

/// Slows down who fails to log in again and again, per account and per address, without holding anybody else up.
///
/// OMERO's rule: from the second failure in a row on the answer waits (`omero.security.login_failure_throttle_count`,
/// 1, and `…_time`, 3 s). A success forgets the account's failures. Both tables are bounded: whoever tries many names
/// is slowed down by address, and the entries that are oldest are forgotten.
final class LoginThrottle: Sendable {
    struct Limits: Sendable, Hashable {
        /// Failures in a row that are answered at once.
        var free = 1
        var delay = Duration.seconds(3)
        /// Names, and addresses, that are remembered.
        var remembered = 10_000
        /// Attempts from one address that wait at a time; more are refused at once.
        var waiting = 100
    }

    private struct State {
        var failures: [String: (count: Int, order: UInt64)] = [:]
        var clock: UInt64 = 0
        var waiting: [String: Int] = [:]
    }
    private let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits = .init()) { self.limits = limits }

    private static func key(user: String) -> String { "user " + user.prefix(255) }

    func succeeded(user: String) { state.withLock { $0.failures[Self.key(user: user)] = nil } }

    /// How many failures in a row are remembered of an account.
    func failures(user: String) -> Int { state.withLock { $0.failures[Self.key(user: user)]?.count ?? 0 } }
    /// How many accounts and addresses are remembered.
    var rememberedCount: Int { state.withLock { $0.failures.count } }
    /// How many attempts wait for their answer.
    var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0, +) } }

    /// Notes a failure and waits as long as the answer has to; false if too many wait already for that address.
    func failed(user: String, address: String) async throws -> Bool {
        let (slow, place) = state.withLock { state in
            let counts = [Self.key(user: user), "address " + address].map { Self.count($0, &state, limits) }
            guard counts[0] > limits.free || counts[1] > limits.free * 10 else { return (false, true) }
            guard state.waiting[address, default: 0] < limits.waiting else { return (true, false) }
            state.waiting[address, default: 0] += 1
            return (true, true)
        }
        guard slow else { return true }
        guard place else { return false }
        defer {
            state.withLock { state in
                let left = state.waiting[address, default: 1] - 1
                state.waiting[address] = left > 0 ? left : nil
            }
        }
        try await Task.sleep(for: limits.delay)
        return true
    }

    private static func count(_ key: String, _ state: inout State, _ limits: Limits) -> Int {
        state.clock += 1
        let count = (state.failures[key]?.count ?? 0) + 1
        state.failures[key] = (count, state.clock)
        if state.failures.count > limits.remembered * 2 {
            // Half of them at a time, so that this is rare.
            let kept = state.failures.sorted { $0.value.order > $1.value.order }.prefix(limits.remembered)
            state.failures = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        }
        return count
    }
}
