internal import IceEncoding
internal import OMEROModel
internal import Synchronization

/// Where the properties of a type are in the instances of its class.
///
/// Made once per type from the description and the classes of the wire.
struct SavePlan: Sendable {
    struct Member: Sendable {
        let property: Property
        /// The type that has the property as its own.
        let owner: Entity
        let field: Int
    }

    struct Reference: Sendable {
        let member: Member
        let target: Entity
        /// The column with the place in the far collection.
        let index: String?
    }

    struct Collection: Sendable {
        let member: Member
        /// The type of the elements, the reference of theirs that leads back, and the type that has it.
        let element: Entity
        let inverse: String
        let inverseOwner: Entity
        /// The column with the place, of collections that have an order.
        let index: String?
    }

    let entity: Entity
    /// All that has columns or a map, but for the version.
    private(set) var members: [Member] = []
    private(set) var references: [Reference] = []
    private(set) var collections: [Collection] = []
    private(set) var versionField: Int?

    private static let plans = Mutex<[String: SavePlan]>([:])

    static func of(_ entity: Entity) throws -> SavePlan {
        if let plan = plans.withLock({ $0[entity.name] }) { return plan }
        let plan = try SavePlan(entity)
        plans.withLock { $0[entity.name] = plan }
        return plan
    }

    private init(_ entity: Entity) throws {
        self.entity = entity
        guard let descriptor = omeroModelTypes.classDescriptor(entity.typeID) else {
            throw StoreError(.unknownName(entity.typeID))
        }
        let numbers = descriptor.fieldNumbers
        for owner in entity.lineage {
            for property in owner.properties where property.isMapped {
                guard let field = numbers[property.wireName] else {
                    throw StoreError(.unknownName("\(entity).\(property.name)"))
                }
                try add(Member(property: property, owner: owner, field: field))
            }
        }
    }

    private mutating func add(_ member: Member) throws {
        let property = member.property
        if property.name == "version", entity.isVersioned {
            versionField = member.field
            return
        }
        switch property.content {
        case .collection(let type, let inverse, _, let index, _):
            guard let element = DataModel.entity(type),
                let owner = element.lineage.first(where: { $0.properties.contains { $0.name == inverse } })
            else { throw StoreError(.unknownName("\(type).\(inverse)")) }
            collections.append(
                Collection(member: member, element: element, inverse: inverse, inverseOwner: owner, index: index))
        case .reference(let type, _, let index):
            guard let target = DataModel.entity(type) else { throw StoreError(.unknownName(type)) }
            members.append(member)
            references.append(Reference(member: member, target: target, index: index))
        case .value, .quantity, .map: members.append(member)
        }
    }
}
