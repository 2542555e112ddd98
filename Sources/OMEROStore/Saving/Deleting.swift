internal import GRDB

extension WriteTransaction {
    /// Deletes one object with what it owns: its links, and the elements of its collections that have an order, as
    /// OMERO's mapping cascades. What else refers to it keeps it: that is found when the transaction ends.
    ///
    /// - Parameters:
    ///   - type: the class that the client says it is of: its own, or one that it derives from.
    ///   - id: of the object.
    ///   - rules: asked about the object and all that goes with it; what they throw leaves it.
    ///   - caller: on whose behalf the log is written.
    /// - Throws: ``StoreError/Reason/notFound(entity:id:)``, and what the rules throw.
    public func deleteObject(_ type: String, id: Int64, rules: any SaveRules, by caller: Caller) throws {
        let entity = try described(type)
        let found = try stored(entity, [id])
        guard !found.isEmpty else { throw StoreError(.notFound(entity: entity.name, id: id)) }
        for row in found { try rules.checkReading(row) }
        try delete(found, rules: rules, by: caller)
    }

    /// Deletes rows with what they own.
    func delete(_ rows: [SavedRow], rules: any SaveRules, by caller: Caller) throws {
        for row in rows {
            try Deadline.current?.check()
            try rules.checkDeleting(row)
            for collection in try SavePlan.of(row.entity).collections where collection.ownsElements {
                let ids = try collection.stored(in: self, of: [row.id]).map(\.element)
                try delete(stored(collection.element, ids), rules: rules, by: caller)
            }
            try deleteRow(row, by: caller)
        }
    }

    /// What is stored of objects, for the rules; those that are not there, or of other types, are left out.
    func stored(_ entity: Entity, _ ids: [Int64]) throws -> [SavedRow] {
        guard !ids.isEmpty else { return [] }
        let plan = try LoadPlan.of(entity)
        return try rowsByID("\(plan.query) WHERE \(plan.idColumn) IN (%)", ids).compactMap { row in
            guard let found = plan.type(of: row) else { return nil }
            func position(_ property: DetailsProperty) -> Int64? { plan.detailsPositions[property].flatMap { row[$0] } }
            let stored = found.stored(row)
            var values: [String: StoreValue] = [:]
            for member in try SavePlan.of(found.entity).members { values[member.property.name] = stored[member.field] }
            return SavedRow(
                entity: found.entity, id: row[0], isNew: false, ownerID: position(.owner), groupID: position(.group),
                values: values)
        }
    }

    /// Its rows and its maps, nothing else.
    private func deleteRow(_ row: SavedRow, by caller: Caller) throws {
        let entity = row.entity
        for property in entity.allProperties {
            guard case .map(let map) = property.content else { continue }
            try execute("DELETE FROM \(map.table.quoted) WHERE \(map.key.quoted) = ?", [row.id])
        }
        for type in entity.lineage.reversed() where type.table != entity.root.table {
            guard case .joined(let key) = type.storage else { continue }
            try execute("DELETE FROM \(type.table.quoted) WHERE \(key.quoted) = ?", [row.id])
        }
        try execute("DELETE FROM \(entity.root.table.quoted) WHERE id = ?", [row.id])
        try log(.delete, entity.name, row.id, by: caller)
    }
}

extension SavePlan.Collection {
    /// Whether elements are nothing without what holds them: links, and what has a place among others. They go with
    /// it, and once they are taken out of it (in OMERO's mapping: all, delete orphans).
    var ownsElements: Bool { element.kind == .link || index != nil }

    /// The elements of these objects, in order.
    func stored(in transaction: ReadTransaction, of holders: [Int64]) throws -> [FetchedElement] {
        let key = inverse.lowercased().quoted
        let order = index.map { "\($0.quoted), " } ?? ""
        let sql = "SELECT \(key), id FROM \(inverseOwner.table.quoted) WHERE \(key) IN (%) ORDER BY \(order)id"
        return try transaction.rowsByID(sql, holders).map { FetchedElement(holder: $0[0], element: $0[1]) }
    }
}
