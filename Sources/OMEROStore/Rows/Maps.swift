internal import GRDB
public import OMEROModel

extension ReadTransaction {
    /// The names and values of a map property (such as `config`) of some objects, each in its order.
    public func maps(_ property: String, of entity: String, ids: [Int64]) throws -> [Int64: [NamedValue]] {
        Self.maps(in: try blockByID(mapQuery(property, of: entity), ids, bytes: QueryLimit.resultBytes))
    }

    func mapQuery(_ property: String, of entity: String) throws -> String {
        let map = try mapTable(property, entity)
        return """
            SELECT \(map.key.quoted), name, value FROM \(map.table.quoted) WHERE \(map.key.quoted) IN (%) ORDER BY 1, "index"
            """
    }

    /// The rows of a ``mapQuery(_:of:)``, by the object that has them.
    static func maps(in rows: RowBlock) -> [Int64: [NamedValue]] {
        var maps: [Int64: [NamedValue]] = [:]
        for number in 0..<rows.count {
            let row = rows[number]
            guard let id = row.int(0) else { continue }
            maps[id, default: []].append(NamedValue(row.text(1) ?? "", row.text(2) ?? ""))
        }
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
        guard let (sql, argument) = Self.byID(sql, ids) else { return [] }
        return try rows(sql, [argument])
    }

    /// A query with `IN (%)` for some ids, and its one argument; nil for none. All of them are one value, so that it is one
    /// statement for all numbers of them, and is made once.
    static func byID(_ sql: String, _ ids: [Int64]) -> (sql: String, argument: any DatabaseValueConvertible)? {
        guard let first = ids.first, let place = sql.utf8.firstIndex(of: UInt8(ascii: "%")) else { return nil }
        let (head, tail) = (sql[..<place], sql[sql.utf8.index(after: place)...])
        guard ids.count > 1 else { return ("\(head)?\(tail)", first) }
        let list = "[\(ids.map(String.init).joined(separator: ","))]"
        return ("\(head)SELECT value FROM json_each(?)\(tail)", list)
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
