#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import OMEROAccess
import OMEROModel

/// What the server's sessions need to know of users and groups, and what they leave behind: the store, seen from
/// there.
protocol Directory: Sendable {
    func user(named name: String) async throws -> KnownUser?
    func user(id: Int64) async throws -> KnownUser?
    func group(named name: String) async throws -> GroupRow?
    func group(id: Int64) async throws -> GroupRow?
    func isEventType(_ name: String) async throws -> Bool
    func check(password: String, of name: String) async throws -> PasswordCheck

    func insert(_ session: NewSession) async throws -> Int64
    func close(session uuid: String, at time: Date) async throws
    /// Sets the limits, in milliseconds.
    func update(session uuid: String, timeToIdle: Int64, timeToLive: Int64) async throws
    /// Keeps what a restart must not forget.
    func save(_ states: [SessionState]) async throws
    /// The sessions that were not closed, with what was kept of them.
    func openSessions() async throws -> [StoredSession]
    /// When a session of that name was made and closed, and whose it is; nil if there never was one.
    func session(uuid: String) async throws -> (owner: Int64, isOpen: Bool)?
}

/// A user with what it is in.
struct KnownUser: Sendable, Hashable {
    let account: Account
    /// In the user's own order: the default group first.
    let groups: [GroupRow]

    var id: Int64 { account.id }
    var name: String { account.name }
}

struct GroupRow: Sendable, Hashable {
    let id: Int64
    let name: String
    /// Rights as OMERO's bits.
    let permissions: Permissions

    var facts: GroupFacts { GroupFacts(id: id, permissions: permissions) }
}

enum PasswordCheck: Sendable, Hashable {
    case correct(userID: Int64)
    case wrong(userID: Int64)
    case unknownUser
}

struct NewSession: Sendable {
    let uuid: String
    let ownerID: Int64
    let sudoerID: Int64?
    let started: Date
    let timeToIdle: Int64
    let timeToLive: Int64
    let eventType: String
    let agent: String?
    let address: String?
    /// The group that the session works in.
    let groupID: Int64
    /// The groups that a group leader who acts for a user may use; nil for all.
    let sudoGroups: [Int64]?
}

/// What changes while a session lives.
struct SessionState: Sendable, Hashable {
    let uuid: String
    let lastAccess: Date
    let references: Int
    let hits: Int
    let groupID: Int64
}

struct StoredSession: Sendable {
    let id: Int64
    let new: NewSession
    let state: SessionState
}
