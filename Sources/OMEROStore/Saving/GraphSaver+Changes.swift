internal import GRDB
internal import IceEncoding
internal import OMEROModel

// What a graph changes in the database.
extension GraphSaver {
    /// Brings the rows of what is loaded and has an id to what the client has.
    func change(besides new: Set<ObjectReference>) throws {
        for object in graph.order where !new.contains(object) {
            guard let incoming = graph.objects[object], incoming.isLoaded, let row = row(of: object) else { continue }
            // What happened can't be changed. An entry of an enumeration without an id is there to name one.
            guard incoming.entity.name != "Event", incoming.entity.name != "EventLog",
                incoming.id != nil || incoming.entity.kind != .enumeration
            else { continue }
            try change(row, incoming)
        }
    }

    private func change(_ row: RowState, _ incoming: IncomingObject) throws {
        var sent = try values(of: incoming)
        for member in incoming.plan.members where !member.property.isMutable {
            sent[member.property.name] = row.before[member.property.name]
        }
        let stored = row.saved
        let changed = sent.filter { name, value in
            row.before[name] != value && !rules.keeps(name, of: stored, against: value)
        }
        sent.merge(row.before.filter { changed[$0.key] == nil }) { $1 }
        let details = IObject(object: incoming.object).details
        // To leave something of the details out means nothing: only another one is a change.
        func other(_ sent: Int64?, _ stored: Int64?) -> Int64? { sent == stored ? nil : sent }
        let isGlobal = row.entity.isGlobal
        let sentVersion = incoming.plan.versionField.flatMap { (incoming.object[$0] as Box<Int32>).value }
        let change = SaveChange(
            row: stored,
            values: changed,
            sentVersion: sentVersion,
            sentUpdateEvent: row.updateEvent == nil ? nil : details?.updateEvent?.id,
            storedVersion: row.version,
            storedUpdateEvent: row.updateEvent,
            newOwnerID: isGlobal ? nil : other(details?.owner?.id, row.ownerID),
            newGroupID: isGlobal ? nil : other(details?.group?.id, row.groupID),
            newCreationEvent: isGlobal ? nil : other(details?.creationEvent?.id, row.creationEvent)
        )
        let info = other(
            IncomingGraph.externalInfo(of: incoming.object).flatMap { keys[$0]?.id }, row.externalInfo)
        guard
            !changed.isEmpty || info != nil || change.newOwnerID != nil || change.newGroupID != nil
                || change.newCreationEvent != nil
        else { return try rules.checkVersion(change) }
        try rules.checkUpdate(change)
        try checkRequired(incoming, sent)
        rows[row.key]?.values.merge(changed) { $1 }
        try checkLinks(incoming) { reference, target in
            // Where it was linked before, by the same owner, it is still linked by right.
            changed[reference.member.property.name] != nil || target.ownerID != row.ownerID
        }
        try update(row, changed, owner: change.newOwnerID, group: change.newGroupID, info)
    }

    /// Writes what is new in a row, with the next version and this transaction's event.
    private func update(
        _ row: RowState, _ changed: [String: StoreValue], owner: Int64? = nil, group: Int64? = nil, _ info: Int64? = nil
    ) throws {
        let entity = row.entity
        var columns: [String: [(column: String, value: (any DatabaseValueConvertible)?)]] = [:]
        let root = entity.root.table
        for type in entity.lineage {
            for property in type.properties {
                guard let value = changed[property.name] else { continue }
                if case .map(let pairs) = value {
                    try transaction.setMap(property.name, of: entity.name, id: row.id, pairs)
                } else {
                    columns[type.table, default: []] += try transaction.columns(property, value, in: type)
                }
            }
        }
        try transaction.addNamespace(entity, changed)
        if entity.root.isVersioned { columns[root, default: []].append(("version", (row.version ?? 0) &+ 1)) }
        if let column = entity.root.detailsColumns[.updateEvent] {
            columns[root, default: []].append((column, try transaction.event(for: author).id))
        }
        if let info { columns[root, default: []].append(("external_id", info)) }
        if let owner { columns[root, default: []].append(("owner_id", owner)) }
        if let group {
            columns[root, default: []].append(("group_id", group))
            let permissions = try transaction.group(id: group)?.permissions ?? WriteTransaction.internalRow
            columns[root, default: []].append(("permissions", permissions))
        }
        for (table, values) in columns where !values.isEmpty {
            let key = table == root ? "id" : entity.keyColumn(of: table)
            let list = values.map { "\($0.column.quoted) = ?" }.joined(separator: ", ")
            try transaction.execute(
                "UPDATE \(table.quoted) SET \(list) WHERE \(key.quoted) = ?",
                StatementArguments(values.map(\.value) + [row.id]))
        }
        guard !row.isUpdated else { return }
        rows[row.key]?.isUpdated = true
        try transaction.log(.update, entity.name, row.id, by: author)
    }

    // MARK: Order

    /// Gives ordered collections that are loaded their order. What they don't have comes after what they have.
    func arrange() throws {
        for object in graph.order {
            guard let incoming = graph.objects[object], incoming.isLoaded, let row = row(of: object) else { continue }
            for collection in incoming.plan.collections {
                guard let index = collection.index,
                    let elements = IncomingGraph.elements(of: object, collection), !elements.isEmpty
                else { continue }
                try arrange(elements.compactMap { keys[$0] }.unique.map(\.id), collection, index, of: row, incoming)
            }
        }
    }

    private func arrange(
        _ ids: [Int64], _ collection: SavePlan.Collection, _ index: String, of row: RowState, _ incoming: IncomingObject
    ) throws {
        let table = collection.inverseOwner.table
        let key = collection.inverse.lowercased().quoted
        let stored = try transaction.rows(
            "SELECT id, \(index.quoted) FROM \(table.quoted) WHERE \(key) = ? ORDER BY 2, 1", [row.id])
        let places = Dictionary(stored.map { ($0[0] as Int64, $0[1] as Int64?) }) { first, _ in first }
        let listed = ids.filter { places.keys.contains($0) }
        let isListed = Set(listed)
        let order = listed + stored.map { $0[0] as Int64 }.filter { !isListed.contains($0) }
        // Gaps that were there before are kept where the order is right as it is.
        let isShrunk = shrunk.contains(RowLoader.Property(key: row.key, name: collection.member.property.name))
        guard isShrunk || order != stored.map({ $0[0] as Int64 }) else { return }
        let moved = order.enumerated().filter { places[$0.element] != Int64($0.offset) }
        let hasOld = moved.contains { rows[Key(root: collection.element.root, id: $0.element)]?.isNew != true }
        if hasOld, !row.isNew {
            try rules.checkUpdate(
                SaveChange(
                    row: row.saved, values: [:], sentVersion: nil, sentUpdateEvent: nil, storedVersion: row.version,
                    storedUpdateEvent: row.updateEvent, newOwnerID: nil, newGroupID: nil, newCreationEvent: nil))
        }
        // By way of places that nothing else has: two elements can't have the same, not even for a moment.
        for sign in [-1, 1] as [Int64] {
            for (place, id) in moved {
                try transaction.execute(
                    "UPDATE \(table.quoted) SET \(index.quoted) = ? WHERE id = ?",
                    [sign < 0 ? -1 - Int64(place) : Int64(place), id])
            }
        }
    }
}

extension Entity {
    /// The column with the id in one of the tables of a type, other than the root's.
    fileprivate func keyColumn(of table: String) -> String {
        for type in lineage where type.table == table {
            if case .joined(let key) = type.storage { return key }
        }
        return "id"
    }
}
