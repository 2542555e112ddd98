/// The classes and exceptions that can be decoded: by type id, classes also by compact id.
///
/// Immutable; registries of several modules are merged.
public struct TypeRegistry: Sendable {
    private final class Tables: Sendable {
        let classes: [String: ClassDescriptor]
        let compact: [Int32: ClassDescriptor]
        let exceptions: [String: any UserException.Type]

        init(
            classes: [String: ClassDescriptor],
            compact: [Int32: ClassDescriptor],
            exceptions: [String: any UserException.Type]
        ) {
            self.classes = classes
            self.compact = compact
            self.exceptions = exceptions
        }
    }

    private let tables: Tables

    /// Knows nothing: reads no class instance and no exception.
    public static let empty = TypeRegistry(descriptors: [])

    /// A registry of generated types.
    public init(classes: [any SliceClass.Type], exceptions: [any UserException.Type] = []) {
        self.init(descriptors: classes.map { $0.descriptor }, exceptions: exceptions)
    }

    /// A registry of classes that need no Swift type.
    public init(descriptors: [ClassDescriptor], exceptions: [any UserException.Type] = []) {
        var classes: [String: ClassDescriptor] = [:]
        var compact: [Int32: ClassDescriptor] = [:]
        for descriptor in descriptors {
            classes[descriptor.typeID] = descriptor
            if let id = descriptor.compactID { compact[id] = descriptor }
        }
        var byID: [String: any UserException.Type] = [:]
        for exception in exceptions { byID[exception.descriptor.typeID] = exception }
        tables = Tables(classes: classes, compact: compact, exceptions: byID)
    }

    private init(tables: Tables) { self.tables = tables }

    /// The types of both; the other's where both know one.
    public func merging(_ other: TypeRegistry) -> TypeRegistry {
        TypeRegistry(
            tables: Tables(
                classes: tables.classes.merging(other.tables.classes) { $1 },
                compact: tables.compact.merging(other.tables.compact) { $1 },
                exceptions: tables.exceptions.merging(other.tables.exceptions) { $1 }
            )
        )
    }

    /// The class with that type id.
    public func classDescriptor(_ typeID: String) -> ClassDescriptor? {
        tables.classes[typeID] ?? (typeID == ClassDescriptor.objectTypeID ? .object : nil)
    }

    /// The class with that compact id.
    public func classDescriptor(compactID: Int32) -> ClassDescriptor? { tables.compact[compactID] }

    /// The exception with that type id.
    public func exception(_ typeID: String) -> (any UserException.Type)? { tables.exceptions[typeID] }
}
