/// The time by which a gateway reckons; tests give it another.
///
/// A session's limits are the server's, whose time goes on while this machine sleeps. So does the continuous clock; the
/// suspending one does not. The wall clock, which somebody may set, decides nothing.
struct GatewayClock: Sendable {
    typealias Instant = ContinuousClock.Instant

    var now: @Sendable () -> Instant = { .now }
    /// For how long to try again: asleep nothing can be tried.
    var awake: @Sendable () -> SuspendingClock.Instant = { .now }
    var sleep: @Sendable (Duration) async throws -> Void = {
        try await Task.sleep(for: $0.waitable, clock: .continuous)
    }
}
