import OMEROAccess
import OMEROModel
import Testing

@Suite("References from new and changed objects")
struct LinkingTests {
    private func new(
        _ kind: EntityKind, in permissions: Permissions, owner: Int64 = Fixture.callerID, group: Int64 = 10
    ) -> ObjectFacts {
        ObjectFacts(kind, id: nil, ownerID: owner, groupID: group, groupPermissions: permissions)
    }

    private func refused(
        _ caller: Caller, _ changed: ObjectFacts, _ target: ObjectFacts, firstTargetGroup: Int64? = nil
    ) -> AccessRefusal? {
        refusal { () throws(AccessRefusal) in
            try caller.authorizeLink(from: changed, to: target, firstTargetGroup: firstTargetGroup)
        }
    }

    @Test(
        "the right that it takes depends on both ends",
        arguments: [
            (.renderingDef, .pixels, "rwr---"), (.image, .renderingDef, "rwr---"), (.thumbnail, .pixels, "rwr---"),
            (.tagging, .dataset, "rwra--"), (.roi, .image, "rwra--"), (.datasetImageLink, .dataset, "rwrw--"),
            (.thumbnail, .image, "rwrw--"), (.roi, .pixels, "rwrw--"),
        ] as [(EntityKind, EntityKind, String)]
    )
    func rights(changed: EntityKind, target: EntityKind, least: String) {
        let order = ["rwr---", "rwra--", "rwrw--"]
        for (index, level) in order.enumerated() {
            let permissions = Permissions(level)!
            let caller = Fixture.caller(Fixture.member(), in: permissions)
            let refusal = refused(
                caller, new(changed, in: permissions), Fixture.object(target, in: permissions))
            if index >= order.firstIndex(of: least)! {
                #expect(refusal == nil)
            } else {
                #expect(
                    refusal
                        == AccessRefusal(
                            .securityViolation, "Group is \(level). Cannot link to object: \(target.name):5"))
            }
        }
    }

    @Test("owners need what the group grants users, strangers what it grants the world")
    func roles() {
        let closed = Permissions("r-----")!
        let owner = Fixture.caller(Fixture.member(Fixture.ownerID), in: closed)
        #expect(refused(owner, new(.datasetImageLink, in: closed), Fixture.object(in: closed)) != nil)
        #expect(
            refused(
                Fixture.caller(Fixture.member(Fixture.ownerID), in: .privateGroup),
                new(.datasetImageLink, in: .privateGroup), Fixture.object(in: .privateGroup)) == nil)
        let stranger = Fixture.caller(Fixture.stranger(), in: .publicGroup)
        let pixels = Fixture.object(.pixels, in: .publicGroup)
        #expect(refused(stranger, new(.renderingDef, in: .publicGroup), pixels) == nil)
        #expect(refused(stranger, new(.roi, in: .publicGroup), pixels) != nil)
    }

    @Test("leaders, and administrators with the privilege for what is linked, may always")
    func supervisors() {
        let target = Fixture.object(in: .readOnlyGroup)
        let link = new(.tagging, in: .readOnlyGroup)
        for account in [Fixture.leader(), Fixture.admin([.writeOwned]), Fixture.admin(Privilege.all)] {
            #expect(refused(Fixture.caller(account, in: .readOnlyGroup), link, target) == nil)
        }
        let light = Fixture.admin([.writeFile], also: [10])
        #expect(refused(Fixture.caller(light, in: .readOnlyGroup), link, target)?.kind == .securityViolation)
    }

    @Test("where members can't see each other, another's object is linked only by what is made for its owner")
    func critical() {
        let target = Fixture.object(in: .privateGroup)
        for account in [Fixture.leader(), Fixture.admin(Privilege.all)] {
            for context in [Permissions.privateGroup, nil] {
                let caller = Fixture.caller(account, in: context)
                let refusal = refused(caller, new(.tagging, in: .privateGroup), target)
                #expect(refusal?.kind == .readOnlyGroupSecurityViolation)
                #expect(refusal?.message.hasPrefix("Cannot link to Dataset:5") == true)
                let forOwner = new(.tagging, in: .privateGroup, owner: Fixture.ownerID)
                #expect(refused(caller, forOwner, target) == nil)
                let stored = Fixture.object(.datasetImageLink, in: .privateGroup)
                #expect(refused(caller, stored, target)?.kind == .readOnlyGroupSecurityViolation)
                let own = Fixture.object(in: .privateGroup, owner: 101)
                #expect(refused(caller, new(.tagging, in: .privateGroup), own) == nil)
            }
        }
    }

    @Test("groups are not mixed")
    func mixed() {
        let target = Fixture.object(in: .readWriteGroup, group: 20)
        let link = new(.datasetImageLink, in: .readWriteGroup)
        let expected = AccessRefusal(
            .groupSecurityViolation,
            "MIXED GROUP: DatasetImageLink(group=10) and Dataset:5(group=20) cannot be linked.")
        for account in [Fixture.member(), Fixture.admin(Privilege.all)] {
            #expect(refused(Fixture.caller(account, in: .readWriteGroup), link, target) == expected)
            #expect(
                refused(Fixture.caller(account, in: nil), link, target, firstTargetGroup: 10) == expected)
            #expect(refused(Fixture.caller(account, in: nil), link, target, firstTargetGroup: 20) == nil)
            #expect(refused(Fixture.caller(account, in: nil), link, target) == expected)
        }
    }

    @Test("system types, the group system and the common space are free to refer to; directories are not")
    func skipped() {
        let caller = Fixture.caller(Fixture.member(), in: .privateGroup)
        let dataset = new(.dataset, in: .privateGroup)
        #expect(refused(caller, dataset, ObjectFacts(.format, id: 1)) == nil)
        #expect(refused(caller, new(EntityKind("X", isSystem: true), in: .privateGroup), dataset) == nil)
        let system = Fixture.object(in: .privateGroup, group: BuiltIn.systemGroup)
        #expect(refused(caller, dataset, system) == nil && refused(caller, system, dataset) == nil)
        let common = Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)
        #expect(refused(caller, dataset, common) == nil)
        var directory = new(.originalFile, in: .privateGroup)
        directory.isDirectory = true
        #expect(refused(caller, directory, common)?.kind == .groupSecurityViolation)
    }
}
