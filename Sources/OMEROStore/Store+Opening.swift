internal import Dispatch
internal import Foundation
internal import GRDB

extension Store {
    /// Opens a database, and makes or migrates it where needed.
    public static func open(_ location: StoreLocation, setup: StoreSetup = StoreSetup()) async throws -> Store {
        let passwords = PasswordHasher(cost: setup.passwordCost)
        do {
            switch location {
            case .inMemory:
                let writer = try await openMemory(setup, passwords)
                return Store(writer: writer, passwords: passwords, isNew: true)
            case .file(let path):
                let (writer, isNew) = try await openFile(path, setup, passwords)
                return Store(writer: writer, passwords: passwords, isNew: isNew)
            }
        } catch {
            throw StoreError.translated(error)
        }
    }

    private static func openFile(_ path: String, _ setup: StoreSetup, _ passwords: PasswordHasher) async throws -> (
        any DatabaseWriter, isNew: Bool
    ) {
        let queue = DispatchQueue(label: "omero.store.opening")
        let (writer, progress) = try await offload(to: queue) {
            try prepareFile(path)
            let writer = try DatabasePool(path: path, configuration: configuration)
            return (writer, try writer.read(Migrations.applied))
        }
        if progress == .newer { throw StoreError(.newerSchema) }
        let isNew = progress == .none
        guard progress != .all else { return (writer, isNew) }
        let migrations = Migrations(
            // With the first rows, so that an account that is half set up is never there to be seen.
            rootPasswordHash: isNew ? try await hash(setup.rootPassword, passwords) : nil,
            databaseUUID: setup.databaseUUID ?? newUUID(),
            now: .now
        )
        try await offload(to: queue) { try migrations.migrator.migrate(writer) }
        return (writer, isNew)
    }

    // MARK: In memory

    /// A fresh database, made once per process: a copy of it is there much sooner than another.
    private static let template = Task {
        let writer = try DatabaseQueue(configuration: configuration)
        try await offload(to: DispatchQueue(label: "omero.store.template")) {
            try Migrations(rootPasswordHash: nil, databaseUUID: newUUID(), now: .now).migrator.migrate(writer)
        }
        return writer
    }

    private static func openMemory(_ setup: StoreSetup, _ passwords: PasswordHasher) async throws -> DatabaseQueue {
        let hash = try await hash(setup.rootPassword, passwords)
        let uuid = setup.databaseUUID ?? newUUID()
        let template = try await template.value
        return try await offload(to: DispatchQueue(label: "omero.store.opening")) {
            let writer = try DatabaseQueue(configuration: configuration)
            try template.backup(to: writer)
            try writer.write { db in
                try db.execute(sql: "UPDATE password SET hash = ? WHERE experimenter_id = 0", arguments: [hash])
                try db.execute(sql: "UPDATE configuration SET value = ?", arguments: [uuid])
            }
            return writer
        }
    }

    // MARK: Parts

    private static func hash(_ password: String?, _ passwords: PasswordHasher) async throws -> String? {
        guard let password else { return nil }
        return try await passwords.hash(password)
    }

    private static func newUUID() -> String { UUID().uuidString.lowercased() }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "omero.store"
        configuration.busyMode = .timeout(5)
        // More than one user's queries take, however long: see the server's `QueryTurns`.
        configuration.maximumReaderCount = ReadingExecutor.width
        configuration.prepareDatabase { db in
            // What was acknowledged survives a power cut too, not only the end of the process.
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA synchronous = FULL") }
            SQLiteFunctions.add(to: db)
        }
        return configuration
    }

    private static func prepareFile(_ path: String) throws {
        let files = FileManager.default
        let folder = URL(filePath: path).deletingLastPathComponent()
        do {
            try files.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: files.fileExists(atPath: folder.path()) ? nil : [.posixPermissions: 0o700]
            )
        } catch {
            throw StoreError(.cannotOpen, detail: "\(error)")
        }
        // SQLite gives the files beside it the same mode. It makes a database of an empty file.
        if files.fileExists(atPath: path) {
            try? files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } else if !files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) {
            throw StoreError(.cannotOpen)
        }
    }
}
