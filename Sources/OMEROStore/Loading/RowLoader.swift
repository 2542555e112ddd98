internal import GRDB
internal import OMEROModel

/// Reads rows, level by level: one query for all objects of a type that a path reaches, never one per object.
final class RowLoader {
    /// An object of the model: ids are unique in a hierarchy.
    struct Key: Hashable {
        let root: Entity
        let id: Int64
    }

    struct Loaded {
        let row: Row
        let plan: LoadPlan
        let type: LoadPlan.RowType
    }

    struct Property: Hashable {
        let key: Key
        let name: String
    }

    let transaction: ReadTransaction
    /// What isn't to be seen is not loaded: references to it stay ids, collections are without it.
    private let scope: QueryScope
    private let seesEverything: Bool
    private(set) var objects: [Key: Loaded] = [:]
    /// The keys of ``objects`` in the order in which they were met.
    private(set) var order: [Key] = []
    private(set) var collections: [Property: [Key]] = [:]
    private(set) var maps: [Property: [NamedValue]] = [:]
    private(set) var counts: [Property: [Int64: Int64]] = [:]

    init(_ transaction: ReadTransaction, scope: QueryScope) {
        self.transaction = transaction
        self.scope = scope
        seesEverything = scope == .everything
    }

    /// Says what is in a collection of an object that is loaded.
    func setCollection(_ name: String, of holder: Key, _ elements: [Key]) {
        collections[Property(key: holder, name: name)] = elements
    }

    /// Loads objects by id, with what the tree says; those that are there, in the order of the ids.
    func load(_ entity: Entity, _ ids: [Int64], _ tree: FetchTree) throws -> [Key] {
        let plan = try LoadPlan.of(entity)
        let keys = ids.map { Key(root: plan.root, id: $0) }
        let missing = keys.filter { objects[$0] == nil }
        if !missing.isEmpty {
            objects.reserveCapacity(objects.count + missing.count)
            let sql = "\(plan.query) WHERE \(plan.idColumn) IN (%)"
            try take(transaction.rowsByID(sql, missing.map(\.id)), plan)
        }
        let found = keys.filter { key in
            guard let type = objects[key]?.type.entity else { return false }
            return type === entity || type.isA(entity.name)
        }
        try loadChildren(entity, found, tree)
        return found
    }

    /// Keeps rows; their keys.
    @discardableResult
    private func take(_ rows: [Row], _ plan: LoadPlan) throws -> [(key: Key, row: Row)] {
        var taken: [(Key, Row)] = []
        var new: [Entity: (type: LoadPlan.RowType, ids: [Int64])] = [:]
        taken.reserveCapacity(rows.count)
        for row in rows {
            guard let type = plan.type(of: row), shows(row, plan, type) else { continue }
            let key = Key(root: plan.root, id: row[0])
            taken.append((key, row))
            guard objects[key] == nil else { continue }
            objects[key] = Loaded(row: row, plan: plan, type: type)
            order.append(key)
            guard order.count <= QueryLimit.rows else {
                throw QueryError(.tooExpensive, "more than \(QueryLimit.rows) objects to load: ask for a page")
            }
            if !type.maps.isEmpty { new[type.entity, default: (type, [])].ids.append(key.id) }
        }
        // Maps come with their objects: the wire can't say that one is missing.
        for (type, ids) in new.values {
            for (name, _) in type.maps {
                let found = try transaction.maps(name, of: type.entity.name, ids: ids)
                for id in ids { maps[Property(key: Key(root: plan.root, id: id), name: name)] = found[id] ?? [] }
            }
        }
        return taken
    }

    private func shows(_ row: Row, _ plan: LoadPlan, _ type: LoadPlan.RowType) -> Bool {
        guard !seesEverything else { return true }
        func id(_ position: Int?) -> Int64? { position.flatMap { row[$0] } }
        // Of sessions it is another owner than that of rows.
        let isGlobal = plan.root.isGlobal
        return scope.shows(
            type.entity,
            ownerID: id(isGlobal ? type.reference("owner")?.position : plan.ownerPosition),
            groupID: id(plan.groupPosition),
            sudoerID: isGlobal ? id(type.reference("sudoer")?.position) : nil
        )
    }

    private func loadChildren(_ entity: Entity, _ keys: [Key], _ tree: FetchTree) throws {
        for (step, subtree) in tree.children.sorted(by: { $0.key < $1.key }) {
            if step == "details" {
                try loadDetails(keys, subtree)
            } else if step.hasSuffix("CountPerOwner") {
                try loadCounts(entity, keys, String(step.dropLast(13)))
            } else {
                guard let types = Optional(entity.family.filter { $0.property(step) != nil }), !types.isEmpty else {
                    throw StoreError(.unknownName("\(entity).\(step)"))
                }
                try loadReferences(step, keys, subtree)
                try loadCollections(step, keys, subtree)
            }
        }
    }

    private func loadDetails(_ keys: [Key], _ tree: FetchTree) throws {
        for (step, subtree) in tree.children.sorted(by: { $0.key < $1.key }) {
            guard let property = DetailsProperty(rawValue: step), let target = property.type.flatMap(DataModel.entity)
            else { throw StoreError(.unknownName("details.\(step)")) }
            var ids: Set<Int64> = []
            for key in keys {
                guard let object = objects[key], let position = object.plan.detailsPositions[property],
                    let id: Int64 = object.row[position]
                else { continue }
                ids.insert(id)
            }
            _ = try load(target, ids.sorted(), subtree)
        }
    }

    /// Types of one hierarchy can have references of one name to different types: a laser's type is a `LaserType`.
    private func loadReferences(_ name: String, _ keys: [Key], _ tree: FetchTree) throws {
        var ids: [Entity: [Int64]] = [:]
        for key in keys {
            guard let object = objects[key], let reference = object.type.reference(name) else { continue }
            if let id: Int64 = object.row[reference.position] { ids[reference.target, default: []].append(id) }
        }
        for (target, ids) in ids.sorted(by: { $0.key.name < $1.key.name }) { _ = try load(target, ids.unique, tree) }
    }

    private func loadCollections(_ name: String, _ keys: [Key], _ tree: FetchTree) throws {
        let holders = keys.filter { objects[$0]?.type.hasCollection(name) == true }
        guard let first = holders.first, let property = objects[first]?.type.entity.property(name),
            case .collection(let type, let inverse, _, let index, _) = property.content,
            let entity = DataModel.entity(type),
            let owner = entity.lineage.first(where: { $0.properties.contains { $0.name == inverse } })
        else { return }
        let plan = try LoadPlan.of(entity)
        guard let column = plan.column(owner.table, inverse.lowercased()) else {
            throw StoreError(.unknownName("\(type).\(inverse)"))
        }
        let order = index.map { "\(owner.table.quoted).\($0.quoted), " } ?? ""
        let sql = "\(plan.query) WHERE \(column.name) IN (%) ORDER BY \(order)\(plan.idColumn)"
        var found = try transaction.rowsByID(sql, holders.map(\.id))
        if let only = tree.only {
            found = found.filter { only.contains(FetchedElement(holder: $0[column.position], element: $0[0])) }
        }
        let rows = try take(found, plan)
        for holder in holders { collections[Property(key: holder, name: name)] = [] }
        for (key, row) in rows {
            let holder = Key(root: first.root, id: row[column.position])
            collections[Property(key: holder, name: name), default: []].append(key)
        }
        try loadChildren(entity, rows.map(\.key), tree)
    }

    private func loadCounts(_ entity: Entity, _ keys: [Key], _ name: String) throws {
        guard case .collection(_, _, _, _, let view?)? = entity.property(name)?.content,
            let owner = entity.lineage.first(where: { $0.properties.contains { $0.name == name } })
        else { throw StoreError(.unknownName("\(entity).\(name)CountPerOwner")) }
        let key = "\(owner.name.lowercased())_id".quoted
        let sql = "SELECT \(key), owner_id, count FROM \(view.quoted) WHERE \(key) IN (%)"
        for row in try transaction.rowsByID(sql, keys.map(\.id)) {
            counts[Property(key: Key(root: entity.root, id: row[0]), name: name), default: [:]][row[1]] = row[2]
        }
    }

    /// Which class each of these objects is of that were not loaded, where the reference to it doesn't say it.
    func discover(_ entity: Entity, _ ids: [Int64]) throws -> [Int64: LoadPlan.RowType] {
        let plan = try LoadPlan.of(entity)
        var types: [Int64: LoadPlan.RowType] = [:]
        for row in try transaction.rowsByID(plan.discoveryQuery, ids) { types[row[0]] = plan.leanType(of: row) }
        return types
    }
}

extension Array where Element: Hashable {
    /// Each element once, where it is first.
    var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
