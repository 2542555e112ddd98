internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// Functions that SQLite has not, or not as OMERO's database has them: PostgreSQL folds the case of all letters, and its
/// `like` minds it.
///
/// None of them fails for what is in a row: the error could tell of a row that the caller may not see, as SQLite does not
/// say what of a condition it looks at first.
enum SQLiteFunctions {
    static func add(to db: Database) {
        addLower(to: db)
        add("omero_upper", 1, to: db) { string($0[0]).map(upper) }
        // The text, the pattern, the character that takes the meaning from % and _, and whether case is ignored.
        add("omero_like", 4, to: db) { values in
            guard let text = string(values[0]), let pattern = string(values[1]) else { return nil }
            let escape = string(values[2])?.unicodeScalars.first ?? "\\"
            guard Bool.fromDatabaseValue(values[3]) ?? false else {
                return try matches(text, pattern, escape: escape)
            }
            return try matches(lower(text), lower(pattern), escape: escape)
        }
        // The text, where to begin, counted from 1, and how many characters: what is before the text counts too.
        for count in 2...3 {
            add("omero_substring", count, to: db) { values in
                guard let text = string(values[0]), let start = Int64.fromDatabaseValue(values[1]) else { return nil }
                guard count == 3 else { return substring(text, from: start, to: .max) }
                guard let length = Int64.fromDatabaseValue(values[2]), length >= 0 else { return nil }
                let (end, isTooFar) = start.addingReportingOverflow(length)
                return substring(text, from: start, to: isTooFar ? .max : end)
            }
        }
        add("omero_abs", 1, to: db) { values in
            switch values[0].storage {
            case .int64(let number): number == .min ? nil : abs(number)
            case .double(let number): abs(number)
            case .null, .string, .blob: nil
            }
        }
        // A number, or the text of one, and whether a whole one is wanted.
        add("omero_number", 2, to: db) { values in
            let isWhole = Bool.fromDatabaseValue(values[1]) ?? false
            switch values[0].storage {
            case .int64(let number): return isWhole ? number : Double(number)
            case .double(let number):
                // Of two that are as near the even one.
                return isWhole ? Int64(exactly: number.rounded(.toNearestOrEven)) : number
            case .string(let text):
                let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
                guard text.utf8.allSatisfy("0123456789+-.eE".utf8.contains) else { return nil }
                return isWhole ? Int64(text) : Double(text).flatMap { $0.isFinite ? $0 : nil }
            case .null, .blob: return nil
            }
        }
        add("omero_text", 1, to: db) { values in
            guard case .double(let number) = values[0].storage else { return string(values[0]) }
            let text = "\(number)"
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
    }

    private static func add(
        _ name: String, _ count: Int, to db: Database,
        _ body: @escaping @Sendable ([DatabaseValue]) throws -> (any DatabaseValueConvertible)?
    ) {
        db.add(function: DatabaseFunction(name, argumentCount: count, pure: true, function: body))
    }

    private static func string(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .string(let text): text
        case .int64(let number): "\(number)"
        case .double, .null, .blob: nil
        }
    }

    // A letter becomes one letter or stays, as PostgreSQL has it: `upper('ß')` is `ß`.

    static func lower(_ text: String) -> String {
        // The only one that is two when it is small.
        letters(text) { $0 == "İ" ? "i" : one($0.properties.lowercaseMapping) }
    }

    static func upper(_ text: String) -> String {
        // Where a great letter is two, there may be one that is great at the beginning of words.
        letters(text) { one($0.properties.uppercaseMapping) ?? one($0.properties.titlecaseMapping) }
    }

    private static func one(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }

    private static func letters(_ text: String, _ change: (Unicode.Scalar) -> Unicode.Scalar?) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(change(scalar) ?? scalar) }
        return String(result)
    }

    private static func substring(_ text: String, from start: Int64, to end: Int64) -> String {
        let first = max(start, 1)
        guard end > first else { return "" }
        let scalars = text.unicodeScalars.dropFirst(Int(clamping: first - 1)).prefix(Int(clamping: end - first))
        return String(String.UnicodeScalarView(scalars))
    }

    /// Ordering by name calls it for every row there is, which with strings of Swift takes longer than all the rest.
    private static func addLower(to db: Database) {
        sqlite3_create_function_v2(
            db.sqliteConnection, "omero_lower", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
            { context, _, values in
                guard let value = values?[0],
                    [SQLITE_TEXT, SQLITE_INTEGER].contains(sqlite3_value_type(value)),
                    let start = sqlite3_value_text(value)
                else { return sqlite3_result_null(context) }
                let text = UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(value)))
                if text.allSatisfy({ $0 < 0x80 }) {
                    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, text.count)) { lower in
                        for (place, letter) in text.enumerated() {
                            lower[place] = (0x41...0x5A).contains(letter) ? letter | 0x20 : letter
                        }
                        SQLiteFunctions.give(UnsafeBufferPointer(rebasing: lower[..<text.count]), to: context)
                    }
                } else {
                    var lower = SQLiteFunctions.lower(String(decoding: text, as: UTF8.self))
                    lower.withUTF8 { SQLiteFunctions.give($0, to: context) }
                }
            }, nil, nil, nil)
    }

    private static func give(_ text: UnsafeBufferPointer<UInt8>, to context: OpaquePointer?) {
        // SQLITE_TRANSIENT: SQLite makes its own copy before this returns.
        let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        text.withMemoryRebound(to: CChar.self) { characters in
            sqlite3_result_text(context, characters.baseAddress, CInt(clamping: characters.count), copies)
        }
    }

    private enum Part: Equatable {
        case anything
        case one
        case exactly(Unicode.Scalar)
    }

    /// Whether a text fits a pattern: % stands for any characters, _ for one. It takes no more steps than both lengths
    /// multiplied, whatever the pattern.
    /// - Throws: when the query's time is over, which it asks on its way.
    static func matches(_ text: String, _ pattern: String, escape: Unicode.Scalar) throws -> Bool {
        var parts: [Part] = []
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped || (scalar != escape && scalar != "%" && scalar != "_") {
                parts.append(.exactly(scalar))
                isEscaped = false
            } else if scalar == escape {
                isEscaped = true
            } else if scalar == "_" {
                parts.append(.one)
            } else if parts.last != .anything {
                parts.append(.anything)
            }
        }
        let scalars = Array(text.unicodeScalars)
        var position = 0
        var part = 0
        // Where to go on when what follows the last % does not fit.
        var retry: (position: Int, part: Int)?
        var steps = 0
        while position < scalars.count {
            steps += 1
            if steps % 65_536 == 0 { try Deadline.current?.check() }
            if part < parts.count, parts[part] == .anything {
                retry = (position, part)
                part += 1
            } else if part < parts.count, parts[part] == .one || parts[part] == .exactly(scalars[position]) {
                position += 1
                part += 1
            } else if let last = retry {
                retry = (last.position + 1, last.part)
                position = last.position + 1
                part = last.part + 1
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anything }
    }
}
