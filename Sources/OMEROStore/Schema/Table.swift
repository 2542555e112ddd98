/// A table, as the description has it: of a type, of a hierarchy, or of the rest that a model needs.
struct Table: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        let name: String
        let type: DataType
        var isRequired = false
        /// The table that the column leads to.
        var reference: String?
        /// How many characters a string may have.
        var length: Int?
        var domain: Domain?
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
}

extension Table {
    /// The table of the first type of a hierarchy that has it, without the type's properties.
    fileprivate init(_ entity: Entity) {
        name = entity.table
        if case .joined(let key) = entity.storage, entity.base != nil {
            columns = [Column(name: key, type: .long, isRequired: true, reference: entity.root.table)]
            primaryKey = [key]
            return
        }
        columns = [Column(name: "id", type: .long, isRequired: true)]
        let details = entity.detailsColumns
        for property in DetailsProperty.allCases {
            guard let column = details[property] else { continue }
            let reference = property.type.flatMap(DataModel.entity)?.table
            let isRequired = property != .externalInfo
            columns.append(
                Column(name: column, type: .long, isRequired: isRequired, reference: reference)
            )
            if property == .owner || property == .group { indexes.append(column) }
        }
        if case .single = entity.storage {
            columns.append(Column(name: "discriminator", type: .string, isRequired: true, length: 31))
        }
    }

    /// Of `<table>_<property>` maps: the key, name, value and index.
    fileprivate init(_ map: MapTable, of entity: Entity) {
        name = map.table
        columns = [
            Column(name: map.key, type: .long, isRequired: true, reference: entity.table),
            Column(name: "name", type: .text, isRequired: true),
            Column(name: "value", type: .text, isRequired: true),
            Column(name: "index", type: .int, isRequired: true),
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
                        type: type,
                        isRequired: isRequired,
                        length: property.length,
                        domain: property.domain,
                        defaultValue: property.defaultValue
                    )
                )
            case .quantity(_, _, let unitColumn):
                add(Column(name: name, type: .double, isRequired: isRequired, domain: property.domain))
                add(Column(name: unitColumn, type: .text, isRequired: isRequired))
            case .reference(let type, _, let index):
                let target = DataModel.entity(type)
                add(
                    Column(
                        name: name,
                        type: .long,
                        isRequired: isRequired,
                        reference: target?.root.table
                    )
                )
                if target?.kind != .enumeration { indexes.append(name) }
                if let index {
                    // Required with the reference: what is in no collection has no place in one.
                    add(Column(name: index, type: .int, isRequired: isRequired))
                }
            case .collection, .map: break
            }
        }
        for column in entity.columns {
            add(Column(name: column.name, type: column.type, length: column.length))
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
