/// What is to be done to objects and to what goes with them.
public struct GraphRequest: Sendable {
    /// What is to be done.
    public enum Operation: Sendable, Hashable {
        /// Delete them.
        case delete
        /// Into another group.
        case move(toGroup: Int64)
        /// To another owner.
        case give(toUser: Int64)
    }

    /// What is to be done.
    public var operation: Operation
    /// Ids by type, which may be a base of the objects' types.
    public var targets: [Entity: Set<Int64>]
    /// The first one with a verdict on an object counts.
    public var options: [GraphOption]
    /// Objects of these types stay as they are, and keep nothing from going; links to what goes are cleared all the
    /// same.
    public var ignored: Set<Entity>

    public init(
        _ operation: Operation, _ targets: [Entity: Set<Int64>], options: [GraphOption] = [],
        ignored: Set<Entity> = []
    ) {
        self.operation = operation
        self.targets = targets
        self.options = options
        self.ignored = ignored
    }
}

/// Says of types, and of the namespaces of annotations, whether what could go with its last holder does.
public struct GraphOption: Sendable, Hashable {
    /// Which annotations are meant, by namespace.
    public enum Namespaces: Sendable, Hashable {
        /// Those of these namespaces.
        case only(Set<String>)
        /// Those of other namespaces, or of none.
        case allBut(Set<String>)
    }

    /// These go even if others hold them, as far as the caller may.
    public var includedTypes: Set<Entity>
    /// These stay.
    public var excludedTypes: Set<Entity>
    /// Annotations of other namespaces are not spoken of.
    public var namespaces: Namespaces

    /// - Parameters:
    ///   - includedTypes: these go even if others hold them.
    ///   - excludedTypes: these stay.
    ///   - namespaces: nil for all but those that belong to the software itself, as OMERO has it
    ///     (blitz-servantDefinitions, graphRequestFactory).
    public init(includedTypes: Set<Entity> = [], excludedTypes: Set<Entity> = [], namespaces: Namespaces? = nil) {
        self.includedTypes = includedTypes
        self.excludedTypes = excludedTypes
        self.namespaces =
            namespaces
            ?? .allBut(["openmicroscopy.org/omero/import/companionFile", "openmicroscopy.org/omero/measurement"])
    }

    /// Whether an object is to go; nil if nothing is said of it.
    func verdict(on object: GraphObject) -> Bool? {
        if object.entity.isA("Annotation") {
            let namespace = object.namespace
            switch namespaces {
            case .only(let names): guard let namespace, names.contains(namespace) else { return nil }
            case .allBut(let names): if let namespace, names.contains(namespace) { return nil }
            }
        }
        let lineage = Set(object.entity.lineage)
        if !includedTypes.isDisjoint(with: lineage) { return true }
        if !excludedTypes.isDisjoint(with: lineage) { return false }
        return nil
    }
}

/// What is going to happen, with everything that goes along.
public struct GraphPlan: Sendable {
    /// What is going to be done.
    public internal(set) var operation: GraphRequest.Operation
    /// What is moved or given, by exact type.
    public internal(set) var included: [Entity: [Int64]] = [:]
    /// By exact type.
    public internal(set) var deleted: [Entity: [Int64]] = [:]
    /// References of objects that stay to ones that don't.
    var looseEnds: [LooseEnd] = []

    struct LooseEnd: Sendable {
        let reference: GraphReference
        var ids: [Int64]
    }
}
