@testable import OMEROServer
import Foundation
import Testing

@Suite struct MomentTests {
    private let now = Moment(instant: .now, date: Date(timeIntervalSince1970: 1_700_000_000))

    @Test func `what was then is dated as the wall clock stands now`() {
        #expect(now.date(of: now.instant - .milliseconds(90_500)) == now.date.addingTimeInterval(-90.5))
        #expect(now.date(of: now.instant) == now.date)
    }

    @Test func `a date is as long ago as the wall clock says`() {
        #expect(now.instant(of: now.date.addingTimeInterval(-90.5)) == now.instant - .milliseconds(90_500))
        #expect(now.instant(of: now.date) == now.instant)
    }

    @Test(arguments: [3600, 1e9, 1e300])
    func `a date that the wall clock has not reached, as after it was set back, is now`(ahead: TimeInterval) {
        #expect(now.instant(of: now.date.addingTimeInterval(ahead)) == now.instant)
    }

    @Test func `a date from out of range is longer ago than any limit`() {
        let instant = now.instant(of: Date(timeIntervalSince1970: -1e300))
        #expect(now.instant - instant == .milliseconds(Int64.max))
    }

    @Test func `a distance that no number of milliseconds can say is the largest there is`() {
        let far = Date(timeIntervalSince1970: 1e300)
        #expect(far.milliseconds(since: now.date) == .max)
        #expect(now.date.milliseconds(since: far) == .min)
        #expect(now.date.addingTimeInterval(1.5).milliseconds(since: now.date) == 1500)
    }
}
