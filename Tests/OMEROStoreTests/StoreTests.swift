import Foundation
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("The store")
struct StoreTests {
    /// A folder that is gone after the test.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "omero-store-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private struct Failure: Error {}

    private static func addProject(_ name: String, _ transaction: WriteTransaction) throws -> Int64 {
        let id = try transaction.nextID("seq_project")
        try transaction.insert(
            "project",
            [
                ("id", id), ("permissions", -120), ("name", name), ("owner_id", 0), ("group_id", 0),
                ("creation_id", 0), ("update_id", 0),
            ]
        )
        return id
    }

    private static func names(_ transaction: ReadTransaction) throws -> [String] {
        try transaction.values("SELECT name FROM project ORDER BY id")
    }

    @Test("a file is there again after closing, with its rows, and ids go on where they were")
    func reopening() async throws {
        try await withFolder { folder in
            let path = folder + "/deep/omero.db"
            let first = try await Store.open(.file(path), setup: TestStore.setup)
            #expect(first.isNew)
            let id = try await first.write { try Self.addProject("ö 日本", $0) }
            let uuid = try await first.read { try $0.values("SELECT value FROM configuration") as [String] }
            try await first.write { _ = try $0.execute("DELETE FROM project") }
            try await first.close()
            // The journal is in the file: readers that closed after the writer would leave it beside it.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/deep") == ["omero.db"])
            let second = try await Store.open(.file(path), setup: StoreSetup(rootPassword: "other"))
            #expect(!second.isNew)
            #expect(try await second.write { try Self.addProject("next", $0) } > id)
            #expect(try await second.read { try $0.values("SELECT value FROM configuration") } == uuid)
            try await second.close()
        }
    }

    @Test("only the owner can read the files and the folder")
    func modes() async throws {
        try await withFolder { folder in
            let store = try await Store.open(.file(folder + "/omero.db"), setup: TestStore.setup)
            for (path, mode) in [("", 0o700), ("/omero.db", 0o600), ("/omero.db-wal", 0o600), ("/omero.db-shm", 0o600)]
            {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder + path)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == mode, "\(path)")
            }
            try await store.close()
        }
    }

    @Test("a transaction that throws leaves nothing behind, not even the ids")
    func rollback() async throws {
        let store = try await TestStore.fresh()
        await #expect(throws: Failure.self) {
            try await store.write { transaction in
                _ = try Self.addProject("gone", transaction)
                throw Failure()
            }
        }
        #expect(try await store.read { try Self.names($0) }.isEmpty)
        #expect(try await store.write { try $0.nextID("seq_project") } == 1)
    }

    @Test("what the tables refuse comes as an error that names the table and the column")
    func constraints() async throws {
        let store = try await TestStore.fresh()
        func failure(_ sql: String) async -> StoreError.Reason? {
            do {
                try await store.write { _ = try $0.execute(sql) }
            } catch { return (error as? StoreError)?.reason }
            return nil
        }
        let insert = "INSERT INTO experimenter (id, permissions, omename, firstname, lastname, ldap) VALUES"
        #expect(
            await failure("\(insert) (7, 0, 'root', 'a', 'b', 0)")
                == .notUnique(table: "experimenter", columns: ["omename"])
        )
        #expect(
            await failure("\(insert) (7, 0, 'x', NULL, 'b', 0)")
                == .missingValue(table: "experimenter", column: "firstname")
        )
        #expect(
            await failure("\(insert) (7, 0, 'x', 'a', 'b', 2)") == .invalidValue(table: "experimenter", column: "ldap")
        )
        #expect(
            await failure("\(insert) (7, 0, 'x', 'a', 'b', 'maybe')")
                == .invalidValue(table: "experimenter", column: "ldap")
        )
        let long = String(repeating: "ü", count: 256)
        #expect(
            await failure("\(insert) (7, 0, '\(long)', 'a', 'b', 0)")
                == .invalidValue(table: "experimenter", column: "omename")
        )
        #expect(
            await failure("DELETE FROM experimentergroup WHERE id = 2")
                == .brokenReference(from: "groupexperimentermap", to: "experimentergroup")
        )
        #expect(
            await failure(
                "INSERT INTO project (id, permissions, name, owner_id, group_id, creation_id, update_id) VALUES (1, 0, 'p', 77, 0, 0, 0)"
            )
                == .brokenReference(from: "project", to: "experimenter")
        )
    }

    @Test("references may be broken for a while, as long as they are whole at the end")
    func deferred() async throws {
        let store = try await TestStore.fresh()
        try await store.write { transaction in
            let id = try transaction.nextID("seq_project")
            try transaction.insert(
                "project",
                [
                    ("id", id), ("permissions", 0), ("name", "early"), ("owner_id", 0), ("group_id", 9),
                    ("creation_id", 0), ("update_id", 0),
                ]
            )
            try transaction.insert(
                "experimentergroup",
                [("id", 9), ("permissions", -120), ("name", "late"), ("ldap", false)]
            )
        }
        #expect(try await store.read { try Self.names($0) } == ["early"])
    }

    @Test("readers go on while a transaction writes, and see what was there before it")
    func concurrentReaders() async throws {
        try await withFolder { folder in
            let store = try await Store.open(.file(folder + "/omero.db"), setup: TestStore.setup)
            let (started, signal) = AsyncStream.makeStream(of: Void.self)
            let mayEnd = DispatchSemaphore(value: 0)
            let writing = Task {
                try await store.write { transaction in
                    _ = try Self.addProject("new", transaction)
                    signal.finish()
                    mayEnd.wait()
                }
            }
            for await _ in started {}
            try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<20 { group.addTask { try await store.read { try Self.names($0) } } }
                for try await names in group { #expect(names.isEmpty) }
            }
            mayEnd.signal()
            try await writing.value
            #expect(try await store.read { try Self.names($0) } == ["new"])
            try await store.close()
        }
    }

    @Test("many writers get one after another, and every id once")
    func concurrentWriters() async throws {
        let store = try await TestStore.fresh()
        let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
            for number in 0..<50 { group.addTask { try await store.write { try Self.addProject("\(number)", $0) } } }
            return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        #expect(ids == Set(1...50))
    }

    @Test("a closed store, a file that is no database, and one from the future are refused by name")
    func refusals() async throws {
        let closed = try await TestStore.fresh()
        try await closed.close()
        await #expect(throws: StoreError.self) { try await closed.read { _ in } }
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let garbage = folder + "/garbage.db"
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: garbage))
            await #expect { try await Store.open(.file(garbage)) } throws: { ($0 as? StoreError)?.reason == .damaged }
            await #expect { try await Store.open(.file("/proc/none/omero.db")) } throws: {
                ($0 as? StoreError)?.reason == .cannotOpen
            }
            let path = folder + "/omero.db"
            let store = try await Store.open(.file(path), setup: TestStore.setup)
            try await store.write { _ = try $0.execute("INSERT INTO grdb_migrations VALUES ('9 of tomorrow')") }
            try await store.close()
            await #expect { try await Store.open(.file(path)) } throws: { ($0 as? StoreError)?.reason == .newerSchema }
        }
    }

    @Test("a first start that was killed between the tables and the first rows does not leave root without password")
    func halfMade() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = folder + "/omero.db"
            let killed = try await Store.open(.file(path), setup: TestStore.setup)
            try await killed.write { transaction in
                let tables: [String] = try transaction.values(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'grdb%'")
                for table in tables { _ = try transaction.execute("DELETE FROM \(table.quoted)") }
                _ = try transaction.execute("DELETE FROM grdb_migrations WHERE identifier LIKE '2 %'")
            }
            try await killed.close()
            let store = try await Store.open(.file(path), setup: TestStore.setup)
            #expect(store.isNew)
            #expect(try await store.checkPassword("omero", ofUserNamed: "root") == .accepted(userID: 0))
            try await store.close()
        }
    }

    @Test("a part that fails is undone by itself, its event too")
    func parts() async throws {
        let store = try await TestStore.fresh()
        try await store.write { transaction in
            let failed = Result {
                try transaction.part { () throws -> Void in
                    try transaction.log(.reindex, "Project", 1, by: .server)
                    _ = try Self.addProject("gone", transaction)
                    throw Failure()
                }
            }
            #expect(throws: Failure.self) { try failed.get() }
            try transaction.log(.reindex, "Project", 2, by: .server)
            try transaction.part { _ = try Self.addProject("kept", transaction) }
        }
        #expect(try await store.read { try Self.names($0) } == ["kept"])
        #expect(try await store.read { try $0.values("SELECT entityid FROM eventlog") as [Int] } == [2])
    }

    @Test("closing waits for the transactions under way, and lets no more in")
    func closing() async throws {
        try await withFolder { folder in
            let store = try await Store.open(.file(folder + "/omero.db"), setup: TestStore.setup)
            let (started, signal) = AsyncStream.makeStream(of: Void.self)
            let mayEnd = DispatchSemaphore(value: 0)
            let writing = Task {
                try await store.write { transaction in
                    signal.finish()
                    mayEnd.wait()
                    return try Self.addProject("last", transaction)
                }
            }
            for await _ in started {}
            let closing = Task { try await store.close() }
            // From some moment on nobody gets in, while the writer is still at work.
            while (try? await store.read { _ in }) != nil { await Task.yield() }
            mayEnd.signal()
            #expect(try await writing.value == 1)
            try await closing.value
            try await store.close()
            await #expect(throws: StoreError(.closed)) { try await store.write { _ in } }
        }
    }

    @Test("what was read of users and groups counts as known until one of them changes, and no longer")
    func peopleVersion() async throws {
        let store = try await TestStore.fresh()
        let first = store.peopleVersion
        _ = try await store.write { try Self.addProject("not a user", $0) }
        _ = try? await store.write { transaction in
            _ = try transaction.createGroup(NewGroup(name: "undone"), by: .server)
            throw Failure()
        }
        #expect(store.peopleVersion == first)
        var last = first
        func expectChange(_ body: @escaping @Sendable (WriteTransaction) throws -> Void) async throws {
            try await store.write(body)
            #expect(store.peopleVersion > last)
            last = store.peopleVersion
        }
        try await expectChange { _ = try $0.createGroup(NewGroup(name: "lab"), by: .server) }
        try await expectChange { _ = try $0.execute("UPDATE experimenter SET email = 'a@b' WHERE id = 0") }
        try await expectChange { _ = try $0.execute("UPDATE groupexperimentermap SET owner = 1 WHERE id = 0") }
        try await expectChange { try $0.setMap("config", of: "Experimenter", id: 0, [NamedValue("a", "b")]) }
        try await expectChange { _ = try $0.execute("UPDATE experimentergroup SET permissions = -8 WHERE id = 1") }
        #expect(try await store.read { $0.peopleVersion } == last)
        try await store.write { #expect($0.peopleVersion == nil) }
    }

    @Test("a cancelled task writes nothing")
    func cancellation() async throws {
        let store = try await TestStore.fresh()
        let (started, signal) = AsyncStream.makeStream(of: Void.self)
        let mayGoOn = DispatchSemaphore(value: 0)
        let writing = Task {
            try await store.write { transaction in
                _ = try Self.addProject("first", transaction)
                signal.finish()
                mayGoOn.wait()
                _ = try Self.addProject("second", transaction)
            }
        }
        for await _ in started {}
        writing.cancel()
        mayGoOn.signal()
        await #expect(throws: CancellationError.self) { try await writing.value }
        #expect(try await store.read { try Self.names($0) }.isEmpty)
    }
}
