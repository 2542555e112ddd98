import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Users and groups")
struct UserTests {
    static let newUser = NewUser(name: "ada", firstName: "Ada", lastName: "Lovelace", email: "ada@example.org")

    /// A store with a user in a new group and in `user`.
    static func store() async throws -> (store: Store, user: Int64, group: Int64) {
        let store = try await TestStore.fresh()
        let (user, group) = try await store.write { transaction in
            let group = try transaction.createGroup(NewGroup(name: "lab", description: "ä"), by: .server)
            let user = try transaction.createUser(newUser, by: .server)
            try transaction.addMemberships(user: user, groups: [group, GroupRecord.userID], by: .server)
            return (user, group)
        }
        return (store, user, group)
    }

    @Test("a new user is found by id and by name, in the groups that were asked for, and the log says so")
    func creation() async throws {
        let (store, user, group) = try await Self.store()
        try await store.read { transaction in
            let record = try #require(try transaction.user(name: "ada"))
            #expect(try record == transaction.user(id: user))
            #expect(record.email == "ada@example.org")
            #expect(record.middleName == nil)
            #expect(try transaction.users().map(\.name) == ["root", "guest", "ada"])
            let memberships = try transaction.memberships(ofUser: user)
            #expect(memberships.map(\.groupID) == [group, GroupRecord.userID])
            #expect(memberships.map(\.index) == [0, 1])
            #expect(memberships.allSatisfy { !$0.isOwner })
            #expect(try transaction.defaultGroup(ofUser: user) == group)
            #expect(try transaction.defaultGroup(ofUser: UserRecord.rootID) == GroupRecord.systemID)
            #expect(try transaction.group(name: "lab")?.permissions == -120)
            let logs = try transaction.logs(of: "Experimenter", id: user)
            #expect(logs.map(\.action) == ["INSERT"])
            #expect(logs.first?.entityType == "ome.model.meta.Experimenter")
            let group = try transaction.logs(of: "ExperimenterGroup", id: group)
            #expect(group.map(\.eventID) == logs.map(\.eventID))
            #expect(try transaction.event(id: logs[0].eventID)?.userID == 0)
        }
    }

    @Test("a name can be used once, and what is required must be there")
    func violations() async throws {
        let (store, _, _) = try await Self.store()
        func reason(_ body: @escaping @Sendable (WriteTransaction) throws -> Void) async -> StoreError.Reason? {
            do { try await store.write(body) } catch { return (error as? StoreError)?.reason }
            return nil
        }
        #expect(
            await reason { _ = try $0.createUser(Self.newUser, by: .server) }
                == .notUnique(table: "experimenter", columns: ["omename"])
        )
        #expect(
            await reason { _ = try $0.createUser(NewUser(name: "x", firstName: nil, lastName: "y"), by: .server) }
                == .missingValue(table: "experimenter", column: "firstname")
        )
        #expect(
            await reason { _ = try $0.createGroup(NewGroup(name: "lab"), by: .server) }
                == .notUnique(table: "experimentergroup", columns: ["name"])
        )
        #expect(
            await reason { try $0.addMemberships(user: 999, groups: [1], by: .server) }
                == .brokenReference(from: "groupexperimentermap", to: "experimenter")
        )
    }

    @Test("a user can be changed by who read the newest version; root and guest keep their names")
    func update() async throws {
        let (store, user, _) = try await Self.store()
        try await store.write { transaction in
            let stale = try #require(try transaction.user(id: user))
            var record = stale
            record.lastName = "King"
            try transaction.updateUser(record, by: .server)
            #expect(try transaction.user(id: user)?.lastName == "King")
            #expect(throws: StoreError(.changedMeanwhile(entity: "Experimenter", id: user))) {
                try transaction.updateUser(stale, by: .server)
            }
            var root = try #require(try transaction.user(id: 0))
            root.name = "admin"
            #expect(throws: StoreError(.refused("cannot change name of special experimenter 'root'"))) {
                try transaction.updateUser(root, by: .server)
            }
            var system = try #require(try transaction.group(id: 0))
            system.name = "admins"
            #expect(throws: StoreError(.refused("cannot change name of special group 'system'"))) {
                try transaction.updateGroup(system, by: .server)
            }
        }
    }

    @Test("groups go to the end, are moved to the front, and leave no gap")
    func order() async throws {
        let (store, user, group) = try await Self.store()
        try await store.write { transaction in
            let second = try transaction.createGroup(NewGroup(name: "second"), by: .server)
            let third = try transaction.createGroup(NewGroup(name: "third"), by: .server)
            try transaction.addMemberships(user: user, groups: [second, group, third], by: .server)
            func groups() throws -> [Int64] {
                let memberships = try transaction.memberships(ofUser: user)
                #expect(memberships.map(\.index) == Array(0..<memberships.count))
                return memberships.map(\.groupID)
            }
            #expect(try groups() == [group, 1, second, third])
            try transaction.setDefaultGroup(third, ofUser: user, by: .server)
            #expect(try groups() == [third, group, 1, second])
            try transaction.removeMemberships(user: user, groups: [third, second, 77], by: .server)
            #expect(try groups() == [group, 1])
            try transaction.addMemberships(user: user, groups: [second], by: .server)
            // Without the first, `user` would be the default group.
            try transaction.removeMemberships(user: user, groups: [group], by: .server)
            #expect(try groups() == [second, 1])
            #expect(throws: StoreError.self) {
                try transaction.removeMemberships(user: user, groups: [second], by: .server)
            }
            #expect(throws: StoreError.self) {
                try transaction.removeMemberships(user: user, groups: [second, 1], by: .server)
            }
            #expect(throws: StoreError.self) { try transaction.setDefaultGroup(77, ofUser: user, by: .server) }
            #expect(throws: StoreError.self) { try transaction.removeMemberships(user: 0, groups: [1], by: .server) }
            try transaction.setOwner(true, user: user, group: third, by: .server)
            try transaction.setOwner(true, user: user, group: second, by: .server)
            try transaction.setOwner(false, user: user, group: second, by: .server)
            #expect(try transaction.membership(user: user, group: third)?.isOwner == true)
            #expect(try transaction.membership(user: user, group: second)?.isOwner == false)
            #expect(try transaction.memberships(ofGroup: third).map(\.userID) == [user])
            try transaction.deleteGroup(second, by: .server)
            #expect(try groups() == [third, 1])
        }
    }

    @Test("privileges are kept as what was taken away, and root's can't be")
    func privileges() async throws {
        let (store, user, _) = try await Self.store()
        try await store.write { transaction in
            try transaction.setUserConfig(user, [NamedValue("colour", "ü")], by: .server)
            try transaction.setRevokedPrivileges(["Sudo", "Chown"], ofUser: user, by: .server)
            #expect(
                try transaction.userConfig(user) == [
                    NamedValue("colour", "ü"), NamedValue("AdminPrivilege:Chown", "false"),
                    NamedValue("AdminPrivilege:Sudo", "false"),
                ]
            )
            #expect(try transaction.revokedPrivileges(ofUser: user) == ["Sudo", "Chown"])
            try transaction.setUserConfig(
                user,
                [NamedValue("AdminPrivilege:Sudo", "TRUE"), NamedValue("AdminPrivilege:Chgrp", "no")],
                by: .server
            )
            #expect(try transaction.revokedPrivileges(ofUser: user) == ["Chgrp"])
            #expect(throws: StoreError.self) {
                try transaction.setRevokedPrivileges(["Sudo"], ofUser: UserRecord.rootID, by: .server)
            }
        }
    }

    @Test("permissions of a group change alone, and are in the log")
    func chmod() async throws {
        let (store, _, group) = try await Self.store()
        try await store.write { transaction in
            try transaction.setGroupPermissions(#require(Permissions("rwra--")), of: group, by: .server)
            #expect(try transaction.group(id: group)?.permissions == -40)
            #expect(
                try transaction.logs(of: "ExperimenterGroup", id: group).map(\.action) == ["INSERT", "CHMOD(rwra--)"])
        }
    }

    @Test("a user without sessions and data can be deleted; another can't")
    func deletion() async throws {
        let (store, user, group) = try await Self.store()
        try await store.write { transaction in
            let other = try transaction.createUser(NewUser(name: "o", firstName: "o", lastName: "o"), by: .server)
            try transaction.addMemberships(user: other, groups: [group], by: .server)
            try transaction.deleteUser(other, by: .server)
            #expect(try transaction.user(id: other) == nil)
            _ = try transaction.insertSession(
                NewSession(uuid: "u", ownerID: user, groupID: group, timeToIdle: 0, timeToLive: 0, hasPassword: true)
            )
        }
        await #expect(throws: StoreError(.brokenReference(from: "session", to: "experimenter"))) {
            try await store.write { try $0.deleteUser(user, by: .server) }
        }
        #expect(try await store.read { try $0.memberships(ofUser: user).count } == 2)
        await #expect(throws: StoreError(.notFound(entity: "Experimenter", id: 77))) {
            try await store.write { try $0.deleteUser(77, by: .server) }
        }
    }
}
