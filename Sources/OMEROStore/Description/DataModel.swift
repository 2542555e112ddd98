/// OMERO's data model: all its types, and how they hang together.
public enum DataModel {
    /// All types, by name.
    public static let entities: [Entity] = allEntities.sorted { $0.name < $1.name }

    private static let byName: [String: Entity] = Dictionary(uniqueKeysWithValues: allEntities.map { ($0.name, $0) })
    private static let byBase: [String: [Entity]] = Dictionary(
        grouping: entities.filter { $0.base != nil },
        by: { $0.base ?? "" }
    )
    private static let properties: [String: [String: Property]] = byName.mapValues { entity in
        Dictionary(entity.lineage.flatMap(\.properties).map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    /// The type of a name: simple (`Project`), a type id of Ice (`::omero::model::Project`), or as OMERO's event log
    /// has it (`ome.model.containers.Project`).
    public static func entity(_ name: String) -> Entity? {
        if let entity = byName[name] { return entity }
        guard name.hasPrefix("::omero::model::") || name.hasPrefix("ome.model.") || name.hasPrefix("omero.model.")
        else { return nil }
        let simple = name.split(whereSeparator: { $0 == "." || $0 == ":" }).last
        return simple.flatMap { byName[String($0)] }
    }

    static func directSubclasses(_ name: String) -> [Entity] { byBase[name] ?? [] }
    static func property(_ name: String, of entity: Entity) -> Property? { properties[entity.name]?[name] }
}

extension Entity {
    /// The bases of the type, the most distant first, and the type itself.
    public var lineage: [Entity] {
        guard let base, let entity = DataModel.entity(base) else { return [self] }
        return entity.lineage + [self]
    }

    /// The type at the root of the hierarchy: it has the id and the details.
    public var root: Entity { base.flatMap(DataModel.entity)?.root ?? self }

    /// The types that derive from this one directly.
    public var subclasses: [Entity] { DataModel.directSubclasses(name) }

    /// The type itself and all that derive from it, directly or not.
    public var family: [Entity] { [self] + subclasses.flatMap(\.family) }

    /// All properties, the inherited ones first.
    public var allProperties: [Property] { lineage.flatMap(\.properties) }

    /// An own or inherited property.
    public func property(_ name: String) -> Property? { DataModel.property(name, of: self) }

    /// Whether objects of this type are objects of the type with that name.
    public func isA(_ name: String) -> Bool { lineage.contains { $0.name == name } }

    /// The type id on the wire.
    public var typeID: String { "::omero::model::\(name)" }

    /// The column of each property of `details` that a row of the hierarchy has (OMERO5.4 schema, details columns).
    public var detailsColumns: [DetailsProperty: String] {
        var columns: [DetailsProperty: String] = [.permissions: "permissions", .externalInfo: "external_id"]
        guard !isGlobal else { return columns }
        columns[.owner] = "owner_id"
        columns[.group] = "group_id"
        columns[.creationEvent] = "creation_id"
        if !isImmutable { columns[.updateEvent] = "update_id" }
        return columns
    }

    /// The name in OMERO's event log, such as `ome.model.core.Image`.
    public var logName: String { "ome.model.\(package).\(name)" }

    private var package: String {
        if kind == .enumeration { return "enums" }
        if name.hasSuffix("AnnotationLink") { return "annotations" }
        return Self.packages[name] ?? area
    }

    private static let packages = [
        "Image": "core", "Pixels": "core", "Channel": "core", "LogicalChannel": "core", "OriginalFile": "core",
        "PlaneInfo": "core", "PixelsOriginalFileMap": "core", "StatsInfo": "stats", "Link": "internal",
    ]
}

/// The properties of `details`.
public enum DetailsProperty: String, Sendable, Hashable, CaseIterable {
    /// As OMERO names them.
    case owner, group, creationEvent, updateEvent, permissions, externalInfo

    /// The type that it leads to.
    public var type: String? {
        switch self {
        case .owner: "Experimenter"
        case .group: "ExperimenterGroup"
        case .creationEvent, .updateEvent: "Event"
        case .externalInfo: "ExternalInfo"
        case .permissions: nil
        }
    }
}
