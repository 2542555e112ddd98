import OMEROAccess
import OMEROModel

@testable import OMEROServer
@testable import OMEROStore

/// Who asks, and from where, with what both sides need: the rules for the plain evaluation, the scope for the store.
struct Asker: Sendable {
    let role: String
    let context: String
    let caller: OMEROAccess.Caller
    let privacy: ExperimenterPrivacy
    let scope: QueryScope
}

/// A store with random rows, the same rows in memory, and all who may ask.
struct World: Sendable {
    static let levels = ["rw----", "rwr---", "rwra--", "rwrw--", "rwr-r-"]

    let store: Store
    let rows: PlainRows
    let askers: [Asker]
    /// Those of the groups.
    let permissions: [Int64: Permissions]
    /// Whose member each user is.
    let memberships: [Int64: Set<Int64>]

    init(seed: UInt64) async throws {
        let store = try await Store.open(
            .inMemory, setup: StoreSetup(rootPassword: nil, passwordCost: .negligible))
        let cast = try await store.write { transaction in
            let cast = try Cast(transaction)
            try RandomRows.fill(transaction, owners: cast.owners, seed: seed)
            return cast
        }
        self.store = store
        let (rows, records, memberships) = try await store.read { transaction in
            var memberships: [Int64: Set<Int64>] = [:]
            for user in try transaction.users() {
                memberships[user.id] = Set(try transaction.memberships(ofUser: user.id).map(\.groupID))
            }
            return (try PlainRows(transaction), try transaction.groups(), memberships)
        }
        self.rows = rows
        self.memberships = memberships
        let groups = records.map { GroupFacts(id: $0.id, permissions: Permissions(rawValue: $0.permissions)) }
        permissions = Dictionary(uniqueKeysWithValues: groups.map { ($0.id, $0.permissions) })
        var askers: [Asker] = []
        for account in cast.accounts {
            let identity = OMEROAccess.Identity(account)
            let privacy = ExperimenterPrivacy(identity, groups: groups)
            var contexts: [(String, CurrentGroup)] = [("all groups", .all)]
            for (level, id) in zip(Self.levels, cast.groups) {
                if let group = groups.first(where: { $0.id == id }) { contexts.append((level, .one(group))) }
            }
            for (name, id) in [("another group", cast.otherGroup), ("user", BuiltIn.userGroup)] {
                if let group = groups.first(where: { $0.id == id }) { contexts.append((name, .one(group))) }
            }
            for (context, group) in contexts {
                if case .one(let facts) = group, !identity.mayEnter(facts) { continue }
                let caller = OMEROAccess.Caller(identity, in: group)
                askers.append(
                    Asker(
                        role: account.name, context: context, caller: caller, privacy: privacy,
                        scope: QueryScope(caller, groups: groups, privacy: privacy)))
            }
        }
        self.askers = askers
    }
}

/// The users and groups.
private struct Cast {
    /// One of each level, in their order.
    let groups: [Int64]
    let otherGroup: Int64
    let accounts: [Account]
    /// Who has objects, by group.
    let owners: [Int64: [Int64]]

    init(_ transaction: WriteTransaction) throws {
        var groups: [Int64] = []
        for level in World.levels + ["rwrw--"] {
            guard let permissions = Permissions(level) else { throw Unevaluated(level) }
            groups.append(
                try transaction.createGroup(
                    NewGroup(name: "group \(groups.count)", permissions: permissions.rawValue), by: .server))
        }
        otherGroup = groups.removeLast()
        self.groups = groups
        let here = GroupIDs(groups + [otherGroup, BuiltIn.userGroup])
        let elsewhere: GroupIDs = [otherGroup, BuiltIn.userGroup]
        let system: GroupIDs = [BuiltIn.systemGroup, BuiltIn.userGroup]
        // The name of a role, the groups, those that are led, and privileges.
        let parts: [(String, GroupIDs, GroupIDs, Set<Privilege>)] = [
            ("owner", here, [], []), ("other owner", here, [], []), ("member", here, [], []),
            ("leader", here, GroupIDs(groups), []), ("leader of another group", elsewhere, [otherGroup], []),
            ("stranger", elsewhere, [], []), ("light administrator", system, [], []),
            ("light administrator with ReadSession", system, [], [.readSession]),
        ]
        var accounts: [Account] = []
        for (name, memberOf, leaderOf, privileges) in parts {
            let id = try transaction.createUser(
                NewUser(
                    name: name, firstName: accounts.count % 2 == 0 ? "Ada" : "Bob", lastName: name,
                    email: accounts.count % 3 == 0 ? nil : "\(accounts.count)@example.org"), by: .server)
            for group in memberOf.ordered {
                try transaction.addMemberships(
                    user: id, groups: [group], isOwner: leaderOf.contains(group), by: .server)
            }
            accounts.append(
                Account(id: id, name: name, memberOf: memberOf, leaderOf: leaderOf, privileges: privileges))
        }
        let owner = accounts[0].id
        let other = accounts[1].id
        let stranger = accounts[5].id
        accounts.append(
            Account(
                id: BuiltIn.rootUser, name: "root", memberOf: system, leaderOf: [BuiltIn.systemGroup],
                privileges: Privilege.all))
        accounts.append(Account(id: BuiltIn.guestUser, name: "guest", memberOf: [BuiltIn.guestGroup]))
        self.accounts = accounts
        // A stranger's objects are those of somebody who left the group.
        var owners = Dictionary(uniqueKeysWithValues: groups.map { ($0, [owner, owner, other, other, stranger]) })
        owners[otherGroup] = [stranger, owner]
        owners[BuiltIn.userGroup] = [BuiltIn.rootUser, owner]
        self.owners = owners
    }
}
