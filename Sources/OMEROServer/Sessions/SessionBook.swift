#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the server remembers of a session while it lives.
struct SessionEntry: Sendable, Hashable {
    let id: Int64
    let uuid: String
    let ownerID: Int64
    let started: ContinuousClock.Instant
    /// Milliseconds; 0 for no limit.
    var timeToIdle: Int64
    var timeToLive: Int64
    var lastAccess: ContinuousClock.Instant
    var hits = 0
    /// How many clients, or makers of the session, hold it.
    var references: Int
    var agent: String?
}

/// Why a session cannot be used.
enum SessionRefusal: Error, Hashable {
    /// Its time is up, but it was not removed yet.
    case timedOut(message: String)
    /// There is none of that name (any more).
    case removed(uuid: String)
}

/// Which sessions live, since when, for how long, and how many hold them: a pure state machine, time comes from
/// outside.
///
/// Reference counts as OMERO has them: a new session has 1, every client that joins adds one, every client that leaves
/// takes one; at 0 the session ends. Limits: it has timed out when it is older than its life time, else when it was
/// not touched for longer than its idle time.
struct SessionBook: Sendable {
    private(set) var entries: [String: SessionEntry] = [:]

    var count: Int { entries.count }

    func count(of ownerID: Int64) -> Int { entries.values.count { $0.ownerID == ownerID } }

    mutating func insert(_ entry: SessionEntry) { entries[entry.uuid] = entry }

    /// The session, without touching it.
    func find(_ uuid: String, now: Moment) throws(SessionRefusal) -> SessionEntry {
        guard let entry = entries[uuid] else { throw .removed(uuid: uuid) }
        if let message = entry.timeOut(now: now) { throw .timedOut(message: message) }
        return entry
    }

    /// The session; its idle time begins anew.
    @discardableResult
    mutating func touch(_ uuid: String, now: Moment) throws(SessionRefusal) -> SessionEntry {
        var entry = try find(uuid, now: now)
        entry.lastAccess = max(entry.lastAccess, now.instant)
        entry.hits += 1
        entries[uuid] = entry
        return entry
    }

    /// One more holds the session.
    mutating func attach(_ uuid: String, now: Moment) throws(SessionRefusal) -> SessionEntry {
        var entry = try touch(uuid, now: now)
        entry.references += 1
        entries[uuid] = entry
        return entry
    }

    /// One less holds the session; how many do then, or nil if there is no such session.
    mutating func detach(_ uuid: String) -> Int? {
        guard var entry = entries[uuid] else { return nil }
        entry.references = max(0, entry.references - 1)
        entries[uuid] = entry
        return entry.references
    }

    mutating func setTimes(_ uuid: String, toIdle: Int64, toLive: Int64) {
        entries[uuid]?.timeToIdle = toIdle
        entries[uuid]?.timeToLive = toLive
    }

    mutating func remove(_ uuid: String) -> SessionEntry? { entries.removeValue(forKey: uuid) }

    /// The sessions whose time is up.
    func timedOut(now: Moment) -> [String] {
        entries.values.filter { $0.timeOut(now: now) != nil }.map(\.uuid).sorted()
    }
}

extension SessionEntry {
    /// What to say if its time is up.
    fileprivate func timeOut(now: Moment) -> String? {
        func exceeded(_ name: String, _ limit: Int64, since: ContinuousClock.Instant) -> String? {
            guard limit > 0 else { return nil }
            let over = (now.instant - since - .milliseconds(limit)) / Duration.milliseconds(1)
            guard over >= 1 else { return nil }
            let (started, lastAccess) = (now.date(of: started).timestamp, now.date(of: lastAccess).timestamp)
            return "Session (started=\(started), hits=\(hits), last access=\(lastAccess)) "
                + "exceeded \(name) (\(limit)) by \(Int64(exactly: over.rounded(.down)) ?? .max) ms"
        }
        return exceeded("timeToLive", timeToLive, since: started)
            ?? exceeded("timeToIdle", timeToIdle, since: lastAccess)
    }
}

extension Date {
    /// Such as `2026-11-23 12:00:00.5`, as Java writes time stamps.
    fileprivate var timestamp: String {
        let text = formatted(
            .iso8601.year().month().day().dateSeparator(.dash).dateTimeSeparator(.space).time(
                includingFractionalSeconds: true))
        return text.hasSuffix("Z") ? String(text.dropLast()) : text
    }
}
