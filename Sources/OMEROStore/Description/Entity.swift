/// A type of OMERO's data model, and how it is kept: what the wire can't tell.
///
/// Generated from `Schema/data-model`; ``DataModel`` has them all. What is said here is the type's own: what it
/// inherits is with its bases.
public final class Entity: Sendable {
    /// What the rows of a type are.
    public enum Kind: Sendable, Hashable {
        /// Objects.
        case type
        /// Connects a parent and a child.
        case link
        /// The rows are entries: `PixelsType`, `EventType`, …
        case enumeration
    }

    /// How the types of a hierarchy share tables (OMERO5.4 schema, inheritance).
    public enum Storage: Sendable, Hashable {
        /// A table of its own, and no hierarchy.
        case plain
        /// One table for the whole hierarchy: `discriminator` says which type a row is of; nil if no row can be.
        case single(discriminator: String?)
        /// The root's table has what all have in common, that of each type the rest; `key` there is the root's id.
        case joined(key: String)
    }

    /// The simple name, as queries say it.
    public let name: String
    /// What its rows are.
    public let kind: Kind
    /// Such as `meta`: types about one subject.
    public let area: String
    /// Whether only derived types have objects.
    public let isAbstract: Bool
    /// The name of the type that this one derives from.
    public let base: String?
    /// The table of the type's own columns.
    public let table: String
    /// How it shares tables with the types of its hierarchy.
    public let storage: Storage
    /// Where ids come from; one per hierarchy.
    public let sequence: String
    /// Without owner, group and events: it belongs to nobody.
    public let isGlobal: Bool
    /// Never changes: there is no update event and no version.
    public let isImmutable: Bool
    /// Whether a version counts its changes.
    public let isVersioned: Bool
    /// Columns that are unique together.
    public let uniques: [[String]]
    /// Columns that are unique together in rows for which a condition holds.
    public let partialUniques: [PartialUnique]
    /// Columns of the table that are no property.
    public let columns: [ExtraColumn]
    /// The type's own, in the order of the wire.
    public let properties: [Property]
    /// Of an enumeration: the rows of a fresh database.
    public let entries: [Entry]

    /// Columns that are unique together in some rows.
    public struct PartialUnique: Sendable, Hashable {
        /// Their names.
        public let columns: [String]
        /// In SQL: which rows.
        public let condition: String
    }

    /// A column that is no property.
    public struct ExtraColumn: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// What it holds.
        public let type: DataType
        /// How many characters a string may have; nil for any number.
        public let length: Int?
    }

    /// A row that a fresh database has.
    public struct Entry: Sendable, Hashable {
        /// What the entry is called.
        public let value: String
        /// Where it isn't the sequence that gives it.
        public let id: Int64?
        /// Values of other columns.
        public let numbers: [String: Int64]

        init(_ value: String, id: Int64? = nil, numbers: [String: Int64] = [:]) {
            self.value = value
            self.id = id
            self.numbers = numbers
        }
    }

    init(
        _ name: String,
        _ kind: Kind,
        area: String,
        abstract: Bool = false,
        base: String? = nil,
        table: String,
        storage: Storage = .plain,
        sequence: String,
        global: Bool = false,
        immutable: Bool = false,
        versioned: Bool = false,
        uniques: [[String]] = [],
        partialUniques: [PartialUnique] = [],
        columns: [ExtraColumn] = [],
        entries: [Entry] = [],
        properties: [Property] = []
    ) {
        self.name = name
        self.kind = kind
        self.area = area
        isAbstract = abstract
        self.base = base
        self.table = table
        self.storage = storage
        self.sequence = sequence
        isGlobal = global
        isImmutable = immutable
        isVersioned = versioned
        self.uniques = uniques
        self.partialUniques = partialUniques
        self.columns = columns
        self.entries = entries
        self.properties = properties
    }
}

extension Entity: Hashable, CustomStringConvertible {
    public static func == (left: Entity, right: Entity) -> Bool { left === right }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
    public var description: String { name }
}
