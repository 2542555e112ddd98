/// Which way a search for objects goes from those that are known.
public enum GraphDirection: Sendable, Hashable {
    /// To what they hold, and what that holds, and so on.
    case children
    /// To what holds them.
    case parents
}

extension ReadTransaction {
    /// The objects of some types that hang together with others, in one direction, directly or not; by exact type.
    ///
    /// What the caller doesn't see is not found, and nothing beyond it.
    ///
    /// - Parameters:
    ///   - direction: towards what the targets hold, or what holds them.
    ///   - targets: ids by type.
    ///   - wanted: the types to find, with those derived from them.
    ///   - stopBefore: types beyond which nothing is searched, and whose objects are not found.
    ///   - authority: what the caller sees.
    /// - Throws: ``GraphRefusal`` if the caller doesn't see one of the targets.
    public func search(
        _ direction: GraphDirection, of targets: [Entity: Set<Int64>], for wanted: Set<Entity>,
        stopBefore: Set<Entity> = [], _ authority: GraphAuthority
    ) throws -> [Entity: [Int64]] {
        let rows = GraphRows(self)
        let keys = targets.flatMap { entity, ids in ids.map { GraphKey(root: entity.root, id: $0) } }
        var frontier = try rows.load(keys).filter { authority.rights($0).contains(.see) }
        guard frontier.count == keys.count else { throw GraphRefusal("cannot read all the specified objects") }
        var seen = Set(keys)
        var found: [Entity: [Int64]] = [:]
        while !frontier.isEmpty {
            var next: [GraphKey] = []
            for (type, objects) in Dictionary(grouping: frontier, by: \.entity) {
                for edge in GraphTies.searched where type.isA(edge.near(direction).name) {
                    let ids = objects.map(\.id)
                    switch direction {
                    case .children: next += try rows.held(by: ids, along: edge).map(\.held)
                    case .parents: next += try rows.holders(of: ids, along: edge).map(\.holder)
                    }
                }
            }
            frontier = try rows.load(next.filter { seen.insert($0).inserted }).filter { object in
                authority.rights(object).contains(.see) && !object.entity.lineage.contains(where: stopBefore.contains)
            }
            for object in frontier where object.entity.lineage.contains(where: wanted.contains) {
                found[object.entity, default: []].append(object.id)
            }
        }
        return found.mapValues { $0.sorted() }
    }
}

extension GraphEdge {
    fileprivate func near(_ direction: GraphDirection) -> Entity { direction == .children ? holder : held }
}

extension GraphTies {
    /// All by which one thing holds another. Settings and files that refer to what they are about are no holders.
    fileprivate static let searched = deletion.map(\.edge)
}
