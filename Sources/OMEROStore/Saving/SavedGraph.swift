public import IceEncoding
public import OMEROModel

/// What was saved: which objects, and which of their collections the client had.
public struct SavedGraph: Sendable {
    /// The saved objects, in the order in which they were given.
    let roots: [RowLoader.Key]
    /// What is to be loaded.
    let loaded: [RowLoader.Key]
    let collections: [RowLoader.Property: [RowLoader.Key]]

    /// The ids of the objects that were given, in their order.
    public var ids: [Int64] { roots.map(\.id) }
    /// The types of the rows that were made, changed or deleted, by the root of their hierarchy.
    public let changedTypes: Set<String>
}

extension GraphSaver {
    func result(_ objects: [IObject]) -> SavedGraph {
        var loaded: [RowLoader.Key] = []
        var collections: [RowLoader.Property: [RowLoader.Key]] = [:]
        for object in graph.order {
            guard let incoming = graph.objects[object], incoming.isLoaded, let holder = keys[object] else { continue }
            loaded.append(holder)
            for collection in incoming.plan.collections {
                guard let elements = IncomingGraph.elements(of: object, collection) else { continue }
                collections[RowLoader.Property(key: holder, name: collection.member.property.name)] =
                    elements.compactMap { keys[$0] }
            }
        }
        return SavedGraph(
            roots: objects.compactMap { keys[$0.object] },
            loaded: loaded.unique,
            collections: collections,
            changedTypes: deletedTypes.union(
                rows.values.lazy.filter { $0.isNew || $0.isUpdated }.map(\.entity.root.name))
        )
    }
}

extension ReadTransaction {
    /// Builds the graph that was saved: what was given loaded is loaded, with the collections that were given; with the
    /// owners and events of all.
    ///
    /// - Parameters:
    ///   - saved: what ``WriteTransaction/save(_:rules:by:)`` gave.
    ///   - scope: of sessions and nodes what is out of it is left out; rows of groups are those that the rules let the
    ///     caller name.
    ///   - builder: gets the objects.
    ///   - visit: called with every object that was loaded.
    /// - Returns: the objects that were given, in their order; nil for what is left out.
    public func load(
        _ saved: SavedGraph, scope: QueryScope, into builder: GraphBuilder,
        visit: (LoadedObject) throws -> Void = { _ in }
    ) throws -> [IObject?] {
        var scope = scope
        scope.groups = nil
        let rows = RowLoader(self, scope: scope)
        var wanted: [Entity: [Int64]] = [:]
        for key in saved.loaded + saved.roots + saved.collections.values.flatMap(\.self) {
            wanted[key.root, default: []].append(key.id)
        }
        let fetch = FetchTree(["details.owner", "details.creationEvent", "details.updateEvent"])
        for (root, ids) in wanted.sorted(by: { $0.key.name < $1.key.name }) {
            _ = try rows.load(root, ids.unique, fetch)
        }
        for (holder, elements) in saved.collections {
            rows.setCollection(holder.name, of: holder.key, elements)
        }
        return try build(rows, into: builder, visit: visit) { saved.roots.map($0) }
    }
}
