import OMEROAccess
import OMEROModel
import Testing

@Suite("Changes of stored objects")
struct AuthorizationTests {
    private func refused(_ caller: Caller, _ action: Permissions.Action, _ object: ObjectFacts) -> AccessRefusal? {
        refusal { () throws(AccessRefusal) in try caller.authorize(action, on: object) }
    }

    @Test("an object of another group than the call's is out of reach, each operation in its own words")
    func otherGroup() {
        let object = Fixture.object(in: .readWriteGroup, group: 20)
        for account in [Fixture.member(Fixture.ownerID), Fixture.member(), Fixture.admin(Privilege.all)] {
            let caller = Fixture.caller(account, in: .readWriteGroup)
            #expect(
                refused(caller, .edit, object)
                    == AccessRefusal(
                        .securityViolation, "Currently logged into group 10. Cannot alter object in group 20"))
            for action in [Permissions.Action.link, .annotate] {
                #expect(refused(caller, action, object)?.kind == .groupSecurityViolation)
                #expect(refused(caller, action, object)?.message.hasPrefix("MIXED GROUP: ") == true)
            }
            for action in [Permissions.Action.delete, .chgrp, .chown] {
                #expect(
                    refused(caller, action, object) == AccessRefusal(.securityViolation, "Cannot read Dataset:5"))
            }
        }
    }

    @Test("what is common may be linked from everywhere, but not changed")
    func common() {
        let object = Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)
        let system = Fixture.object(in: .privateGroup, group: BuiltIn.systemGroup)
        let owner = Fixture.caller(Fixture.member(Fixture.ownerID), in: .readOnlyGroup)
        #expect(refused(owner, .link, object) == nil && refused(owner, .annotate, object) == nil)
        #expect(refused(owner, .link, system) == nil)
        #expect(
            refused(owner, .edit, object)
                == AccessRefusal(
                    .securityViolation, "Currently logged into group 10. Cannot alter object in group 1"))
    }

    @Test("an update that is not allowed says so; where members can't see each other it is the group's")
    func edits() {
        let object = Fixture.object(in: .readOnlyGroup)
        #expect(
            refused(Fixture.caller(Fixture.member(), in: .readOnlyGroup), .edit, object)
                == AccessRefusal(.securityViolation, "Updating Dataset:5 not allowed."))
        #expect(
            refused(Fixture.caller(Fixture.admin([]), in: .privateGroup), .edit, Fixture.object(in: .privateGroup))
                == AccessRefusal(.groupSecurityViolation, "Updating Dataset:5 not allowed."))
        #expect(
            refused(Fixture.caller(Fixture.member(), in: .readOnlyGroup), .edit, ObjectFacts(.format, id: 1))
                == AccessRefusal(.securityViolation, "Updating Format:1 not allowed."))
    }

    @Test("links that are not allowed name the group's permissions, or its readers")
    func links() {
        let member = Fixture.caller(Fixture.member(), in: .readOnlyGroup)
        #expect(
            refused(member, .annotate, Fixture.object(in: .readOnlyGroup))
                == AccessRefusal(.securityViolation, "Group is rwr---. Cannot link to object: Dataset:5"))
        let admin = Fixture.caller(Fixture.admin(Privilege.all), in: .privateGroup)
        #expect(
            refused(admin, .annotate, Fixture.object(in: .privateGroup))?.kind == .readOnlyGroupSecurityViolation)
    }

    @Test(
        "owner, group, creation and external info are changed with a privilege only", arguments: ChangedDetail.allCases)
    func details(detail: ChangedDetail) throws {
        let object = Fixture.object(in: .readOnlyGroup)
        let owner = Fixture.caller(Fixture.member(Fixture.ownerID), in: .readOnlyGroup)
        try owner.authorizeUpdate(of: object)
        for account in [Fixture.member(Fixture.ownerID), Fixture.leader()] {
            let refusal = refusal { () throws(AccessRefusal) in
                try Fixture.caller(account, in: .readOnlyGroup).authorizeUpdate(of: object, changing: [detail])
            }
            #expect(refusal?.kind == .securityViolation)
            #expect(refusal?.message.contains("not authorized to change the \(detail.rawValue)") == true)
        }
        for account in [Fixture.admin(Privilege.all), Fixture.admin([.writeOwned])] {
            try Fixture.caller(account, in: .readOnlyGroup).authorizeUpdate(of: object, changing: [detail])
        }
    }

    @Test(
        "an update must come from the stored revision, as far as the client says from which",
        arguments: [
            (Revision(version: 3, updateEventID: 7), true), (Revision(), true), (Revision(version: 2), false),
            (Revision(version: 4), true), (Revision(updateEventID: 7), true), (Revision(updateEventID: 8), false),
            (Revision(version: 3, updateEventID: 6), false),
        ]
    )
    func revisions(sent: Revision, isFresh: Bool) {
        let refusal = refusal { () throws(AccessRefusal) in
            try Revision(version: 3, updateEventID: 7).authorizeUpdate(from: sent, of: "Dataset:5")
        }
        #expect(refusal?.kind == (isFresh ? nil : .optimisticLock))
        #expect(refusal?.message.contains("reload") ?? true)
    }
}
