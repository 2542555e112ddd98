internal import OMEROModel

/// What a column of a query's result holds.
public enum QueryType: Sendable, Hashable {
    /// A plain value.
    case bool, int, long, double, string, time, bytes, strings
    /// An object, by id.
    case entity(Entity)
    /// A number with its unit, of a kind such as `Length`.
    case quantity(String)
    /// A unit by its symbol, of a kind such as `Length`.
    case unit(String)
    /// The row's own.
    case permissions
    /// Whatever the value is.
    case any

    init(_ type: DataType) {
        switch type {
        case .string, .text: self = .string
        case .bool: self = .bool
        case .int, .positiveInt, .nonNegativeInt: self = .int
        case .long: self = .long
        case .double, .fraction: self = .double
        case .time: self = .time
        case .bytes: self = .bytes
        case .strings: self = .strings
        }
    }

    var isNumber: Bool { self == .int || self == .long || self == .double || self == .any }

    /// What `+` and the like make of two numbers.
    func combined(with other: QueryType) -> QueryType {
        if self == .any { return other }
        if other == .any || self == other { return self }
        if self == .double || other == .double { return .double }
        if isNumber, other.isNumber { return .long }
        return .any
    }
}

/// A value in a statement.
struct QueryValue {
    let sql: SQLText
    let type: QueryType
    /// Of a quantity: the symbol.
    var unit: SQLText?

    init(_ sql: SQLText, _ type: QueryType, unit: SQLText? = nil) {
        self.sql = sql
        self.type = type
        self.unit = unit
    }
}

/// What a path leads to, before it is known whether its row is needed or only its id.
enum PathNode {
    case source(Source)
    /// An object whose id is in a column.
    case reference(SQLText, Entity, Source, [String])
    case details(Source)
    case value(QueryValue)
    case quantity(QueryValue, kind: String)
    /// A collection or a map of a source.
    case collection(Source, Property, [String])
}

extension DataModel {
    /// The class of a name as queries have it: simple, with OMERO's package, or as clients call their own (`ImageI`).
    public static func queryEntity(_ name: String) -> Entity? {
        if let entity = entity(name) { return entity }
        guard name.hasSuffix("I") else { return nil }
        return entity(String(name.dropLast()))
    }
}
