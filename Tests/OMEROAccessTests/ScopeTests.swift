import OMEROAccess
import OMEROModel
import Testing

@Suite("What may be done with an object: OMERO's decision, row by row")
struct ScopeTests {
    @Test("1: a server that takes no changes restricts everything, for everybody")
    func readOnly() {
        for account in [Fixture.member(Fixture.ownerID), Fixture.leader(), Fixture.admin(Privilege.all)] {
            var caller = Fixture.caller(account, in: .readWriteGroup)
            caller.isReadOnly = true
            #expect(caller.restrictions(for: Fixture.object(in: .readWriteGroup)) == Array(repeating: true, count: 6))
            var object = Fixture.object(in: .readWriteGroup)
            object.hasToken = true
            #expect(caller.allowed(on: object) == [])
        }
    }

    @Test("2: an object that the server vouches for may be linked to, and nothing else")
    func token() {
        var object = Fixture.object(in: .privateGroup)
        object.hasToken = true
        for account in [Fixture.stranger(), Fixture.member(Fixture.ownerID), Fixture.admin(Privilege.all)] {
            let caller = Fixture.caller(account, in: .privateGroup)
            #expect(caller.allowed(on: object) == .link)
            #expect(caller.restrictions(for: object) == [false, true, true, true, true, true])
        }
    }

    @Test(
        "3: where members can't see each other, who sees all may not link others' objects",
        arguments: [
            (Fixture.leader(), [.edit, .delete, .chown] as AllowedActions),
            (Fixture.admin(Privilege.all), [.edit, .delete, .chgrp, .chown] as AllowedActions),
            (Fixture.admin([.writeOwned]), .edit),
            (Fixture.leader(Fixture.ownerID), .all),
            (Fixture.admin(Fixture.ownerID, Privilege.all), .all),
        ] as [(Account, AllowedActions)]
    )
    func critical(account: Account, allowed: AllowedActions) {
        for context in [Permissions.privateGroup, nil] {
            let caller = Fixture.caller(account, in: context)
            #expect(caller.allowed(on: Fixture.object(in: .privateGroup)) == allowed)
            #expect(caller.isGraphCritical(Fixture.object(in: .privateGroup)))
        }
    }

    @Test("3: it is the group of the call that counts; in all groups it is the object's")
    func criticalContext() {
        let privateObject = Fixture.object(in: .privateGroup)
        let openObject = Fixture.object(in: .readOnlyGroup)
        let unknown = Fixture.object(in: nil)
        let leader = Fixture.leader()
        #expect(!Fixture.caller(leader, in: .readOnlyGroup).isGraphCritical(privateObject))
        #expect(Fixture.caller(leader, in: .privateGroup).isGraphCritical(openObject))
        #expect(Fixture.caller(leader, in: nil).isGraphCritical(privateObject))
        #expect(!Fixture.caller(leader, in: nil).isGraphCritical(openObject))
        #expect(Fixture.caller(leader, in: nil).isGraphCritical(unknown))
        #expect(!Fixture.caller(Fixture.member(), in: .privateGroup).isGraphCritical(privateObject))
    }

    @Test("3: neither system types nor the common space are graph critical")
    func criticalExceptions() {
        let caller = Fixture.caller(Fixture.admin(Privilege.all), in: .privateGroup)
        let user = ObjectFacts(.experimenter, id: 5)
        #expect(caller.allows(.link, on: user) && caller.allows(.annotate, on: user))
        let common = Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)
        #expect(caller.allows(.link, on: common) && caller.allows(.annotate, on: common))
    }

    @Test("4: with all fifteen privileges everything else is allowed; with fourteen it is not")
    func fullAdmin() {
        let object = Fixture.object(in: .readOnlyGroup)
        #expect(Fixture.caller(Fixture.admin(Privilege.all), in: .readOnlyGroup).restrictions(for: object) == [])
        for missing in Privilege.allCases {
            let caller = Fixture.caller(Fixture.admin(Privilege.all.subtracting([missing])), in: .readOnlyGroup)
            #expect(!caller.identity.isFullAdmin)
            #expect(caller.allows(.edit, on: object) == (missing != .writeOwned))
            #expect(caller.allows(.delete, on: object) == (missing != .deleteOwned))
            #expect(caller.allows(.chgrp, on: object) == (missing != .chgrp))
            #expect(caller.allows(.chown, on: object) == (missing != .chown))
        }
        let format = ObjectFacts(.format, id: 1)
        #expect(
            Fixture.caller(Fixture.admin(Privilege.all), in: .readOnlyGroup).allowed(on: format) == [
                .link, .edit, .delete, .annotate,
            ])
    }

    @Test("5: in the common space objects are the owner's to change, whatever their group grants")
    func commonSpace() {
        let object = Fixture.object(in: .readWriteGroup, group: BuiltIn.userGroup)
        let member = Fixture.caller(Fixture.member(), in: .readWriteGroup)
        #expect(member.allowed(on: object) == [.link, .annotate])
        let owner = Fixture.caller(Fixture.member(Fixture.ownerID), in: .readWriteGroup)
        #expect(owner.allowed(on: object) == [.link, .annotate, .edit, .delete, .chgrp])
    }

    @Test("5: directories in the common space have the rights that their group grants")
    func commonDirectory() {
        let caller = Fixture.caller(Fixture.member(), in: .readWriteGroup)
        let open = Fixture.object(
            .originalFile, in: .readWriteGroup, group: BuiltIn.userGroup, isDirectory: true)
        #expect(caller.allowed(on: open) == [.link, .annotate, .edit, .delete])
        let closed = Fixture.object(.originalFile, in: .publicGroup, group: BuiltIn.userGroup, isDirectory: true)
        #expect(caller.allowed(on: closed) == [])
    }

    @Test("5: the group of the call speaks for an object whose group is not known, unless it is the common space")
    func unknownGroup() {
        let object = Fixture.object(in: nil)
        let member = Fixture.member()
        #expect(Fixture.caller(member, in: .readAnnotateGroup).allowed(on: object) == .annotate)
        #expect(Fixture.caller(member, in: nil).allowed(on: object) == [])
        #expect(Fixture.caller(member, in: .readWriteGroup, group: BuiltIn.userGroup).allowed(on: object) == [])
    }

    @Test("6: guests change no data, not even where everybody may; system types they may refer to")
    func guest() {
        let guest = Fixture.account(BuiltIn.guestUser, memberOf: [BuiltIn.guestGroup])
        let everybody = Permissions("rwrwrw")!
        let caller = Fixture.caller(guest, in: everybody, group: BuiltIn.guestGroup)
        #expect(caller.allowed(on: Fixture.object(in: everybody, group: BuiltIn.guestGroup)) == [])
        #expect(caller.allowed(on: Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)) == [])
        #expect(caller.allowed(on: ObjectFacts(.format, id: 1)) == [.link, .annotate])
    }

    @Test(
        "7: a light administrator changes what the privilege is for",
        arguments: [
            (.dataset, .other, .writeOwned, .deleteOwned),
            (.originalFile, .managed, .writeManagedRepo, .deleteManagedRepo),
            (.originalFile, .script, .writeScriptRepo, .deleteScriptRepo),
            (.originalFile, .other, .writeFile, .deleteFile),
            (.experimenter, .other, .modifyUser, .modifyUser),
            (.experimenterGroup, .other, .modifyGroup, .modifyGroup),
            (.membership, .other, .modifyGroupMembership, .modifyGroupMembership),
        ] as [(EntityKind, RepositoryKind, Privilege, Privilege)]
    )
    func privileges(kind: EntityKind, repository: RepositoryKind, write: Privilege, delete: Privilege) {
        let object =
            kind.isSystem
            ? ObjectFacts(kind, id: 5) : Fixture.object(kind, in: .readOnlyGroup, repository: repository)
        for privilege in Privilege.allCases {
            let caller = Fixture.caller(Fixture.admin([privilege]), in: .readOnlyGroup)
            #expect(caller.allows(.edit, on: object) == (privilege == write), "\(privilege)")
            #expect(caller.allows(.delete, on: object) == (privilege == delete), "\(privilege)")
            #expect(caller.allows(.link, on: object) == (kind.isSystem || privilege == write), "\(privilege)")
            #expect(caller.allows(.annotate, on: object) == (kind.isSystem || privilege == write), "\(privilege)")
        }
    }

    @Test("7: other system types are every administrator's to change")
    func otherSystemTypes() {
        let format = ObjectFacts(.format, id: 1)
        #expect(
            Fixture.caller(Fixture.admin([]), in: .readOnlyGroup).allowed(on: format) == [
                .link, .edit, .delete, .annotate,
            ])
    }

    @Test("8: system types may be linked and annotated by all, and changed by no one else")
    func systemTypes() {
        for kind in [EntityKind.experimenter, .experimenterGroup, .membership, .format] {
            for account in [Fixture.member(), Fixture.leader(), Fixture.stranger()] {
                let caller = Fixture.caller(account, in: .privateGroup)
                #expect(caller.allowed(on: ObjectFacts(kind, id: 5)) == [.link, .annotate])
            }
        }
    }

    @Test("9: leaders may do everything in the group, but not in others")
    func leaders() {
        let caller = Fixture.caller(Fixture.leader(), in: nil)
        #expect(
            caller.allowed(on: Fixture.object(in: .readOnlyGroup)) == [.link, .annotate, .edit, .delete, .chown])
        #expect(caller.allowed(on: Fixture.object(in: .readOnlyGroup, group: 20)) == [])
    }

    @Test("10: what the group grants the world, strangers have too")
    func world() {
        let caller = Fixture.caller(Fixture.stranger(), in: nil)
        #expect(caller.allowed(on: Fixture.object(in: Permissions("rwrara")!)) == .annotate)
        #expect(
            caller.allowed(on: Fixture.object(in: Permissions("rwrwrw")!)) == [.link, .annotate, .edit, .delete])
    }

    @Test("11: owners have what the group grants users: without it nothing")
    func owners() {
        let caller = Fixture.caller(Fixture.member(Fixture.ownerID), in: nil)
        #expect(caller.allowed(on: Fixture.object(in: Permissions("r-----")!)) == .chgrp)
        #expect(caller.allowed(on: Fixture.object(in: Permissions("ra----")!)) == [.annotate, .chgrp])
        #expect(
            caller.allowed(on: Fixture.object(in: .privateGroup)) == [.link, .annotate, .edit, .delete, .chgrp])
    }

    @Test("12: members have what the group grants members")
    func members() {
        let caller = Fixture.caller(Fixture.member(), in: nil)
        #expect(caller.allowed(on: Fixture.object(in: .readOnlyGroup)) == [])
        #expect(caller.allowed(on: Fixture.object(in: .readAnnotateGroup)) == .annotate)
        #expect(caller.allowed(on: Fixture.object(in: .readWriteGroup)) == [.link, .annotate, .edit, .delete])
        #expect(caller.allowed(on: Fixture.object(in: .readWriteGroup, group: 99)) == [])
    }

    @Test("13: data in the groups system and user may be linked and annotated by all; directories in user not")
    func shared() {
        let caller = Fixture.caller(Fixture.stranger(), in: .readWriteGroup, group: 20)
        #expect(
            caller.allowed(on: Fixture.object(in: .privateGroup, group: BuiltIn.systemGroup)) == [.link, .annotate])
        #expect(
            caller.allowed(on: Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)) == [.link, .annotate])
        #expect(
            caller.allowed(
                on: Fixture.object(.originalFile, in: .publicGroup, group: BuiltIn.userGroup, isDirectory: true)) == [])
    }

    @Test("14: everything else is denied")
    func denied() {
        let caller = Fixture.caller(Fixture.stranger(), in: .readWriteGroup, group: 20)
        #expect(caller.restrictions(for: Fixture.object(in: .readWriteGroup)) == Array(repeating: true, count: 6))
    }

    @Test("under a share nothing can be changed")
    func share() {
        var caller = Fixture.caller(Fixture.admin(Privilege.all), in: .readWriteGroup)
        caller.shareID = 3
        #expect(caller.allowed(on: Fixture.object(in: .readWriteGroup)) == [])
    }

    @Test(
        "only the target classes of Chgrp2 and Chown2 change hands",
        arguments: [
            (.dataset, true, true), (.tag, true, true), (.image, true, true), (.renderingDef, true, true),
            (.originalFile, true, true), (.tagging, false, true), (.datasetImageLink, false, true),
            (EntityKind("Link"), true, true), (EntityKind("ScriptJob", ancestors: ["Job"]), true, true),
            (EntityKind("Reagent"), false, true), (.pixels, false, false), (EntityKind("Well"), false, false),
            (EntityKind("Rectangle", ancestors: ["Shape"]), false, false),
        ] as [(EntityKind, Bool, Bool)]
    )
    func targets(kind: EntityKind, chgrp: Bool, chown: Bool) {
        let object = Fixture.object(kind, in: .readWriteGroup)
        for account in [Fixture.leader(Fixture.ownerID), Fixture.admin(Privilege.all)] {
            let caller = Fixture.caller(account, in: .readWriteGroup)
            #expect(caller.allows(.chgrp, on: object) == chgrp)
            #expect(caller.allows(.chown, on: object) == chown)
        }
    }
}
