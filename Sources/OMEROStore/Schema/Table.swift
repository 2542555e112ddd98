/// A table, as the description has it: of a type, of a hierarchy, or of the rest that a model needs.
struct Table: Sendable, Hashable {
    enum Storage: String, Sendable, Hashable { case integer = "INTEGER", real = "REAL", text = "TEXT", blob = "BLOB" }

    struct Column: Sendable, Hashable {
        let name: String
        let storage: Storage
        var isRequired = false
        /// The table that the column leads to.
        var reference: String?
        /// A condition on what is stored; it holds for null.
        var check: String?
        var defaultValue: String?
    }

    let name: String
    var columns: [Column] = []
    var primaryKey: [String] = ["id"]
    var uniques: [[String]] = []
    var partialUniques: [Entity.PartialUnique] = []
    /// Columns that need an index for look-ups.
    var indexes: [String] = []

    func column(_ name: String) -> Column? { columns.first { $0.name == name } }
}

extension DataModel {
    /// The tables of all types and of their maps (OMERO5.4 schema, tables and columns).
    static let tables: [Table] = {
        var tables: [Table] = []
        var places: [String: Int] = [:]
        for entity in entities.sorted(by: { $0.lineage.count < $1.lineage.count }) {
            let place = places[entity.table] ?? tables.count
            if place == tables.count {
                tables.append(Table(entity))
                places[entity.table] = place
            }
            tables[place].add(entity)
            for property in entity.properties {
                if case .map(let map) = property.content { tables.append(Table(map, of: entity)) }
            }
        }
        return tables
    }()

    static let tablesByName = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
}

extension Table {
    /// The table of the first type of a hierarchy that has it, without the type's properties.
    fileprivate init(_ entity: Entity) {
        name = entity.table
        if case .joined(let key) = entity.storage, entity.base != nil {
            columns = [Column(name: key, storage: .integer, isRequired: true, reference: entity.root.table)]
            primaryKey = [key]
            return
        }
        columns = [Column(name: "id", storage: .integer, isRequired: true)]
        let details = entity.detailsColumns
        for property in DetailsProperty.allCases {
            guard let column = details[property] else { continue }
            let reference = property.type.flatMap(DataModel.entity)?.table
            let isRequired = property != .externalInfo
            columns.append(
                Column(name: column, storage: .integer, isRequired: isRequired, reference: reference)
            )
            if property == .owner || property == .group { indexes.append(column) }
        }
        if case .single = entity.storage {
            let check = "length(\"discriminator\") <= 31"
            columns.append(Column(name: "discriminator", storage: .text, isRequired: true, check: check))
        }
    }

    /// Of `<table>_<property>` maps: the key, name, value and index.
    fileprivate init(_ map: MapTable, of entity: Entity) {
        name = map.table
        columns = [
            Column(name: map.key, storage: .integer, isRequired: true, reference: entity.table),
            Column(name: "name", storage: .text, isRequired: true),
            Column(name: "value", storage: .text, isRequired: true),
            Column(name: "index", storage: .integer, isRequired: true),
        ]
        primaryKey = [map.key, "index"]
    }

    fileprivate mutating func add(_ entity: Entity) {
        // In a table for a whole hierarchy, rows of other types have nothing where this one requires something.
        let isShared = entity.base != nil && entity.table == entity.root.table
        for property in entity.properties {
            guard let name = property.column else { continue }
            let isRequired = property.isRequired && !isShared
            switch property.content {
            case .value(let type):
                add(
                    Column(
                        name: name,
                        storage: type.storage,
                        isRequired: isRequired,
                        check: type.check(name, length: property.length, domain: property.domain),
                        defaultValue: property.defaultValue.map { type.storage == .text ? "'\($0)'" : $0 }
                    )
                )
            case .quantity(_, _, let unitColumn):
                let check = DataType.double.check(name, length: nil, domain: property.domain)
                add(Column(name: name, storage: .real, isRequired: isRequired, check: check))
                add(Column(name: unitColumn, storage: .text, isRequired: isRequired))
            case .reference(let type, _, let index):
                let target = DataModel.entity(type)
                add(
                    Column(
                        name: name,
                        storage: .integer,
                        isRequired: isRequired,
                        reference: target?.root.table
                    )
                )
                if target?.kind != .enumeration { indexes.append(name) }
                if let index {
                    // Required with the reference: what is in no collection has no place in one.
                    add(Column(name: index, storage: .integer, isRequired: isRequired))
                }
            case .collection, .map: break
            }
        }
        for column in entity.columns {
            let check = column.type.check(column.name, length: column.length, domain: nil)
            add(Column(name: column.name, storage: column.type.storage, check: check))
        }
        uniques += entity.uniques
        partialUniques += entity.partialUniques
        indexes.removeAll { column in uniques.contains { $0.first == column } }
    }

    /// Types of one table can share columns.
    private mutating func add(_ column: Column) {
        guard self.column(column.name) == nil else { return }
        columns.append(column)
    }
}

extension DataType {
    var storage: Table.Storage {
        switch self {
        case .string, .text, .strings: .text
        case .bool, .int, .positiveInt, .nonNegativeInt, .long, .time: .integer
        case .double, .fraction: .real
        case .bytes: .blob
        }
    }

    /// PostgreSQL's types and OMERO's domains as conditions (OMERO5.4 schema, types).
    func check(_ column: String, length: Int?, domain: Domain?) -> String? {
        let name = column.quoted
        switch self {
        case .string: return length.map { "length(\(name)) <= \($0)" }
        case .bool: return "\(name) IN (0, 1)"
        case .int: return "\(name) BETWEEN -2147483648 AND 2147483647"
        case .positiveInt: return "\(name) BETWEEN 1 AND 2147483647"
        case .nonNegativeInt: return "\(name) BETWEEN 0 AND 2147483647"
        case .fraction: return "\(name) BETWEEN 0 AND 1"
        case .double:
            return switch domain {
            case .positive?: "\(name) > 0"
            case .nonNegative?: "\(name) >= 0"
            case nil: nil
            }
        case .text, .long, .time, .bytes, .strings: return nil
        }
    }
}

extension String {
    /// As an identifier of SQL. Some of OMERO's columns are reserved words (`group`, `index`), so all are quoted.
    var quoted: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}
