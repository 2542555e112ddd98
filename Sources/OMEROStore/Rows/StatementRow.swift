internal import GRDB
internal import GRDBSQLite

/// The row at which a statement stands; it goes with the next. Rows of GRDB know more, and take their time for it: each
/// value is decoded by way of types that are looked up anew.
struct StatementRow {
    fileprivate let statement: SQLiteStatement

    /// How many columns it has.
    var count: Int { Int(sqlite3_column_count(statement)) }

    /// What a column holds.
    enum Kind { case null, int, double, text, bytes }

    func kind(_ column: Int) -> Kind {
        switch sqlite3_column_type(statement, CInt(column)) {
        case SQLITE_INTEGER: .int
        case SQLITE_FLOAT: .double
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .bytes
        default: .null
        }
    }

    // What is of another kind is converted as SQLite does it: ask before.

    func int(_ column: Int) -> Int64 { sqlite3_column_int64(statement, CInt(column)) }
    func double(_ column: Int) -> Double { sqlite3_column_double(statement, CInt(column)) }

    /// The bytes of a text or of a binary value, for as long as `body` runs.
    func withBytes<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // The pointer before the size: asking for a text may convert it.
        let bytes = UnsafeRawPointer(sqlite3_column_blob(statement, CInt(column)))
        let count = bytes == nil ? 0 : Int(sqlite3_column_bytes(statement, CInt(column)))
        return body(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    func text(_ column: Int) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }
}

extension Statement {
    /// Carries it out, and calls `each` with every row.
    func eachRow(in db: Database, _ each: (StatementRow) throws -> Void) throws {
        let pointer = sqliteStatement
        sqlite3_reset(pointer)
        // An unfinished statement would keep the transaction open.
        defer { sqlite3_reset(pointer) }
        while true {
            let code = sqlite3_step(pointer)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else {
                throw DatabaseError(
                    resultCode: ResultCode(rawValue: sqlite3_extended_errcode(db.sqliteConnection)),
                    message: db.lastErrorMessage)
            }
            try each(StatementRow(statement: pointer))
        }
    }
}
