internal import GRDB

/// The steps that make a database what this version needs. A step that was ever released never changes, and there is
/// no way back: a database with steps that are not known here is from a newer version, and is refused.
struct Migrations {
    /// What a new database needs to know.
    let rootPasswordHash: String?
    let databaseUUID: String
    let now: Timestamp

    private static let firstRows = "2 first rows"

    var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 tables of OMERO5.4") { db in
            for statement in DataModel.statements(in: SQLiteDialect()) { try db.execute(sql: statement) }
        }
        migrator.registerMigration(Self.firstRows) { db in
            try FirstRows(db: db, rootPasswordHash: rootPasswordHash, databaseUUID: databaseUUID, now: now).insert()
        }
        migrator.registerMigration("3 shortcuts for names and counts") { db in
            for statement in DataModel.shortcutStatements { try db.execute(sql: statement) }
        }
        return migrator
    }
}

extension Migrations {
    /// Which of the steps a database has seen. Without the first rows it is as good as new: a first start that was killed
    /// may have made the tables.
    enum Progress: Sendable { case none, some, all, newer }

    static func applied(_ db: Database) throws -> Progress {
        let migrator = Migrations(rootPasswordHash: nil, databaseUUID: "", now: .now).migrator
        if try migrator.hasBeenSuperseded(db) { return .newer }
        if try migrator.hasCompletedMigrations(db) { return .all }
        return try migrator.appliedMigrations(db).contains(firstRows) ? .some : .none
    }
}
