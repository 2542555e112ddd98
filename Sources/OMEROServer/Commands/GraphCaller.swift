import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore

/// Who asks for a graph to be changed, and what that caller may do with each of its objects, in all groups.
struct GraphCaller: Sendable {
    private let filter: ResultFilter
    private let caller: OMEROAccess.Caller
    private var identity: Identity { caller.identity }

    init(_ call: Call, _ transaction: ReadTransaction) throws {
        filter = try ResultFilter(call, transaction)
        var caller = call.caller
        caller.group = .all
        self.caller = caller
    }

    // MARK: Rights

    /// What the caller may do with objects, but for giving them to somebody.
    func authority() -> GraphAuthority { authority { _ in false } }

    private func authority(mayGive: @escaping @Sendable (GraphObject) -> Bool) -> GraphAuthority {
        let levels = filter.groupPermissions.mapValues { permissions in
            GraphAuthority.GroupLevel(
                sees: permissions[.group, .read], annotates: permissions[.group, .annotate],
                writes: permissions[.group, .write])
        }
        return GraphAuthority(groups: levels) { object in
            if identity.isFullAdmin, !caller.isReadOnly, caller.shareID == nil { return .all }
            var rights = rights(object)
            if mayGive(object) { rights.insert(.give) }
            return rights
        }
    }

    private func rights(_ object: GraphObject) -> GraphRights {
        var facts = filter.facts(object.entity, id: object.id, ownerID: object.ownerID, groupID: object.groupID)
        facts.isDirectory = object.isDirectory
        let allowed = caller.allowed(on: facts)
        var rights: GraphRights = []
        if caller.canLoad(facts) { rights.insert(.see) }
        if allowed.contains(.edit) { rights.insert(.edit) }
        if allowed.contains(.delete) { rights.insert(.delete) }
        if object.ownerID == identity.userID || identity.has(.chgrp) { rights.insert(.move) }
        return rights
    }

    // MARK: Moving

    /// - Throws: ``CommandError`` unless the caller may move objects into that group at all.
    func checkMove(to group: Int64) throws {
        guard identity.has(.chgrp) || identity.memberOf.contains(group) else {
            throw CommandError(
                name: "not-in-group", parameters: ["message": "not a member of the chgrp destination group"])
        }
        guard filter.groupPermissions[group] != nil else { throw CommandError(graph: "there is no group \(group)") }
    }

    // MARK: Giving

    /// Who leads a group may give what is in it to its members, among themselves.
    ///
    /// - Throws: ``CommandError`` unless the caller may give the objects of these users to that one at all.
    func authority(toGiveTo user: Int64, from others: [Int64], _ transaction: ReadTransaction) throws
        -> GraphAuthority
    {
        guard try transaction.user(id: user) != nil else { throw CommandError(graph: "there is no user \(user)") }
        if identity.has(.chown) { return authority { _ in true } }
        let led = identity.leaderOf.set
        guard !led.isEmpty else { throw CommandError(graph: "not an owner of any group") }
        for other in others where led.isDisjoint(with: try groups(of: other, transaction)) {
            throw CommandError(graph: "not an owner of any group of Experimenter[\(other)]")
        }
        let shared = led.intersection(try groups(of: user, transaction))
        return authority { object in
            object.ownerID == user || (object.groupID.map(shared.contains) ?? false)
        }
    }

    /// All that belongs to some users, as far as the caller may give it away.
    func objects(of users: [Int64], _ transaction: ReadTransaction) throws -> [Entity: Set<Int64>] {
        guard !users.isEmpty else { return [:] }
        return try transaction.objects(
            of: GraphTargets.give.all, ownedBy: users, inGroups: identity.has(.chown) ? nil : identity.leaderOf.set)
    }

    private func groups(of user: Int64, _ transaction: ReadTransaction) throws -> Set<Int64> {
        Set(try transaction.memberships(ofUser: user).map(\.groupID))
    }
}
