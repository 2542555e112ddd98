internal import GRDB

/// An entry of an enumeration.
public struct EnumerationRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// What it is called.
    public let value: String
    /// Of `PixelsType` only.
    public let bitSize: Int32?
}

extension ReadTransaction {
    /// The entries of an enumeration, by id.
    public func enumerations(of type: String) throws -> [EnumerationRecord] {
        let entity = try enumerationType(type)
        return try rows("SELECT * FROM \(entity.table.quoted) ORDER BY id").map(EnumerationRecord.init)
    }

    /// The entry with a value.
    public func enumeration(_ type: String, value: String) throws -> EnumerationRecord? {
        let entity = try enumerationType(type)
        return try row("SELECT * FROM \(entity.table.quoted) WHERE value = ?", [value]).map(EnumerationRecord.init)
    }

    /// The entries of every enumeration, by the type's simple name.
    public func allEnumerations() throws -> [String: [EnumerationRecord]] {
        var all: [String: [EnumerationRecord]] = [:]
        for entity in DataModel.entities where entity.kind == .enumeration {
            all[entity.name] = try enumerations(of: entity.name)
        }
        return all
    }

    fileprivate func enumerationType(_ name: String) throws -> Entity {
        let entity = try described(name)
        guard entity.kind == .enumeration else { throw StoreError(.unknownName(name)) }
        return entity
    }
}

extension WriteTransaction {
    /// Adds an entry that isn't there yet; the id of the one that is there then.
    @discardableResult
    public func addEnumeration(_ type: String, value: String, bitSize: Int32? = nil) throws -> Int64 {
        if let entry = try enumeration(type, value: value) { return entry.id }
        let entity = try enumerationType(type)
        let id = try nextID(entity.sequence)
        var values: [(String, (any DatabaseValueConvertible)?)] = [
            ("id", id), ("permissions", Self.internalRow), ("value", value),
        ]
        if entity.property("bitSize") != nil { values.append(("bitsize", bitSize)) }
        try insert(entity.table, values)
        return id
    }

    /// Gives an entry another value.
    ///
    /// - Throws: ``StoreError`` if there is no such entry, or another one has the value.
    public func renameEnumeration(_ type: String, id: Int64, to value: String) throws {
        let entity = try enumerationType(type)
        guard try execute("UPDATE \(entity.table.quoted) SET value = ? WHERE id = ?", [value, id]) == 1 else {
            throw StoreError(.notFound(entity: type, id: id))
        }
    }

    /// Deletes an entry; what refers to it keeps it: that is found when the transaction ends.
    public func deleteEnumeration(_ type: String, id: Int64) throws {
        let entity = try enumerationType(type)
        guard try execute("DELETE FROM \(entity.table.quoted) WHERE id = ?", [id]) == 1 else {
            throw StoreError(.notFound(entity: type, id: id))
        }
    }

    /// Brings the entries to those that a fresh database has: what is missing is added, what is more is deleted.
    public func resetEnumeration(_ type: String) throws {
        let original = try enumerationType(type).entries
        let values = Set(original.map(\.value))
        for entry in try enumerations(of: type) where !values.contains(entry.value) {
            try deleteEnumeration(type, id: entry.id)
        }
        for entry in original {
            try addEnumeration(type, value: entry.value, bitSize: entry.numbers["bitsize"].map { Int32(clamping: $0) })
        }
    }
}

extension EnumerationRecord {
    fileprivate init(_ row: Row) {
        self.init(id: row["id"], value: row["value"], bitSize: row.hasColumn("bitsize") ? row["bitsize"] : nil)
    }
}
