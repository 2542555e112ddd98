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
    public let id: Int64
    /// Its members are `builder[object]`.
    public let object: ObjectReference
    /// Nil for global types.
    public let ownerID: Int64?
    /// Nil for global types.
    public let groupID: Int64?
    /// Of the row.
    public let permissions: Int64
}

extension ReadTransaction {
    /// Builds objects from their rows: with all values, with what `fetch` names, with all else unloaded: references are
    /// objects that are only an id, collections say that they are not loaded.
    ///
    /// Ids that are not there, or of other types, are left out. An object is in the graph once, however many refer to it.
    /// - Parameters:
    ///   - scope: what the caller may see; what is out of it is not loaded along.
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
        let keys = try requests.map { try rows.load(described($0.entity), $0.ids, FetchTree($0.fetch, only: $0.only)) }
        return try build(rows, into: builder, visit: visit) { object in keys.map { $0.compactMap(object) } }
    }

    /// Builds all that was loaded; `result` picks from it.
    func build<Result>(
        _ rows: RowLoader, into builder: GraphBuilder, visit: (LoadedObject) throws -> Void,
        _ result: ((RowLoader.Key) -> IObject?) -> Result
    ) throws -> Result {
        let graph = try GraphFiller(rows, builder)
        try graph.fill(visit)
        return result { graph.objects[$0].map(IObject.init(object:)) }
    }
}

/// Makes instances of rows.
private final class GraphFiller {
    typealias Key = RowLoader.Key

    let rows: RowLoader
    let builder: GraphBuilder
    /// Loaded or not.
    private(set) var objects: [Key: ObjectReference] = [:]

    init(_ rows: RowLoader, _ builder: GraphBuilder) throws {
        self.rows = rows
        self.builder = builder
        objects.reserveCapacity(rows.order.count)
        for key in rows.order {
            guard let loaded = rows.objects[key] else { continue }
            objects[key] = builder.add(loaded.type.descriptor)
        }
        try discoverUnloaded()
    }

    /// References to what was not loaded need an instance of the right class: where that depends on the row, one query
    /// per hierarchy tells.
    private func discoverUnloaded() throws {
        var unknown: [Entity: Set<Int64>] = [:]
        for key in rows.order {
            guard let loaded = rows.objects[key] else { continue }
            for reference in loaded.type.references where reference.descriptor == nil {
                guard let id: Int64 = loaded.row[reference.position],
                    objects[Key(root: reference.root, id: id)] == nil
                else { continue }
                unknown[reference.target, default: []].insert(id)
            }
        }
        for (target, ids) in unknown {
            for (id, type) in try rows.discover(target, ids.sorted()) {
                objects[Key(root: target.root, id: id)] = unloaded(type.descriptor, id)
            }
        }
    }

    private func unloaded(_ descriptor: ClassDescriptor, _ id: Int64) -> ObjectReference {
        let object = builder.add(descriptor)
        builder[object][Member.id] = Box(id)
        return object
    }

    func fill(_ visit: (LoadedObject) throws -> Void) throws {
        for (number, key) in rows.order.enumerated() {
            if number % 1_000 == 0 { try Deadline.current?.check() }
            guard let loaded = rows.objects[key], let object = objects[key] else { continue }
            let record = builder[object]
            record[Member.id] = Box(key.id)
            record[Member.loaded] = true
            record[Member.details] = details(loaded) as AnySliceObject?
            fillValues(record, loaded)
            fillCollections(record, loaded, key)
            try visit(LoadedObject(loaded, id: key.id, object: object))
        }
    }

    private func fillValues(_ record: RecordDraft, _ loaded: RowLoader.Loaded) {
        for (field, position, type) in loaded.type.values where !loaded.row.hasNull(atIndex: position) {
            record.set(field, type, loaded.row, position)
        }
        for (field, position, unitPosition, kind) in loaded.type.quantities {
            guard let value: Double = loaded.row[position], let unit: String = loaded.row[unitPosition] else {
                continue
            }
            record.set(field, kind, value, unit)
        }
        for reference in loaded.type.references { record[reference.field] = object(of: reference, in: loaded.row) }
    }

    private func fillCollections(_ record: RecordDraft, _ loaded: RowLoader.Loaded, _ key: Key) {
        for (name, field) in loaded.type.collections {
            let property = RowLoader.Property(key: key, name: name)
            if let elements = rows.collections[property] {
                record[field] = elements.map { objects[$0].map(AnySliceObject.init(object:)) }
                record[field + 1] = true
            }
            if let counts = rows.counts[property] { record[field + 2] = counts }
        }
        for (name, field) in loaded.type.maps {
            record[field] = (rows.maps[RowLoader.Property(key: key, name: name)] ?? []).map(Box.init)
        }
    }

    private func details(_ loaded: RowLoader.Loaded) -> AnySliceObject {
        let details = builder.add(Details.self)
        let record = builder[details.object]
        if let position = loaded.plan.permissionsPosition {
            record[DetailsMember.permissions] = Box(Permissions(rawValue: loaded.row[position]))
        }
        for reference in loaded.plan.detailsReferences {
            record[reference.field] = object(of: reference, in: loaded.row)
        }
        return AnySliceObject(details)
    }

    private func object(of reference: LoadPlan.Reference, in row: Row) -> AnySliceObject? {
        guard let id: Int64 = row[reference.position] else { return nil }
        let key = Key(root: reference.root, id: id)
        if let object = objects[key] { return AnySliceObject(object: object) }
        guard let descriptor = reference.descriptor else { return nil }
        let object = unloaded(descriptor, id)
        objects[key] = object
        return AnySliceObject(object: object)
    }
}

/// The members that all objects have.
private enum Member {
    static let id = 0
    static let details = 1
    static let loaded = 2
}

extension LoadedObject {
    fileprivate init(_ loaded: RowLoader.Loaded, id: Int64, object: ObjectReference) {
        self.init(
            entity: loaded.type.entity,
            id: id,
            object: object,
            ownerID: loaded.plan.ownerPosition.flatMap { loaded.row[$0] },
            groupID: loaded.plan.groupPosition.flatMap { loaded.row[$0] },
            permissions: loaded.plan.permissionsPosition.map { loaded.row[$0] } ?? 0
        )
    }
}
