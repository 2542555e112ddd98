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
}
