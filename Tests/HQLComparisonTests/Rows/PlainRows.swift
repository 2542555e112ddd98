import GRDB
import OMEROModel

@testable import OMEROStore

/// An object in memory.
final class PlainRow: Sendable {
    struct Pair: Sendable {
        let name: String
        let value: String
        let index: Int64
    }

    let entity: Entity
    let id: Int64
    /// By property; a reference is an id.
    let values: [String: Plain]
    let maps: [String: [Pair]]
    /// By the property of `details`.
    let details: [String: Int64]

    init(_ entity: Entity, _ id: Int64, values: [String: Plain], maps: [String: [Pair]], details: [String: Int64]) {
        self.entity = entity
        self.id = id
        self.values = values
        self.maps = maps
        self.details = details
    }
}

/// All rows of a store, by what the data model says: read with `SELECT *`, a table at a time.
final class PlainRows: Sendable {
    /// Of each hierarchy, by id.
    private let roots: [String: [Int64: PlainRow]]
    private let families: [String: [PlainRow]]
    /// The elements of collections, by the type of the element, its reference and the holder.
    private let elements: [String: [Int64: [PlainRow]]]

    private init(_ rows: [PlainRow]) {
        var roots: [String: [Int64: PlainRow]] = [:]
        var families: [String: [PlainRow]] = [:]
        var elements: [String: [Int64: [PlainRow]]] = [:]
        for row in rows {
            roots[row.entity.root.name, default: [:]][row.id] = row
            for entity in row.entity.lineage { families[entity.name, default: []].append(row) }
            for property in row.entity.allProperties {
                guard case .reference = property.content, case .int(let holder)? = row.values[property.name] else {
                    continue
                }
                for entity in row.entity.lineage {
                    elements["\(entity.name).\(property.name)", default: [:]][holder, default: []].append(row)
                }
            }
        }
        self.roots = roots
        self.families = families
        self.elements = elements
    }

    func row(_ root: Entity, _ id: Int64) -> PlainRow? { roots[root.root.name]?[id] }
    func all(_ entity: Entity) -> [PlainRow] { families[entity.name] ?? [] }
    func elements(_ entity: Entity, _ inverse: String, of holder: Int64) -> [PlainRow] {
        elements["\(entity.name).\(inverse)"]?[holder] ?? []
    }

    // MARK: Reading

    convenience init(_ transaction: ReadTransaction) throws {
        var tables: [String: [Row]] = [:]
        func table(_ name: String) throws -> [Row] {
            if let rows = tables[name] { return rows }
            let rows = try Row.fetchAll(transaction.db, sql: "SELECT * FROM \"\(name)\"")
            tables[name] = rows
            return rows
        }
        var found: [PlainRow] = []
        for root in DataModel.entities where root.base == nil {
            var merged: [Int64: (entity: Entity, columns: [String: DatabaseValue])] = [:]
            for row in try table(root.table) {
                let id: Int64 = row["id"]
                var entity = root
                if case .single = root.storage, let discriminator: String = row["discriminator"] {
                    entity =
                        root.family.first { type in
                            if case .single(discriminator) = type.storage { true } else { false }
                        } ?? root
                }
                merged[id] = (entity, Dictionary(row.map { ($0.0, $0.1) }) { first, _ in first })
            }
            // The deepest type with a row is that of the object.
            for entity in root.family.dropFirst() {
                guard case .joined(let key) = entity.storage else { continue }
                for row in try table(entity.table) {
                    let id: Int64 = row[key]
                    guard let before = merged[id] else { continue }
                    let columns = Dictionary(row.map { ($0.0, $0.1) }) { first, _ in first }
                    let deepest =
                        entity.lineage.count > before.entity.lineage.count ? entity : before.entity
                    merged[id] = (deepest, before.columns.merging(columns) { first, _ in first })
                }
            }
            for (id, (entity, columns)) in merged.sorted(by: { $0.key < $1.key }) {
                var values: [String: Plain] = [:]
                var maps: [String: [PlainRow.Pair]] = [:]
                for property in entity.allProperties {
                    if case .map(let map) = property.content {
                        maps[property.name] = try table(map.table).filter { $0[map.key] == id }
                            .map { PlainRow.Pair(name: $0["name"], value: $0["value"], index: $0["index"]) }
                            .sorted { $0.index < $1.index }
                    } else if let value = try Self.value(property, columns) {
                        values[property.name] = value
                    }
                }
                var details: [String: Int64] = [:]
                for (property, column) in root.detailsColumns {
                    if case .int64(let number)? = columns[column]?.storage { details[property.rawValue] = number }
                }
                found.append(PlainRow(entity, id, values: values, maps: maps, details: details))
            }
        }
        self.init(found)
    }

    private static func value(_ property: Property, _ columns: [String: DatabaseValue]) throws -> Plain? {
        guard let column = property.column, let value = columns[column]?.storage else { return nil }
        switch (property.content, value) {
        case (_, .null): return .null
        case (.quantity(_, _, let unitColumn), let number):
            guard case .string(let unit)? = columns[unitColumn]?.storage else { return .null }
            if case .int64(let whole) = number { return .quantity(Double(whole), unit) }
            guard case .double(let number) = number else { return .null }
            return .quantity(number, unit)
        case (.reference, .int64(let id)): return .int(id)
        case (.value(let type), _):
            switch (type, value) {
            case (.bool, .int64(let flag)): return .bool(flag != 0)
            case (.time, .int64(let time)): return .time(time)
            case (.double, .int64(let number)), (.fraction, .int64(let number)): return .double(Double(number))
            case (_, .int64(let number)): return .int(number)
            case (_, .double(let number)): return .double(number)
            case (_, .string(let text)): return Plain(text)
            default: return nil
            }
        default: return nil
        }
    }
}
