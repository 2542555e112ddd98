@testable import OMEROServer
import Foundation
import Synchronization
import Testing

@Suite struct SteadyTimeTests {
    @Test func `sessions' time goes on with the continuous clock, whatever the wall clock is set to`() {
        let clock = Mutex(ContinuousClock.now)
        // Set an hour wrong, as when a machine starts without its time: dates go on from there.
        let wrong = Date().addingTimeInterval(-3600)
        let time = SteadyTime(start: wrong) { clock.withLock { $0 } }
        #expect(time.now == wrong)
        clock.withLock { $0 += .milliseconds(90_500) }
        #expect(abs(time.now.timeIntervalSince(wrong) - 90.5) < 0.001)
    }
}
