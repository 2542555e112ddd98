internal import GRDB

extension WriteTransaction {
    /// Deletes one object: its rows and its maps, nothing else. What still refers to it keeps it: that is found when
    /// the transaction ends.
    ///
    /// - Parameters:
    ///   - type: the class that the client says it is of: its own, or one that it derives from.
    ///   - id: of the object.
    ///   - rules: asked about the object; what they throw leaves it.
    ///   - caller: on whose behalf the log is written.
    /// - Throws: ``StoreError/Reason/notFound(entity:id:)``, and what the rules throw.
    public func deleteObject(_ type: String, id: Int64, rules: any SaveRules, by caller: Caller) throws {
        let entity = try described(type)
        let plan = try LoadPlan.of(entity)
        guard let row = try rowsByID("\(plan.query) WHERE \(plan.idColumn) IN (%)", [id]).first,
            let found = plan.type(of: row)
        else { throw StoreError(.notFound(entity: entity.name, id: id)) }
        func position(_ property: DetailsProperty) -> Int64? { plan.detailsPositions[property].flatMap { row[$0] } }
        let stored = found.stored(row)
        var values: [String: StoreValue] = [:]
        for member in try SavePlan.of(found.entity).members { values[member.property.name] = stored[member.field] }
        let saved = SavedRow(
            entity: found.entity, id: id, isNew: false, ownerID: position(.owner), groupID: position(.group),
            values: values)
        try rules.checkReading(saved)
        try rules.checkDeleting(saved)
        for property in found.entity.allProperties {
            guard case .map(let map) = property.content else { continue }
            try execute("DELETE FROM \(map.table.quoted) WHERE \(map.key.quoted) = ?", [id])
        }
        for type in found.entity.lineage.reversed() where type.table != found.entity.root.table {
            guard case .joined(let key) = type.storage else { continue }
            try execute("DELETE FROM \(type.table.quoted) WHERE \(key.quoted) = ?", [id])
        }
        try execute("DELETE FROM \(found.entity.root.table.quoted) WHERE id = ?", [id])
        try log(.delete, found.entity.name, id, by: caller)
    }
}
