internal import GRDB

/// The steps that make a database what this version needs. A step that was ever released never changes, and there is
/// no way back: a database with steps that are not known here is from a newer version, and is refused.
struct Migrations {
    /// What a new database needs to know.
    let rootPasswordHash: String?
    let databaseUUID: String
    let now: Timestamp

    var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 tables of OMERO5.4") { db in
            for table in DataModel.tables { for statement in table.statements { try db.execute(sql: statement) } }
            for statement in DataModel.viewStatements { try db.execute(sql: statement) }
            for statement in Self.ownTables { try db.execute(sql: statement) }
        }
        migrator.registerMigration("2 first rows") { db in
            try FirstRows(db: db, rootPasswordHash: rootPasswordHash, databaseUUID: databaseUUID, now: now).insert()
        }
        return migrator
    }

    // The first three are OMERO's, outside its model; names with an underscore before `session` and `sequence` are
    // our own.
    private static let ownTables = [
        """
        CREATE TABLE password (
            experimenter_id INTEGER NOT NULL PRIMARY KEY
                REFERENCES experimenter DEFERRABLE INITIALLY DEFERRED,
            hash TEXT CHECK (length(hash) <= 255),
            changed INTEGER
        ) STRICT
        """,
        """
        CREATE TABLE configuration (
            name TEXT NOT NULL PRIMARY KEY CHECK (length(name) <= 255),
            value TEXT
        ) STRICT
        """,
        """
        CREATE TABLE _roles (
            root_user_id INTEGER NOT NULL, root_user_name TEXT NOT NULL,
            guest_user_id INTEGER NOT NULL, guest_user_name TEXT NOT NULL,
            system_group_id INTEGER NOT NULL, system_group_name TEXT NOT NULL,
            user_group_id INTEGER NOT NULL, user_group_name TEXT NOT NULL,
            guest_group_id INTEGER NOT NULL, guest_group_name TEXT NOT NULL
        ) STRICT
        """,
        // PostgreSQL has sequences. `value` is the last id that was given.
        """
        CREATE TABLE _sequence (
            name TEXT NOT NULL PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT
        """,
        // OMERO keeps this in memory only, and its sessions end with the process.
        """
        CREATE TABLE _session_state (
            session_id INTEGER NOT NULL PRIMARY KEY
                REFERENCES session DEFERRABLE INITIALLY DEFERRED,
            group_id INTEGER NOT NULL REFERENCES experimentergroup DEFERRABLE INITIALLY DEFERRED,
            last_access INTEGER NOT NULL,
            reference_count INTEGER NOT NULL,
            has_password INTEGER NOT NULL CHECK (has_password IN (0, 1))
        ) STRICT
        """,
        "CREATE INDEX i_session_open ON session (id) WHERE closed IS NULL",
    ]
}

extension Migrations {
    /// Which of the steps a database has seen.
    enum Progress: Sendable { case none, some, all, newer }

    static func applied(_ db: Database) throws -> Progress {
        let migrator = Migrations(rootPasswordHash: nil, databaseUUID: "", now: .now).migrator
        if try migrator.hasBeenSuperseded(db) { return .newer }
        if try migrator.hasCompletedMigrations(db) { return .all }
        return try migrator.appliedMigrations(db).isEmpty ? .none : .some
    }
}
