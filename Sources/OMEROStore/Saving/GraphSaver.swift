internal import GRDB
internal import IceEncoding
public import OMEROModel

extension WriteTransaction {
    /// Saves objects, and all that is reachable from them along references and loaded collections: what has no id is
    /// made, what is loaded is brought to what the client has, what is not loaded is left as it is.
    ///
    /// - An entry of an enumeration without an id is the one with its value.
    /// - A version, and an event of the last update, that are not those stored mean that somebody else was first.
    /// - A collection that is not loaded stays as it is. One that is loaded adds its new elements, and gives the order
    ///   where there is one. Links and elements with an order that are missing in it are deleted, as OMERO's mapping
    ///   deletes orphans; others stay.
    ///
    /// - Parameters:
    ///   - objects: what a client sent.
    ///   - rules: asked about every row; what they throw undoes all.
    ///   - caller: on whose behalf events and the log are written.
    /// - Returns: what can be loaded by `load(_:into:visit:)`.
    public func save(_ objects: [IObject], rules: any SaveRules, by caller: Caller) throws -> SavedGraph {
        let saver = GraphSaver(self, try IncomingGraph(objects), rules, caller)
        try saver.save()
        return saver.result(objects)
    }
}

/// Brings a graph into the database; only for one graph, and in one transaction.
final class GraphSaver {
    typealias Key = RowLoader.Key

    /// A row that instances of the graph stand for.
    struct RowState {
        let entity: Entity
        let id: Int64
        let isNew: Bool
        var ownerID: Int64?
        var groupID: Int64?
        /// As it is stored.
        var version: Int32?
        var creationEvent: Int64?
        var updateEvent: Int64?
        var externalInfo: Int64?
        /// What is in the row, or is to be.
        var values: [String: StoreValue]
        /// What was in the row: what an instance has of it is no change, even if another instance has changed it.
        var before: [String: StoreValue] = [:]
        var isUpdated = false

        var key: Key { Key(root: entity.root, id: id) }
        var saved: SavedRow {
            SavedRow(entity: entity, id: id, isNew: isNew, ownerID: ownerID, groupID: groupID, values: values)
        }
    }

    let transaction: WriteTransaction
    let graph: IncomingGraph
    let rules: any SaveRules
    let author: Caller
    var rows: [Key: RowState] = [:]
    /// Whose the new rows are.
    var places: [Key: RowPlace] = [:]
    /// The row of each instance.
    private(set) var keys: [ObjectReference: Key] = [:]
    /// Collections out of which something was deleted, and the roots of what that was.
    var shrunk: Set<RowLoader.Property> = []
    var deletedTypes: Set<String> = []

    init(_ transaction: WriteTransaction, _ graph: IncomingGraph, _ rules: any SaveRules, _ author: Caller) {
        self.transaction = transaction
        self.graph = graph
        self.rules = rules
        self.author = author
    }

    func save() throws {
        try findRows()
        let new = try makeRows()
        try change(besides: new)
        try checkReading()
        try deleteMissing()
        try arrange()
        try checkFolders()
    }

    func row(of object: ObjectReference) -> RowState? { keys[object].flatMap { rows[$0] } }

    // MARK: Which rows

    /// Finds the rows of what has an id, and gives ids to what has none.
    private func findRows() throws {
        var wanted: [Entity: [Int64]] = [:]
        for object in graph.order {
            guard let incoming = graph.objects[object] else { continue }
            guard let id = try incoming.id ?? entry(incoming) else { continue }
            keys[object] = Key(root: incoming.entity.root, id: id)
            wanted[incoming.entity.root, default: []].append(id)
        }
        for (root, ids) in wanted { try load(root, ids.unique) }
        var newEntries: [String: Key] = [:]
        for object in graph.order {
            guard let incoming = graph.objects[object] else { continue }
            if let key = keys[object] {
                try check(incoming, key)
                continue
            }
            // A new entry can be named many times.
            let name = try value(ofEntry: incoming).map { "\(incoming.entity.name) \($0)" }
            let key =
                try name.flatMap { newEntries[$0] }
                ?? Key(root: incoming.entity.root, id: transaction.nextID(incoming.entity.sequence))
            keys[object] = key
            if let name { newEntries[name] = key }
        }
    }

    /// The id of an enumeration's entry that is named by its value.
    private func entry(_ incoming: IncomingObject) throws -> Int64? {
        guard let value = try value(ofEntry: incoming) else { return nil }
        return try transaction.enumeration(incoming.entity.name, value: value)?.id
    }

    private func value(ofEntry incoming: IncomingObject) throws -> String? {
        guard incoming.entity.kind == .enumeration,
            let member = incoming.plan.members.first(where: { $0.property.name == "value" })
        else { return nil }
        guard case .text(let value) = try StoreValue(incoming.object, member) else {
            throw StoreError(.missingValue(table: incoming.entity.table, column: "value"))
        }
        return value
    }

    private func load(_ root: Entity, _ ids: [Int64]) throws {
        let plan = try LoadPlan.of(root)
        let found = try transaction.rowsByID("\(plan.query) WHERE \(plan.idColumn) IN (%)", ids)
        var maps: [Entity: [Int64]] = [:]
        for row in found {
            guard let type = plan.type(of: row) else { continue }
            func id(_ property: DetailsProperty) -> Int64? { plan.detailsPositions[property].flatMap { row[$0] } }
            let stored = type.stored(row)
            var state = RowState(
                entity: type.entity, id: row[0], isNew: false, ownerID: id(.owner), groupID: id(.group),
                creationEvent: id(.creationEvent), updateEvent: id(.updateEvent), externalInfo: id(.externalInfo),
                values: [:])
            let save = try SavePlan.of(type.entity)
            for member in save.members { state.values[member.property.name] = stored[member.field] }
            if let field = save.versionField {
                if case .int(let version)? = stored[field] {
                    state.version = Int32(truncatingIfNeeded: version)
                } else {
                    state.version = 0
                }
            }
            state.before = state.values
            rows[state.key] = state
            if !type.maps.isEmpty { maps[type.entity, default: []].append(state.id) }
        }
        for (type, ids) in maps {
            for member in try SavePlan.of(type).members {
                guard case .map = member.property.content else { continue }
                let pairs = try transaction.maps(member.property.name, of: type.name, ids: ids)
                for id in ids {
                    let value = StoreValue.map(pairs[id] ?? [])
                    rows[Key(root: type.root, id: id)]?.values[member.property.name] = value
                    rows[Key(root: type.root, id: id)]?.before[member.property.name] = value
                }
            }
        }
    }

    /// Whether the row that an instance names by its id is there, and of its class.
    private func check(_ incoming: IncomingObject, _ key: Key) throws {
        guard let row = rows[key] else { throw StoreError(.notFound(entity: incoming.entity.name, id: key.id)) }
        let fits = incoming.isLoaded ? row.entity == incoming.entity : row.entity.isA(incoming.entity.name)
        guard fits else {
            throw StoreError(.refused("\(row.entity.name):\(key.id) is not of the class \(incoming.entity.name)"))
        }
    }

    // MARK: Values

    /// What an instance has in its members.
    func values(of incoming: IncomingObject) throws -> [String: StoreValue] {
        var values: [String: StoreValue] = [:]
        for member in incoming.plan.members {
            if case .reference = member.property.content { continue }
            values[member.property.name] = try StoreValue(incoming.object, member)
        }
        for reference in incoming.plan.references {
            let target = graph.target(of: incoming, reference)
            values[reference.member.property.name] = target.flatMap { keys[$0] }.map { .reference($0.id) } ?? .null
        }
        return values
    }

    func checkRequired(_ incoming: IncomingObject, _ values: [String: StoreValue]) throws {
        for member in incoming.plan.members where member.property.isRequired {
            guard member.property.defaultValue == nil, (values[member.property.name] ?? .null) == .null else {
                continue
            }
            throw StoreError(
                .missingValue(table: incoming.entity.name, column: member.property.name))
        }
    }

    /// No folder is in itself, by whatever way.
    private func checkFolders() throws {
        var known: Set<Int64> = []
        for row in rows.values where row.entity.name == "Folder" && (row.isNew || row.isUpdated) {
            var path: Set<Int64> = []
            var folder: Int64? = row.id
            while let id = folder, !known.contains(id) {
                guard path.insert(id).inserted else { throw StoreError(.refused("Folder:\(id) would be in itself")) }
                folder = try transaction.row("SELECT parentfolder FROM folder WHERE id = ?", [id])?[0]
            }
            known.formUnion(path)
        }
    }

    // MARK: Rights

    /// Whether a row may refer to what it refers to.
    func checkLinks(_ incoming: IncomingObject, where isAsked: (SavePlan.Reference, RowState) -> Bool) throws {
        guard let row = row(of: incoming.object) else { return }
        let targets = incoming.plan.references.compactMap { reference in
            graph.target(of: incoming, reference).flatMap(self.row(of:)).map { (reference, $0) }
        }
        let groups = targets.compactMap { $0.1.groupID }
        for (reference, target) in targets where isAsked(reference, target) {
            try rules.checkLink(from: row.saved, to: target.saved, linkedGroups: groups)
        }
    }

    /// Whatever a client names by its id, it has to be able to read.
    private func checkReading() throws {
        for key in Set(keys.values).sorted(by: { ($0.root.name, $0.id) < ($1.root.name, $1.id) }) {
            if let row = rows[key], !row.isNew { try rules.checkReading(row.saved) }
        }
    }
}
