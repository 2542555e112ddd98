internal import GRDB

/// One look at the database: everything that is read belongs to the same moment.
///
/// Only valid in the closure that gets it, and only there: it is not to be kept.
public class ReadTransaction {
    let db: Database
    /// ``Store/peopleVersion`` from before this look at the database began; nil in a transaction that writes, which sees
    /// what it has changed itself.
    public let peopleVersion: Int?

    init(_ db: Database, peopleVersion: Int?) {
        self.db = db
        self.peopleVersion = peopleVersion
    }

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
        super.init(db, peopleVersion: nil)
    }

    /// A part of the transaction that can fail by itself: if the closure throws, what it did is undone, and the rest
    /// can go on.
    public func part<Result>(_ body: () throws -> Result) throws -> Result {
        let before = events
        var result: Result?
        do {
            try db.inSavepoint {
                result = try body()
                return .commit
            }
        } catch {
            events = before
            throw StoreError.translated(error)
        }
        guard let result else { throw StoreError(.internal) }
        return result
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
        // SQLite would keep what is before a zero byte, without a word; PostgreSQL refuses such texts too.
        for case (let column, let text as String) in values where text.utf8.contains(0) {
            throw StoreError(.invalidValue(table: table, column: column))
        }
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
