internal import Foundation
internal import GRDB
public import OMEROModel

/// What a property of an object is set to.
public enum StoreValue: Sendable, Hashable {
    /// Nothing.
    case null
    /// A truth value.
    case bool(Bool)
    /// A whole number.
    case int(Int64)
    /// A number.
    case double(Double)
    /// A string.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
    /// A time.
    case time(Timestamp)
    /// A number and the symbol of its unit, such as `µm`.
    case quantity(Double, String)
    /// Strings, in order.
    case strings([String])
    /// Names and values, in order.
    case map([NamedValue])
    /// Another object, by id.
    case reference(Int64)
    /// An entry of an enumeration, by value.
    case entry(String)
}

extension StoreValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
}

/// Whose a row is.
public struct RowDetails: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// Nil for global types.
    public let ownerID: Int64?
    /// Nil for global types.
    public let groupID: Int64?
    /// Of the row, as OMERO stores them.
    public let permissions: Int64
    /// Nil for types without versions.
    public let version: Int32?
}

extension ReadTransaction {
    /// Whose objects these are; what isn't there is left out.
    public func details(of entity: String, ids: [Int64]) throws -> [RowDetails] {
        let root = try described(entity).root
        var columns = ["id", "permissions"]
        columns += root.isGlobal ? ["NULL", "NULL"] : ["owner_id", "group_id"]
        columns.append(root.isVersioned ? "ifnull(version, 0)" : "NULL")
        let list = columns.joined(separator: ", ")
        return try rowsByID("SELECT \(list) FROM \(root.table.quoted) WHERE id IN (%)", ids.unique).map {
            RowDetails(id: $0[0], ownerID: $0[2], groupID: $0[3], permissions: $0[1], version: $0[4])
        }
    }
}

extension WriteTransaction {
    /// Inserts an object of any type: its row, or rows, and its maps. It belongs to the caller and the caller's group,
    /// with that group's permissions, and the event log says so.
    ///
    /// The place in an ordered collection is the next one. What is required and missing, or not as the tables have it,
    /// is refused by them.
    @discardableResult
    public func insertObject(_ type: String, _ values: [String: StoreValue], by caller: Caller) throws -> Int64 {
        let entity = try described(type)
        guard !entity.isAbstract else { throw StoreError(.refused("\(type) is abstract")) }
        for name in values.keys where entity.property(name) == nil { throw StoreError(.unknownName("\(type).\(name)")) }
        let id = try nextID(entity.sequence)
        let permissions = try group(id: caller.groupID)?.permissions ?? Self.internalRow
        let place = RowPlace(ownerID: caller.userID, groupID: caller.groupID, permissions: permissions)
        try insertRow(entity, id, values, in: place, by: caller)
        return id
    }

    /// Inserts an object under an id that was taken from its sequence.
    func insertRow(
        _ entity: Entity, _ id: Int64, _ values: [String: StoreValue], in place: RowPlace, by caller: Caller
    ) throws {
        var rows: [String: [(column: String, value: (any DatabaseValueConvertible)?)]] = [:]
        rows[entity.root.table] = try ownColumns(entity, id, place, caller)
        for owner in entity.lineage {
            if case .joined(let key) = owner.storage, owner.base != nil { rows[owner.table] = [(key, id)] }
            if owner.isVersioned, owner.base == nil { rows[owner.table]?.append(("version", 0)) }
            for property in owner.properties {
                guard let value = values[property.name] else { continue }
                rows[owner.table]?.append(contentsOf: try columns(property, value, in: owner))
            }
        }
        for table in entity.lineage.map(\.table).unique { try insert(table, rows[table] ?? []) }
        for property in entity.allProperties {
            guard case .map(let pairs)? = values[property.name], !pairs.isEmpty else { continue }
            try setMap(property.name, of: entity.name, id: id, pairs)
        }
        try addNamespace(entity, values)
        try log(.insert, entity.name, id, by: caller)
    }

    /// The namespaces of annotations have rows of their own, from the first annotation in one (OMERO5.4 schema,
    /// triggers).
    func addNamespace(_ entity: Entity, _ values: [String: StoreValue]) throws {
        guard case .text(let name)? = values["ns"], entity.isA("Annotation"),
            try row("SELECT 1 FROM namespace WHERE name = ?", [name]) == nil
        else { return }
        let id = try nextID("seq_namespace")
        try insert("namespace", [("id", id), ("permissions", FirstRows.publicRead), ("version", 0), ("name", name)])
    }

    private func ownColumns(_ entity: Entity, _ id: Int64, _ place: RowPlace, _ caller: Caller) throws
        -> [(column: String, value: (any DatabaseValueConvertible)?)]
    {
        var columns: [(column: String, value: (any DatabaseValueConvertible)?)] = [
            ("id", id), ("permissions", place.permissions),
        ]
        let details = entity.root.detailsColumns
        if let column = details[.owner] { columns.append((column, place.ownerID)) }
        if let column = details[.group] { columns.append((column, place.groupID)) }
        for property in [DetailsProperty.creationEvent, .updateEvent] {
            if let column = details[property] { columns.append((column, try event(for: caller).id)) }
        }
        if case .single(let discriminator) = entity.storage { columns.append(("discriminator", discriminator)) }
        return columns
    }

    /// The columns of a property with what a value puts into them. In an ordered collection that is the next place.
    func columns(_ property: Property, _ value: StoreValue, in owner: Entity) throws
        -> [(column: String, value: (any DatabaseValueConvertible)?)]
    {
        guard let column = property.column else {
            guard case .map = value, case .map = property.content else { throw mismatch(owner, property) }
            return []
        }
        if case .null = value {
            switch property.content {
            case .quantity(_, _, let unitColumn): return [(column, nil), (unitColumn, nil)]
            case .reference(_, _, let index?): return [(column, nil), (index, nil)]
            default: return [(column, nil)]
            }
        }
        switch (property.content, value) {
        case (.quantity(_, _, let unitColumn), .quantity(let number, let unit)):
            return [(column, number), (unitColumn, unit)]
        case (.reference(_, _, let index), .reference(let id)), (.reference(_, _, let index), .int(let id)):
            guard let index else { return [(column, id)] }
            let sql =
                "SELECT ifnull(max(\(index.quoted)), -1) + 1 FROM \(owner.table.quoted) WHERE \(column.quoted) = ?"
            let place: Int64? = try row(sql, [id])?[0]
            return [(column, id), (index, place ?? 0)]
        case (.reference(let target, _, _), .entry(let entry)):
            guard let found = try enumeration(target, value: entry) else {
                throw StoreError(.refused("\(target) has no entry \(entry)"))
            }
            return [(column, found.id)]
        case (.value(.double), .int(let number)), (.value(.fraction), .int(let number)):
            return [(column, Double(number))]
        case (.value, .bool(let value)): return [(column, value)]
        case (.value, .int(let value)): return [(column, value)]
        case (.value, .double(let value)): return [(column, value)]
        case (.value, .text(let value)): return [(column, value)]
        case (.value, .time(let value)): return [(column, value.milliseconds)]
        case (.value(.bytes), .bytes(let value)): return [(column, Data(value))]
        case (.value(.strings), .strings(let value)): return [(column, try StringList.encode(value))]
        default: throw mismatch(owner, property)
        }
    }

    private func mismatch(_ owner: Entity, _ property: Property) -> StoreError {
        StoreError(.invalidValue(table: owner.table, column: property.column ?? property.name.lowercased()))
    }
}
