import OMEROAccess
import OMEROModel
import Testing

@Suite("The context of a call")
struct CallContextTests {
    private let session = SessionContext(groupID: 20)

    private func evaluate(
        _ keys: [String: String], _ identity: Identity, group: GroupFacts? = nil, share: ShareFacts? = nil
    ) throws(AccessRefusal) -> Caller {
        let context = CallContext(keys)
        let found =
            context.neededGroupID(session: session) == 20 && group == nil
            ? Fixture.groupFacts(.readWriteGroup, id: 20) : group
        return try context.caller(identity, session: session, group: found, share: share)
    }

    @Test(
        "what is no number is ignored",
        arguments: [
            "", " ", "my group", "1 ", " 1", "1.0", "1e3", "0x10", "--1", "10; DROP TABLE session", "\u{0}10", "٣",
            "9223372036854775808", "-9223372036854775809", "NaN", "+", "-", String(repeating: "9", count: 1_000_000),
        ]
    )
    func rubbish(value: String) throws {
        let keys = ["omero.group": value, "omero.user": value, "omero.share": value]
        #expect(CallContext(keys) == CallContext())
        let caller = try evaluate(keys, Identity(Fixture.member()))
        #expect(caller.group.id == 20 && caller.actsFor == nil && caller.shareID == nil)
    }

    @Test("numbers are read as OMERO reads them")
    func numbers() {
        #expect(CallContext(["omero.group": "10"]).groupID == 10)
        #expect(CallContext(["omero.group": "+10"]).groupID == 10)
        #expect(CallContext(["omero.group": "-1"]).groupID == -1)
        #expect(CallContext(["omero.user": "007"]).userID == 7)
        #expect(CallContext(["omero.share": "9223372036854775807"]).shareID == .max)
        #expect(CallContext(["OMERO.GROUP": "10", "group": "10"]) == CallContext())
    }

    @Test("without a group the session's counts, and any negative number means all groups")
    func groups() throws {
        let member = Identity(Fixture.member())
        #expect(try evaluate([:], member).group.id == 20)
        #expect(try evaluate(["omero.group": "-1"], member).group == .all)
        #expect(try evaluate(["omero.group": "-99"], member).group == .all)
        let facts = Fixture.groupFacts(.privateGroup)
        #expect(try evaluate(["omero.group": "10"], member, group: facts).group == .one(facts))
    }

    @Test("a group takes membership, an administrator, or a world that may read", arguments: Fixture.levels)
    func membership(level: (name: String, permissions: Permissions)) throws {
        let facts = Fixture.groupFacts(level.permissions)
        let keys = ["omero.group": "10"]
        for account in [Fixture.member(), Fixture.leader(), Fixture.admin([]), Fixture.admin(Privilege.all)] {
            #expect(try evaluate(keys, Identity(account), group: facts).group == .one(facts))
        }
        let refusal = refusal { () throws(AccessRefusal) in
            _ = try evaluate(keys, Identity(Fixture.stranger()), group: facts)
        }
        let expected = AccessRefusal(.securityViolation, "User 101 is not a member of group 10 and cannot login")
        #expect(refusal == (level.name == "rwr-r-" ? nil : expected))
    }

    @Test("a session whose group its user has left fails in every call that is in it, but not in all groups")
    func leftGroup() throws {
        let identity = Identity(Fixture.account(memberOf: [10, 1]))
        #expect(throws: AccessRefusal(.securityViolation, "User 101 is not a member of group 20 and cannot login")) {
            try evaluate([:], identity)
        }
        #expect(try evaluate(["omero.group": "-1"], identity).group == .all)
    }

    @Test("a group that does not exist is refused, to administrators too")
    func unknownGroup() {
        for account in [Fixture.member(), Fixture.admin(Privilege.all)] {
            #expect(throws: AccessRefusal(.apiUsage, "No such group: 99")) {
                try evaluate(["omero.group": "99"], Identity(account))
            }
        }
    }

    @Test("administrators may act for others, of whatever privileges; anybody may name himself")
    func users() throws {
        #expect(try evaluate(["omero.user": "101"], Identity(Fixture.member())).actsFor == nil)
        #expect(try evaluate(["omero.user": "100"], Identity(Fixture.admin([]))).actsFor == 100)
        #expect(
            throws: AccessRefusal(
                .securityViolation, "User 101 is not an admin and so cannot set uid to 100")
        ) {
            try evaluate(["omero.user": "100"], Identity(Fixture.leader()))
        }
    }

    @Test("the share is checked first, then the user, then the group")
    func order() {
        let identity = Identity(Fixture.stranger())
        func message(_ keys: [String: String]) -> String? {
            refusal { () throws(AccessRefusal) in
                _ = try evaluate(keys, identity, group: Fixture.groupFacts(.privateGroup))
            }?.message
        }
        #expect(
            message(["omero.share": "3", "omero.user": "100", "omero.group": "10"])
                == "User 101 cannot access share 3")
        #expect(
            message(["omero.user": "100", "omero.group": "10"])
                == "User 101 is not an admin and so cannot set uid to 100")
        #expect(message(["omero.group": "10"]) == "User 101 is not a member of group 10 and cannot login")
    }

    @Test("a share is for its owner, its members and administrators; with it, user and group are ignored")
    func shares() throws {
        let keys = ["omero.share": "3", "omero.user": "100", "omero.group": "10"]
        let others = ShareFacts(id: 3, ownerID: 7, memberIDs: [8])
        let own = ShareFacts(id: 3, ownerID: 101, memberIDs: [])
        let member = ShareFacts(id: 3, ownerID: 7, memberIDs: [101])
        let refused = AccessRefusal(.securityViolation, "User 101 cannot access share 3")
        for (account, share) in [
            (Fixture.stranger(), own), (Fixture.stranger(), member), (Fixture.admin([]), others),
        ] {
            let caller = try evaluate(keys, Identity(account), group: sessionGroup, share: share)
            #expect(caller.shareID == 3 && caller.actsFor == nil && caller.group == .one(sessionGroup))
        }
        #expect(throws: refused) { try evaluate(keys, Identity(Fixture.leader()), share: others) }
        #expect(throws: refused) { try evaluate(keys, Identity(Fixture.admin(Privilege.all)), share: nil) }
    }

    private let admins = Fixture.admin([], also: [20])
    private let sessionGroup = Fixture.groupFacts(.readWriteGroup, id: 20)

    @Test("a share that the session has switched to stays until a call names another")
    func sessionShare() throws {
        let session = SessionContext(groupID: 20, shareID: 3)
        let identity = Identity(Fixture.member())
        #expect(try CallContext().caller(identity, session: session, group: sessionGroup).shareID == 3)
        let other = ShareFacts(id: 4, ownerID: 101, memberIDs: [])
        let call = CallContext(["omero.share": "4"])
        #expect(try call.caller(identity, session: session, group: sessionGroup, share: other).shareID == 4)
    }

    @Test("the event of a call in all groups is in the first group that is not user")
    func eventGroup() throws {
        #expect(Fixture.caller(Fixture.account(memberOf: [1, 30, 20]), in: nil).eventGroupID == 30)
        #expect(Fixture.caller(Fixture.account(memberOf: [1]), in: nil).eventGroupID == nil)
        #expect(Fixture.caller(Fixture.member(), in: .privateGroup).eventGroupID == 10)
    }

    @Test("a session is switched to groups of its user, by administrators to any, and never if a leader opened it")
    func switching() throws {
        try Identity(Fixture.member()).authorizeSwitch(toGroup: 10)
        try Identity(admins).authorizeSwitch(toGroup: 99)
        #expect(throws: AccessRefusal(.securityViolation, "User 101 is not a member of group 99")) {
            try Identity(Fixture.leader()).authorizeSwitch(toGroup: 99)
        }
        let sudo = Identity(Fixture.member(), sudoer: Fixture.leader(7), limitedTo: [10])
        #expect(throws: AccessRefusal(.securityViolation, "Group-sudo session cannot change context!")) {
            try sudo.authorizeSwitch(toGroup: 10)
        }
    }
}
