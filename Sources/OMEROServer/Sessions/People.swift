import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

/// What every call needs to know of groups and of who is in them: read once, and again when it has changed.
final class People: Sendable {
    /// All groups.
    struct Groups: Sendable {
        let facts: [GroupFacts]
        let permissions: [Int64: Permissions]

        fileprivate init(_ records: [GroupRecord]) {
            facts = records.map(\.facts)
            permissions = Dictionary(facts.map { ($0.id, $0.permissions) }) { first, _ in first }
        }
    }

    /// As of a version of the store's people.
    private struct Known {
        var version = -1
        var groups: Groups?
        var members: [Int64: [Int64]] = [:]
        /// Of those who logged in.
        var users: [String: KnownUser] = [:]
    }
    /// Programs log in again and again as a few users; of many not all are remembered.
    private static let rememberedUsers = 1000

    private let store: Store
    private let known = Mutex(Known())

    init(store: Store) { self.store = store }

    func groups(_ transaction: ReadTransaction) throws -> Groups {
        try known({ $0.groups }, { $0.groups = $1 }, transaction) { Groups(try transaction.groups()) }
    }

    func members(ofGroup id: Int64, _ transaction: ReadTransaction) throws -> [Int64] {
        // No key path: one with an id in it is made anew each time, and there can be hundreds of groups per call.
        try known({ $0.members[id] }, { $0.members[id] = $1 }, transaction) {
            try transaction.memberships(ofGroup: id).map(\.userID)
        }
    }

    /// A group, if there is one of that id.
    func group(_ id: Int64) async throws -> GroupFacts? {
        let version = store.peopleVersion
        let groups: Groups
        if let known = known.withLock({ $0.version == version ? $0.groups : nil }) {
            groups = known
        } else {
            groups = try await store.read { try self.groups($0) }
        }
        return groups.permissions[id].map { GroupFacts(id: id, permissions: $0) }
    }

    /// Who logs in with that name, if there is such a user.
    func user(named name: String) async throws -> KnownUser? {
        let version = store.peopleVersion
        if let user = known.withLock({ $0.version == version ? $0.users[name] : nil }) { return user }
        return try await store.read { transaction in
            guard let record = try transaction.user(name: name) else { return nil }
            return try self.known(
                { $0.users[name] },
                { known, user in
                    if known.users.count >= Self.rememberedUsers { known.users = [:] }
                    known.users[name] = user
                }, transaction
            ) { try transaction.known(record) }
        }
    }

    /// What is known, if it is of the transaction's version; else what the transaction sees, which is remembered unless
    /// something newer is.
    private func known<Value>(
        _ look: (Known) -> Value?,
        _ keep: (inout Known, Value) -> Void,
        _ transaction: ReadTransaction,
        read: () throws -> Value
    ) throws -> Value {
        guard let version = transaction.peopleVersion else { return try read() }
        if let value = known.withLock({ $0.version == version ? look($0) : nil }) { return value }
        let value = try read()
        known.withLock { known in
            if known.version < version { known = Known(version: version) }
            if known.version == version { keep(&known, value) }
        }
        return value
    }
}
