/// A moment on a monotonic clock: nanoseconds since an origin that never changes while the process runs.
///
/// The state machines have no clock; whoever drives them says what time it is.
struct Instant: Hashable, Comparable, Sendable {
    var nanoseconds: Int64

    /// Later than any other.
    static let never = Instant(nanoseconds: .max)

    static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingReportingOverflow(right.nanoseconds).partialValue)
    }
}

extension Duration {
    /// Whole nanoseconds, within what 64 bits hold (292 years).
    var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return sumOverflow ? (product < 0 ? .min : .max) : sum
    }

    /// For people: `1.5 s`, `250 ms`.
    var readable: String {
        let milliseconds = clampedNanoseconds / 1_000_000
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds % 1000 == 0 { return "\(milliseconds / 1000) s" }
        return "\(Double(milliseconds) / 1000) s"
    }
}
