import Testing

@testable import OMERO

@Suite struct PoolStateTests {
    // MARK: Lending

    @Test func `the first who comes makes one open, and gets it`() {
        var script = PoolScript()
        #expect(script.lease() == ["open 1"])
        #expect(script.opened(1) == ["give 1 to 1"])
        #expect(script.pool.members[1]?.phase == .leased)
    }

    @Test func `what comes back is kept, and lent again at once`() {
        var script = PoolScript()
        script.lend(1)
        #expect(script.release(1) == [])
        #expect(script.lease() == ["give 1 to 2"])
    }

    @Test func `over the bound one waits, in order of arrival`() {
        var script = PoolScript()
        script.lend(2)
        for _ in 0..<3 { #expect(script.lease() == []) }
        #expect(script.release(2) == ["give 2 to 3"])
        #expect(script.release(1) == ["give 1 to 4"])
        #expect(script.release(1) == ["give 1 to 5"])
        #expect(script.release(1) == [])
        #expect(script.pool.members.count == 2)
    }

    @Test func `one that comes back goes to the first, and the one being opened to the next`() {
        var script = PoolScript()
        script.lend(1)
        #expect(script.lease() == ["open 2"])
        #expect(script.lease() == [])
        #expect(script.release(1) == ["give 1 to 2"])
        #expect(script.opened(2) == ["give 2 to 3"])
    }

    @Test func `the one that was used last is lent first`() {
        var script = PoolScript()
        script.lend(2)
        _ = script.release(2)
        script.pass(.seconds(1))
        _ = script.release(1)
        #expect(script.lease() == ["give 1 to 3"])
    }

    @Test func `more than may wait are refused at once`() {
        var script = PoolScript { $0.maximumWaiting = 1 }
        script.lend(2)
        #expect(script.lease() == [])
        #expect(script.lease() == ["refuse 4 throttled"])
        _ = script.release(1)
        _ = script.release(1)
        // Who gets one at once does not wait.
        #expect(script.lease() == ["give 1 to 5"])
    }

    // MARK: Waiting

    @Test func `who waited too long is told, first come first`() {
        var script = PoolScript { $0.waitLimit = .seconds(5) }
        script.lend(2)
        _ = script.lease()
        script.pass(.seconds(1))
        _ = script.lease()
        #expect(script.tick(after: .milliseconds(3900)) == [])
        #expect(script.tick(after: .milliseconds(100)) == ["refuse 3 timedOut"])
        #expect(script.tick(after: .seconds(1)) == ["refuse 4 timedOut"])
        #expect(script.release(1) == [])
    }

    @Test func `who is cancelled frees the place`() {
        var script = PoolScript()
        script.lend(2)
        _ = script.lease()
        _ = script.lease()
        #expect(script.cancel(3) == ["cancel 3"])
        #expect(script.cancel(3) == [])
        #expect(script.release(1) == ["give 1 to 4"])
        #expect(script.cancel(4) == [])
    }

    @Test func `nothing is opened for one who left before it was begun`() {
        var script = PoolScript()
        #expect(script.lease() == ["open 1"])
        #expect(script.cancel(1) == ["cancel 1"])
        #expect(script.opened(1) == ["not wanted"])
        #expect(script.pool.members.isEmpty && script.pool.groups.isEmpty)
    }

    @Test func `what was begun for one who left is kept for the next`() {
        var script = PoolScript()
        _ = script.lease()
        #expect(script.pool.begin(1) == "a")
        #expect(script.cancel(1) == ["cancel 1"])
        #expect(script.pool.opened(1, 1, now: script.now).isEmpty)
        #expect(script.lease() == ["give 1 to 2"])
    }

    @Test func `a wake is asked for only if it is earlier than the last one`() {
        var script = PoolScript { $0.waitLimit = .seconds(5) }
        script.lend(1)
        script.pass(.seconds(1))
        _ = script.lease()
        #expect(script.wakes == [.seconds(5)])
        _ = script.tick(after: .seconds(4))
        #expect(script.wakes == [.seconds(5), .seconds(6)])
        #expect(script.tick(after: .seconds(1)) == ["refuse 2 timedOut"])
        #expect(script.wakes.count == 2)
        _ = script.release(1)
        #expect(script.wakes.last == .seconds(306))
    }

    // MARK: Opening

    @Test func `until one was opened, one attempt is made at a time`() {
        var script = PoolScript(perKey: 4) { $0.maximum = 4 }
        #expect(script.lease() == ["open 1"])
        #expect(script.lease() == [])
        #expect(script.lease() == [])
        #expect(script.opened(1) == ["give 1 to 1", "open 2", "open 3"])
        #expect(script.lease() == ["open 4"])
        #expect(script.lease() == [])
    }

    @Test func `a failure that may pass is tried again, after longer and longer pauses`() {
        var script = PoolScript { $0.longestRetryDelay = .milliseconds(500) }
        _ = script.lease()
        _ = script.lease()
        #expect(script.failed(1) == ["open 2 after 200.0 ms"])
        #expect(script.failed(2) == ["open 3 after 400.0 ms"])
        #expect(script.failed(3) == ["open 4 after 500.0 ms"])
        #expect(script.opened(4) == ["give 4 to 1", "open 5"])
        #expect(script.failed(5) == ["open 6 after 200.0 ms"])
    }

    @Test func `attempts that fail together lengthen the pause once`() {
        var script = PoolScript(perKey: 3) { $0.maximum = 3 }
        script.lend(1)
        #expect(script.lease() == ["open 2"])
        #expect(script.lease() == ["open 3"])
        _ = script.pool.begin(2)
        _ = script.pool.begin(3)
        let error = GatewayError(.refused, "nobody listens")
        #expect(script.pool.failed(2, error, isFinal: false, now: script.now).isEmpty)
        _ = script.pool.failed(3, error, isFinal: false, now: script.now)
        #expect(script.pool.groups["a"]?.failures == 1)
        #expect(script.pool.groups["a"]?.planned == [4])
    }

    @Test func `who waited in vain is told why nothing was opened`() throws {
        var script = PoolScript()
        _ = script.lease()
        _ = script.failed(1)
        script.pass(.seconds(30))
        let actions = script.pool.tick(now: script.now)
        guard case .refuse(1, let error) = try #require(actions.first) else {
            Issue.record("not refused")
            return
        }
        #expect(error.kind == .timedOut)
        #expect(error.message.contains("nobody listens"))
        #expect((error.cause as? GatewayError)?.kind == .refused)
        #expect(script.pool.members.isEmpty)
    }

    @Test func `a failure that stays is told to all who wait, and the next tries afresh`() {
        var script = PoolScript()
        _ = script.lease()
        _ = script.lease()
        #expect(script.lease("b") == ["open 2"])
        #expect(script.failed(1, isFinal: true) == ["refuse 1 refused", "refuse 2 refused"])
        #expect(script.lease() == ["open 3"])
        #expect(script.opened(2) == ["give 2 to 3"])
    }

    // MARK: Health and age

    @Test func `one that was idle for long is checked first`() {
        var script = PoolScript()
        script.lend(1)
        _ = script.release(1)
        script.pass(.seconds(30))
        #expect(script.lease() == ["check 1"])
        #expect(script.checked(1, true) == ["give 1 to 2"])
    }

    @Test func `one that fails its check is closed and replaced`() {
        var script = PoolScript()
        script.lend(1)
        _ = script.release(1)
        script.pass(.seconds(30))
        _ = script.lease()
        #expect(script.checked(1, false) == ["close 1", "open 2"])
        #expect(script.opened(2) == ["give 2 to 2"])
        #expect(script.closed(1) == [])
    }

    @Test func `one that is always to be checked is checked once`() {
        var script = PoolScript { $0.checkAfter = .zero }
        #expect(script.lease() == ["open 1"])
        #expect(script.opened(1) == ["give 1 to 1"])
        _ = script.release(1)
        #expect(script.lease() == ["check 1"])
        #expect(script.checked(1, true) == ["give 1 to 2"])
    }

    @Test func `who counted on an opening that failed gets one that is idle`() {
        var script = PoolScript()
        script.lend(1)
        #expect(script.lease() == ["open 2"])
        #expect(script.pool.begin(2) != nil)
        _ = script.cancel(2)
        _ = script.release(1)
        script.pass(.seconds(30))
        // The opening covers the one who waits, so that nothing has to be checked.
        #expect(script.lease() == [])
        let actions = script.pool.failed(2, .poolIsClosed, isFinal: false, now: script.now)
        #expect(script.lines(actions) == ["check 1"])
        #expect(script.checked(1, true) == ["give 1 to 3"])
    }

    @Test func `a checked one that nobody waits for any more is kept`() {
        var script = PoolScript()
        script.lend(1)
        _ = script.release(1)
        script.pass(.seconds(30))
        _ = script.lease()
        _ = script.cancel(2)
        #expect(script.checked(1, true) == [])
        #expect(script.lease() == ["give 1 to 3"])
    }

    @Test func `a doubtful one is checked before the next gets it`() {
        var script = PoolScript()
        script.lend(2)
        _ = script.lease()
        #expect(script.release(1, .doubtful) == ["check 1"])
        #expect(script.release(2, .whole) == ["give 2 to 3"])
        #expect(script.checked(1, true) == [])
    }

    @Test func `a sound one is lent before a doubtful one`() {
        var script = PoolScript()
        script.lend(2)
        _ = script.release(1)
        _ = script.release(2, .doubtful)
        #expect(script.lease() == ["give 1 to 3"])
        #expect(script.lease() == ["check 2"])
    }

    @Test func `a broken one is closed before another takes its place`() {
        var script = PoolScript(perKey: 1)
        script.lend(1)
        _ = script.lease()
        #expect(script.release(1, .broken) == ["close 1"])
        #expect(script.closed(1) == ["open 2"])
        #expect(script.opened(2) == ["give 2 to 2"])
    }

    @Test func `one that breaks is closed when it is idle, comes back, or was checked`() {
        var script = PoolScript()
        script.lend(2)
        #expect(script.broke(1) == [])
        #expect(script.release(1) == ["close 1"])
        #expect(script.broke(1) == [])
        _ = script.release(2)
        #expect(script.broke(2) == ["close 2"])
        _ = script.closed(1)
        _ = script.closed(2)
        _ = script.lease()
        _ = script.opened(3)
        _ = script.release(3, .doubtful)
        #expect(script.lease() == ["check 3"])
        #expect(script.broke(3) == [])
        #expect(script.checked(3, true) == ["close 3", "open 4"])
    }

    @Test func `one that nobody wants for long is closed`() {
        var script = PoolScript()
        script.lend(1)
        _ = script.release(1)
        #expect(script.tick(after: .seconds(299)) == [])
        #expect(script.tick(after: .seconds(1)) == ["close 1"])
        #expect(script.closed(1) == [])
        #expect(script.pool.groups.isEmpty)
    }

    @Test func `an old one is closed when it is idle or comes back, not while it is lent`() {
        var script = PoolScript { $0.lifeLimit = .seconds(60) }
        script.lend(2)
        _ = script.release(1)
        #expect(script.tick(after: .seconds(30)) == [])
        #expect(script.wakes.last == .seconds(60))
        #expect(script.tick(after: .seconds(30)) == ["close 1"])
        #expect(script.release(2) == ["close 2"])
    }

    @Test func `news of what is not there changes nothing`() {
        var script = PoolScript()
        script.lend(1)
        #expect(script.release(7) == [] && script.checked(1, true) == [] && script.closed(1) == [])
        #expect(script.broke(7) == [] && script.cancel(1) == [] && script.opened(1) == ["not wanted"])
        #expect(script.pool.opened(1, 9, now: script.now).isEmpty)
        let error = GatewayError(.refused, "")
        #expect(script.pool.failed(1, error, isFinal: true, now: script.now).isEmpty)
        #expect(script.pool.members[1]?.phase == .leased)
        #expect(script.pool.members[1]?.resource == 1)
    }
}
