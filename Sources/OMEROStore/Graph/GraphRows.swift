internal import GRDB

/// Reads what a graph's objects are and how they hang together: one query for all of a step, never one per object.
final class GraphRows {
    /// A holder and what it holds.
    struct Pair {
        let holder: GraphKey
        let held: GraphKey
        /// The row that connects them, if it's an object of its own.
        let link: GraphKey?
    }

    let transaction: ReadTransaction
    private var objects: [GraphKey: GraphObject] = [:]

    init(_ transaction: ReadTransaction) { self.transaction = transaction }

    // MARK: Objects

    /// An object that was loaded.
    func known(_ key: GraphKey) -> GraphObject? { objects[key] }

    /// Loads objects; those that are there, in the order of the keys.
    func load(_ keys: some Sequence<GraphKey>) throws -> [GraphObject] {
        let keys = Array(keys)
        var missing: [Entity: Set<Int64>] = [:]
        for key in keys where objects[key] == nil { missing[key.root, default: []].insert(key.id) }
        for (root, ids) in missing { try load(root, ids.sorted()) }
        return keys.compactMap { objects[$0] }
    }

    private func load(_ root: Entity, _ ids: [Int64]) throws {
        var types: [Int64: Entity] = [:]
        if !root.subclasses.isEmpty {
            let plan = try LoadPlan.of(root)
            for row in try transaction.rowsByID(plan.discoveryQuery, ids) {
                types[row[0]] = plan.leanType(of: row)?.entity
            }
        }
        let own = root.isGlobal ? "NULL, NULL" : "owner_id, group_id"
        let note =
            switch root.name {
            case "Annotation": "ns"
            case "OriginalFile": "mimetype"
            default: "NULL"
            }
        let sql = "SELECT id, \(own), external_id, \(note) FROM \(root.table.quoted) WHERE id IN (%)"
        for row in try transaction.rowsByID(sql, ids) {
            let id: Int64 = row[0]
            let text: String? = row[4]
            guard let entity = root.subclasses.isEmpty ? root : types[id] else { continue }
            let object = GraphObject(
                entity: entity,
                id: id,
                ownerID: row[1],
                groupID: row[2],
                namespace: root.name == "Annotation" ? text : nil,
                isDirectory: root.name == "OriginalFile" && text == "Directory",
                externalID: row[3]
            )
            objects[object.key] = object
        }
    }

    // MARK: Edges

    /// What objects hold along an edge.
    func held(by holders: some Sequence<Int64>, along edge: GraphEdge) throws -> [Pair] {
        try pairs(edge, where: edge.holderColumn, holders)
    }

    /// What holds objects along an edge.
    func holders(of held: some Sequence<Int64>, along edge: GraphEdge) throws -> [Pair] {
        try pairs(edge, where: edge.heldColumn, held)
    }

    private func pairs(_ edge: GraphEdge, where column: String, _ ids: some Sequence<Int64>) throws -> [Pair] {
        let columns = [edge.holderColumn, edge.heldColumn] + (edge.link == nil ? [] : ["id"])
        let sql = """
            SELECT \(columns.map(\.quoted).joined(separator: ", ")) FROM \(edge.table.quoted) \
            WHERE \(column.quoted) IN (%)
            """
        return try transaction.rowsByID(sql, ids.sorted()).compactMap { row in
            guard let holder: Int64 = row[0], let held: Int64 = row[1] else { return nil }
            return Pair(
                holder: GraphKey(root: edge.holder.root, id: holder),
                held: GraphKey(root: edge.held.root, id: held),
                link: edge.link.map { GraphKey(root: $0.root, id: row[2]) }
            )
        }
    }

    /// Rows of a link type with one of these objects at one of their ends.
    func links(_ type: Entity, _ end: String, _ ids: some Sequence<Int64>) throws
        -> [(link: Int64, parent: Int64, child: Int64)]
    {
        let sql = "SELECT id, parent, child FROM \(type.table.quoted) WHERE \(end.quoted) IN (%)"
        return try transaction.rowsByID(sql, ids.sorted()).map { ($0[0], $0[1], $0[2]) }
    }

    /// Rows with a reference to one of these objects: their ids, and the objects'.
    func references(_ reference: GraphReference, to ids: some Sequence<Int64>) throws -> [(Int64, Int64)] {
        try rows(reference, where: reference.column, ids)
    }

    /// References of these rows: their ids, and those of what they lead to.
    func references(_ reference: GraphReference, from ids: some Sequence<Int64>) throws -> [(Int64, Int64)] {
        try rows(reference, where: reference.entity.key, ids)
    }

    private func rows(_ reference: GraphReference, where column: String, _ ids: some Sequence<Int64>) throws
        -> [(Int64, Int64)]
    {
        let sql = """
            SELECT \(reference.entity.key.quoted), \(reference.column.quoted) FROM \(reference.entity.table.quoted) \
            WHERE \(column.quoted) IN (%)
            """
        return try transaction.rowsByID(sql, ids.sorted()).compactMap { row in
            guard let target: Int64 = row[1] else { return nil }
            return (row[0], target)
        }
    }
}
