/// A piece of a statement with the values for its places, in their order. A question mark is a place, and stands for
/// nothing else.
struct SQLText: Sendable, Hashable {
    var text: String
    var values: [SQLValue]

    init(_ text: String, _ values: [SQLValue] = []) {
        self.text = text
        self.values = values
    }

    /// One place with a value.
    init(_ value: SQLValue) { self.init("?", [value]) }

    static let null = SQLText("NULL")
    static let never = SQLText("FALSE")

    static func + (left: SQLText, right: SQLText) -> SQLText {
        SQLText(left.text + right.text, left.values + right.values)
    }

    static func joined(_ parts: [SQLText], _ separator: String) -> SQLText {
        SQLText(parts.map(\.text).joined(separator: separator), parts.flatMap(\.values))
    }

    static func all(_ parts: [SQLText]) -> SQLText {
        parts.count == 1 ? parts[0] : SQLText("(") + joined(parts, " AND ") + SQLText(")")
    }

    /// `name(argument, …)`
    static func call(_ name: String, _ arguments: [SQLText]) -> SQLText {
        SQLText("\(name)(") + joined(arguments, ", ") + SQLText(")")
    }
}

/// The value of a place.
enum SQLValue: Sendable, Hashable {
    case int(Int64)
    case long(Int64)
    case double(Double)
    case text(String)
    case bool(Bool)
    /// Milliseconds since 1970, UTC.
    case time(Int64)
    /// Any number of values in one place: the statement is the same for all lengths.
    case longs([Int64])
    case doubles([Double])
    case texts([String])
    case times([Int64])
}

/// A whole statement as a database takes it.
struct SQLStatement: Sendable, Hashable {
    let text: String
    /// In the order of their places.
    let values: [SQLValue]
}

extension String {
    /// As an identifier of SQL. Some of OMERO's columns are reserved words (`group`, `index`), so all are quoted.
    var quoted: String { utf8.contains(0x22) ? "\"" + replacing("\"", with: "\"\"") + "\"" : "\"\(self)\"" }

    /// As a string of SQL.
    var quotedText: String { "'" + replacing("'", with: "''") + "'" }
}
