internal import Dispatch
internal import GRDB
internal import GRDBSQLite

/// Where a database is.
public enum StoreLocation: Sendable, Hashable {
    /// Gone when the store is closed.
    case inMemory
    /// A file, with two more beside it while it is open. It is made if it isn't there, and so is its folder; only the
    /// owner can read them, because sessions' keys are in it.
    case file(String)
}

/// What a new database begins with, and how a store works.
public struct StoreSetup: Sendable {
    /// For a new database; nil locks root's account. A database that is there already keeps the password it has.
    public var rootPassword: String?
    /// What new passwords cost to check: see ``PasswordCost``.
    public var passwordCost: PasswordCost
    /// `omero.db.uuid` of a new database; a random one unless given.
    public var databaseUUID: String?

    public init(
        rootPassword: String? = nil,
        passwordCost: PasswordCost = .standard,
        databaseUUID: String? = nil
    ) {
        self.rootPassword = rootPassword
        self.passwordCost = passwordCost
        self.databaseUUID = databaseUUID
    }
}

/// The model in a relational database, with the tables and columns of OMERO's own (OMERO5.4 schema), in SQLite.
///
/// A closure is a transaction, and runs on a thread of the database's, never on an event loop:
///
/// ```swift
/// let store = try await Store.open(.file("/srv/omero/omero.db"), setup: StoreSetup(rootPassword: secret))
/// let names = try await store.read { try $0.users().map(\.name) }
/// ```
///
/// Readers of a file see the state of one moment and don't wait for the writer; there is one writer at a time.
public final class Store: Sendable {
    private let writer: any DatabaseWriter
    private let gate = Gate()
    private let people = PeopleObserver()
    let passwords: PasswordHasher
    /// Whether this opening made the database.
    public let isNew: Bool

    init(writer: any DatabaseWriter, passwords: PasswordHasher, isNew: Bool) {
        self.writer = writer
        self.passwords = passwords
        self.isNew = isNew
        writer.add(transactionObserver: people, extent: .databaseLifetime)
    }

    // MARK: Transactions

    /// Where reading takes place. A task that prefers it (`Task(executorPreference:)`) reads without a hop between
    /// threads, and may compute and wait there.
    public static var executor: any TaskExecutor { ReadingExecutor.shared }

    /// How often users, groups, or who is in them were changed. What was read of these is still so as long as this is as
    /// it was before.
    public var peopleVersion: Int { people.version }

    /// Reads; the closure sees one state of the database throughout.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (ReadTransaction) throws -> Result
    ) async throws -> Result {
        try gate.enter()
        defer { gate.leave() }
        return try await withTaskExecutorPreference(ReadingExecutor.shared) { try readHere(body) }
    }

    /// On the thread that calls.
    private func readHere<Result>(_ body: (ReadTransaction) throws -> Result) throws -> Result {
        try Task.checkCancellation()
        do {
            // Before the database is looked at: what is remembered under a version is at least as new.
            let version = peopleVersion
            return try writer.read { try body(ReadTransaction($0, peopleVersion: version)) }
        } catch {
            throw StoreError.translated(error)
        }
    }

    /// Writes, in one transaction: if the closure throws, or the task is cancelled before the end, nothing happened.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (WriteTransaction) throws -> Result
    ) async throws -> Result {
        try gate.enter()
        defer { gate.leave() }
        do {
            return try await writer.write { db in
                let result = try body(WriteTransaction(db, now: .now))
                try Self.checkReferences(db)
                return result
            }
        } catch {
            throw StoreError.translated(error)
        }
    }

    /// The commit would only say that a reference is broken. SQLite counts those that are open, so that a closer look
    /// costs nothing where there are none.
    private static func checkReferences(_ db: Database) throws {
        var current: CInt = 0
        var highest: CInt = 0
        sqlite3_db_status(db.sqliteConnection, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0)
        guard current > 0, let violation = try db.foreignKeyViolations().next() else { return }
        throw StoreError(.brokenReference(from: violation.originTable, to: violation.destinationTable))
    }

    /// Waits for what is under way, and closes the database. Later calls throw ``StoreError/Reason/closed``.
    public func close() async throws {
        guard await gate.close() else { return }
        do {
            try await offload(to: DispatchQueue(label: "omero.store.closing")) { [writer] in
                // The last connection that closes brings the journal into the file and removes it. A reader can't:
                // readers go first.
                (writer as? DatabasePool)?.releaseMemory()
                try writer.close()
            }
        } catch {
            throw StoreError.translated(error)
        }
    }
}
