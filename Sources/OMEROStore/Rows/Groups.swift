internal import GRDB
public import OMEROModel

/// A row of `experimentergroup`.
public struct GroupRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// Unique among groups.
    public var name: String
    /// What the group is for.
    public var description: String?
    /// Whether a directory service manages it.
    public var isLDAP: Bool
    /// As OMERO stores them: see `Permissions`.
    public let permissions: Int64
    /// How often it was changed: a change of another version is refused.
    public let version: Int32

    /// The group of the administrators.
    public static let systemID: Int64 = 0
    /// The group of all who may log in.
    public static let userID: Int64 = 1
    /// The group of the guest.
    public static let guestID: Int64 = 2
    static let specialIDs: [Int64] = [systemID, userID, guestID]
}

/// A group to be made.
public struct NewGroup: Sendable, Hashable {
    /// Unique among groups; without one nothing is made.
    public var name: String?
    /// What the group is for.
    public var description: String?
    /// Whether a directory service manages it.
    public var isLDAP = false
    /// `rw----` unless something else is wanted.
    public var permissions: Int64 = -120
    /// Names and values in order; names may repeat.
    public var config: [NamedValue] = []

    public init(
        name: String?,
        description: String? = nil,
        isLDAP: Bool = false,
        permissions: Int64 = -120,
        config: [NamedValue] = []
    ) {
        self.name = name
        self.description = description
        self.isLDAP = isLDAP
        self.permissions = permissions
        self.config = config
    }
}

extension ReadTransaction {
    private static let groupColumns = "id, name, description, ldap, permissions, ifnull(version, 0)"

    /// The group of that id; nil if there is none.
    public func group(id: Int64) throws -> GroupRecord? {
        try row("SELECT \(Self.groupColumns) FROM experimentergroup WHERE id = ?", [id]).map(GroupRecord.init)
    }

    /// The group of that name; nil if there is none.
    public func group(name: String) throws -> GroupRecord? {
        // SQLite would look for what is before the zero byte.
        if name.utf8.contains(0) { return nil }
        return try row("SELECT \(Self.groupColumns) FROM experimentergroup WHERE name = ?", [name]).map(
            GroupRecord.init)
    }

    /// All groups, by id.
    public func groups() throws -> [GroupRecord] {
        try rows("SELECT \(Self.groupColumns) FROM experimentergroup ORDER BY id").map(GroupRecord.init)
    }

    /// The groups of these ids, by id; what isn't there is left out.
    public func groups(ids: [Int64]) throws -> [GroupRecord] {
        try rowsByID("SELECT \(Self.groupColumns) FROM experimentergroup WHERE id IN (%) ORDER BY id", ids)
            .map(GroupRecord.init)
    }

    /// Its names and values, in order.
    public func groupConfig(_ id: Int64) throws -> [NamedValue] { try map("config", of: "ExperimenterGroup", id: id) }

    /// The values that groups have for one name, in order, by group.
    public func groupConfigs(named name: String) throws -> [Int64: [String]] {
        let rows = try rows(
            """
            SELECT experimentergroup_id, value FROM experimentergroup_config WHERE name = ? \
            ORDER BY experimentergroup_id, "index"
            """,
            [name])
        return Dictionary(grouping: rows, by: { $0[0] }).mapValues { $0.map { $0[1] } }
    }
}

extension WriteTransaction {
    /// Adds a group; who makes it does not become a member.
    public func createGroup(_ group: NewGroup, by caller: Caller) throws -> Int64 {
        let id = try nextID("seq_experimentergroup")
        try insert(
            "experimentergroup",
            [
                ("id", id), ("permissions", group.permissions), ("version", 0), ("name", group.name),
                ("description", group.description), ("ldap", group.isLDAP),
            ]
        )
        try setMap("config", of: "ExperimenterGroup", id: id, group.config)
        try log(.insert, "ExperimenterGroup", id, by: caller)
        return id
    }

    /// Changes name and description, if nobody did since the group was read; permissions have
    /// ``setGroupPermissions(_:of:by:)``.
    ///
    /// `system`, `user` and `guest` keep their names, and no other group gets one of these.
    public func updateGroup(_ group: GroupRecord, by caller: Caller) throws {
        guard let current = try self.group(id: group.id) else {
            throw StoreError(.notFound(entity: "ExperimenterGroup", id: group.id))
        }
        if group.name != current.name {
            let special = try groups(ids: GroupRecord.specialIDs).map(\.name)
            if special.contains(current.name) {
                throw StoreError(.refused("cannot change name of special group '\(current.name)'"))
            }
            if special.contains(group.name) {
                throw StoreError(.refused("cannot change name to special group '\(group.name)'"))
            }
        }
        let changed = try execute(
            """
            UPDATE experimentergroup SET name = ?, description = ?, ldap = ?, version = ifnull(version, 0) + 1 \
            WHERE id = ? AND ifnull(version, 0) = ?
            """,
            [group.name, group.description, group.isLDAP, group.id, group.version]
        )
        if changed == 0 { throw StoreError(.changedMeanwhile(entity: "ExperimenterGroup", id: group.id)) }
        try log(.update, "ExperimenterGroup", group.id, by: caller)
    }

    /// Puts these names and values in place of those there are.
    public func setGroupConfig(_ id: Int64, _ config: [NamedValue], by caller: Caller) throws {
        try setMap("config", of: "ExperimenterGroup", id: id, config)
        try execute("UPDATE experimentergroup SET version = ifnull(version, 0) + 1 WHERE id = ?", [id])
        try log(.update, "ExperimenterGroup", id, by: caller)
    }

    /// Changes the permissions of a group, and only those: rows in the group keep what they have,
    /// as OMERO does it. Whether that is allowed is the caller's to know.
    public func setGroupPermissions(_ permissions: Permissions, of id: Int64, by caller: Caller) throws {
        let sql = "UPDATE experimentergroup SET permissions = ? WHERE id = ?"
        guard try execute(sql, [permissions.rawValue, id]) == 1 else {
            throw StoreError(.notFound(entity: "ExperimenterGroup", id: id))
        }
        try log(.chmod(permissions.description), "ExperimenterGroup", id, by: caller)
    }

    /// Deletes a group with its memberships. Whatever else is in it makes the transaction fail at its end.
    public func deleteGroup(_ id: Int64, by caller: Caller) throws {
        let members = try memberships(ofGroup: id).map(\.userID)
        try execute("DELETE FROM groupexperimentermap WHERE parent = ?", [id])
        for user in members { try arrange(try memberships(ofUser: user), ofUser: user) }
        try execute("DELETE FROM experimentergroup_config WHERE experimentergroup_id = ?", [id])
        guard try execute("DELETE FROM experimentergroup WHERE id = ?", [id]) == 1 else {
            throw StoreError(.notFound(entity: "ExperimenterGroup", id: id))
        }
        try log(.delete, "ExperimenterGroup", id, by: caller)
    }
}

extension GroupRecord {
    fileprivate init(_ row: Row) {
        self.init(
            id: row[0],
            name: row[1],
            description: row[2],
            isLDAP: row[3],
            permissions: row[4],
            version: row[5]
        )
    }
}
