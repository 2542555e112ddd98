import OMEROModel

@testable import OMEROStore

/// What can be said of an object of a type: read from the data model.
struct Catalogue: Sendable {
    enum Kind: Hashable, Sendable {
        case int, double, string, bool, time, quantity
        case object(String)
    }

    struct Path: Sendable {
        let steps: [String]
        let kind: Kind
        /// How many objects are on the way: each is a join.
        let joins: Int
        var text: String { steps.joined(separator: ".") }
    }

    struct Collection: Sendable {
        let name: String
        /// Of the elements; nil of a map.
        let element: Entity?
        let inverse: String
    }

    let paths: [Kind: [Path]]
    /// To objects.
    let objects: [(path: Path, entity: Entity)]
    let collections: [Collection]

    private static let all: [String: Catalogue] = Dictionary(
        uniqueKeysWithValues: DataModel.entities.map { ($0.name, Catalogue($0)) })

    static func of(_ entity: Entity) -> Catalogue { all[entity.name] ?? Catalogue(entity) }

    private init(_ entity: Entity) {
        let found = Self.paths(entity, hops: 2)
        paths = Dictionary(grouping: found, by: \.kind)
        objects = found.compactMap { path in
            guard case .object(let name) = path.kind, let target = DataModel.entity(name) else { return nil }
            return (path, target)
        }
        collections = entity.allProperties.filter(\.isMapped).compactMap { property in
            switch property.content {
            case .map: return Collection(name: property.name, element: nil, inverse: "")
            case .collection(let type, let inverse, _, _, _):
                guard let element = DataModel.entity(type),
                    element.property(inverse)?.isMapped == true, element.property(inverse)?.column != nil
                else { return nil }
                return Collection(name: property.name, element: element, inverse: inverse)
            default: return nil
            }
        }
    }

    private static func paths(_ entity: Entity, hops: Int) -> [Path] {
        var found = [Path(steps: ["id"], kind: .int, joins: 0), Path(steps: ["class"], kind: .string, joins: 0)]
        func add(_ steps: [String], to target: String?, id: Bool = true) {
            guard let target = target.flatMap(DataModel.entity) else { return }
            found.append(Path(steps: steps, kind: .object(target.name), joins: 0))
            found.append(Path(steps: steps + ["id"], kind: .int, joins: 0))
            guard hops > 0, hops == 2 || steps.first != "details" else { return }
            for path in paths(target, hops: hops - 1) where path.steps != ["id"] {
                found.append(Path(steps: steps + path.steps, kind: path.kind, joins: path.joins + 1))
            }
        }
        for property in properties(entity) {
            switch property.content {
            case .value(let type):
                guard let kind = kind(type) else { continue }
                found.append(Path(steps: [property.name], kind: kind, joins: 0))
            case .quantity:
                found.append(Path(steps: [property.name], kind: .quantity, joins: 0))
                found.append(Path(steps: [property.name, "value"], kind: .double, joins: 0))
                found.append(Path(steps: [property.name, "symbol"], kind: .string, joins: 0))
            case .reference(let target, _, _): add([property.name], to: target)
            case .collection, .map: break
            }
        }
        for property in DetailsProperty.allCases where property != .permissions {
            guard entity.root.detailsColumns[property] != nil else { continue }
            add(["details", property.rawValue], to: property.type)
        }
        return found
    }

    /// The type's own, and those of types that derive from it where one column has them all.
    private static func properties(_ entity: Entity) -> [Property] {
        var properties = entity.allProperties.filter(\.isMapped)
        let known = Set(properties.map(\.name))
        var below: Set<String> = []
        for type in entity.family.dropFirst() {
            for property in type.properties where property.isMapped && !known.contains(property.name) {
                guard below.insert(property.name).inserted else { continue }
                let declared = entity.declarationsBelow(of: property.name)
                guard
                    declared.allSatisfy({ $0.owner.table == type.table && $0.property.content == property.content })
                else { continue }
                properties.append(property)
            }
        }
        return properties
    }

    private static func kind(_ type: DataType) -> Kind? {
        switch type {
        case .string, .text: .string
        case .bool: .bool
        case .int, .positiveInt, .nonNegativeInt, .long: .int
        case .double, .fraction: .double
        case .time: .time
        case .bytes, .strings: nil
        }
    }
}
