internal import GRDB

extension ReadTransaction {
    /// How many links of each kind connect objects of different owners in a group: as long as there are any, members
    /// cannot stop seeing each other's objects (OMERO's group chmod).
    public func linksBetweenOwners(inGroup group: Int64) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for link in DataModel.entities where link.kind == .link && !link.isGlobal {
            guard let parent = link.property("parent")?.type.flatMap(DataModel.entity),
                let child = link.property("child")?.type.flatMap(DataModel.entity),
                !parent.isGlobal, !child.isGlobal
            else { continue }
            let count: [Int] = try values(
                """
                SELECT count(*) FROM \(link.table.quoted) l
                JOIN \(parent.root.table.quoted) p ON p.id = l.parent
                JOIN \(child.root.table.quoted) c ON c.id = l.child
                WHERE p.group_id = ? AND p.owner_id <> c.owner_id
                """,
                [group]
            )
            if let number = count.first, number > 0 { counts[link.name] = number }
        }
        return counts
    }
}
