internal import GRDB
public import OMEROModel

extension ReadTransaction {
    /// The names and values of a map property (such as `config`) of some objects, each in its order.
    public func maps(_ property: String, of entity: String, ids: [Int64]) throws -> [Int64: [NamedValue]] {
        let map = try mapTable(property, entity)
        var maps: [Int64: [NamedValue]] = [:]
        let sql = """
            SELECT \(map.key.quoted), name, value FROM \(map.table.quoted) WHERE \(map.key.quoted) IN (%) ORDER BY 1, "index"
            """
        for row in try rowsByID(sql, ids) { maps[row[0], default: []].append(NamedValue(row[1], row[2])) }
        return maps
    }

    func map(_ property: String, of entity: String, id: Int64) throws -> [NamedValue] {
        try maps(property, of: entity, ids: [id])[id] ?? []
    }

    fileprivate func mapTable(_ property: String, _ entity: String) throws -> MapTable {
        guard case .map(let map)? = try described(entity).property(property)?.content else {
            throw StoreError(.unknownName("\(entity).\(property)"))
        }
        return map
    }

    /// Runs a query with `IN (%)` for any number of ids.
    func rowsByID(_ sql: String, _ ids: [Int64]) throws -> [Row] {
        // SQLite takes up to 32,766 variables; the same number most times keeps the statement in the cache.
        let limit = 5000
        if ids.count <= limit { return try rowsOfOneBatch(sql, ids) }
        return try stride(from: 0, to: ids.count, by: limit).flatMap { start in
            try rowsOfOneBatch(sql, Array(ids[start..<min(start + limit, ids.count)]))
        }
    }

    private func rowsOfOneBatch(_ sql: String, _ ids: [Int64]) throws -> [Row] {
        guard !ids.isEmpty else { return [] }
        // Powers of two, filled up with the last id, so that few different statements are made.
        var size = 1
        while size < ids.count { size *= 2 }
        let places = Array(repeating: "?", count: size).joined(separator: ",")
        let filled = ids + Array(repeating: ids[ids.count - 1], count: size - ids.count)
        return try rows(sql.replacing("%", with: places), StatementArguments(filled))
    }
}

extension WriteTransaction {
    /// Replaces the names and values of a map property of an object.
    public func setMap(_ property: String, of entity: String, id: Int64, _ values: [NamedValue]) throws {
        let map = try mapTable(property, entity)
        try execute("DELETE FROM \(map.table.quoted) WHERE \(map.key.quoted) = ?", [id])
        for (index, pair) in values.enumerated() {
            try insert(map.table, [(map.key, id), ("name", pair.name), ("value", pair.value), ("index", index)])
        }
    }
}
