import OMEROAccess
import OMEROModel
import Testing

@Suite("Who may administrate")
struct AdministrationTests {
    private let neither = AccessRefusal(
        .securityViolation, "neither admin nor group-leader for the given user(s)/group(s)")

    @Test("accounts are for administrators with ModifyUser")
    func adminOfUser() throws {
        try Identity(Fixture.admin([.modifyUser])).adminOfUser()
        for account in [
            Fixture.leader(), Fixture.member(), Fixture.admin(Privilege.all.subtracting([.modifyUser])),
        ] {
            #expect(
                throws: AccessRefusal(.securityViolation, "current user is not admin for the given user(s)")
            ) {
                try Identity(account).adminOfUser()
            }
        }
    }

    @Test("a leader of any of a user's groups stands in for an administrator")
    func adminOrPiOfUser() throws {
        try Identity(Fixture.admin([.modifyUser])).adminOrPiOfUser(memberOf: [30])
        try Identity(Fixture.leader()).adminOrPiOfUser(memberOf: [30, 10])
        #expect(throws: neither) { try Identity(Fixture.leader()).adminOrPiOfUser(memberOf: [30]) }
        #expect(throws: neither) { try Identity(Fixture.admin([])).adminOrPiOfUser(memberOf: [30]) }
    }

    @Test("of groups it takes the leader of every one, or the privilege")
    func adminOrPiOfGroups() throws {
        let leader = Identity(Fixture.account(memberOf: [10, 20, 30], leaderOf: [10, 20]))
        try leader.adminOrPiOfGroups([10, 20], .modifyGroup)
        #expect(throws: neither) { try leader.adminOrPiOfGroups([10, 30], .modifyGroup) }
        #expect(throws: neither) { try leader.adminOrPiOfGroups([], .modifyGroup) }
        try Identity(Fixture.admin([.modifyGroup])).adminOrPiOfGroups([10, 30], .modifyGroup)
        #expect(throws: neither) {
            try Identity(Fixture.admin([.modifyGroup])).adminOrPiOfGroups([10], .modifyGroupMembership)
        }
    }

    @Test("for new users the group user does not count, unless it is to be the default")
    func adminOrPiOfNonUserGroups() throws {
        let leader = Identity(Fixture.leader())
        try leader.adminOrPiOfNonUserGroups(default: 10, others: [1])
        #expect(throws: neither) { try leader.adminOrPiOfNonUserGroups(default: 1, others: [10]) }
        #expect(throws: neither) { try leader.adminOrPiOfNonUserGroups(default: 10, others: [1, 0]) }
        try Identity(Fixture.admin([.modifyUser])).adminOrPiOfNonUserGroups(default: 1, others: [0])
    }

    @Test("nobody gives privileges that he has not; those the user had may stay")
    func noElevation() throws {
        let light = Identity(Fixture.admin([.chgrp, .modifyUser]))
        try light.noElevation(from: [], to: [.chgrp])
        try light.noElevation(from: [.sudo], to: [.sudo, .chgrp])
        try light.noElevation(from: Privilege.all, to: [])
        let refused = AccessRefusal(
            .securityViolation, "cannot give administrator privileges the current user lacks")
        #expect(throws: refused) { try light.noElevation(from: [], to: [.chown]) }
        #expect(throws: refused) { try light.noElevation(from: [.sudo], to: Privilege.all) }
        #expect(throws: refused) { try Identity(Fixture.leader()).noElevation(from: [], to: [.chgrp]) }
        let sudo = Identity(Fixture.admin(8, Privilege.all), sudoer: Fixture.admin(7, [.sudo]), limitedTo: nil)
        #expect(throws: refused) { try sudo.noElevation(from: [], to: [.chgrp]) }
    }

    @Test("the password of a more privileged user can't be set")
    func passwords() throws {
        let light = Identity(Fixture.admin([.modifyUser]))
        try light.authorizePasswordChange(ofUserWith: [])
        try light.authorizePasswordChange(ofUserWith: [.modifyUser])
        #expect(
            throws: AccessRefusal(
                .securityViolation, "Cannot change the password of a more privileged user.")
        ) {
            try light.authorizePasswordChange(ofUserWith: [.modifyUser, .chown])
        }
        #expect(throws: AccessRefusal.self) {
            try Identity(Fixture.leader()).authorizePasswordChange(ofUserWith: [])
        }
    }

    @Test("the permissions of a group are changed by its leaders and by ModifyGroup")
    func chmod() throws {
        let group = Fixture.groupFacts(.readOnlyGroup)
        for account in [Fixture.leader(), Fixture.admin([.modifyGroup])] {
            let identity = Identity(account)
            #expect(try identity.authorizeChmod(of: group, to: .readWriteGroup) == .change)
            #expect(try identity.authorizeChmod(of: group, to: .privateGroup) == .changeUnlessLinked)
            #expect(try identity.authorizeChmod(of: group, to: .readOnlyGroup) == .nothing)
            let refusal = refusal { () throws(AccessRefusal) in
                _ = try identity.authorizeChmod(of: group, to: .nothing)
            }
            #expect(refusal?.kind == .groupSecurityViolation)
            #expect(refusal?.message.hasPrefix("Cannot remove user read: ") == true)
        }
        for account in [Fixture.member(), Fixture.admin([.writeOwned])] {
            #expect(throws: AccessRefusal(.securityViolation, "chmod not permitted")) {
                try Identity(account).authorizeChmod(of: group, to: .readWriteGroup)
            }
        }
    }

    @Test("operations are for members of the group with the role's name")
    func roles() throws {
        try MethodRole.everybody.authorize(roles: [], session: "5")
        try MethodRole.user.authorize(roles: ["lab", "user"], session: "5")
        try MethodRole.system.authorize(roles: ["system"], session: "5")
        #expect(
            throws: AccessRefusal(
                .securityViolation, "No matching roles found in [lab, other lab] for session 5 (allowed: [user])")
        ) {
            try MethodRole.user.authorize(roles: ["lab", "other lab"], session: "5")
        }
        #expect(throws: AccessRefusal.self) { try MethodRole.system.authorize(roles: ["user"], session: "5") }
        #expect(throws: AccessRefusal.self) { try MethodRole.user.authorize(roles: ["guest"], session: "5") }
    }
}
