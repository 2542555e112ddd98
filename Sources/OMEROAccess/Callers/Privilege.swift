/// What a light administrator may do; the raw value is the entry of OMERO's enumeration `AdminPrivilege`.
public enum Privilege: String, Sendable, Hashable, CaseIterable {
    case chgrp = "Chgrp"
    case chown = "Chown"
    case deleteFile = "DeleteFile"
    case deleteManagedRepo = "DeleteManagedRepo"
    case deleteOwned = "DeleteOwned"
    case deleteScriptRepo = "DeleteScriptRepo"
    case modifyGroup = "ModifyGroup"
    case modifyGroupMembership = "ModifyGroupMembership"
    case modifyUser = "ModifyUser"
    case readSession = "ReadSession"
    case sudo = "Sudo"
    case writeFile = "WriteFile"
    case writeManagedRepo = "WriteManagedRepo"
    case writeOwned = "WriteOwned"
    case writeScriptRepo = "WriteScriptRepo"

    /// All of them: what makes an administrator a full one.
    public static let all = Set(allCases)

    /// The name of the user's configuration entry that takes this privilege away.
    public var configurationName: String { Self.configurationPrefix + rawValue }

    private static let configurationPrefix = "AdminPrivilege:"

    /// Whose privileges these are: OMERO stores what is *revoked*, in the user's configuration. An entry of any value
    /// but `true` (the letter case does not count) revokes; without one the privilege is granted. Only members of
    /// the group `system` have any.
    public static func granted(
        isSystemMember: Bool, configuration: some Sequence<(name: String, value: String)>
    ) -> Set<Privilege> {
        guard isSystemMember else { return [] }
        var granted = all
        for (name, value) in configuration where name.hasPrefix(configurationPrefix) && value.lowercased() != "true" {
            if let revoked = Privilege(rawValue: String(name.dropFirst(configurationPrefix.count))) {
                granted.remove(revoked)
            }
        }
        return granted
    }
}
