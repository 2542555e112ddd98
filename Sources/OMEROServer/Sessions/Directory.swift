#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import OMEROAccess
import OMEROModel
import OMEROStore

// Two modules have callers: whose rights are asked for, and on whose behalf rows are written.
typealias Caller = OMEROAccess.Caller
typealias Author = OMEROStore.Caller

/// A user with what it is in.
struct KnownUser: Sendable, Hashable {
    let account: Account
    /// In the user's own order: the default group first.
    let groups: [GroupRecord]

    var id: Int64 { account.id }
    var name: String { account.name }
}

extension GroupRecord {
    var facts: GroupFacts { GroupFacts(id: id, permissions: Permissions(rawValue: permissions)) }
}

extension ReadTransaction {
    /// A user with groups and privileges.
    func known(_ user: UserRecord) throws -> KnownUser {
        let memberships = try memberships(ofUser: user.id)
        let groups = try groups(ids: memberships.map(\.groupID))
        let byID = Dictionary(groups.map { ($0.id, $0) }) { first, _ in first }
        let revoked = try revokedPrivileges(ofUser: user.id)
        return KnownUser(
            account: Account(
                id: user.id,
                name: user.name,
                memberOf: GroupIDs(memberships.map(\.groupID)),
                leaderOf: GroupIDs(memberships.filter(\.isOwner).map(\.groupID)),
                privileges: Set(Privilege.allCases.filter { !revoked.contains($0.rawValue) })
            ),
            groups: memberships.compactMap { byID[$0.groupID] }
        )
    }
}

/// What sessions ask of the store.
struct Directory: Sendable {
    let store: Store

    func user(named name: String) async throws -> KnownUser? {
        try await store.read { transaction in try transaction.user(name: name).map(transaction.known) }
    }

    func user(id: Int64) async throws -> KnownUser? {
        try await store.read { transaction in try transaction.user(id: id).map(transaction.known) }
    }

    func group(named name: String) async throws -> GroupRecord? { try await store.read { try $0.group(name: name) } }
    func group(id: Int64) async throws -> GroupRecord? { try await store.read { try $0.group(id: id) } }

    func isEventType(_ name: String) async throws -> Bool {
        try await store.read { try $0.enumeration("EventType", value: name) != nil }
    }

    func session(uuid: String) async throws -> SessionRecord? { try await store.read { try $0.session(uuid: uuid) } }
    func insert(_ session: NewSession) async throws -> SessionRecord {
        try await store.write { try $0.insertSession(session) }
    }
    func close(session id: Int64) async throws { _ = try await store.write { try $0.closeSessions([id]) } }
    func update(session id: Int64, timeToIdle: Int64, timeToLive: Int64) async throws {
        try await store.write { try $0.updateSession(id: id, timeToIdle: timeToIdle, timeToLive: timeToLive) }
    }
    func save(_ states: [Int64: SessionState]) async throws {
        if !states.isEmpty { try await store.write { try $0.setSessionStates(states) } }
    }
    func openSessions() async throws -> [SessionRecord] { try await store.read { try $0.openSessions() } }
}
