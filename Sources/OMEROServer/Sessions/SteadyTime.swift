#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Dates that go on evenly from the start of the server: a wall clock that somebody sets, or that jumps by itself, must
/// not end everyone's session.
struct SteadyTime: Sendable {
    private let start: Date
    private let started: ContinuousClock.Instant
    private let clock: @Sendable () -> ContinuousClock.Instant

    init(start: Date = Date(), clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.start = start
        self.clock = clock
        started = clock()
    }

    var now: Date {
        let (seconds, attoseconds) = (clock() - started).components
        return start.addingTimeInterval(Double(seconds) + Double(attoseconds) / 1e18)
    }
}
