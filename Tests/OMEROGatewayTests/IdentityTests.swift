import OMERO
import OMEROServer
import Testing

@Suite struct IdentityTests {
    @Test func `groups and members are listed as the user may see them`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-leader", "leader-1"))
            try await BlitzGateway.withConnection(configuration) { gateway in
                let mine = try await gateway.myGroups().map(\.name)
                #expect(Set(mine).isSuperset(of: ["sample-private", "sample-read-only", "user"]))
                let led = try await gateway.ledGroups()
                #expect(led.count == 4)
                #expect(Set(led.compactMap(\.level)) == Set(PermissionLevel.allCases))
                let group = try await gateway.group(named: "sample-read-write")
                #expect(group.members?.contains { $0.userName == "sample-member" && !$0.isLeader } == true)
                let leader = try await gateway.user(named: "sample-leader")
                #expect(leader.fullName == "Lena Leiter")
                #expect(leader.isActive == true)
                let start = try await gateway.defaultGroup()
                #expect(start.name == "sample-private")
                let nobody = await failure { _ = try await gateway.user(named: "nobody") }
                #expect(nobody?.kind == .notFound)
                let admins = try await gateway.administrators().map(\.name)
                #expect(Set(admins) == ["root", "sample-admin", "sample-light-admin"])
            }
        }
    }

    @Test func `a log-in has the rights of its moment, not those of the log-in before`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            func me() async throws -> CurrentUser {
                try await BlitzGateway.withConnection(configuration) { try await $0.whoAmI() }
            }
            let before = try await me()
            #expect(try await me() == before)
            try await server.withRoot { root in
                let group = try await root.createGroup(named: "new", level: .readOnly)
                try await root.addUser(before.userID, toGroups: [group])
                #expect(try await me().memberOf == before.memberOf + [group])
                try await root.addLeaders([before.userID], toGroup: group)
                #expect(try await me().leads(group))
                try await root.removeUser(before.userID, fromGroups: [group])
                #expect(try await me() == before)
                try await root.setPassword("another", ofUserNamed: "sample-member")
                let old = await failure { _ = try await me() }
                #expect(old?.kind == .wrongUserOrPassword)
            }
        }
    }

    @Test func `a group is asked for at log-in, by name or number, and refused with the reason`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            var configuration = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            configuration.group = .named("sample-read-only")
            let id = try await BlitzGateway.withConnection(configuration) { gateway in
                let me = try await gateway.whoAmI()
                #expect(me.groupName == "sample-read-only")
                return me.groupID
            }
            configuration.group = .id(id)
            try await BlitzGateway.withConnection(configuration) { gateway in
                let me = try await gateway.whoAmI()
                #expect(me.groupID == id)
            }
            configuration.group = .named("no such group")
            let unknown = await failure { _ = try await BlitzGateway.connect(configuration) }
            #expect(unknown?.kind == .notInGroup)
            configuration.group = .named("sample-Gruppe 漢字 🔬")
            let foreign = await failure { _ = try await BlitzGateway.connect(configuration) }
            #expect(foreign?.kind == .notInGroup)
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `an inactive user is told so, not that the password is wrong`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-inactive", "inactive-8"))
            let error = await failure {
                try await BlitzGateway.withConnection(configuration) { _ = try await $0.myGroups() }
            }
            #expect(error?.kind == .inactiveUser)
        }
    }

    @Test func `the context's group goes with each call, and the session's stays`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(configuration) { gateway in
                let other = try await gateway.group(named: "sample-private").id
                let scoped = try await gateway.inGroup(other).whoAmI()
                #expect(scoped.groupName == "sample-private")
                let own = try await gateway.whoAmI()
                #expect(own.groupName == "sample-read-annotate")
                try await gateway.switchSession(toGroup: other)
                let switched = try await gateway.whoAmI()
                #expect(switched.groupID == other)
                let undone = try await gateway.switchBack()
                #expect(undone)
                let back = try await gateway.whoAmI()
                #expect(back.groupName == "sample-read-annotate")
                let again = try await gateway.switchBack()
                #expect(!again)
            }
        }
    }

    @Test func `an administrator acts as another user, in a session of its own that ends with it`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            try await server.withRoot { root in
                try await root.withUser("sample-member", group: "sample-private", life: .seconds(60)) { other in
                    let me = try await other.whoAmI()
                    #expect(me.userName == "sample-member")
                    #expect(me.groupName == "sample-private")
                    #expect(me.sudoer?.name == "root")
                    #expect(!me.isAdmin)
                    #expect(other.sessionLimits.life == .seconds(60))
                    #expect(server.sessionCount == 2)
                }
                #expect(server.sessionCount == 1)
                let still = try await root.whoAmI()
                #expect(still.userName == "root")
            }
        }
    }

    @Test func `whether one may act for somebody is answered before, as the server does then`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            func ask(_ user: String, _ password: String, _ target: String, _ group: String?) async throws
                -> (SudoAnswer, Bool)
            {
                let configuration = server.gatewayConfiguration(.password(user: user, password))
                return try await BlitzGateway.withConnection(configuration) { gateway in
                    let answer = try await gateway.mayAct(as: target, group: group)
                    let error = await failure {
                        try await gateway.withUser(target, group: group) { _ = try await $0.whoAmI() }
                    }
                    return (answer, error == nil)
                }
            }
            for (user, password, target, group) in [
                ("root", "omero", "sample-loner", nil),
                ("sample-light-admin", "light-6", "sample-reader", "sample-read-only"),
                ("sample-leader", "leader-1", "sample-member", "sample-private"),
                ("sample-leader", "leader-1", "sample-zoë", "sample-Gruppe 漢字 🔬"),
                ("sample-member", "member-2", "sample-leader", "sample-private"),
                ("root", "omero", "sample-loner", "sample-read-only"),
                ("root", "omero", "nobody", nil),
            ] as [(String, String, String, String?)] {
                let (answer, happened) = try await ask(user, password, target, group)
                #expect((answer == .yes) == happened, "\(user) as \(target) in \(group ?? "-"): \(answer)")
            }
        }
    }

    @Test func `users and groups are made, changed, and taken apart again`() async throws {
        try await OMEROServer.withServer { server in
            try await server.withRoot { root in
                let group = try await root.createGroup(named: "lab", level: .readOnly, description: "The lab")
                let second = try await root.createGroup(named: "other")
                var new = NewUser(name: "ami", firstName: "Ami", lastName: "Lab")
                new.email = "ami@example.org"
                let id = try await root.createUser(new, password: "secret-1", group: group)
                let made = try await root.user(id)
                #expect(made.fullName == "Ami Lab")
                #expect(made.isActive == true)

                try await root.updateUser(id) { $0.lastName = "Changed" }
                try await root.addUser(id, toGroups: [second])
                try await root.addLeaders([id], toGroup: second)
                let members = try await root.group(second)
                #expect(members.leaders == [id])
                try await root.removeLeaders([id], fromGroup: second)
                try await root.setDefaultGroup(second, ofUser: id)
                let start = try await root.defaultGroup(ofUser: id)
                #expect(start.id == second)
                try await root.setPermissions(.readAnnotate, ofGroup: group)
                try await root.updateGroup(group) { $0.name = "lab 2" }
                let changed = try await root.group(group)
                #expect(changed.level == .readAnnotate)
                #expect(changed.name == "lab 2")

                let configuration = server.gatewayConfiguration(.password(user: "ami", "secret-1"))
                try await BlitzGateway.withConnection(configuration) { ami in
                    try await ami.changePassword(from: "secret-1", to: "secret-2")
                    try await ami.updateUser(id) { $0.institution = "Institute" }
                    let refused = await failure { _ = try await ami.createGroup(named: "mine") }
                    #expect(refused?.kind == .noPermission)
                }
                let old = await failure { _ = try await BlitzGateway.connect(configuration) }
                #expect(old?.kind == .wrongUserOrPassword)
                try await root.setActive(false, ofUser: id)
                let inactive = try await root.user(id)
                #expect(inactive.isActive == false)

                let admin = try await root.createRestrictedAdministrator(
                    NewUser(name: "helper", firstName: "H", lastName: "E"), password: "helper-1",
                    privileges: [.modifyUser, .sudo])
                let privileges = try await root.privileges(ofUser: admin)
                #expect(privileges == [.modifyUser, .sudo])
                try await root.setPrivileges([.readSession], ofUser: admin)
                let fewer = try await root.privileges(ofUser: admin)
                #expect(fewer == [.readSession])
            }
        }
    }
}
