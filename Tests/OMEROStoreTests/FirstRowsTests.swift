import GRDB
import Testing

@testable import OMEROStore

@Suite("A fresh database")
struct FirstRowsTests {
    @Test("root, guest, the three groups and their members are there")
    func people() async throws {
        let store = try await TestStore.shared()
        let users = try await store.read { transaction in
            try transaction.rows("SELECT id, omename FROM experimenter ORDER BY id").map {
                ($0[0] as Int64, $0[1] as String)
            }
        }
        #expect(users.map(\.0) == [0, 1])
        #expect(users.map(\.1) == ["root", "guest"])
        let groups = try await store.read { transaction in
            try transaction.rows("SELECT permissions, name FROM experimentergroup ORDER BY id")
                .map { ($0[0] as Int64, $0[1] as String) }
        }
        #expect(groups.map(\.0) == [-120, -52, -120])
        #expect(groups.map(\.1) == ["system", "user", "guest"])
        let maps = try await store.read { transaction in
            try transaction.rows("SELECT parent, child, child_index, owner FROM groupexperimentermap ORDER BY id")
                .map { [$0["parent"] as Int64, $0["child"], $0["child_index"], $0["owner"]] }
        }
        #expect(maps == [[0, 0, 0, 1], [1, 0, 1, 0], [2, 1, 0, 0]])
    }

    @Test("enumerations have their entries in order, with ids from 1, and the event type 0")
    func enumerations() async throws {
        let store = try await TestStore.shared()
        for entity in DataModel.entities where entity.kind == .enumeration {
            let rows = try await store.read { transaction in
                try transaction.rows("SELECT id, value, permissions FROM \(entity.table.quoted) ORDER BY id")
                    .map { ($0["id"] as Int64, $0["value"] as String, $0["permissions"] as Int64) }
            }
            #expect(rows.map(\.1) == entity.entries.map(\.value), "\(entity)")
            #expect(rows.allSatisfy { $0.2 == -52 })
            let first: Int64 = entity.name == "EventType" ? 0 : 1
            #expect(rows.map(\.0) == rows.indices.map { first + Int64($0) }, "\(entity)")
        }
        let sizes = try await store.read { try $0.values("SELECT bitsize FROM pixelstype ORDER BY id") as [Int64] }
        #expect(sizes == [1, 8, 16, 32, 8, 16, 32, 32, 64, 64, 128])
    }

    @Test("the node, the sessions, the event, the roles and the version of the schema are there")
    func server() async throws {
        let store = try await TestStore.shared()
        try await store.read { transaction in
            #expect(try transaction.values("SELECT conn FROM node") as [String] == ["unknown"])
            let kinds: [String] = try transaction.values("SELECT defaulteventtype FROM session ORDER BY id")
            #expect(kinds == ["BOOTSTRAP", "PREVIOUSITEMS"])
            #expect(try transaction.values("SELECT count(*) FROM session WHERE closed IS NULL") as [Int] == [0])
            #expect(try transaction.values("SELECT status FROM event WHERE id = 0") as [String] == ["BOOTSTRAP"])
            #expect(try transaction.values("SELECT guest_group_id FROM _roles") as [Int64] == [2])
            let patch = try transaction.row("SELECT * FROM dbpatch")
            #expect(patch?["currentversion"] == "OMERO5.4")
            #expect(patch?["currentpatch"] == 0)
            let uuid: [String] = try transaction.values("SELECT value FROM configuration WHERE name = 'omero.db.uuid'")
            #expect(uuid.first?.count == 36)
        }
    }

    @Test("no foreign key is broken, and the sequences go on after the first rows")
    func sequences() async throws {
        let store = try await TestStore.fresh()
        let broken = try await store.read { try $0.rows("PRAGMA foreign_key_check").count }
        #expect(broken == 0)
        let ids = try await store.write { transaction in
            try [
                transaction.nextID("seq_experimenter"), transaction.nextID("seq_experimentergroup"),
                transaction.nextID("seq_session"), transaction.nextID("seq_event"), transaction.nextID("seq_project"),
                transaction.nextID("seq_project", count: 50), transaction.nextID("seq_project"),
            ]
        }
        #expect(ids == [2, 3, 2, 1, 1, 51, 52])
        await #expect(throws: StoreError(.unknownName("seq_nothing"))) {
            try await store.write { _ = try $0.nextID("seq_nothing") }
        }
    }
}
