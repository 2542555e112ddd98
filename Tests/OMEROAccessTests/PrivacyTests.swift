import OMEROAccess
import OMEROModel
import Testing

@Suite("Private fields")
struct PrivacyTests {
    private func privacy(_ account: Account, _ groups: GroupFacts...) -> ExperimenterPrivacy {
        ExperimenterPrivacy(Identity(account), groups: groups)
    }

    @Test("names become <hidden>, the rest null")
    func masks() {
        for field in [PrivateExperimenterField.omeName, .firstName, .lastName] {
            #expect(field.mask == .text("<hidden>"))
        }
        for field in [PrivateExperimenterField.middleName, .institution, .email] { #expect(field.mask == .null) }
        #expect(PrivateKeyField.sessionUUID.mask == .text("********-****-****-****-*************"))
        #expect(PrivateKeyField.nodeUUID.mask == PrivateKeyField.sessionUUID.mask)
        #expect(PrivateKeyField.nodeConnection.mask == .text("<hidden>"))
    }

    @Test("a shared group shows its members to each other if it lets members read", arguments: Fixture.levels)
    func levels(level: (name: String, permissions: Permissions)) {
        let privacy = privacy(Fixture.member(), Fixture.groupFacts(level.permissions))
        #expect(privacy.sees(100, memberOf: [10, 1]) == (level.name != "rw----"))
        #expect(!privacy.sees(100, memberOf: [30, 1]))
    }

    @Test("the group user, where everybody is, shows nobody")
    func userGroup() {
        let privacy = privacy(Fixture.stranger(), GroupFacts(id: BuiltIn.userGroup, permissions: .publicGroup))
        #expect(!privacy.sees(100, memberOf: [1]))
        #expect(privacy.sharedGroups == [])
    }

    @Test("one sees oneself, root and guest; others not")
    func everybody() {
        for account in [Fixture.stranger(), Fixture.account(BuiltIn.guestUser, memberOf: [2])] {
            let privacy = privacy(account)
            #expect(privacy.sees(account.id, memberOf: []))
            #expect(privacy.sees(BuiltIn.rootUser, memberOf: [0]) && privacy.sees(BuiltIn.guestUser, memberOf: [2]))
            #expect(!privacy.sees(100, memberOf: [10]))
        }
    }

    @Test("administrators, of whatever privileges, and leaders of any group see everybody")
    func privileged() {
        for account in [Fixture.admin([]), Fixture.admin(Privilege.all), Fixture.leader()] {
            #expect(privacy(account).seesEverybody)
            #expect(privacy(account).sees(100, memberOf: [30]))
        }
    }

    @Test("groups that the caller is not in don't count, though a store may pass them")
    func foreignGroups() {
        let privacy = privacy(Fixture.stranger(), Fixture.groupFacts(.readWriteGroup))
        #expect(!privacy.sees(100, memberOf: [10]))
    }

    @Test("as another user one sees what that user sees, within what a leader may")
    func sudo() {
        let groups = [Fixture.groupFacts(.readOnlyGroup), Fixture.groupFacts(.readOnlyGroup, id: 30)]
        let target = Fixture.account(memberOf: [10, 30, 1])
        let whole = Identity(target, sudoer: Fixture.admin(7, Privilege.all), limitedTo: nil)
        #expect(ExperimenterPrivacy(whole, groups: groups).sharedGroups == [10, 30])
        let limited = Identity(target, sudoer: Fixture.leader(7), limitedTo: [10])
        #expect(ExperimenterPrivacy(limited, groups: groups).sharedGroups == [10])
        #expect(!ExperimenterPrivacy(limited, groups: groups).seesEverybody)
    }

    @Test("keys of sessions are for their owner and for ReadSession; those of nodes for ReadSession")
    func keys() {
        let member = Fixture.caller(Fixture.member(), in: nil)
        let reader = Fixture.caller(Fixture.admin([.readSession]), in: nil)
        let light = Fixture.caller(Fixture.admin(Privilege.all.subtracting([.readSession])), in: nil)
        #expect(member.seesUUID(ofSessionOf: 101) && !member.seesUUID(ofSessionOf: 100))
        #expect(reader.seesUUID(ofSessionOf: 100) && !light.seesUUID(ofSessionOf: 100))
        #expect(reader.seesNodeKeys && !light.seesNodeKeys && !member.seesNodeKeys)
    }
}
