internal import GRDB
internal import IceEncoding
internal import OMEROModel

// What a graph adds to the database.
extension GraphSaver {
    /// Makes the rows of what has no id yet; the instances of them.
    func makeRows() throws -> Set<ObjectReference> {
        let new = try newObjects()
        for incoming in new { try place(incoming) }
        // Only now is it known of all of them whose they are.
        for incoming in new { try checkLinks(incoming) { _, _ in true } }
        for incoming in new {
            guard let row = row(of: incoming.object) else { continue }
            // What the database has a value for, it is asked for.
            let values = row.values.filter { name, value in
                value != .null || row.entity.property(name)?.defaultValue == nil
            }
            let place = places[row.key] ?? RowPlace(ownerID: nil, groupID: nil, permissions: -1)
            try transaction.insertRow(row.entity, row.id, values, in: place, by: author)
            if let info = row.externalInfo { try transaction.setExternalInfo(info, of: row.entity, id: row.id) }
        }
        return Set(new.map(\.object))
    }

    /// What is to be made, each object after those that it refers to, as far as they don't refer to each other.
    private func newObjects() throws -> [IncomingObject] {
        var done: Set<Key> = []
        var order: [IncomingObject] = []
        func isNew(_ object: ObjectReference) -> Bool { keys[object].map { rows[$0] == nil } ?? false }
        for start in graph.order where isNew(start) {
            // Not by recursion: a client decides how deep a graph is.
            var waiting: [(object: ObjectReference, isVisited: Bool)] = [(start, false)]
            while let (object, isVisited) = waiting.popLast() {
                guard let incoming = graph.objects[object] else { continue }
                if isVisited {
                    order.append(incoming)
                    continue
                }
                guard let key = keys[object], done.insert(key).inserted else { continue }
                waiting.append((object, true))
                for reference in incoming.plan.references {
                    guard let target = graph.target(of: incoming, reference), isNew(target) else { continue }
                    waiting.append((target, false))
                }
                if let info = IncomingGraph.externalInfo(of: object), isNew(info) { waiting.append((info, false)) }
            }
        }
        return order
    }

    private func place(_ incoming: IncomingObject) throws {
        guard let key = keys[incoming.object] else { return }
        let values = try values(of: incoming)
        try checkRequired(incoming, values)
        let details = IObject(object: incoming.object).details
        let linked = incoming.plan.references.compactMap { reference in
            self.graph.target(of: incoming, reference).flatMap(self.row(of:))?.groupID
        }
        let place = try rules.place(
            SaveWish(
                entity: incoming.entity,
                ownerID: details?.owner?.id,
                groupID: details?.group?.id,
                permissions: details?.permissions?.rawValue,
                linkedGroups: linked,
                values: values
            )
        )
        places[key] = place
        let isGlobal = incoming.entity.isGlobal
        rows[key] = RowState(
            entity: incoming.entity, id: key.id, isNew: true, ownerID: isGlobal ? nil : place.ownerID,
            groupID: isGlobal ? nil : place.groupID, version: 0,
            externalInfo: IncomingGraph.externalInfo(of: incoming.object).flatMap { keys[$0]?.id },
            values: values)
    }
}

extension WriteTransaction {
    func setExternalInfo(_ info: Int64, of entity: Entity, id: Int64) throws {
        try execute("UPDATE \(entity.root.table.quoted) SET external_id = ? WHERE id = ?", [info, id])
    }
}
