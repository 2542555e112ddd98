internal import GRDB
internal import OMEROModel

/// Reads rows, level by level: one query for all objects of a type that a path reaches, never one per object.
final class RowLoader {
    /// An object of the model: ids are unique in a hierarchy.
    struct Key: Hashable {
        let root: Entity
        let id: Int64

        // One number to hash instead of two: each value refers to some objects, and finding these is a good part of
        // loading.
        func hash(into hasher: inout Hasher) {
            hasher.combine(Int(truncatingIfNeeded: id) ^ Int(bitPattern: ObjectIdentifier(root)))
        }
    }

    struct Loaded {
        let key: Key
        let row: LoadedRow
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
    /// In the order in which they were met.
    private(set) var objects: [Loaded] = []
    /// Where in ``objects`` each of them is.
    private(set) var places: [Key: Int] = [:]
    private(set) var collections: [Property: [Key]] = [:]
    private(set) var maps: [Property: [NamedValue]] = [:]
    private(set) var counts: [Property: [Int64: Int64]] = [:]

    /// How many bytes of texts and binary values may still come.
    private var room: Int

    init(_ transaction: ReadTransaction, scope: QueryScope, bytes: Int = QueryLimit.resultBytes) {
        self.transaction = transaction
        self.scope = scope
        room = bytes
        seesEverything = scope == .everything
    }

    /// Says what is in a collection of an object that is loaded.
    func setCollection(_ name: String, of holder: Key, _ elements: [Key]) {
        collections[Property(key: holder, name: name)] = elements
    }

    /// Loads objects by id, with what the tree says; the places of those that are there, in the order of the ids.
    func load(_ entity: Entity, _ ids: [Int64], _ tree: FetchTree) throws -> [Int] {
        let plan = try LoadPlan.of(entity)
        let missing = places.isEmpty ? ids : ids.filter { places[Key(root: plan.root, id: $0)] == nil }
        if !missing.isEmpty {
            let sql = "\(plan.query) WHERE \(plan.idColumn) IN (%)"
            try take(read(sql, missing), plan)
        }
        let found = ids.compactMap { id -> Int? in
            guard let place = places[Key(root: plan.root, id: id)] else { return nil }
            let type = objects[place].type.entity
            return type === entity || type.isA(entity.name) ? place : nil
        }
        try loadChildren(entity, found, tree)
        return found
    }

    /// Loads the groups of all that is loaded. OMERO sends them so, asked for or not: its server has read them for the
    /// permissions, and clients take `details.group.name` for granted (omero-documentation, JSON API, "List Projects").
    func loadGroups() throws {
        guard let entity = DataModel.entity("ExperimenterGroup") else { return }
        var ids: Set<Int64> = []
        for object in objects { if let id = object.plan.groupPosition.flatMap(object.row.int) { ids.insert(id) } }
        _ = try load(entity, ids.sorted(), FetchTree([]))
    }

    private func read(_ sql: String, _ ids: [Int64]) throws -> RowBlock {
        let block = try transaction.blockByID(sql, ids, bytes: room)
        room -= block.byteCount
        return block
    }

    /// Keeps rows; where they are.
    @discardableResult
    private func take(_ rows: RowBlock, _ plan: LoadPlan) throws -> [(place: Int, row: LoadedRow)] {
        var taken: [(Int, LoadedRow)] = []
        var new: [Entity: (type: LoadPlan.RowType, ids: [Int64])] = [:]
        let known = objects.count
        taken.reserveCapacity(rows.count)
        objects.reserveCapacity(objects.count + rows.count)
        places.reserveCapacity(places.count + rows.count)
        for number in 0..<rows.count {
            let row = rows[number]
            guard let id = row.int(0), let type = plan.type(of: row), shows(row, plan, type) else { continue }
            let key = Key(root: plan.root, id: id)
            if let place = places[key] {
                taken.append((place, row))
                continue
            }
            places[key] = objects.count
            taken.append((objects.count, row))
            objects.append(Loaded(key: key, row: row, plan: plan, type: type))
            guard objects.count <= QueryLimit.rows else {
                throw QueryError(.tooExpensive, "more than \(QueryLimit.rows) objects to load: ask for a page")
            }
            if !type.maps.isEmpty { new[type.entity, default: (type, [])].ids.append(id) }
        }
        // Maps come with their objects: the wire can't say that one is missing.
        for (type, ids) in new.values {
            for (name, _) in type.maps {
                let found = ReadTransaction.maps(in: try read(transaction.mapQuery(name, of: type.entity.name), ids))
                for id in ids { maps[Property(key: Key(root: plan.root, id: id), name: name)] = found[id] ?? [] }
            }
        }
        try loadConstantReferences(from: known)
        return taken
    }

    /// Loads what is loaded with every object of its type; of the objects from a place on.
    private func loadConstantReferences(from known: Int) throws {
        var ids: [Entity: [Int64]] = [:]
        for object in objects[known...] {
            for reference in object.type.constantReferences {
                if let id = object.row.int(reference.position) { ids[reference.target, default: []].append(id) }
            }
        }
        for (target, ids) in ids.sorted(by: { $0.key.name < $1.key.name }) {
            _ = try load(target, ids.unique, FetchTree())
        }
    }

    private func shows(_ row: LoadedRow, _ plan: LoadPlan, _ type: LoadPlan.RowType) -> Bool {
        guard !seesEverything else { return true }
        func id(_ position: Int?) -> Int64? { position.flatMap { row.int($0) } }
        // Of sessions it is another owner than that of rows.
        return scope.shows(
            type.entity,
            ownerID: id(plan.root.isGlobal ? type.sessionPositions.owner : plan.ownerPosition),
            groupID: id(plan.groupPosition),
            sudoerID: id(type.sessionPositions.sudoer)
        )
    }

    private func loadChildren(_ entity: Entity, _ keys: [Int], _ tree: FetchTree) throws {
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

    private func loadDetails(_ keys: [Int], _ tree: FetchTree) throws {
        for (step, subtree) in tree.children.sorted(by: { $0.key < $1.key }) {
            guard let property = DetailsProperty(rawValue: step), let target = property.type.flatMap(DataModel.entity)
            else { throw StoreError(.unknownName("details.\(step)")) }
            var ids: Set<Int64> = []
            for key in keys {
                let object = objects[key]
                guard let id = object.plan.detailsPositions[property].flatMap(object.row.int) else { continue }
                ids.insert(id)
            }
            _ = try load(target, ids.sorted(), subtree)
        }
    }

    /// Types of one hierarchy can have references of one name to different types: a laser's type is a `LaserType`.
    private func loadReferences(_ name: String, _ keys: [Int], _ tree: FetchTree) throws {
        var ids: [Entity: [Int64]] = [:]
        for key in keys {
            guard let reference = objects[key].type.reference(name) else { continue }
            if let id = objects[key].row.int(reference.position) { ids[reference.target, default: []].append(id) }
        }
        for (target, ids) in ids.sorted(by: { $0.key.name < $1.key.name }) { _ = try load(target, ids.unique, tree) }
    }

    private func loadCollections(_ name: String, _ keys: [Int], _ tree: FetchTree) throws {
        let holders = keys.filter { objects[$0].type.hasCollection(name) }
        guard let first = holders.first, let property = objects[first].type.entity.property(name),
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
        var found = try read(sql, holders.map { objects[$0].key.id })
        if let only = tree.only {
            found = found.filter { row in
                guard let holder = row.int(column.position), let element = row.int(0) else { return false }
                return only.contains(FetchedElement(holder: holder, element: element))
            }
        }
        let rows = try take(found, plan)
        for holder in holders { collections[Property(key: objects[holder].key, name: name)] = [] }
        let root = objects[first].key.root
        for (place, row) in rows {
            guard let holder = row.int(column.position) else { continue }
            let property = Property(key: Key(root: root, id: holder), name: name)
            collections[property, default: []].append(objects[place].key)
        }
        try loadChildren(entity, rows.map(\.place), tree)
    }

    private func loadCounts(_ entity: Entity, _ keys: [Int], _ name: String) throws {
        guard case .collection(_, _, _, _, let view?)? = entity.property(name)?.content,
            let owner = entity.lineage.first(where: { $0.properties.contains { $0.name == name } })
        else { throw StoreError(.unknownName("\(entity).\(name)CountPerOwner")) }
        let key = "\(owner.name.lowercased())_id".quoted
        let sql = "SELECT \(key), owner_id, count FROM \(view.quoted) WHERE \(key) IN (%)"
        for row in try transaction.rowsByID(sql, keys.map { objects[$0].key.id }) {
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
    package var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
