internal import GRDB

/// One look at the database: everything that is read belongs to the same moment.
///
/// Only valid in the closure that gets it, and only there: it is not to be kept.
public class ReadTransaction {
    let db: Database

    init(_ db: Database) { self.db = db }

    // MARK: Seams

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try StoreError.translating { try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments) }
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try StoreError.translating { try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) }
    }

    func values<Value: DatabaseValueConvertible & StatementColumnConvertible>(
        _ sql: String,
        _ arguments: StatementArguments = []
    ) throws -> [Value] {
        try StoreError.translating { try Value.fetchAll(db.cachedStatement(sql: sql), arguments: arguments) }
    }
}

/// A change of the database: all of it happens, or, if the closure throws, nothing.
public final class WriteTransaction: ReadTransaction {
    /// The time that all rows of this transaction get.
    public let now: Timestamp
    /// Made when the first row needs one: see ``event(for:)``.
    var events: [Caller: EventRecord] = [:]

    init(_ db: Database, now: Timestamp) {
        self.now = now
        super.init(db)
    }

    // MARK: Seams

    /// Runs a statement; the number of rows that it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
        try StoreError.translating {
            try db.cachedStatement(sql: sql).execute(arguments: arguments)
            return db.changesCount
        }
    }

    /// Inserts a row into a table of the model.
    func insert(_ table: String, _ values: [(column: String, value: (any DatabaseValueConvertible)?)]) throws {
        let columns = values.map { $0.column.quoted }.joined(separator: ", ")
        let places = Array(repeating: "?", count: values.count).joined(separator: ", ")
        try execute(
            "INSERT INTO \(table.quoted) (\(columns)) VALUES (\(places))",
            StatementArguments(values.map(\.value))
        )
    }

    /// The next id of a sequence, or the last of `count` next ones.
    func nextID(_ sequence: String, count: Int = 1) throws -> Int64 {
        let sql = "UPDATE _sequence SET value = value + ? WHERE name = ? RETURNING value"
        let ids: [Int64] = try values(sql, [count, sequence])
        guard let id = ids.first else { throw StoreError(.unknownName(sequence)) }
        return id
    }
}
