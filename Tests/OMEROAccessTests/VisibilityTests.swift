import OMEROAccess
import OMEROModel
import Testing

@Suite("Which rows a call sees")
struct VisibilityTests {
    @Test("the filter is a value that says what a statement needs")
    func values() {
        let member = Fixture.member()
        #expect(Fixture.caller(member, in: .readOnlyGroup).rowFilter == .group(10, ownedBy: nil))
        #expect(Fixture.caller(member, in: .privateGroup).rowFilter == .group(10, ownedBy: 101))
        #expect(Fixture.caller(Fixture.leader(), in: .privateGroup).rowFilter == .group(10, ownedBy: nil))
        #expect(Fixture.caller(Fixture.admin([]), in: .privateGroup).rowFilter == .group(10, ownedBy: nil))
        #expect(Fixture.caller(Fixture.admin([]), in: nil).rowFilter == .everything)
        guard case .allGroups(let all) = Fixture.caller(Fixture.leader(), in: nil).rowFilter else {
            Issue.record("not a filter for all groups")
            return
        }
        #expect(all.callerID == 101 && all.led == [10] && all.memberOf == [20, 10, 1] && all.within == nil)
    }

    @Test("in a group, rows of the common space are seen too, and of no third group", arguments: Fixture.levels)
    func oneGroup(level: (name: String, permissions: Permissions)) {
        for account in [Fixture.member(), Fixture.leader(), Fixture.admin(Privilege.all)] {
            let filter = Fixture.caller(account, in: level.permissions).rowFilter
            #expect(filter.passes(Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)))
            #expect(!filter.passes(Fixture.object(in: .publicGroup, group: 30)))
            #expect(!filter.passes(Fixture.object(in: .publicGroup, owner: 101, group: 20)))
        }
    }

    @Test("in all groups, whoever left a group sees the own rows, unless the group hides them from users")
    func formerMember() {
        let filter = Fixture.caller(Fixture.stranger(Fixture.ownerID), in: nil).rowFilter
        #expect(filter.passes(Fixture.object(in: .privateGroup)))
        #expect(!filter.passes(Fixture.object(in: Permissions("-wrw--")!)))
        #expect(!filter.passes(Fixture.object(in: .readWriteGroup, owner: 7)))
        #expect(!filter.passes(Fixture.object(in: nil)))
    }

    @Test("the row's own permissions never count, and system types are never hidden")
    func systemTypes() {
        for account in [Fixture.stranger(), Fixture.account(BuiltIn.guestUser, memberOf: [2])] {
            for permissions in [Permissions.privateGroup, nil] {
                let filter = Fixture.caller(account, in: permissions, group: 20).rowFilter
                #expect(filter.passes(ObjectFacts(.experimenter, id: 5)))
            }
        }
    }

    @Test("under a share only what is in its list is seen, by administrators too")
    func share() {
        var caller = Fixture.caller(Fixture.admin(Privilege.all), in: .readWriteGroup)
        caller.shareID = 3
        #expect(caller.rowFilter == .share(3))
        #expect(!caller.rowFilter.passes(Fixture.object(in: .readWriteGroup)))
        #expect(caller.rowFilter.passes(Fixture.object(in: .privateGroup, group: 30), isInShare: true))
    }

    @Test("a session that a leader opened sees nothing beyond the led groups and the common space")
    func sudoGroups() {
        let identity = Identity(
            Fixture.admin(Privilege.all, also: [10, 20]), sudoer: Fixture.leader(7), limitedTo: [10])
        let filter = Fixture.caller(identity, in: nil).rowFilter
        #expect(filter.passes(Fixture.object(in: .readOnlyGroup)))
        #expect(!filter.passes(Fixture.object(in: .readOnlyGroup, owner: 101, group: 20)))
        #expect(!filter.passes(Fixture.object(in: .publicGroup, group: 30)))
        #expect(filter.passes(Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)))
    }

    @Test("what is not visible is left out, null, refused or unloaded, by how it was asked for")
    func outcomes() {
        let caller = Fixture.caller(Fixture.member(), in: .privateGroup)
        let hidden = Fixture.object(in: .privateGroup)
        let refusal = AccessRefusal(.securityViolation, "Cannot read Dataset:5")
        #expect(caller.outcome(ofReading: hidden, by: .list) == .filtered)
        #expect(caller.outcome(ofReading: hidden, by: .find) == .null)
        #expect(caller.outcome(ofReading: hidden, by: .get) == .refused(refusal))
        #expect(caller.outcome(ofReading: hidden, by: .reference) == .unloaded)
        for access in ReadAccess.allCases {
            let own = Fixture.object(in: .privateGroup, owner: 101)
            #expect(caller.outcome(ofReading: own, by: access) == .visible)
        }
    }

    @Test("what is in the groups system and user can always be loaded, though system is not in lists")
    func alwaysLoadable() {
        let caller = Fixture.caller(Fixture.member(), in: .readOnlyGroup)
        let system = Fixture.object(in: .privateGroup, group: BuiltIn.systemGroup)
        let common = Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)
        #expect(caller.canLoad(system) && caller.canLoad(common))
        #expect(caller.outcome(ofReading: system, by: .list) == .filtered)
        #expect(caller.outcome(ofReading: common, by: .list) == .visible)
    }

    @Test("sessions are seen by who owns and opened them; ReadSession sees those that others opened")
    func sessions() {
        let user = Fixture.caller(Fixture.member(), in: .readOnlyGroup).sessionFilter
        #expect(user.passes(ownerID: 101, sudoerID: nil))
        #expect(!user.passes(ownerID: 100, sudoerID: nil))
        #expect(!user.passes(ownerID: 101, sudoerID: 7), "opened for the user by somebody else")

        let asUser = Identity(Fixture.member(), sudoer: Fixture.admin(7, Privilege.all), limitedTo: nil)
        let sudo = Fixture.caller(asUser, in: .readOnlyGroup).sessionFilter
        #expect(sudo.passes(ownerID: 101, sudoerID: 7))
        #expect(!sudo.passes(ownerID: 101, sudoerID: nil), "the user's genuine session")

        let light = Fixture.caller(Fixture.admin([.sudo]), in: .readOnlyGroup).sessionFilter
        #expect(light.passes(ownerID: 101, sudoerID: nil) && light.passes(ownerID: 100, sudoerID: 101))
        #expect(!light.passes(ownerID: 100, sudoerID: nil))

        let reader = Fixture.caller(Fixture.admin([.readSession]), in: .readOnlyGroup).sessionFilter
        #expect(reader.passes(ownerID: 100, sudoerID: nil) && reader.passes(ownerID: 100, sudoerID: 7))
    }

    @Test("nodes are for administrators")
    func nodes() {
        #expect(Fixture.caller(Fixture.admin([]), in: nil).seesNodes)
        #expect(!Fixture.caller(Fixture.leader(), in: nil).seesNodes)
    }

    @Test("in a group all objects but groups are sent with its permissions; in all groups each with its group's")
    func sentPermissions() {
        let member = Fixture.member()
        let one = Fixture.caller(member, in: .readAnnotateGroup)
        let all = Fixture.caller(member, in: nil)
        let stored = Permissions("rwrwrw")!
        func sent(_ caller: Caller, _ object: ObjectFacts) -> String {
            caller.permissions(toSendFor: object, stored: stored).description
        }
        let group = ObjectFacts(.experimenterGroup, id: 10)
        let user = ObjectFacts(.experimenter, id: 5)
        #expect(sent(one, Fixture.object(in: .privateGroup, group: BuiltIn.userGroup)) == "rwra--")
        #expect(sent(one, user) == "rwra--")
        #expect(sent(one, group) == "rwrwrw")
        #expect(sent(all, Fixture.object(in: .privateGroup)) == "rw----")
        #expect(sent(all, user) == "rwrwrw")
        #expect(sent(all, group) == "rwrwrw")
        #expect(sent(all, Fixture.object(in: nil, group: BuiltIn.userGroup)) == "------")
        #expect(sent(all, Fixture.object(in: .publicGroup, group: BuiltIn.userGroup)) == "rwr-r-")
    }

    @Test("restrictions are sent in the order of the actions")
    func restrictions() {
        let caller = Fixture.caller(Fixture.member(), in: .readAnnotateGroup)
        let sent = caller.permissions(toSendFor: Fixture.object(in: .readAnnotateGroup), stored: .nothing)
        #expect(sent.restrictions == [true, true, true, false, true, true])
        #expect(sent.extendedRestrictions == [])
    }

    @Test("the levels have OMERO's numbers, and all other bits don't count")
    func numbers() {
        #expect(Permissions("rw----")! == .privateGroup)
        #expect(Permissions("rwr---")! == .readOnlyGroup)
        #expect(Permissions("rwra--")! == .readAnnotateGroup)
        #expect(Permissions("rwrw--")! == .readWriteGroup)
        #expect(Permissions("rwr-r-")! == .publicGroup)
        #expect(Permissions("------")! == .nothing)
        #expect(Permissions(rawValue: 0x700).grantsSameRights(as: .privateGroup))
        #expect(!Permissions.readOnlyGroup.grantsSameRights(as: .privateGroup))
    }
}
