import Foundation
import OMERO
import Testing

/// The same tests on every road: what holds only between our own ends holds nowhere.
@Suite(
    "The gateway on every road",
    .enabled(if: Peers.areReady, "real Ice is not prepared: eval \"$(scripts/peers)\""),
    .serialized
)
struct RoadTests {
    typealias Scenario = @Sendable (ServerAtRoad) async throws -> Void

    @Test("one suite, on each road", arguments: Road.allCases)
    func everything(_ road: Road) async throws {
        // One server for all of them: the real one takes seconds to start.
        try await road.with { server in
            for (name, scenario) in Self.scenarios {
                do {
                    try await scenario(server)
                } catch {
                    Issue.record(error, "\(name)")
                }
            }
        }
    }

    static let scenarios: [(String, Scenario)] = [
        ("a user logs in, learns who it is, and is gone after closing", loggingIn),
        ("refusals have their kinds", refusals),
        ("a session is joined, left, and ended for everyone", joiningAndLeaving),
        (
            "calls go to the group they are asked for, and the session's group can be switched and back",
            groupContexts
        ),
        ("users and groups are looked up", lookups),
        ("administrators and leaders act for others, where they may", actingForOthers),
        ("accounts are made, used, changed and deactivated", accounts),
        ("limits are changed, and a session whose time is over says so", limits),
        ("beats keep a session alive beyond its idle limit", beats),
        ("tasks in different groups share a gateway, and each gets its own answers", parallelGroups),
        ("objects are listed, paged, filtered, counted and found, with owner, group and time", objects),
    ]

    private static func loggingIn(_ server: ServerAtRoad) async throws {
        try await server.withUser("sample-member", "member-2") { gateway in
            let me = try await gateway.whoAmI()
            #expect(me.userName == "sample-member")
            #expect(me.groupName == "sample-read-annotate")
            #expect(!me.isAdmin)
            #expect(me.leaderOf.isEmpty)
            #expect(me.memberOf.count == 5)
            #expect(gateway.isEncrypted)
            #expect(gateway.serverVersion == ServerVersion("5.6.17"))
            #expect(gateway.sessionLimits.idle == .seconds(600))
            let count = try await gateway.referenceCount()
            #expect(count == 1)
        }
        try await server.withUser("root", "omero") { gateway in
            let me = try await gateway.whoAmI()
            #expect(me.isFullAdmin)
        }
        try await BlitzGateway.withConnection(server.configuration(.guest)) { gateway in
            let me = try await gateway.whoAmI()
            #expect(me.userName == "guest")
            #expect(me.groupName == "guest")
        }
    }

    private static func refusals(_ server: ServerAtRoad) async throws {
        let wrong = await failure { try await server.withUser("sample-member", "wrong") { _ in } }
        #expect(wrong?.kind == .wrongUserOrPassword)
        let unknown = await failure { try await server.withUser("nobody", "wrong") { _ in } }
        #expect(unknown?.kind == .wrongUserOrPassword)
        let inactive = await failure {
            try await server.withUser("sample-inactive", "inactive-8") { _ = try await $0.myGroups() }
        }
        #expect(inactive?.kind == .inactiveUser)
        var configuration = server.configuration("sample-loner", "loner-3")
        configuration.group = .named("no such group")
        let noGroup = await failure { _ = try await BlitzGateway.connect(configuration) }
        #expect(noGroup?.kind == .notInGroup)
        configuration.group = .named("sample-read-only")
        let foreign = await failure {
            try await BlitzGateway.withConnection(configuration) { _ = try await $0.myGroups() }
        }
        #expect(foreign?.kind == .notInGroup)
        let key = server.configuration(.sessionKey(UUID().uuidString.lowercased()))
        let noSession = await failure { _ = try await BlitzGateway.connect(key) }
        #expect(noSession?.kind == .wrongUserOrPassword || noSession?.kind == .sessionExpired)
    }

    private static func joiningAndLeaving(_ server: ServerAtRoad) async throws {
        let first = try await BlitzGateway.connect(server.configuration("sample-member", "member-2"))
        let joining = server.configuration(.sessionKey(first.sessionKey))
        try await BlitzGateway.withConnection(joining) { second in
            let count = try await second.referenceCount()
            #expect(count == 2)
            #expect(second.userName == "sample-member")
        }
        let count = try await first.referenceCount()
        #expect(count == 1)
        let mine = try await first.mySessions()
        #expect(mine.map(\.key) == [first.sessionKey])

        // Left, it is still there; ended, it is not.
        let key = first.sessionKey
        await first.close(.leave)
        try await BlitzGateway.withConnection(joining, closing: .forEveryone) { again in
            #expect(again.sessionKey == key)
        }
        let gone = await failure { _ = try await BlitzGateway.connect(joining) }
        #expect(gone != nil)
    }

    private static func groupContexts(_ server: ServerAtRoad) async throws {
        try await server.withUser("sample-member", "member-2") { gateway in
            let group = try await gateway.group(named: "sample-private")
            #expect(group.level == .privateGroup)
            let scoped = try await gateway.inGroup(group.id).whoAmI()
            #expect(scoped.groupName == "sample-private")
            let foreign = try await gateway.group(named: "sample-Gruppe 漢字 🔬").id
            let refused = await failure { _ = try await gateway.inGroup(foreign).myGroups() }
            #expect(refused?.kind == .notInGroup)
            try await gateway.switchSession(toGroup: group.id)
            let switched = try await gateway.whoAmI()
            #expect(switched.groupName == "sample-private")
            let undone = try await gateway.switchBack()
            #expect(undone)
            let back = try await gateway.whoAmI()
            #expect(back.groupName == "sample-read-annotate")
        }
    }

    private static func lookups(_ server: ServerAtRoad) async throws {
        try await server.withUser("sample-leader", "leader-1") { gateway in
            let led = try await gateway.ledGroups().map(\.name)
            #expect(Set(led) == ["sample-private", "sample-read-only", "sample-read-annotate", "sample-read-write"])
            let user = try await gateway.user(named: "sample-zoë")
            #expect(user.fullName == "Zoë 山田 🦁")
            let members = try await gateway.members(of: gateway.group(named: "sample-read-write").id).map(\.name)
            #expect(Set(members) == ["sample-leader", "sample-member", "sample-zoë"])
            let nobody = await failure { _ = try await gateway.user(named: "nobody") }
            #expect(nobody?.kind == .notFound)
            let none = await failure { _ = try await gateway.group(999_999) }
            #expect(none?.kind == .notFound)
            let start = try await gateway.defaultGroup()
            #expect(start.name == "sample-private")
            let users = try await gateway.users()
            #expect(users.count == 10)
        }
    }

    private static func actingForOthers(_ server: ServerAtRoad) async throws {
        for (user, password, target, group, expected) in [
            ("root", "omero", "sample-loner", "sample-private", true),
            ("sample-light-admin", "light-6", "sample-reader", "sample-read-only", true),
            ("sample-leader", "leader-1", "sample-member", "sample-private", true),
            ("sample-leader", "leader-1", "sample-zoë", "sample-Gruppe 漢字 🔬", false),
            ("sample-member", "member-2", "sample-leader", "sample-private", false),
        ] {
            try await server.withUser(user, password) { gateway in
                let may = try await gateway.mayAct(as: target, group: group) == .yes
                #expect(may == expected, "\(user) as \(target)")
                let error = await failure {
                    try await gateway.withUser(target, group: group, life: .seconds(30)) { other in
                        let me = try await other.whoAmI()
                        #expect(me.userName == target)
                        #expect(me.groupName == group)
                        #expect(me.sudoer?.name == user)
                    }
                }
                #expect((error == nil) == expected, "\(user) as \(target): \(error as Any)")
                if !expected { #expect(error?.kind == .noPermission) }
                let still = try await gateway.whoAmI()
                #expect(still.userName == user)
            }
        }
    }

    private static func accounts(_ server: ServerAtRoad) async throws {
        try await server.withUser("root", "omero") { root in
            let group = try await root.createGroup(named: "lab", level: .readAnnotate)
            let lab = try await root.group(group)
            #expect(lab.level == .readAnnotate)
            let id = try await root.createUser(
                NewUser(name: "ami", firstName: "Ami", lastName: "Lab"), password: "ami-1", group: group)
            try await server.withUser("ami", "ami-1") { ami in
                try await ami.updateUser(id) { $0.institution = "Institute" }
                try await ami.changePassword(from: "ami-1", to: "ami-2")
                let refused = await failure { _ = try await ami.createGroup(named: "mine") }
                #expect(refused?.kind == .noPermission)
            }
            let old = await failure { try await server.withUser("ami", "ami-1") { _ in } }
            #expect(old?.kind == .wrongUserOrPassword)
            try await root.setActive(false, ofUser: id)
            let changed = try await root.user(id)
            #expect(changed.isActive == false)
            #expect(changed.institution == "Institute")
        }
    }

    private static func limits(_ server: ServerAtRoad) async throws {
        var configuration = server.configuration("sample-member", "member-2")
        configuration.keepAlive.isEnabled = false
        let gateway = try await BlitzGateway.connect(configuration)
        try await gateway.setLimits(idle: .milliseconds(1500))
        let info = try await gateway.session()
        #expect(info.limits.idle == .milliseconds(1500))
        #expect((gateway.timeLeft.idle ?? .zero) <= .milliseconds(1500))
        try await Task.sleep(for: .milliseconds(2500))
        let error = await failure { _ = try await gateway.whoAmI() }
        #expect(error?.kind == .sessionExpired)
        let after = await failure { _ = try await gateway.whoAmI() }
        #expect(after?.kind == .sessionExpired)
        await gateway.close()
    }

    private static func beats(_ server: ServerAtRoad) async throws {
        let gateway = try await BlitzGateway.connect(server.configuration("sample-member", "member-2"))
        try await gateway.setLimits(idle: .seconds(6))
        try await Task.sleep(for: .seconds(10))
        let me = try await gateway.whoAmI()
        #expect(me.userName == "sample-member")
        await gateway.close()
    }

    private static func objects(_ server: ServerAtRoad) async throws {
        try await server.withUser("sample-member", "member-2") { gateway in
            let everywhere = gateway.inAllGroups.objects(Project.self)
            let all = try await everywhere.ordered(by: .name).all()
            let names = try all.map { try $0.name }
            #expect(all.count >= 3)
            #expect(names == names.sorted { $0.lowercased() < $1.lowercased() })
            let count = try await everywhere.count()
            #expect(count == all.count)
            let paged = try await everywhere.paged(by: 2).all().compactMap(\.id)
            #expect(paged == all.compactMap(\.id).sorted())
            let some = try await everywhere.ordered(by: .name).skipping(1).limited(to: 2).all()
            #expect(some.map(\.id) == all[1...2].map(\.id))
            #expect(all.allSatisfy { $0.ownerName?.hasPrefix("sample-") == true && $0.createdAt != nil })

            let mine = try await everywhere.ownedBy(gateway.userID).all()
            #expect(!mine.isEmpty && mine.count < all.count && mine.allSatisfy { $0.ownerID == gateway.userID })
            let first = try #require(mine.first)
            let named = try await everywhere.named(first.name).all()
            #expect(named.contains { $0.id == first.id })

            // An object in any group, and then work in its group.
            let id = try #require(first.id)
            let again = try await gateway.inAllGroups.object(Project.self, id: id)
            let there = try await gateway.inGroup(of: again).objects(Project.self).all()
            #expect(there.contains { $0.id == id } && there.allSatisfy { $0.groupID == again.groupID })
            let none = await failure { _ = try await gateway.inAllGroups.object(Project.self, id: 999_999) }
            #expect(none?.kind == .notFound)
            let nonsense = await failure { _ = try await gateway.query("select nonsense", as: Project.self) }
            #expect(nonsense?.kind == .invalidRequest)
        }
    }

    private static func parallelGroups(_ server: ServerAtRoad) async throws {
        try await server.withUser("sample-member", "member-2") { gateway in
            let groups = try await gateway.myGroups().filter { $0.name != "user" }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<64 {
                    let group = groups[number % groups.count]
                    tasks.addTask {
                        for _ in 0..<3 {
                            let me = try await gateway.inGroup(group.id).whoAmI()
                            #expect(me.groupID == group.id)
                            #expect(me.groupName == group.name)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
        }
    }
}
