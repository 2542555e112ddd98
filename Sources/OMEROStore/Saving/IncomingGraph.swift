internal import IceEncoding
internal import OMEROModel

/// An instance of a graph that a client wants saved.
struct IncomingObject {
    let object: ObjectReference
    let entity: Entity
    let plan: SavePlan
    /// Nil for what is to be made, and for entries of enumerations that are named by their value.
    let id: Int64?
    /// Whether there is more than the id.
    let isLoaded: Bool
    /// Where a collection of a holder has it, while its own reference to the holder is not set.
    var holder: (reference: String, object: ObjectReference)?

    var label: String { id.map { "\(entity.name):\($0)" } ?? entity.name }
}

/// All that is reachable from what a client wants saved: along references, and collections that are loaded.
///
/// Of the details only the `externalInfo` is followed: the others are the server's, and are looked at by their ids.
struct IncomingGraph {
    private(set) var objects: [ObjectReference: IncomingObject] = [:]
    /// The keys of ``objects``, in the order in which they were met.
    private(set) var order: [ObjectReference] = []

    init(_ roots: [IObject]) throws {
        // Not by recursion: a client decides how deep a graph is.
        var waiting = Array(roots.map(\.object).reversed())
        while let object = waiting.popLast() {
            guard objects[object] == nil else { continue }
            let found = try Self.read(object)
            objects[object] = found
            order.append(object)
            guard found.isLoaded else { continue }
            var next: [ObjectReference] = []
            for reference in found.plan.references {
                if let target = object[reference.member.field] as AnySliceObject? { next.append(target.object) }
            }
            if let info = Self.externalInfo(of: object) { next.append(info) }
            for collection in found.plan.collections { next += Self.elements(of: object, collection) ?? [] }
            waiting += next.reversed()
        }
        adoptElements()
    }

    private static func read(_ object: ObjectReference) throws -> IncomingObject {
        // What is of a class that is not known here would lose what is known there.
        guard let entity = DataModel.entity(object.typeID) else {
            throw StoreError(.refused("\(object.typeID.prefix(200)) is not a class of the data model"))
        }
        let handle = IObject(object: object)
        let found = IncomingObject(
            object: object, entity: entity, plan: try SavePlan.of(entity), id: handle.id, isLoaded: handle.isLoaded)
        if found.id == nil {
            guard found.isLoaded else {
                throw StoreError(.refused("\(entity.name) is not loaded and has no id: there is nothing to be saved"))
            }
            guard !entity.isAbstract else { throw StoreError(.refused("\(entity.name) is abstract")) }
        }
        return found
    }

    static func externalInfo(of object: ObjectReference) -> ObjectReference? {
        IObject(object: object).details?.externalInfo?.object
    }

    /// The elements of a collection that is loaded; what is null in it holds a place only.
    static func elements(of object: ObjectReference, _ collection: SavePlan.Collection) -> [ObjectReference]? {
        guard object[collection.member.field + 1] as Bool else { return nil }
        return (object[collection.member.field] as [AnySliceObject?]).compactMap { $0?.object }
    }

    /// A new element of a collection belongs to the holder, even if it does not say so itself.
    private mutating func adoptElements() {
        for holder in order {
            guard let found = objects[holder], found.isLoaded else { continue }
            for collection in found.plan.collections {
                for element in Self.elements(of: holder, collection) ?? [] {
                    guard let child = objects[element], child.id == nil, child.isLoaded,
                        let reference = child.plan.references.first(where: {
                            $0.member.property.name == collection.inverse
                        }), (element[reference.member.field] as AnySliceObject?) == nil
                    else { continue }
                    objects[element]?.holder = (collection.inverse, holder)
                }
            }
        }
    }

    /// What a reference of an instance leads to.
    func target(of object: IncomingObject, _ reference: SavePlan.Reference) -> ObjectReference? {
        if let target = object.object[reference.member.field] as AnySliceObject? { return target.object }
        guard let holder = object.holder, holder.reference == reference.member.property.name else { return nil }
        return holder.object
    }
}
