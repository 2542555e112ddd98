/// How two types hang together in the tables: one holds the other, through a reference or through rows of a link type.
struct GraphEdge: Sendable {
    let holder: Entity
    let held: Entity
    /// The type whose rows connect the two, if that isn't one of them.
    let link: Entity?
    let table: String
    let holderColumn: String
    let heldColumn: String

    /// A property of the holder, such as `Image.pixels` (a collection of rows that lead to the holder),
    /// `Project.datasetLinks` (of links) or `Channel.logicalChannel` (a reference).
    static func leading(_ path: String) -> GraphEdge? {
        guard let (entity, property) = resolve(path) else { return nil }
        switch property.content {
        case .reference(let type, _, _):
            guard let owner = entity.declaring(property), let held = DataModel.entity(type),
                let column = property.column
            else { return nil }
            return GraphEdge(
                holder: entity, held: held, link: nil, table: owner.table, holderColumn: owner.key, heldColumn: column)
        case .collection(let type, let inverse, let target, _, _):
            guard let rows = DataModel.entity(type), let reference = rows.property(inverse),
                let owner = rows.declaring(reference), let column = reference.column
            else { return nil }
            guard let target else {
                return GraphEdge(
                    holder: entity, held: rows, link: nil, table: owner.table, holderColumn: column,
                    heldColumn: owner.key)
            }
            guard let held = DataModel.entity(target) else { return nil }
            return GraphEdge(
                holder: entity, held: held, link: rows, table: owner.table, holderColumn: column,
                heldColumn: inverse == "parent" ? "child" : "parent")
        case .value, .quantity, .map: return nil
        }
    }

    /// A reference of what is held, such as `DetectorSettings.detector`.
    static func pointing(_ path: String) -> GraphEdge? {
        guard let (_, property) = resolve(path), case .reference = property.content,
            let edge = leading(path)
        else { return nil }
        return GraphEdge(
            holder: edge.held, held: edge.holder, link: nil, table: edge.table, holderColumn: edge.heldColumn,
            heldColumn: edge.holderColumn)
    }

    private static func resolve(_ path: String) -> (Entity, Property)? {
        let parts = path.split(separator: ".")
        guard parts.count == 2, let entity = DataModel.entity(String(parts[0])),
            let property = entity.property(String(parts[1]))
        else { return nil }
        return (entity, property)
    }
}

/// A reference from any row to another object.
struct GraphReference: Sendable {
    let entity: Entity
    let property: Property
    let column: String
    let target: Entity
    /// The column with the place in the far collection.
    let indexColumn: String?

    var isRequired: Bool { property.isRequired }
    var label: String { "\(entity.logName).\(property.name)" }

    /// All of the model, but those to enumerations, users and other things that belong to nobody.
    static let all: [GraphReference] = DataModel.entities.filter { !$0.isGlobal }.flatMap { entity in
        entity.properties.compactMap { property in
            guard case .reference(let type, _, let index) = property.content, let column = property.column,
                let target = DataModel.entity(type), !target.isGlobal
            else { return nil }
            return GraphReference(
                entity: entity, property: property, column: column, target: target, indexColumn: index)
        }
    }
}

extension Entity {
    /// The column with the id in the type's own table.
    var key: String {
        if case .joined(let key) = storage, base != nil { return key }
        return "id"
    }

    /// The type of the lineage whose table has the property.
    func declaring(_ property: Property) -> Entity? {
        lineage.first { $0.properties.contains { $0.name == property.name } }
    }

    /// Whether its rows connect annotations with what they annotate.
    public var isAnnotationLink: Bool { kind == .link && name.hasSuffix("AnnotationLink") }
}
