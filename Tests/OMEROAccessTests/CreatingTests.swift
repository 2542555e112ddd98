import OMEROAccess
import OMEROModel
import Testing

@Suite("New objects")
struct CreatingTests {
    private func refused(_ caller: Caller, _ new: NewObject) -> AccessRefusal? {
        refusal { () throws(AccessRefusal) in _ = try caller.place(new) }
    }

    private let setOwner = AccessRefusal(
        .securityViolation, "You are not authorized to set the Experimenter of Dataset to 100")
    private let create = AccessRefusal(.securityViolation, "You are not authorized to create Dataset")
    private func setGroup(_ id: Int64) -> AccessRefusal {
        AccessRefusal(.securityViolation, "You are not authorized to set the ExperimenterGroup of Dataset to \(id)")
    }

    @Test("a new object is the caller's, in the group of the call, with its permissions", arguments: Fixture.levels)
    func plain(level: (name: String, permissions: Permissions)) throws {
        let facts = Fixture.groupFacts(level.permissions)
        for account in [Fixture.member(), Fixture.leader(), Fixture.admin(Privilege.all), Fixture.admin([.writeOwned])]
        {
            let placement = try Fixture.caller(account, in: level.permissions).place(NewObject(.dataset))
            #expect(placement == Placement(ownerID: 101, group: facts))
        }
        for account in [Fixture.stranger(), Fixture.admin([]), Fixture.admin([.writeFile, .deleteOwned])] {
            #expect(refused(Fixture.caller(account, in: level.permissions), NewObject(.dataset)) == create)
        }
    }

    @Test("for others it takes the privilege to write, whether they are named in the details or in the call")
    func owners() throws {
        for account in [Fixture.admin(Privilege.all), Fixture.admin([.writeOwned])] {
            var caller = Fixture.caller(account, in: .readOnlyGroup)
            #expect(try caller.place(NewObject(.dataset, ownerID: 100))?.ownerID == 100)
            caller.actsFor = 100
            #expect(try caller.place(NewObject(.dataset))?.ownerID == 100)
            #expect(try caller.place(NewObject(.dataset, ownerID: 101))?.ownerID == 101)
        }
        for account in [Fixture.member(), Fixture.leader(), Fixture.admin([.writeFile], also: [10])] {
            var caller = Fixture.caller(account, in: .readOnlyGroup)
            #expect(try caller.place(NewObject(.dataset, ownerID: 101))?.ownerID == 101)
            #expect(refused(caller, NewObject(.dataset, ownerID: 100)) == setOwner)
            caller.actsFor = 100
            #expect(refused(caller, NewObject(.dataset)) == setOwner)
        }
    }

    @Test(
        "files take the privilege of their repository",
        arguments: [
            (.managed, .writeManagedRepo), (.script, .writeScriptRepo), (.other, .writeFile),
        ] as [(RepositoryKind, Privilege)]
    )
    func files(repository: RepositoryKind, privilege: Privilege) {
        for candidate in Privilege.allCases {
            let caller = Fixture.caller(Fixture.admin([candidate]), in: .readOnlyGroup)
            let file = NewObject(.originalFile, repository: repository, ownerID: 100)
            #expect((refused(caller, file) == nil) == (candidate == privilege))
        }
    }

    @Test("in a group, another can't be named, but for the common space by a privileged caller")
    func groups() throws {
        let other = Fixture.groupFacts(.readWriteGroup, id: 20)
        let user = Fixture.groupFacts(.publicGroup, id: BuiltIn.userGroup)
        let same = Fixture.groupFacts(.readOnlyGroup)
        let member = Fixture.caller(Fixture.member(), in: .readOnlyGroup)
        #expect(try member.place(NewObject(.dataset, group: same))?.group == same)
        #expect(refused(member, NewObject(.dataset, group: other)) == setGroup(20))
        #expect(refused(member, NewObject(.dataset, group: user)) == setGroup(1))
        let admin = Fixture.caller(Fixture.admin(Privilege.all), in: .readOnlyGroup)
        #expect(try admin.place(NewObject(.dataset, group: user))?.group == user)
        #expect(refused(admin, NewObject(.dataset, group: other)) == setGroup(20))
        let light = Fixture.caller(Fixture.admin([]), in: .readOnlyGroup)
        #expect(refused(light, NewObject(.dataset, group: same)) == create)
        #expect(refused(light, NewObject(.dataset, group: user)) == setGroup(1))
    }

    @Test("in all groups members and privileged callers name one, or it is that of what is linked")
    func allGroups() throws {
        let facts = Fixture.groupFacts(.readOnlyGroup)
        for account in [Fixture.member(), Fixture.admin([.writeOwned])] {
            let caller = Fixture.caller(account, in: nil)
            #expect(try caller.place(NewObject(.dataset, group: facts))?.group == facts)
            #expect(try caller.place(NewObject(.dataset, firstLinkedGroup: facts))?.group == facts)
        }
        for account in [Fixture.stranger(), Fixture.admin([])] {
            let caller = Fixture.caller(account, in: nil)
            #expect(refused(caller, NewObject(.dataset, group: facts)) == setGroup(10))
            #expect(refused(caller, NewObject(.dataset, firstLinkedGroup: facts)) == create)
        }
    }

    @Test("in all groups an object that says nothing of its group is refused")
    func noGroup() {
        let refusal = refused(Fixture.caller(Fixture.admin(Privilege.all), in: nil), NewObject(.dataset))
        #expect(refusal?.kind == .apiUsage)
        #expect(refusal?.message.contains("DUMMY permissions") == true)
    }

    @Test(
        "strangers make in a group what it lets the world: read for display, annotate for annotation links, else write",
        arguments: [
            ("rwr-r-", [.renderingDef, .thumbnail]),
            ("rwrara", [.renderingDef, .thumbnail, .tagging]),
            ("rwrwrw", [.renderingDef, .thumbnail, .tagging, .dataset]),
        ] as [(String, [EntityKind])]
    )
    func strangers(level: String, allowed: [EntityKind]) {
        let caller = Fixture.caller(Fixture.stranger(), in: Permissions(level)!)
        for kind in [EntityKind.renderingDef, .thumbnail, .tagging, .dataset] {
            #expect((refused(caller, NewObject(kind)) == nil) == allowed.contains(kind), "\(kind.name)")
        }
    }

    @Test("permissions may be echoed, not chosen; the common space takes what it gets")
    func permissions() throws {
        let admin = Fixture.caller(Fixture.admin(Privilege.all), in: .readOnlyGroup)
        var echo = Permissions(rawValue: 0x700 | 0x40, restrictions: [true], extendedRestrictions: ["X"])
        #expect(try admin.place(NewObject(.dataset, permissions: echo)) != nil)
        echo = .readWriteGroup
        #expect(refused(admin, NewObject(.dataset, permissions: echo))?.kind == .permissionMismatch)
        let user = Fixture.groupFacts(.publicGroup, id: BuiltIn.userGroup)
        #expect(try admin.place(NewObject(.dataset, group: user, permissions: echo))?.group == user)
    }

    @Test("system types are made with their privilege, by nobody else, and are nobody's")
    func systemTypes() throws {
        for (kind, privilege) in [
            (EntityKind.experimenter, Privilege.modifyUser), (.experimenterGroup, .modifyGroup),
            (.membership, .modifyGroupMembership),
        ] {
            for candidate in Privilege.allCases {
                let caller = Fixture.caller(Fixture.admin([candidate]), in: .readOnlyGroup)
                #expect((refused(caller, NewObject(kind)) == nil) == (candidate == privilege))
            }
        }
        #expect(try Fixture.caller(Fixture.admin([]), in: nil).place(NewObject(.format)) == nil)
        #expect(refused(Fixture.caller(Fixture.leader(), in: .readOnlyGroup), NewObject(.format)) != nil)
        let server = NewObject(.format, hasToken: true)
        #expect(refused(Fixture.caller(Fixture.member(), in: .readOnlyGroup), server) == nil)
    }

    @Test("guests, calls under a share and servers that take no changes make nothing")
    func nothing() {
        let guest = Fixture.account(BuiltIn.guestUser, memberOf: [2])
        let caller = Fixture.caller(guest, in: .readWriteGroup, group: 2)
        #expect(refused(caller, NewObject(.dataset)) == create)
        var admin = Fixture.caller(Fixture.admin(Privilege.all), in: .readOnlyGroup)
        admin.shareID = 3
        #expect(refused(admin, NewObject(.dataset)) == create)
        admin.shareID = nil
        admin.isReadOnly = true
        #expect(refused(admin, NewObject(.dataset)) == create)
    }

    @Test("a session that a leader opened makes nothing outside the led groups")
    func sudoGroups() {
        let identity = Identity(
            Fixture.admin(8, Privilege.all, also: [10]), sudoer: Fixture.admin(7, [.writeOwned], also: [10]),
            limitedTo: [10])
        let caller = Fixture.caller(identity, in: nil)
        #expect(refused(caller, NewObject(.dataset, group: Fixture.groupFacts(.readWriteGroup))) == nil)
        #expect(refused(caller, NewObject(.dataset, group: Fixture.groupFacts(.readWriteGroup, id: 20))) == create)
    }

    @Test(
        "paths that are not canonical are for administrators",
        arguments: [
            ("", true), ("/", true), ("/a/b/", true), ("a/b", true), ("/a/../b", false), ("..", false),
            ("./a", false), ("/a//b", false), ("/a/b/..", false), ("a/...", true), ("/a/./b", false),
        ]
    )
    func paths(path: String, isCanonical: Bool) {
        let member = Fixture.caller(Fixture.member(), in: .readOnlyGroup)
        let refusal = refusal { () throws(AccessRefusal) in try member.authorizePath(path) }
        #expect((refusal == nil) == isCanonical)
        #expect(throws: Never.self) {
            try Fixture.caller(Fixture.admin([]), in: .readOnlyGroup).authorizePath(path)
        }
    }
}
