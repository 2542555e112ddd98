import IceEncoding
import OMEROModel
import OMEROStore
import Testing

/// The code of the store's landing page.
@Suite("The code about the store") struct StoreSnippets {
    @Test func `a store is written to and read from`() async throws {
        // snippet: store
        let store = try await Store.open(.inMemory, setup: StoreSetup(rootPassword: "secret"))
        let id = try await store.write { transaction in
            let group = try transaction.createGroup(NewGroup(name: "lab"), by: .server)
            let user = try transaction.createUser(
                NewUser(name: "ada", firstName: "Ada", lastName: "Lovelace"), by: .server)
            try transaction.addMemberships(user: user, groups: [group, GroupRecord.userID], by: .server)
            return user
        }
        let ada = try await store.read { transaction in
            try GraphBuilder.build {
                try transaction.load("Experimenter", where: [id], fetch: .userWithGroups, into: $0)
            }
        }
        // end
        #expect(ada.count == 1)
        let user = try #require(ada.first?.cast(to: Experimenter.self))
        #expect(try user.lastName == "Lovelace")
        #expect(try user.groupExperimenterMap.count == 2)
    }
}
