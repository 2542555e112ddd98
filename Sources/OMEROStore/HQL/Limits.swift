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
    /// Of a result, or of the objects that are loaded: all of them are in memory, and go into one message.
    static let rows = 2_000_000
    /// What the values of a result take in memory, in bytes, about; and the texts and binary values of all objects that
    /// are loaded for one, far below what a graph holds (2 GiB), which ends the process.
    static let resultBytes = 500_000_000
}

extension QueryError {
    static let tooMuchToLoad = QueryError(
        .tooExpensive,
        "the objects to load have more than \(QueryLimit.resultBytes / 1_000_000) MB in them: ask for a page")
}

/// When what is under way is to be over. Statements are interrupted; what takes long without one asks.
final class Deadline: Sendable {
    /// Of what this thread carries out.
    @TaskLocal static var current: Deadline?

    let end: ContinuousClock.Instant
    let limit: Duration

    init(_ limit: Duration) {
        end = .now + limit
        self.limit = limit
    }

    var isOver: Bool { .now > end }

    /// - Throws: ``QueryError`` if the time is over.
    func check() throws(QueryError) {
        guard !isOver else { throw QueryError(.tooExpensive, "the query takes longer than \(limit)") }
    }
}

extension ReadTransaction {
    /// Ends what `body` does when it takes longer than `limit`: its queries, and the loading of objects. Within another
    /// limit the one that ends first counts.
    /// - Throws: ``QueryError`` of the kind `tooExpensive`, and what `body` throws.
    public func within<Result>(_ limit: Duration, _ body: () throws -> Result) throws -> Result {
        let deadline = Deadline(limit)
        let outer = Deadline.current
        if let outer, outer.end <= deadline.end { return try body() }
        return try withExtendedLifetime(deadline) {
            interrupt(at: deadline)
            defer { interrupt(at: outer) }
            do {
                return try Deadline.$current.withValue(deadline) { try body() }
            } catch {
                try deadline.check()
                try Task.checkCancellation()
                throw error
            }
        }
    }

    /// SQLite asks every so many steps whether to go on.
    private func interrupt(at deadline: Deadline?) {
        guard let deadline else { return sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil) }
        sqlite3_progress_handler(
            db.sqliteConnection, 20_000,
            { pointer in
                guard let pointer else { return 0 }
                return Unmanaged<Deadline>.fromOpaque(pointer).takeUnretainedValue().isOver || Task.isCancelled ? 1 : 0
            },
            Unmanaged.passUnretained(deadline).toOpaque())
    }

    /// Calls `each` with the rows of a query, which may not be more than ``QueryLimit`` says.
    func eachRow(
        of statement: SQLStatement, rows limit: Int = QueryLimit.rows, bytes maximum: Int = QueryLimit.resultBytes,
        _ each: (StatementRow) throws -> Void
    ) throws {
        do {
            let prepared = try db.cachedStatement(sql: statement.text)
            try prepared.setArguments(StatementArguments(statement.values))
            var count = 0
            var bytes = 0
            try prepared.eachRow(in: db) { row in
                count += 1
                bytes += row.memory
                guard count <= limit, bytes <= maximum else {
                    throw QueryError(
                        .tooExpensive,
                        "the query has more than \(limit) rows, or more than \(maximum) bytes in them:"
                            + " ask for a page, or for less of each")
                }
                try each(row)
            }
        } catch let error as DatabaseError where error.message == "integer overflow" {
            throw QueryError(.unsupported, "a sum is too large for a whole number")
        } catch {
            throw StoreError.translated(error)
        }
    }
}

extension StatementRow {
    /// What its values take in memory, about: each has a place of some bytes on its way to the client.
    fileprivate var memory: Int {
        var bytes = 64
        for index in 0..<count {
            bytes += 64
            let kind = kind(index)
            if kind == .text || kind == .bytes { bytes += withBytes(index, \.count) }
        }
        return bytes
    }
}
