import OMEROAccess
import Testing

@Suite("Sessions for other users")
struct SudoTests {
    private let lab = NamedGroup(id: 10, name: "lab")
    private let other = NamedGroup(id: 20, name: "other lab")

    @Test("an administrator with Sudo opens sessions in any group")
    func admins() throws {
        for privileges in [Privilege.all, [.sudo]] {
            let grant = try Identity(Fixture.admin(privileges)).authorizeSudo(in: lab)
            #expect(grant.sudoerID == 101 && grant.groups == nil)
        }
    }

    @Test("a leader opens sessions in the led groups, which the session is limited to")
    func leaders() throws {
        let leader = Identity(Fixture.account(memberOf: [10, 20, 30, 1], leaderOf: [10, 30]))
        let grant = try leader.authorizeSudo(in: lab)
        #expect(grant.sudoerID == 101 && grant.groups == [10, 30])
        #expect(
            throws: AccessRefusal(
                .securityViolation, "Group sudo is not permitted for group other lab (gid=20)")
        ) {
            try leader.authorizeSudo(in: other)
        }
    }

    @Test(
        "nobody else opens any",
        arguments: [
            Fixture.member(), Fixture.admin(Privilege.all.subtracting([.sudo])), Fixture.admin([]),
            Fixture.account(1, memberOf: [2]),
        ]
    )
    func others(account: Account) {
        #expect(
            throws: AccessRefusal(.securityViolation, "Group sudo is not permitted for group lab (gid=10)")
        ) {
            try Identity(account).authorizeSudo(in: lab)
        }
    }

    @Test("an administrator without Sudo who leads a group is a leader like any other")
    func leadingAdmin() throws {
        let account = Account(
            id: 7, name: "admin", memberOf: [0, 10, 1], leaderOf: [10],
            privileges: Privilege.all.subtracting([.sudo]))
        #expect(try Identity(account).authorizeSudo(in: lab).groups == [10])
        #expect(throws: AccessRefusal.self) { try Identity(account).authorizeSudo(in: other) }
    }

    @Test("whoever opened the first session stays the one who opened it")
    func chain() throws {
        let root = Fixture.admin(7, Privilege.all)
        let asAdmin = Identity(Fixture.admin(8, Privilege.all), sudoer: root, limitedTo: nil)
        #expect(try asAdmin.authorizeSudo(in: lab).sudoerID == 7)
        #expect(asAdmin.realOwnerID == 7 && asAdmin.userID == 8)
        #expect(Identity(root).realOwnerID == 7)
    }

    @Test("a session with limits can't open one without")
    func limits() throws {
        let asLeader = Identity(
            Fixture.account(8, memberOf: [10, 20, 1], leaderOf: [10, 20]),
            sudoer: Fixture.account(7, memberOf: [10, 20, 1], leaderOf: [10]), limitedTo: [10])
        #expect(try asLeader.authorizeSudo(in: lab).groups == [10])
        #expect(throws: AccessRefusal.self) { try asLeader.authorizeSudo(in: other) }
    }

    @Test("groups that the leader got to lead later are not for a session that was opened before")
    func recordedGroups() throws {
        let account = Fixture.account(8, memberOf: [10, 20, 1], leaderOf: [10, 20])
        let asLeader = Identity(
            account, sudoer: Fixture.account(7, memberOf: [10, 20, 1], leaderOf: [10, 20]), limitedTo: [10])
        #expect(try asLeader.authorizeSudo(in: lab).groups == [10])
        #expect(throws: AccessRefusal.self) { try asLeader.authorizeSudo(in: other) }
    }

    @Test("an administrator with Sudo becomes the user whole, but for the privileges")
    func wholeUser() {
        let target = Fixture.account(memberOf: [20, 10, 1], leaderOf: [10])
        let identity = Identity(target, sudoer: Fixture.admin(7, [.sudo]), limitedTo: nil)
        #expect(identity.memberOf.ordered == [20, 10, 1] && identity.leaderOf == [10])
        #expect(!identity.isAdmin && identity.privileges == [] && identity.sudoerID == 7)
    }

    @Test(
        "privileges are those that both have",
        arguments: [
            (Privilege.all, Privilege.all, Privilege.all),
            ([.sudo, .chgrp], Privilege.all, [.sudo, .chgrp]),
            ([.sudo, .chgrp], [.chgrp, .chown], [.chgrp]),
            (Privilege.all, [], []),
        ] as [(Set<Privilege>, Set<Privilege>, Set<Privilege>)]
    )
    func privileges(sudoer: Set<Privilege>, target: Set<Privilege>, both: Set<Privilege>) {
        let identity = Identity(Fixture.admin(8, target), sudoer: Fixture.admin(7, sudoer), limitedTo: nil)
        #expect(identity.privileges == both && identity.isAdmin)
        #expect(identity.isFullAdmin == (both == Privilege.all))
    }

    @Test("without Sudo the groups are those that both are in, and a leader does not become an administrator")
    func sharedGroups() {
        let target = Account(
            id: 8, name: "admin", memberOf: [30, 20, 10, 0, 1], leaderOf: [20, 10], privileges: Privilege.all)
        let leader = Fixture.account(7, memberOf: [10, 20, 1], leaderOf: [10])
        let identity = Identity(target, sudoer: leader, limitedTo: [10])
        #expect(identity.memberOf.ordered == [20, 10, 1], "in the user's order")
        #expect(identity.leaderOf.ordered == [10])
        #expect(!identity.isAdmin && identity.privileges == [] && !identity.has(.sudo))
    }

    @Test("between administrators without Sudo the group system is shared, so the user stays one")
    func sharedSystem() {
        let sudoer = Fixture.admin(7, [.chgrp], also: [10])
        let identity = Identity(Fixture.admin(8, Privilege.all, also: [10]), sudoer: sudoer, limitedTo: [10])
        #expect(identity.isAdmin && identity.privileges == [.chgrp])
    }

    @Test("a session that a leader opened enters none but the led groups")
    func entering() {
        let sudoer = Fixture.admin(7, [.chgrp], also: [10])
        let identity = Identity(Fixture.admin(8, Privilege.all, also: [10]), sudoer: sudoer, limitedTo: [10])
        let group = Fixture.groupFacts(.publicGroup, id: 30)
        let call = CallContext(groupID: 30)
        let refusal = refusal { () throws(AccessRefusal) in
            _ = try call.caller(identity, session: SessionContext(groupID: 10), group: group)
        }
        #expect(refusal?.kind == .securityViolation)
    }
}
