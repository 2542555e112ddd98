internal import GRDB
internal import GRDBSQLite

/// How large queries may be: what is larger comes from no client, and would only keep the server busy.
enum QueryLimit {
    static let bytes = 100_000
    static let nesting = 120
    /// Terms of one chain, such as `a or b or …`; SQLite takes expressions up to a depth of 1000.
    static let terms = 400
    /// Tables of a statement: SQLite joins 64.
    static let tables = 60
    /// Of a result: all of them are in memory.
    static let rows = 10_000_000
}

extension ReadTransaction {
    /// Rows of a query, which may not take longer than `timeout`.
    func limited(_ statement: SQLStatement, _ timeout: Duration) throws -> [Row] {
        let deadline = Deadline(timeout)
        return try withExtendedLifetime(deadline) {
            // SQLite asks every so many steps whether to go on.
            let pointer = Unmanaged.passUnretained(deadline).toOpaque()
            sqlite3_progress_handler(
                db.sqliteConnection, 20_000,
                { pointer in
                    guard let pointer else { return 0 }
                    return Unmanaged<Deadline>.fromOpaque(pointer).takeUnretainedValue().check() ? 1 : 0
                },
                pointer)
            defer { sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil) }
            do {
                return try StoreError.translating {
                    let cursor = try Row.fetchCursor(
                        db.cachedStatement(sql: statement.text), arguments: StatementArguments(statement.values))
                    var rows: [Row] = []
                    while let row = try cursor.next() {
                        guard rows.count < QueryLimit.rows else {
                            throw QueryError(.tooExpensive, "the query has more than \(QueryLimit.rows) rows")
                        }
                        rows.append(row.copy())
                    }
                    return rows
                }
            } catch  where deadline.isOver {
                throw QueryError(.tooExpensive, "the query takes longer than \(timeout)")
            }
        }
    }
}

private final class Deadline {
    private let end: ContinuousClock.Instant
    private(set) var isOver = false

    init(_ timeout: Duration) { end = .now + timeout }

    func check() -> Bool {
        isOver = .now > end
        return isOver
    }
}
