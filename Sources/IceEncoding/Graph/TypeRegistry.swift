/// The classes and exceptions that can be decoded: by type id, classes also by compact id.
///
/// Immutable; registries of several modules are merged.
public struct TypeRegistry: Sendable {
    /// Gives a class that was registered; what describes it is made when it is asked for first.
    public typealias DescriptorSource = @Sendable () -> ClassDescriptor

    fileprivate struct Tables: Sendable {
        var classes: [String: DescriptorSource] = [:]
        var compact: [Int32: DescriptorSource] = [:]
        var exceptions: [String: any UserException.Type] = [:]
    }

    private final class Box: Sendable {
        let tables: Tables
        init(_ tables: Tables) { self.tables = tables }
    }

    private let box: Box
    private var tables: Tables { box.tables }

    /// Knows nothing: reads no class instance and no exception.
    public static let empty = TypeRegistry(descriptors: [])

    /// A registry of generated types.
    public init(classes: [any SliceClass.Type], exceptions: [any UserException.Type] = []) {
        self.init(descriptors: classes.map { $0.descriptor }, exceptions: exceptions)
    }

    /// A registry of classes that need no Swift type.
    public init(descriptors: [ClassDescriptor], exceptions: [any UserException.Type] = []) {
        var tables = Tables()
        for descriptor in descriptors {
            tables.classes[descriptor.typeID] = { descriptor }
            if let id = descriptor.compactID { tables.compact[id] = { descriptor } }
        }
        for exception in exceptions { tables.exceptions[exception.descriptor.typeID] = exception }
        box = Box(tables)
    }

    /// A registry of many types of which a program meets few: nothing of a type is made before it is met.
    public init(capacity: Int = 0, _ fill: (inout Builder) -> Void) {
        var builder = Builder()
        builder.tables.classes.reserveCapacity(capacity)
        fill(&builder)
        box = Box(builder.tables)
    }

    /// What ``TypeRegistry/init(capacity:_:)`` is filled with.
    public struct Builder {
        fileprivate var tables = Tables()

        /// Adds a class, which must have that type id and no compact one.
        public mutating func add(_ typeID: String, _ descriptor: @escaping DescriptorSource) {
            tables.classes[typeID] = descriptor
        }

        /// Adds an exception, which must have that type id.
        public mutating func add(_ typeID: String, exception: any UserException.Type) {
            tables.exceptions[typeID] = exception
        }
    }

    private init(tables: Tables) { box = Box(tables) }

    /// The types of both; the other's where both know one.
    public func merging(_ other: TypeRegistry) -> TypeRegistry {
        var tables = tables
        tables.classes.merge(other.tables.classes) { $1 }
        tables.compact.merge(other.tables.compact) { $1 }
        tables.exceptions.merge(other.tables.exceptions) { $1 }
        return TypeRegistry(tables: tables)
    }

    /// The class with that type id.
    public func classDescriptor(_ typeID: String) -> ClassDescriptor? {
        tables.classes[typeID]?() ?? (typeID == ClassDescriptor.objectTypeID ? .object : nil)
    }

    /// The class with that compact id.
    public func classDescriptor(compactID: Int32) -> ClassDescriptor? { tables.compact[compactID]?() }

    /// The exception with that type id.
    public func exception(_ typeID: String) -> (any UserException.Type)? { tables.exceptions[typeID] }
}
