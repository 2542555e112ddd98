import GRDB
import Testing

@testable import OMEROStore

@Suite("Passwords of users")
struct PasswordTests {
    @Test("root has the password of the set-up, guest needs none, and nobody is unknown")
    func beginning() async throws {
        let store = try await TestStore.fresh()
        #expect(try await store.checkPassword("omero", ofUserNamed: "root") == .accepted(userID: 0))
        #expect(try await store.checkPassword("Omero", ofUserNamed: "root") == .wrong(userID: 0))
        #expect(try await store.checkPassword("", ofUserNamed: "root") == .wrong(userID: 0))
        #expect(try await store.checkPassword("anything", ofUserNamed: "guest") == .accepted(userID: 1))
        #expect(try await store.checkPassword("omero", ofUserNamed: "nobody") == .unknownUser)
        let locked = try await Store.open(.inMemory, setup: StoreSetup(passwordCost: .negligible))
        #expect(try await locked.checkPassword("", ofUserNamed: "root") == .locked(userID: 0))
    }

    @Test("a new password is the only one from then on; its change is logged and clears the bit that asks for it")
    func change() async throws {
        let (store, user, _) = try await UserTests.store()
        #expect(try await store.checkPassword("", ofUserNamed: "ada") == .locked(userID: user))
        for password in ["first", "zweites ü"] {
            let stored = try await store.prepare(password: password)
            try await store.write { transaction in
                _ = try transaction.execute("UPDATE experimenter SET permissions = -1 WHERE id = ?", [user])
                try transaction.setPassword(stored, ofUser: user, by: .server)
            }
        }
        #expect(try await store.checkPassword("first", ofUserNamed: "ada") == .wrong(userID: user))
        for _ in 0..<2 {
            #expect(try await store.checkPassword("zweites ü", ofUserNamed: "ada") == .accepted(userID: user))
        }
        try await store.read { transaction throws in
            #expect(
                try transaction.logs(of: "Experimenter", id: user).map(\.action) == ["INSERT", "PASSWORD", "PASSWORD"])
            #expect(try transaction.user(id: user)?.permissions == -65537)
            #expect(try transaction.passwordChanged(ofUser: user) != nil)
        }
    }

    @Test("no password, or a blank one where one is required, locks; a blank one opens where none is")
    func blank() async throws {
        let (store, user, group) = try await UserTests.store()
        let locked = try await [store.prepare(password: nil), store.prepare(password: "  ")]
        for stored in locked {
            try await store.write { try $0.setPassword(stored, ofUser: user, by: .server) }
            #expect(try await store.checkPassword("  ", ofUserNamed: "ada", required: false) == .locked(userID: user))
        }
        let open = try await store.prepare(password: " ", required: false)
        try await store.write { try $0.setPassword(open, ofUser: user, by: .server) }
        #expect(try await store.checkPassword("any", ofUserNamed: "ada", required: false) == .accepted(userID: user))
        #expect(try await store.checkPassword("any", ofUserNamed: "ada", required: true) == .locked(userID: user))
        // Administrators always need one.
        try await store.write { try $0.addMemberships(user: user, groups: [GroupRecord.systemID], by: .server) }
        #expect(try await store.checkPassword("any", ofUserNamed: "ada", required: false) == .locked(userID: user))
        _ = group
    }

    @Test("a password in OMERO's form is stored anew when it was right, and stays when it was not")
    func renewal() async throws {
        let store = try await TestStore.fresh()
        let digest = "kYMkc9SyhupHyJP1Cl2Alg=="
        try await store.write { try $0.setPassword(StoredPassword(column: digest), ofUser: 0, by: .server) }
        #expect(try await store.checkPassword("wrong", ofUserNamed: "root") == .wrong(userID: 0))
        #expect(try await store.read { try $0.storedPassword(ofUser: 0).column } == digest)
        #expect(try await store.checkPassword("omero", ofUserNamed: "root") == .accepted(userID: 0))
        let column = try await store.read { try $0.storedPassword(ofUser: 0).column }
        #expect(column?.hasPrefix("$scrypt$") == true)
        #expect(try await store.checkPassword("omero", ofUserNamed: "root") == .accepted(userID: 0))
    }
}
