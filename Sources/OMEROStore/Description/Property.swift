/// A property of a type of the data model, and the columns behind it.
public struct Property: Sendable, Hashable {
    /// What a property holds, and where it is kept.
    public enum Content: Sendable, Hashable {
        /// A value, in a column.
        case value(DataType)
        /// A number and its unit, which is stored by symbol in a column of its own; both are null, or neither.
        case quantity(kind: String, unit: String, unitColumn: String)
        /// Another object: its id is in the column. `index` is the column with the place in the far collection.
        case reference(to: String, inverse: String?, index: String?)
        /// Objects of the type `of` whose reference `inverse` leads here; `target` is the far side of links.
        case collection(of: String, inverse: String, target: String?, index: String?, countView: String?)
        /// Names and values in order, in a table of their own.
        case map(MapTable)
    }

    /// As queries say it.
    public let name: String
    /// What it holds.
    public let content: Content
    /// Of a value, a quantity or a reference.
    public let column: String?
    /// Whether it may not be null.
    public let isRequired: Bool
    /// Whether no two rows have the same.
    public let isUnique: Bool
    /// Whether saving may change it.
    public let isMutable: Bool
    /// Whether queries know it.
    public let isMapped: Bool
    /// How many characters a string may have; 255 where nothing is said.
    public let length: Int?
    /// The range of numbers, if it is narrower than the type's.
    public let domain: Domain?
    /// What the column holds if nothing is given.
    public let defaultValue: String?

    /// The member of the class on the wire; that of a collection is followed by the one that says whether it is
    /// loaded, and that by the counts if there is a view for them.
    public var wireName: String { isCollection ? "_\(name)Seq" : "_\(name)" }

    /// Whether it is other objects that lead here.
    public var isCollection: Bool {
        guard case .collection = content else { return false }
        return true
    }

    /// The type that a reference or a collection leads to.
    public var type: String? {
        switch content {
        case .reference(let type, _, _), .collection(let type, _, _, _, _): type
        case .value, .quantity, .map: nil
        }
    }
}

/// What a column without a reference holds.
public enum DataType: Sendable, Hashable {
    /// As PostgreSQL or OMERO's domains call them; `fraction` is 0…1.
    case string, text, bool, int, positiveInt, nonNegativeInt, long, double, fraction
    /// Milliseconds since 1970, UTC.
    case time
    /// Bytes as they are.
    case bytes
    /// Strings, as a JSON array.
    case strings
}

/// A restriction on numbers.
public enum Domain: Sendable, Hashable {
    /// Above 0.
    case positive
    /// 0 or more.
    case nonNegative
}

/// The table behind a property of names and values: its columns are the key, `name`, `value` and `index`.
public struct MapTable: Sendable, Hashable {
    /// Its name.
    public let table: String
    /// The column with the id of the holder.
    public let key: String

    init(_ table: String, key: String) {
        self.table = table
        self.key = key
    }
}

// What the generated tables are written with. Columns have the property's name in lower case (OMERO5.4 schema, tables
// and columns); the generator refuses a model where that isn't so.
extension Property {
    private init(
        _ name: String,
        _ content: Content,
        hasColumn: Bool = true,
        required: Bool = false,
        unique: Bool = false,
        mutable: Bool = true,
        mapped: Bool = true,
        length: Int? = nil,
        domain: Domain? = nil,
        defaultValue: String? = nil
    ) {
        self.name = name
        self.content = content
        column = hasColumn ? name.lowercased() : nil
        isRequired = required
        isUnique = unique
        isMutable = mutable
        isMapped = mapped
        self.length = length
        self.domain = domain
        self.defaultValue = defaultValue
    }

    static func value(
        _ name: String,
        _ type: DataType,
        required: Bool = false,
        unique: Bool = false,
        mutable: Bool = true,
        mapped: Bool = true,
        length: Int? = nil,
        domain: Domain? = nil,
        defaultValue: String? = nil
    ) -> Property {
        Property(
            name,
            .value(type),
            required: required,
            unique: unique,
            mutable: mutable,
            mapped: mapped,
            length: type == .string ? length ?? 255 : nil,
            domain: domain,
            defaultValue: defaultValue
        )
    }

    static func quantity(_ name: String, _ kind: String, _ unit: String, required: Bool = false, domain: Domain? = nil)
        -> Property
    {
        let content = Content.quantity(kind: kind, unit: unit, unitColumn: name.lowercased() + "unit")
        return Property(name, content, required: required, domain: domain)
    }

    static func reference(
        _ name: String,
        _ type: String,
        required: Bool = false,
        unique: Bool = false,
        mutable: Bool = true,
        inverse: String? = nil,
        index: String? = nil
    ) -> Property {
        let content = Content.reference(to: type, inverse: inverse, index: index)
        return Property(name, content, required: required, unique: unique, mutable: mutable)
    }

    static func collection(
        _ name: String,
        _ type: String,
        inverse: String,
        target: String? = nil,
        index: String? = nil,
        countView: String? = nil
    ) -> Property {
        let content = Content.collection(of: type, inverse: inverse, target: target, index: index, countView: countView)
        return Property(name, content, hasColumn: false)
    }

    static func map(_ name: String, _ table: MapTable) -> Property { Property(name, .map(table), hasColumn: false) }
}
