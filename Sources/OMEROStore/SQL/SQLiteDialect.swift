internal import GRDB

/// SQLite's, with the functions that ``SQLiteFunctions`` adds to it. Times are integers, booleans 0 and 1.
struct SQLiteDialect: SQLDialect {
    func statement(_ text: SQLText) -> SQLStatement { SQLStatement(text: text.text, values: text.values) }

    func page(_ page: QueryPage) -> SQLText {
        SQLText(" LIMIT ? OFFSET ?", [.long(Int64(page.limit ?? -1)), .long(Int64(page.offset))])
    }

    /// A list is a text in JSON: SQLite's limit of places does not count.
    func isIn(_ value: SQLText, _ list: SQLValue) -> SQLText {
        value + SQLText(" IN (SELECT value FROM json_each(?))", [list])
    }

    func like(_ value: SQLText, _ pattern: SQLText, escape: Unicode.Scalar, ignoresCase: Bool) -> SQLText {
        .call("omero_like", [value, pattern, SQLText(.text(String(escape))), SQLText(.bool(ignoresCase))])
    }

    // SQLite's own know English letters only.
    func lower(_ text: SQLText) -> SQLText { .call("omero_lower", [text]) }
    func upper(_ text: SQLText) -> SQLText { .call("omero_upper", [text]) }

    func substring(_ text: SQLText, from start: SQLText, length: SQLText?) -> SQLText {
        .call("omero_substring", [text, start] + (length.map { [$0] } ?? []))
    }

    func position(of part: SQLText, in text: SQLText) -> SQLText { .call("instr", [text, part]) }

    func arithmetic(_ symbol: String, _ left: SQLText, _ right: SQLText, _ type: QueryType) -> SQLText {
        SQLText("(") + left + SQLText(" \(symbol) ") + right + SQLText(")")
    }

    func sum(_ values: SQLText, _ type: QueryType) -> SQLText { .call("sum", [values]) }
    func average(_ values: SQLText) -> SQLText { .call("avg", [values]) }

    func absolute(_ value: SQLText) -> SQLText { .call("omero_abs", [value]) }

    // SQLite's own cuts fractions off, and finds a number in every text.
    func cast(_ value: SQLText, from type: QueryType, to target: CastTarget) -> SQLText {
        switch (type, target) {
        case (.string, .text): value
        case (.bool, .text):
            SQLText("CASE ") + value + SQLText(" WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END")
        case (.double, .text), (.quantity, .text), (.any, .text): .call("omero_text", [value])
        case (_, .text): SQLText("CAST(") + value + SQLText(" AS TEXT)")
        case (_, .double): .call("omero_number", [value, SQLText("FALSE")])
        case (_, .int), (_, .long): .call("omero_number", [value, SQLText("TRUE")])
        }
    }

    func milliseconds(_ time: SQLText) -> SQLText { time }

    func part(_ part: TimePart, of time: SQLText) -> SQLText {
        let format =
            switch part {
            case .year: "%Y"
            case .month: "%m"
            case .day: "%d"
            case .hour: "%H"
            case .minute: "%M"
            case .second: "%S"
            case .epoch: ""
            }
        if format.isEmpty { return SQLText("(") + time + SQLText(" / 1000.0)") }
        return SQLText("CAST(strftime('\(format)', ") + time + SQLText(" / 1000.0, 'unixepoch') AS INTEGER)")
    }

    func beginning(of period: TimePeriod, _ time: SQLText) -> SQLText {
        let format =
            switch period {
            case .year: "%Y-01-01"
            case .month: "%Y-%m-01"
            case .week, .day: "%Y-%m-%d"
            case .hour: "%Y-%m-%d %H:00"
            case .minute: "%Y-%m-%d %H:%M"
            case .second: "%Y-%m-%d %H:%M:%S"
            }
        let monday = period == .week ? ", '-6 days', 'weekday 1'" : ""
        return SQLText("(CAST(strftime('%s', strftime('\(format)', ") + time
            + SQLText(" / 1000.0, 'unixepoch'\(monday))) AS INTEGER) * 1000)")
    }

    // MARK: Tables

    /// `value` is the last id that was given.
    func sequences(_ names: [String]) -> [String] {
        ["CREATE TABLE _sequence (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT"]
    }

    func type(_ column: Table.Column) -> String {
        switch column.type {
        case .string, .text, .strings: "TEXT"
        case .bool, .int, .positiveInt, .nonNegativeInt, .long, .time: "INTEGER"
        case .double, .fraction: "REAL"
        case .bytes: "BLOB"
        }
    }

    /// PostgreSQL's types and OMERO's domains as conditions (OMERO5.4 schema, types).
    func check(_ column: Table.Column) -> String? {
        let name = column.name.quoted
        switch column.type {
        case .string: return column.length.map { "length(\(name)) <= \($0)" }
        case .bool: return "\(name) IN (0, 1)"
        case .int: return "\(name) BETWEEN -2147483648 AND 2147483647"
        case .positiveInt: return "\(name) BETWEEN 1 AND 2147483647"
        case .nonNegativeInt: return "\(name) BETWEEN 0 AND 2147483647"
        case .fraction: return "\(name) BETWEEN 0 AND 1"
        case .double: return column.domain.map { "\(name) \($0 == .positive ? ">" : ">=") 0" }
        case .text, .long, .time, .bytes, .strings: return nil
        }
    }

    func literal(_ defaultValue: String, _ column: Table.Column) -> String {
        type(column) == "TEXT" ? defaultValue.quotedText : defaultValue
    }

    /// SQLite stores nothing in a strict table that is not of the column's type.
    var tableOptions: String { " STRICT" }
    var countsLinks: Bool { true }
    var needsTargetsFirst: Bool { false }
}

extension SQLValue: DatabaseValueConvertible {
    var databaseValue: DatabaseValue {
        switch self {
        case .int(let number), .long(let number), .time(let number): number.databaseValue
        case .double(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .bool(let flag): flag.databaseValue
        case .longs(let numbers), .times(let numbers): Self.json(numbers.map(String.init)).databaseValue
        case .doubles(let numbers): Self.json(numbers.map(\.description)).databaseValue
        case .texts(let texts): Self.json(texts.map(Self.json)).databaseValue
        }
    }

    static func fromDatabaseValue(_ value: DatabaseValue) -> SQLValue? {
        switch value.storage {
        case .int64(let number): .long(number)
        case .double(let number): .double(number)
        case .string(let text): .text(text)
        case .null, .blob: nil
        }
    }

    private static func json(_ elements: [String]) -> String { "[\(elements.joined(separator: ","))]" }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
