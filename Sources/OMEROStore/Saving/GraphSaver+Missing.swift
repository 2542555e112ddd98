// What a client has taken out of collections.
extension GraphSaver {
    /// Deletes what is missing in collections that were sent loaded, if it is owned by what holds it, was there
    /// before, and the caller sees it. What the graph names elsewhere stays.
    func deleteMissing() throws {
        let named = Set(keys.values)
        let sent = graph.order.compactMap { graph.objects[$0] }.filter { incoming in
            incoming.isLoaded && row(of: incoming.object)?.isNew == false
        }
        for (type, holders) in Dictionary(grouping: sent, by: \.entity).sorted(by: { $0.key.name < $1.key.name }) {
            for collection in try SavePlan.of(type).collections where collection.ownsElements {
                let ids = holders.filter { IncomingGraph.elements(of: $0.object, collection) != nil }
                    .compactMap { keys[$0.object]?.id }
                try delete(from: collection, of: type, ids.unique) { named.contains($0) }
            }
        }
    }

    private func delete(
        from collection: SavePlan.Collection, of type: Entity, _ holders: [Int64], unless stays: (Key) -> Bool
    ) throws {
        let root = collection.element.root
        let missing = try collection.stored(in: transaction, of: holders).filter {
            !stays(Key(root: root, id: $0.element))
        }
        let rows = try transaction.stored(collection.element, missing.map(\.element)).filter(rules.shows)
        guard !rows.isEmpty else { return }
        try transaction.delete(rows, rules: rules, by: author)
        deletedTypes.insert(root.name)
        for element in missing {
            shrunk.insert(
                RowLoader.Property(
                    key: Key(root: type.root, id: element.holder), name: collection.member.property.name))
        }
    }
}
