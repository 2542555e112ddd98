internal import GRDB

extension ReadTransaction {
    /// What would happen, with everything that goes along; nothing happens.
    ///
    /// - Throws: ``GraphRefusal`` for what rules or the caller's rights forbid.
    public func plan(_ request: GraphRequest, _ authority: GraphAuthority) throws -> GraphPlan {
        var planner = GraphPlanner(request, request.operation.rules(authority), self)
        let plan = try planner.plan()
        if case .give(let user) = request.operation { try refuseDoubleLinks(plan, to: user) }
        return plan
    }

    /// Everything that would go along with the targets, by exact type, whether the caller may do it or not.
    ///
    /// - Throws: ``GraphRefusal`` if the caller doesn't see one of the targets.
    public func reach(of request: GraphRequest, _ authority: GraphAuthority) throws -> [Entity: Set<Int64>] {
        var planner = GraphPlanner(request, request.operation.rules(authority), self)
        return Dictionary(grouping: try planner.reach(), by: \.entity).mapValues { Set($0.map(\.id)) }
    }

    /// What belongs to some users, of these types, which are roots of hierarchies.
    ///
    /// - Parameters:
    ///   - types: those that are no roots, or that belong to nobody, are left out.
    ///   - users: ids of users.
    ///   - groups: only in these groups, if it isn't nil.
    public func objects(
        of types: some Sequence<Entity>, ownedBy users: [Int64], inGroups groups: Set<Int64>? = nil
    ) throws -> [Entity: Set<Int64>] {
        var found: [Entity: Set<Int64>] = [:]
        for type in types where type.base == nil && !type.isGlobal {
            let rows = try rowsByID("SELECT id, group_id FROM \(type.table.quoted) WHERE owner_id IN (%)", users.unique)
            let ids = rows.filter { row in groups?.contains(row[1]) ?? true }.map { $0[0] as Int64 }
            if !ids.isEmpty { found[type] = Set(ids) }
        }
        return found
    }

    /// A user has one link between two objects only.
    private func refuseDoubleLinks(_ plan: GraphPlan, to user: Int64) throws {
        for (type, ids) in plan.included where type.uniques.contains(["parent", "child", "owner_id"]) {
            let sql = "SELECT id, parent, child, owner_id FROM \(type.table.quoted) WHERE"
            let given = try rowsByID("\(sql) id IN (%)", ids)
            let parents = Array(Set(given.map { $0["parent"] as Int64 }))
            let there = try rowsByID("\(sql) parent IN (%)", parents).filter { ($0["owner_id"] as Int64) == user }
            let isGiven = Set(ids)
            var pairs = Set(there.filter { !isGiven.contains($0["id"] as Int64) }.map(LinkedPair.init))
            for row in given where !pairs.insert(LinkedPair(row)).inserted {
                throw GraphRefusal(
                    "would have user \(user) owning multiple identical links: \(type)[\(row[0] as Int64)]")
            }
        }
    }

    private struct LinkedPair: Hashable {
        let parent: Int64
        let child: Int64

        init(_ row: Row) {
            parent = row["parent"]
            child = row["child"]
        }
    }
}

extension GraphRequest.Operation {
    fileprivate func rules(_ authority: GraphAuthority) -> any GraphRules {
        switch self {
        case .delete: DeletingRules(authority: authority)
        case .move(let group):
            MovingRules(authority: authority, toPrivate: !(authority.groups[group] ?? .nothing).sees)
        case .give: GivingRules(authority: authority)
        }
    }
}

extension WriteTransaction {
    /// Does what was planned, and writes it into the event log.
    ///
    /// Nothing may have changed since it was planned: plan in the same transaction.
    public func carryOut(_ plan: GraphPlan, by caller: Caller) throws {
        for end in plan.looseEnds {
            let columns = [end.reference.column] + (end.reference.indexColumn.map { [$0] } ?? [])
            let changes = columns.map { "\($0.quoted) = NULL" }.joined(separator: ", ")
            let entity = end.reference.entity
            try execute(
                "UPDATE \(entity.table.quoted) SET \(changes) WHERE \(entity.key.quoted) IN (%)", ids: end.ids)
        }
        for (entity, ids) in plan.included.sorted(by: { $0.key.name < $1.key.name }) {
            try change(entity, ids, plan.operation)
            try log(.update, entity, ids, by: caller)
        }
        for (entity, ids) in plan.deleted.sorted(by: { $0.key.name < $1.key.name }) {
            try delete(entity, ids)
            try log(.delete, entity, ids, by: caller)
        }
    }

    /// Puts objects of a type into another group, and nothing that hangs together with them.
    public func move(_ entity: Entity, _ ids: [Int64], toGroup group: Int64, by caller: Caller) throws {
        try change(entity, ids, .move(toGroup: group))
        try log(.update, entity, ids, by: caller)
    }

    private func change(_ entity: Entity, _ ids: [Int64], _ operation: GraphRequest.Operation) throws {
        let details = entity.root.detailsColumns
        let (column, value): (String?, Int64) =
            switch operation {
            case .move(let group): (details[.group], group)
            case .give(let user): (details[.owner], user)
            case .delete: (nil, 0)
            }
        guard let column else { return }
        // A number, not text: no place for it is needed beside those of the ids.
        let sql = "UPDATE \(entity.root.table.quoted) SET \(column.quoted) = \(value) WHERE id IN (%)"
        try execute(sql, ids: ids)
    }

    private func delete(_ entity: Entity, _ ids: [Int64]) throws {
        if entity.name == "ExternalInfo" {
            for root in Set(DataModel.entities.map(\.root)) {
                try execute(
                    "UPDATE \(root.table.quoted) SET external_id = NULL WHERE external_id IN (%)", ids: ids)
            }
        }
        for property in entity.allProperties {
            guard case .map(let map) = property.content else { continue }
            try execute("DELETE FROM \(map.table.quoted) WHERE \(map.key.quoted) IN (%)", ids: ids)
        }
        for type in entity.lineage.reversed() where type == entity.root || type.table != entity.root.table {
            try execute("DELETE FROM \(type.table.quoted) WHERE \(type.key.quoted) IN (%)", ids: ids)
        }
    }

    private func execute(_ sql: String, ids: [Int64]) throws {
        // A statement without rows is carried out all the same.
        _ = try rowsByID(sql, ids)
    }

    private func log(_ action: LogAction, _ entity: Entity, _ ids: [Int64], by caller: Caller) throws {
        guard !ids.isEmpty else { return }
        let event = try event(for: caller)
        let last = try nextID("seq_eventlog", count: ids.count)
        for (number, id) in ids.enumerated() {
            try insert(
                "eventlog",
                [
                    ("id", last - Int64(ids.count - 1 - number)), ("permissions", Self.internalRow),
                    ("event", event.id), ("action", action.text), ("entitytype", entity.logName), ("entityid", id),
                ]
            )
        }
    }
}
