#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A moment by two clocks: by the continuous one, which measures sessions' limits, and by the wall clock, which dates
/// what is written and shown.
///
/// Somebody may set the wall clock, and it may jump by itself: that ends no session, nor does it lengthen one's life.
struct Moment: Sendable {
    let instant: ContinuousClock.Instant
    let date: Date

    static var now: Moment { Moment(instant: .now, date: Date()) }

    /// What the wall clock would have shown then, had it always stood as it does now; to whole milliseconds.
    func date(of other: ContinuousClock.Instant) -> Date {
        let seconds = date.timeIntervalSinceReferenceDate + (other - instant) / .seconds(1)
        return Date(timeIntervalSinceReferenceDate: (seconds * 1000).rounded() / 1000)
    }

    /// When that was, for a wall clock that always stood as it does now; not later than now, as a date from before a jump
    /// may seem to be.
    func instant(of other: Date) -> ContinuousClock.Instant {
        instant - .milliseconds(max(0, date.milliseconds(since: other)))
    }
}

extension Date {
    /// Whole milliseconds, as the database keeps them; a distance that is out of range is the largest that isn't.
    func milliseconds(since other: Date) -> Int64 {
        let distance = (timeIntervalSince(other) * 1000).rounded()
        return Int64(exactly: distance) ?? (distance < 0 ? .min : .max)
    }
}
