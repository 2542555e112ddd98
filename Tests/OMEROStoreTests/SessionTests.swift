import Foundation
import Testing

@testable import OMEROStore

@Suite("Sessions and the server's own rows")
struct SessionTests {
    private static func new(_ uuid: String, owner: Int64 = 0) -> NewSession {
        NewSession(
            uuid: uuid,
            ownerID: owner,
            groupID: 0,
            timeToIdle: 600_000,
            timeToLive: 0,
            userAgent: "tests",
            userIP: "::1",
            hasPassword: true
        )
    }

    @Test("a session is open until it is closed, and closing it twice changes nothing")
    func life() async throws {
        let store = try await TestStore.fresh()
        let session = try await store.write { try $0.insertSession(Self.new("abc")) }
        try await store.write { transaction in
            #expect(try transaction.session(uuid: "abc") == session)
            #expect(try transaction.session(id: session.id)?.state?.hasPassword == true)
            #expect(try transaction.openSessions().map(\.id) == [session.id])
            #expect(try transaction.countOpenSessions(ofUser: 0) == 1)
            #expect(try transaction.countOpenSessions(ofUser: 1) == 0)
            try transaction.updateSession(id: session.id, timeToLive: 5)
            let changed = try #require(try transaction.session(id: session.id))
            #expect((changed.timeToIdle, changed.timeToLive) == (600_000, 5))
            #expect(try transaction.closeSessions([session.id, 999]) == 1)
            #expect(try transaction.closeSessions([session.id]) == 0)
            let closed = try #require(try transaction.session(uuid: "abc"))
            #expect(closed.closed != nil)
            #expect(closed.state == nil)
            #expect(try transaction.openSessions().isEmpty)
            #expect(throws: StoreError(.notFound(entity: "Session", id: session.id))) {
                try transaction.updateSession(id: session.id, timeToIdle: 1)
            }
        }
        await #expect(throws: StoreError(.notUnique(table: "session", columns: ["uuid"]))) {
            try await store.write { _ = try $0.insertSession(Self.new("abc")) }
        }
    }

    @Test("after a restart, the sessions that were open are there with their group, last access and references")
    func restart() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "omero-\(UUID().uuidString)/omero.db").path()
        defer { try? FileManager.default.removeItem(atPath: String(path.dropLast(9))) }
        let first = try await Store.open(.file(path), setup: TestStore.setup)
        let ids = try await first.write { transaction in
            try ["a", "b", "c"].map { try transaction.insertSession(Self.new($0)).id }
        }
        let state = SessionState(
            groupID: 1,
            lastAccess: Timestamp(milliseconds: 12_345),
            referenceCount: 3,
            hasPassword: false
        )
        try await first.write { transaction in
            try transaction.closeSessions([ids[1]])
            try transaction.setSessionStates([ids[0]: state, ids[1]: state])
        }
        try await first.close()
        let second = try await Store.open(.file(path), setup: TestStore.setup)
        let open = try await second.read { try $0.openSessions() }
        #expect(open.map(\.uuid) == ["a", "c"])
        #expect(open[0].state == state)
        #expect(open[1].state?.referenceCount == 1)
        #expect(try await second.write { try $0.insertSession(Self.new("d")).id } > ids[2])
        try await second.close()
    }

    @Test("one event per transaction and caller, and only if something is written")
    func events() async throws {
        let store = try await TestStore.fresh()
        let count = { try await store.read { try $0.values("SELECT count(*) FROM event") as [Int] }[0] }
        try await store.write { _ = try $0.users() }
        #expect(try await count() == 1)
        let events = try await store.write { transaction in
            try [
                transaction.event(for: .server), transaction.event(for: .server),
                transaction.event(for: Caller(userID: 0, groupID: 1, sessionID: 0)),
            ]
        }
        #expect(events[0] == events[1])
        #expect(events[1].id + 1 == events[2].id)
        #expect(try await count() == 3)
        await #expect(throws: StoreError.self) {
            try await store.write {
                _ = try $0.event(for: Caller(userID: 0, groupID: 0, sessionID: 0, eventType: "Nonsense"))
            }
        }
    }

    @Test("configuration is kept, compared and forgotten; enumerations are found; nodes come and go")
    func others() async throws {
        let store = try await TestStore.fresh()
        try await store.write { transaction in
            #expect(try transaction.databaseUUID().count == 36)
            try transaction.setConfiguration("a.b", "1")
            #expect(try transaction.setConfiguration("a.b", "2", ifEquals: "1"))
            #expect(try !transaction.setConfiguration("a.b", "3", ifEquals: "1"))
            #expect(try transaction.setConfiguration("new", "x", ifEquals: nil))
            #expect(try transaction.configuration("a.b") == "2")
            #expect(try transaction.configuration().count == 3)
            try transaction.setConfiguration("a.b", nil)
            #expect(try transaction.configuration("a.b") == nil)

            #expect(try transaction.enumeration("PixelsType", value: "uint16")?.bitSize == 16)
            #expect(try transaction.enumeration("PixelsType", value: "uint17") == nil)
            #expect(try transaction.enumerations(of: "ome.model.enums.AdminPrivilege").count == 15)
            #expect(try transaction.allEnumerations().count == 29)
            let format = try transaction.addEnumeration("Format", value: "TIFF")
            #expect(try transaction.addEnumeration("Format", value: "TIFF") == format)
            #expect(throws: StoreError(.unknownName("Image"))) { try transaction.enumerations(of: "Image") }

            let node = try transaction.insertNode(uuid: "n", connection: "tcp")
            try transaction.markNodeDown(id: node.id)
            #expect(try transaction.nodes().map(\.uuid).last == "n")
            #expect(try transaction.nodes().allSatisfy { $0.down != nil })
        }
    }
}
