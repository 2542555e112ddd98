import Foundation
import Testing

@testable import OMEROServer

@Suite("Which sessions live")
struct SessionBookTests {
    private static let start = Moment(instant: .now, date: Date(timeIntervalSince1970: 1_700_000_000))

    /// So many milliseconds after the start; the wall clock may have jumped meanwhile.
    private func at(_ milliseconds: Int, jump: TimeInterval = 0) -> Moment {
        let instant = Self.start.instant + .milliseconds(milliseconds)
        return Moment(instant: instant, date: Self.start.date(of: instant).addingTimeInterval(jump))
    }

    private func book(_ uuid: String = "a", toIdle: Int64 = 1000, toLive: Int64 = 0, owner: Int64 = 7) -> SessionBook {
        var book = SessionBook()
        book.insert(entry(uuid, toIdle: toIdle, toLive: toLive, owner: owner))
        return book
    }

    private func entry(_ uuid: String, toIdle: Int64 = 1000, toLive: Int64 = 0, owner: Int64 = 7) -> SessionEntry {
        SessionEntry(
            id: 1, uuid: uuid, ownerID: owner, started: Self.start.instant, timeToIdle: toIdle, timeToLive: toLive,
            lastAccess: Self.start.instant, references: 1)
    }

    private func message(_ body: () throws -> Void) -> String? {
        do {
            try body()
        } catch SessionRefusal.timedOut(let message) {
            return message
        } catch {}
        return nil
    }

    // MARK: Who holds a session

    @Test("a session that is made is held once, by whoever made it")
    func begins() { #expect(book().entries["a"]?.references == 1) }

    @Test("every client that joins holds it once more, every one that leaves once less")
    func counts() throws {
        var book = book()
        #expect(try book.attach("a", now: at(1)).references == 2)
        #expect(try book.attach("a", now: at(2)).references == 3)
        #expect(book.detach("a") == 2)
        #expect(book.detach("a") == 1)
        #expect(book.detach("a") == 0)
    }

    @Test("a session that nobody holds is held by nobody more often than that")
    func neverNegative() {
        var book = book()
        #expect(book.detach("a") == 0)
        #expect(book.detach("a") == 0)
    }

    @Test("nobody leaves or joins a session that is not there")
    func unknown() {
        var book = book()
        #expect(book.detach("b") == nil)
        #expect(throws: SessionRefusal.removed(uuid: "b")) { try book.attach("b", now: at(0)) }
        #expect(throws: SessionRefusal.removed(uuid: "b")) { try book.touch("b", now: at(0)) }
        #expect(throws: SessionRefusal.removed(uuid: "b")) { try book.find("b", now: at(0)) }
    }

    @Test("a removed session is removed once")
    func removes() {
        var book = book()
        #expect(book.remove("a")?.uuid == "a")
        #expect(book.remove("a") == nil)
        #expect(book.count == 0)
        #expect(throws: SessionRefusal.removed(uuid: "a")) { try book.find("a", now: at(0)) }
    }

    @Test("sessions are counted, and those of one owner")
    func countsOwners() {
        var book = book("a", owner: 7)
        book.insert(entry("b", owner: 7))
        book.insert(entry("c", owner: 8))
        #expect(book.count == 3)
        #expect(book.count(of: 7) == 2)
        #expect(book.count(of: 8) == 1)
        #expect(book.count(of: 9) == 0)
    }

    // MARK: Time

    @Test("a session may be idle for exactly its idle time")
    func idleLimit() throws {
        let book = book(toIdle: 1000)
        _ = try book.find("a", now: at(1000))
        #expect(throws: SessionRefusal.self) { try book.find("a", now: at(1001)) }
    }

    @Test("a call begins the idle time anew, a look does not")
    func touching() throws {
        var book = book(toIdle: 1000)
        _ = try book.find("a", now: at(900))
        #expect(throws: SessionRefusal.self) { try book.find("a", now: at(1100)) }
        try book.touch("a", now: at(900))
        _ = try book.find("a", now: at(1900))
        #expect(book.entries["a"]?.hits == 1)
        #expect(throws: SessionRefusal.self) { try book.touch("a", now: at(1901)) }
        #expect(book.entries["a"]?.hits == 1)
    }

    @Test("joining begins the idle time anew")
    func joining() throws {
        var book = book(toIdle: 1000)
        _ = try book.attach("a", now: at(900))
        _ = try book.find("a", now: at(1900))
        #expect(throws: SessionRefusal.self) { try book.attach("a", now: at(1901)) }
        #expect(book.entries["a"]?.references == 2)
    }

    @Test("no call makes a session live longer than its life time")
    func lifeLimit() throws {
        var book = book(toIdle: 1000, toLive: 2500)
        for time in stride(from: 500, through: 2500, by: 500) { try book.touch("a", now: at(time)) }
        #expect(throws: SessionRefusal.self) { try book.touch("a", now: at(2501)) }
    }

    @Test("0 is no limit")
    func noLimits() throws { _ = try book(toIdle: 0, toLive: 0).find("a", now: at(1_000_000_000)) }

    @Test("a wall clock that jumps neither ends a session nor lengthens its time", arguments: [-3600.0, 3600])
    func wallClock(jump: TimeInterval) throws {
        var book = book(toIdle: 1000, toLive: 2500)
        try book.touch("a", now: at(500))
        try book.touch("a", now: at(1500, jump: jump))
        _ = try book.find("a", now: at(2500, jump: jump))
        #expect(throws: SessionRefusal.self) { try book.find("a", now: at(2501, jump: jump)) }
        book.setTimes("a", toIdle: 1000, toLive: 0)
        #expect(throws: SessionRefusal.self) { try book.find("a", now: at(2501, jump: jump)) }
        #expect(throws: SessionRefusal.self) { try book.find("a", now: at(2501)) }
    }

    @Test("moments that come out of order shorten no session's time")
    func outOfOrder() throws {
        var book = book(toIdle: 1000)
        try book.touch("a", now: at(500))
        try book.touch("a", now: at(400))
        _ = try book.find("a", now: at(1500))
    }

    @Test("other limits count at once")
    func setTimes() throws {
        var book = book(toIdle: 1000)
        book.setTimes("a", toIdle: 5000, toLive: 0)
        _ = try book.find("a", now: at(4000))
        book.setTimes("a", toIdle: 5000, toLive: 3000)
        #expect(throws: SessionRefusal.self) { try book.find("a", now: at(4000)) }
        book.setTimes("b", toIdle: 1, toLive: 1)
        #expect(book.count == 1)
    }

    @Test("the sessions whose time is up are found, and stay until they are removed")
    func timedOut() {
        var book = book("c", toIdle: 100)
        book.insert(entry("a", toIdle: 0, toLive: 100))
        book.insert(entry("b", toIdle: 0))
        #expect(book.timedOut(now: at(100)) == [])
        #expect(book.timedOut(now: at(101)) == ["a", "c"])
        #expect(book.count == 3)
    }

    // MARK: What is said

    @Test("the message says which limit, and by how much it was exceeded")
    func idleMessage() throws {
        var book = book(toIdle: 300)
        try book.touch("a", now: at(100))
        let text = try #require(message { _ = try book.find("a", now: at(642)) })
        #expect(text.hasPrefix("Session (started=2023-11-14 22:13:20"))
        #expect(text.contains("hits=1, last access=2023-11-14 22:13:20.1"))
        #expect(text.hasSuffix("exceeded timeToIdle (300) by 242 ms"))
    }

    @Test("when both limits are exceeded, the message speaks of the life time")
    func lifeMessage() throws {
        let book = book(toIdle: 300, toLive: 400)
        let text = try #require(message { _ = try book.find("a", now: at(500)) })
        #expect(text.hasSuffix("exceeded timeToLive (400) by 100 ms"))
    }

    @Test("the message's times are the wall clock's")
    func jumpedMessage() throws {
        let book = book(toIdle: 300)
        let text = try #require(message { _ = try book.find("a", now: at(1000, jump: 3600)) })
        #expect(text.hasPrefix("Session (started=2023-11-14 23:13:20"))
    }

    @Test("a time from out of range, as a damaged database may hold, is exceeded by the largest number")
    func outOfRange() throws {
        var book = SessionBook()
        let long = at(0).instant(of: Date(timeIntervalSince1970: -1e300))
        book.insert(
            SessionEntry(
                id: 1, uuid: "a", ownerID: 7, started: long, timeToIdle: 300, timeToLive: 0, lastAccess: long,
                references: 1))
        let text = try #require(message { _ = try book.find("a", now: at(0)) })
        #expect(text.hasSuffix("exceeded timeToIdle (300) by \(Int64.max) ms"))
    }
}
