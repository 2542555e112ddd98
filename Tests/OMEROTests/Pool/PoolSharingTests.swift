import Testing

@testable import OMERO

/// Several keys in one pool, and the pool's end.
@Suite struct PoolSharingTests {
    // MARK: Keys

    @Test func `a key never gets what is another's`() {
        var script = PoolScript()
        script.lend(1, "a")
        _ = script.release(1)
        #expect(script.lease("b") == ["open 2"])
        #expect(script.opened(2) == ["give 2 to 2"])
        _ = script.release(2)
        #expect(script.lease("a") == ["give 1 to 3"])
    }

    @Test func `each key has its own bound below that of all`() {
        var script = PoolScript(perKey: 1) { $0.maximum = 3 }
        script.lend(1, "a")
        #expect(script.lease("a") == [])
        #expect(script.lease("b") == ["open 2"])
        #expect(script.release(1) == ["give 1 to 2"])
    }

    @Test func `the one that was idle longest gives way to another key, once`() {
        var script = PoolScript()
        script.lend(1, "a")
        script.lend(1, "b")
        _ = script.release(2)
        script.pass(.seconds(1))
        _ = script.release(1)
        #expect(script.lease("c") == ["close 2"])
        #expect(script.lease("c") == [])
        #expect(script.closed(2) == ["open 3"])
        #expect(script.opened(3) == ["give 3 to 3", "close 1"])
        #expect(script.closed(1) == ["open 4"])
        #expect(script.pool.groups.keys.sorted() == ["c"])
    }

    @Test func `who came first is served first over all keys`() {
        var script = PoolScript()
        script.lend(2, "a")
        #expect(script.lease("b") == [])
        #expect(script.lease("a") == [])
        #expect(script.release(1) == ["close 1"])
        #expect(script.release(2) == ["give 2 to 4"])
        #expect(script.closed(1) == ["open 3"])
        #expect(script.opened(3) == ["give 3 to 3"])
    }

    @Test func `who came later does not take away what others wait for`() {
        var script = PoolScript()
        script.lend(2, "a")
        #expect(script.lease("a") == [])
        #expect(script.lease("b") == [])
        #expect(script.release(1) == ["give 1 to 3"])
        #expect(script.release(1) == ["close 1"])
    }

    @Test func `the newest of equal keys says how to open`() {
        struct Key: Hashable {
            let name: String
            let word: Int
            static func == (one: Key, other: Key) -> Bool { one.name == other.name }
            func hash(into hasher: inout Hasher) { hasher.combine(name) }
        }
        var pool = PoolState<Key, Int, Int>(PoolConfiguration(), perKey: 1)
        let now = ContinuousClock.now
        _ = pool.lease(Key(name: "a", word: 1), id: 1, waiter: 1, now: now)
        _ = pool.lease(Key(name: "a", word: 2), id: 2, waiter: 2, now: now)
        #expect(pool.begin(1)?.word == 2)
    }

    // MARK: The end

    @Test func `a shutdown refuses who waits and who comes, and closes what comes back`() {
        var script = PoolScript()
        script.lend(1)
        script.lend(1)
        _ = script.release(2)
        _ = script.lease()
        _ = script.lease()
        #expect(script.shutdown() == ["refuse 4 closed"])
        #expect(script.shutdown() == [])
        #expect(script.lease() == ["refuse 5 closed"])
        #expect(script.release(1) == ["close 1"])
        #expect(script.closed(1) == [])
        #expect(script.release(2) == ["close 2"])
        #expect(script.closed(2) == ["finish"])
        #expect(script.interrupt() == [])
    }

    @Test func `a shutdown closes what is idle, being checked, or being opened`() {
        var script = PoolScript(perKey: 4) { $0.maximum = 4 }
        script.lend(2)
        _ = script.release(1, .doubtful)
        #expect(script.lease() == ["check 1"])
        #expect(script.lease() == ["open 3"])
        #expect(script.pool.begin(3) != nil)
        #expect(script.lease() == ["open 4"])
        #expect(script.shutdown() == ["refuse 3 closed", "refuse 4 closed", "refuse 5 closed"])
        #expect(script.opened(4) == ["not wanted"])
        #expect(script.checked(1, true) == ["close 1"])
        _ = script.pool.opened(3, 3, now: script.now)
        #expect(script.pool.members[3]?.phase == .closing)
        var other = PoolScript()
        other.lend(2)
        _ = other.release(1)
        #expect(other.shutdown() == ["close 1"])
    }

    @Test func `a shutdown of an empty pool is done at once`() {
        var script = PoolScript()
        #expect(script.shutdown() == ["finish"])
        #expect(script.tick(after: .seconds(60)) == [])
    }

    @Test func `an opening that fails during the shutdown ends it`() {
        var script = PoolScript()
        _ = script.lease()
        _ = script.pool.begin(1)
        #expect(script.shutdown() == ["refuse 1 closed"])
        let last = script.pool.failed(1, .poolIsClosed, isFinal: false, now: script.now).last
        guard case .finish = last else {
            Issue.record("not finished")
            return
        }
    }

    @Test func `after its time a shutdown closes what is lent`() {
        var script = PoolScript { $0.shutdownLimit = .seconds(3) }
        script.lend(1)
        #expect(script.shutdown() == [])
        #expect(script.wakes.last == .seconds(3))
        #expect(script.tick(after: .seconds(3)) == ["interrupt", "close 1"])
        #expect(script.release(1) == [])
        #expect(script.closed(1) == ["finish"])
    }

    @Test func `an interruption closes everything at once`() {
        var script = PoolScript(perKey: 3) { $0.maximum = 3 }
        script.lend(3)
        _ = script.release(2)
        #expect(script.interrupt() == ["close 2", "interrupt", "close 1", "close 3"])
        #expect(script.interrupt() == [])
        for id in 1...2 { #expect(script.closed(id) == []) }
        #expect(script.closed(3) == ["finish"])
        #expect(script.lease() == ["refuse 4 closed"])
    }
}
