internal import GRDB

extension ReadTransaction {
    /// How many rows of a group lead to rows of other owners in it, by `Type.property`: what keeps the group from
    /// becoming private. Types without such rows are left out.
    public func linksBetweenOwners(inGroup id: Int64) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for entity in DataModel.entities where !entity.root.isGlobal {
            for property in entity.properties {
                guard case .reference(let type, _, _) = property.content, let column = property.column,
                    let target = DataModel.entity(type)?.root, !target.isGlobal
                else { continue }
                let found: [Int] = try values(Self.countQuery(entity, column, target), [id])
                if let count = found.first, count > 0 { counts["\(entity).\(property.name)"] = count }
            }
        }
        return counts
    }

    private static func countQuery(_ entity: Entity, _ column: String, _ target: Entity) -> String {
        let root = entity.root.table.quoted
        var from = "\(root) r"
        var holder = "r"
        if case .joined(let key) = entity.storage, entity.base != nil {
            from += " JOIN \(entity.table.quoted) s ON s.\(key.quoted) = r.id"
            holder = "s"
        }
        return """
            SELECT count(*) FROM \(from) JOIN \(target.table.quoted) t ON t.id = \(holder).\(column.quoted) \
            WHERE r.group_id = ? AND t.owner_id <> r.owner_id
            """
    }
}
