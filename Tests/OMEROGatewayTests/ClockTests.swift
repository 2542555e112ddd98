@testable import OMERO
import OMEROServer
import Synchronization
import Testing

/// Time that goes on only when it is told to, or jumps.
private final class JumpingTime: Sendable {
    private let offset = Mutex(Duration.zero)

    /// Real time, and all jumps so far. Who sleeps wakes often: as after a machine's sleep, when timers may be late.
    var clock: GatewayClock {
        GatewayClock(
            now: { ContinuousClock.now + self.offset.withLock { $0 } },
            sleep: { duration in
                let end = ContinuousClock.now + self.offset.withLock { $0 } + duration
                while ContinuousClock.now + self.offset.withLock({ $0 }) < end {
                    try await Task.sleep(for: .milliseconds(5))
                }
            })
    }

    func jump(by duration: Duration) { offset.withLock { $0 += duration } }
}

@Suite struct ClockTests {
    /// As when the lid of a laptop was shut. (The wall clock can't jump here: a `GatewayClock` has none.)
    @Test func `after an hour's sleep a beat asks at once, and a session that lives goes on`() async throws {
        let time = JumpingTime()
        try await withTroubledGateway(clock: time.clock) { gateway, _, server in
            let log = StateLog(gateway)
            let limit = try #require(gateway.sessionLimits.idle)
            #expect(limit >= .seconds(60))
            time.jump(by: .seconds(3600))
            // Beats come every two minutes at most: this one is the jump's.
            try await eventually { (gateway.timeLeft.idle ?? .zero) > limit - .seconds(10) }
            #expect(gateway.state.name == "up")
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
            #expect(server.sessionCount == 1)
            await gateway.close(.forEveryone)
            let course = await log.course(until: "closed")
            #expect(course == ["up", "closed"])
        }
    }

    @Test func `what is left of the limits is reckoned with the time that went by asleep`() async throws {
        let time = JumpingTime()
        try await withTroubledGateway({ $0.keepAlive.isEnabled = false }, clock: time.clock) { gateway, _, _ in
            try await gateway.setLimits(idle: .seconds(7200), life: .seconds(10800))
            time.jump(by: .seconds(3600))
            let left = gateway.timeLeft
            let (idle, life) = (try #require(left.idle), try #require(left.life))
            #expect(idle <= .seconds(3600) && idle > .seconds(3500))
            #expect(life <= .seconds(7200) && life > .seconds(7100))
            time.jump(by: .seconds(86400))
            #expect(gateway.timeLeft == SessionLimits(idle: .zero, life: .zero))
            // The server decides what is over, not this side's reckoning.
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
        }
    }

    @Test func `an hour's sleep while coming back is not taken off the time for that`() async throws {
        let time = JumpingTime()
        try await withTroubledGateway({ $0.reconnect.limit = .seconds(120) }, clock: time.clock) { gateway, path, _ in
            let log = StateLog(gateway)
            path.refuse(true)
            path.cut()
            let lost = await log.states(until: "retrying")
            #expect(lost.last == "retrying")
            time.jump(by: .seconds(3600))
            // Woken up, but the network takes a little longer.
            try await Task.sleep(for: .milliseconds(300))
            path.refuse(false)
            let course = await log.course(until: "up")
            #expect(course.last == "up")
        }
    }
}
