import OMEROAccess
import Testing

@Suite("Privileges of administrators")
struct PrivilegeTests {
    @Test("there are the fifteen of OMERO")
    func names() {
        #expect(
            Privilege.allCases.map(\.rawValue) == [
                "Chgrp", "Chown", "DeleteFile", "DeleteManagedRepo", "DeleteOwned", "DeleteScriptRepo", "ModifyGroup",
                "ModifyGroupMembership", "ModifyUser", "ReadSession", "Sudo", "WriteFile", "WriteManagedRepo",
                "WriteOwned", "WriteScriptRepo",
            ]
        )
    }

    @Test(
        "an entry of any value but true revokes",
        arguments: [
            ("true", true), ("TRUE", true), ("True", true), ("false", false), ("", false), ("yes", false),
            ("1", false), (" true", false),
        ]
    )
    func values(value: String, isGranted: Bool) {
        let granted = Privilege.granted(isSystemMember: true, configuration: [("AdminPrivilege:Sudo", value)])
        #expect(granted == (isGranted ? Privilege.all : Privilege.all.subtracting([.sudo])))
    }

    @Test("what is not stored is granted; other entries don't count")
    func entries() {
        let entries = [("AdminPrivilege:Nonsense", "false"), ("Sudo", "false"), ("adminprivilege:Chown", "false")]
        #expect(Privilege.granted(isSystemMember: true, configuration: []) == Privilege.all)
        #expect(Privilege.granted(isSystemMember: true, configuration: entries) == Privilege.all)
        for privilege in Privilege.allCases {
            let granted = Privilege.granted(
                isSystemMember: true, configuration: [(privilege.configurationName, "false")])
            #expect(granted == Privilege.all.subtracting([privilege]))
        }
    }

    @Test("who is not in the group system has none, whatever is stored")
    func nonMembers() {
        #expect(Privilege.granted(isSystemMember: false, configuration: []) == [])
        let account = Fixture.account(memberOf: [10, 1], privileges: Privilege.all)
        #expect(account.privileges == [] && !account.isAdmin)
        var identity = Identity(account)
        identity.privileges = Privilege.all
        #expect(!identity.has(.sudo) && !identity.isFullAdmin)
    }

    @Test("groups keep the order of membership, and each is there once")
    func groups() {
        let ids: GroupIDs = [20, 10, 20, 1]
        #expect(ids.ordered == [20, 10, 1])
        #expect(ids.contains(10) && !ids.contains(0))
        #expect(ids.shared(with: [1, 20]).ordered == [20, 1])
    }
}
