internal import Foundation
internal import GRDB
public import IceEncoding
internal import NIOCore
public import OMEROModel

/// Objects to load, with what belongs to them.
public struct LoadRequest: Sendable, Hashable {
    /// A type of the model, or one from which theirs derive.
    public var entity: String
    /// Which objects.
    public var ids: [Int64]
    /// What is loaded along.
    public var fetch: [FetchPath]
    /// The elements of the collections at these paths that are to be loaded, where it isn't all of them.
    public var only: [FetchPath: Set<FetchedElement>]

    public init(
        _ entity: String, _ ids: [Int64], fetch: [FetchPath] = [], only: [FetchPath: Set<FetchedElement>] = [:]
    ) {
        self.entity = entity
        self.ids = ids
        self.fetch = fetch
        self.only = only
    }
}

/// An object that was loaded, before the graph is complete: what a server needs to add what this caller may do, and
/// to take out what this caller may not see.
public struct LoadedObject {
    /// Its exact type.
    public let entity: Entity
    /// Its number.
    public let id: Int64
    /// Its members are `builder[object]`.
    public let object: ObjectReference
    /// Its `Details`. Permissions that are not set there are those of the row.
    public let details: ObjectReference
    /// Nil for global types.
    public let ownerID: Int64?
    /// Nil for global types.
    public let groupID: Int64?
    /// Of the row.
    public let permissions: Int64
}

extension ReadTransaction {
    /// Builds objects from their rows: with all values, their groups and what `fetch` names, with all else unloaded:
    /// references are objects that are only an id, collections say that they are not loaded.
    ///
    /// Ids that are not there, or of other types, are left out. An object is in the graph once, however many refer to it.
    ///
    /// - Parameters:
    ///   - entity: the name of the class, such as `Project`; objects of classes derived from it count.
    ///   - ids: which objects; the result is in their order.
    ///   - fetch: what is loaded along.
    ///   - scope: what the caller may see; what is out of it is not loaded along.
    ///   - builder: gets the objects, and all that is loaded along.
    ///   - visit: called with every object that was loaded.
    public func load(
        _ entity: String,
        where ids: [Int64],
        fetch: [FetchPath] = [],
        scope: QueryScope = .everything,
        into builder: GraphBuilder,
        visit: (LoadedObject) throws -> Void = { _ in }
    ) throws -> [IObject] {
        try load([LoadRequest(entity, ids, fetch: fetch)], scope: scope, into: builder, visit: visit)[0]
    }

    /// Builds the objects of several requests, which share what they have in common; a list for each.
    public func load(
        _ requests: [LoadRequest],
        scope: QueryScope = .everything,
        into builder: GraphBuilder,
        visit: (LoadedObject) throws -> Void = { _ in }
    ) throws -> [[IObject]] {
        let rows = RowLoader(self, scope: scope)
        let places = try requests.map {
            try rows.load(described($0.entity), $0.ids, FetchTree($0.fetch, only: $0.only))
        }
        try rows.loadGroups()
        let graph = GraphFiller(rows, builder)
        try graph.fill(visit)
        return places.map { $0.map { IObject(object: graph.instances[$0]) } }
    }

    /// Builds all that was loaded; `result` picks from it.
    func build<Result>(
        _ rows: RowLoader, into builder: GraphBuilder, visit: (LoadedObject) throws -> Void,
        _ result: ((RowLoader.Key) -> IObject?) -> Result
    ) throws -> Result {
        try rows.loadGroups()
        let graph = GraphFiller(rows, builder)
        try graph.fill(visit)
        return result { graph.object($0).map(IObject.init(object:)) }
    }
}

/// Makes instances of rows.
private final class GraphFiller {
    typealias Key = RowLoader.Key

    let rows: RowLoader
    let builder: GraphBuilder
    /// Those of the loader, which loads no more.
    private let objects: [RowLoader.Loaded]
    private let places: [Key: Int]
    /// Of all that was loaded, in the order of the rows.
    let instances: [ObjectReference]
    /// Of what is only referred to.
    private var unloaded: [Key: ObjectReference] = [:]

    init(_ rows: RowLoader, _ builder: GraphBuilder) {
        self.rows = rows
        self.builder = builder
        objects = rows.objects
        places = rows.places
        instances = objects.map { builder.add($0.type.descriptor) }
    }

    func object(_ key: Key) -> ObjectReference? { places[key].map { instances[$0] } ?? unloaded[key] }

    /// References to what was not loaded need an instance of the right class: where that depends on the row, one query
    /// per hierarchy tells.
    private func discoverUnloaded() throws {
        var unknown: [Entity: Set<Int64>] = [:]
        for loaded in objects where !loaded.type.openReferences.isEmpty {
            for reference in loaded.type.openReferences {
                guard let id = loaded.row.int(reference.position),
                    places[Key(root: reference.root, id: id)] == nil
                else { continue }
                unknown[reference.target, default: []].insert(id)
            }
        }
        for (target, ids) in unknown {
            for (id, type) in try rows.discover(target, ids.sorted()) {
                unloaded[Key(root: target.root, id: id)] = instance(type.descriptor, id)
            }
        }
    }

    /// Only an id.
    private func instance(_ descriptor: ClassDescriptor, _ id: Int64) -> ObjectReference {
        let object = builder.add(descriptor)
        builder[object][Member.id] = Box(id)
        return object
    }

    func fill(_ visit: (LoadedObject) throws -> Void) throws {
        try discoverUnloaded()
        for (number, (loaded, object)) in zip(objects, instances).enumerated() {
            if number % 1_000 == 0 { try Deadline.current?.check() }
            let record = builder[object]
            record[Member.id] = Box(loaded.key.id)
            record[Member.loaded] = true
            let details = details(loaded)
            record[Member.details] = AnySliceObject(object: details) as AnySliceObject?
            fillValues(record, loaded)
            if !rows.collections.isEmpty || !rows.counts.isEmpty { fillCollections(record, loaded) }
            if !loaded.type.maps.isEmpty { fillMaps(record, loaded) }
            try visit(LoadedObject(loaded, object: object, details: details))
            let permissions = builder[details]
            if (permissions[DetailsMember.permissions] as AnySliceObject?) == nil {
                permissions[DetailsMember.permissions] = Box(Permissions(rawValue: loaded.permissions))
            }
        }
    }

    private func fillValues(_ record: RecordDraft, _ loaded: RowLoader.Loaded) {
        for (field, position, type) in loaded.type.values { record.set(field, type, loaded.row, position) }
        for (field, position, unitPosition, kind) in loaded.type.quantities {
            guard let value = loaded.row.double(position), let unit = loaded.row.text(unitPosition) else { continue }
            record.set(field, kind, value, unit)
        }
        for reference in loaded.type.references { record[reference.field] = object(of: reference, in: loaded.row) }
    }

    private func fillCollections(_ record: RecordDraft, _ loaded: RowLoader.Loaded) {
        for (name, field) in loaded.type.collections {
            let property = RowLoader.Property(key: loaded.key, name: name)
            if let elements = rows.collections[property] {
                record[field] = elements.map { object($0).map(AnySliceObject.init(object:)) }
                record[field + 1] = true
            }
            if let counts = rows.counts[property] { record[field + 2] = counts }
        }
    }

    private func fillMaps(_ record: RecordDraft, _ loaded: RowLoader.Loaded) {
        for (name, field) in loaded.type.maps {
            record[field] = (rows.maps[RowLoader.Property(key: loaded.key, name: name)] ?? []).map(Box.init)
        }
    }

    private func details(_ loaded: RowLoader.Loaded) -> ObjectReference {
        let details = builder.add(Details.descriptor)
        let record = builder[details]
        for reference in loaded.plan.detailsReferences {
            record[reference.field] = object(of: reference, in: loaded.row)
        }
        return details
    }

    private func object(of reference: LoadPlan.Reference, in row: LoadedRow) -> AnySliceObject? {
        guard let id = row.int(reference.position) else { return nil }
        let key = Key(root: reference.root, id: id)
        if let object = object(key) { return AnySliceObject(object: object) }
        guard let descriptor = reference.descriptor else { return nil }
        let object = instance(descriptor, id)
        unloaded[key] = object
        return AnySliceObject(object: object)
    }
}

/// The members that all objects have.
private enum Member {
    static let id = 0
    static let details = 1
    static let loaded = 2
}

extension RowLoader.Loaded {
    fileprivate var permissions: Int64 { plan.permissionsPosition.flatMap(row.int) ?? 0 }
}

extension LoadedObject {
    fileprivate init(_ loaded: RowLoader.Loaded, object: ObjectReference, details: ObjectReference) {
        self.init(
            entity: loaded.type.entity,
            id: loaded.key.id,
            object: object,
            details: details,
            ownerID: loaded.plan.ownerPosition.flatMap(loaded.row.int),
            groupID: loaded.plan.groupPosition.flatMap(loaded.row.int),
            permissions: loaded.permissions
        )
    }
}
