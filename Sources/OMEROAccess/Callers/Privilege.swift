/// What a light administrator may do; the raw value is the entry of OMERO's enumeration `AdminPrivilege`.
public enum Privilege: String, Sendable, Hashable, CaseIterable {
    /// Move objects of others into other groups.
    case chgrp = "Chgrp"
    /// Give objects of others to somebody else.
    case chown = "Chown"
    /// Delete files of others that are in no repository of the server's.
    case deleteFile = "DeleteFile"
    /// Delete files of others from the managed repository.
    case deleteManagedRepo = "DeleteManagedRepo"
    /// Delete objects of others.
    case deleteOwned = "DeleteOwned"
    /// Delete official scripts.
    case deleteScriptRepo = "DeleteScriptRepo"
    /// Make and change groups.
    case modifyGroup = "ModifyGroup"
    /// Put users into groups and take them out.
    case modifyGroupMembership = "ModifyGroupMembership"
    /// Make and change users.
    case modifyUser = "ModifyUser"
    /// See the sessions of others, their keys among it.
    case readSession = "ReadSession"
    /// Open sessions for others.
    case sudo = "Sudo"
    /// Write files of others that are in no repository of the server's.
    case writeFile = "WriteFile"
    /// Write files of others in the managed repository.
    case writeManagedRepo = "WriteManagedRepo"
    /// Change objects of others, and make objects for them.
    case writeOwned = "WriteOwned"
    /// Upload and change official scripts.
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
