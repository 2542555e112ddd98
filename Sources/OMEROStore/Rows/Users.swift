internal import GRDB
public import OMEROModel

/// A row of `experimenter`.
public struct UserRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// The name with which the user logs in; unique.
    public var name: String
    /// The given name.
    public var firstName: String
    /// Names in between.
    public var middleName: String?
    /// The family name.
    public var lastName: String
    /// Where the user works.
    public var institution: String?
    /// An address for mail.
    public var email: String?
    /// Whether a directory service manages the account.
    public var isLDAP: Bool
    /// How often it was changed: a change of another version is refused.
    public let version: Int32
    /// Of the row, as OMERO stores them.
    public let permissions: Int64

    /// The first user, who may do everything.
    public static let rootID: Int64 = 0
    /// The user that nobody has to prove to be.
    public static let guestID: Int64 = 1
}

/// A user to be made. What OMERO requires may be nil here, so that the table says what is missing.
public struct NewUser: Sendable, Hashable {
    /// The name with which the user logs in; unique.
    public var name: String?
    /// The given name.
    public var firstName: String?
    /// Names in between.
    public var middleName: String?
    /// The family name.
    public var lastName: String?
    /// Where the user works.
    public var institution: String?
    /// An address for mail.
    public var email: String?
    /// Whether a directory service manages the account.
    public var isLDAP = false
    /// Names and values in order; names may repeat.
    public var config: [NamedValue] = []

    public init(
        name: String?,
        firstName: String?,
        middleName: String? = nil,
        lastName: String?,
        institution: String? = nil,
        email: String? = nil,
        isLDAP: Bool = false,
        config: [NamedValue] = []
    ) {
        self.name = name
        self.firstName = firstName
        self.middleName = middleName
        self.lastName = lastName
        self.institution = institution
        self.email = email
        self.isLDAP = isLDAP
        self.config = config
    }
}

extension ReadTransaction {
    private static let userColumns =
        "id, omename, firstname, middlename, lastname, institution, email, ldap, ifnull(version, 0), permissions"

    /// The user of that id; nil if there is none.
    public func user(id: Int64) throws -> UserRecord? {
        try row("SELECT \(Self.userColumns) FROM experimenter WHERE id = ?", [id]).map(UserRecord.init)
    }

    /// The user who logs in with that name; nil if there is none.
    public func user(name: String) throws -> UserRecord? {
        // SQLite would look for what is before the zero byte.
        if name.utf8.contains(0) { return nil }
        return try row("SELECT \(Self.userColumns) FROM experimenter WHERE omename = ?", [name]).map(UserRecord.init)
    }

    /// All users, by id.
    public func users() throws -> [UserRecord] {
        try rows("SELECT \(Self.userColumns) FROM experimenter ORDER BY id").map(UserRecord.init)
    }

    /// The users of these ids, by id; who isn't there is left out.
    public func users(ids: [Int64]) throws -> [UserRecord] {
        try rowsByID("SELECT \(Self.userColumns) FROM experimenter WHERE id IN (%) ORDER BY id", ids)
            .map(UserRecord.init)
    }

    /// Names and values of the account, in order.
    public func userConfig(_ id: Int64) throws -> [NamedValue] { try map("config", of: "Experimenter", id: id) }

    /// The privileges of light administrators that were taken from a user: `AdminPrivilege:<name>` entries of the
    /// configuration whose value is anything but `true`.
    public func revokedPrivileges(ofUser id: Int64) throws -> Set<String> {
        Set(
            try userConfig(id).compactMap { entry in
                guard entry.name.hasPrefix(Self.privilegePrefix), entry.value.lowercased() != "true" else { return nil }
                return String(entry.name.dropFirst(Self.privilegePrefix.count))
            }
        )
    }

    static let privilegePrefix = "AdminPrivilege:"
}

extension WriteTransaction {
    /// Adds a user; memberships and the password are added separately. The account is locked until then.
    public func createUser(_ user: NewUser, by caller: Caller) throws -> Int64 {
        let id = try nextID("seq_experimenter")
        try insert(
            "experimenter",
            [
                ("id", id), ("permissions", 0), ("version", 0), ("omename", user.name), ("firstname", user.firstName),
                ("middlename", user.middleName), ("lastname", user.lastName), ("institution", user.institution),
                ("email", user.email), ("ldap", user.isLDAP),
            ]
        )
        try setMap("config", of: "Experimenter", id: id, user.config)
        try log(.insert, "Experimenter", id, by: caller)
        return id
    }

    /// Changes the names and addresses of a user, if nobody did since it was read.
    ///
    /// Root and guest keep their names, and nobody else gets one of these.
    public func updateUser(_ user: UserRecord, by caller: Caller) throws {
        guard let current = try self.user(id: user.id) else {
            throw StoreError(.notFound(entity: "Experimenter", id: user.id))
        }
        if user.name != current.name {
            let special = try users(ids: [UserRecord.rootID, UserRecord.guestID]).map(\.name)
            if special.contains(current.name) {
                throw StoreError(.refused("cannot change name of special experimenter '\(current.name)'"))
            }
            if special.contains(user.name) {
                throw StoreError(.refused("cannot change name to special experimenter '\(user.name)'"))
            }
        }
        let changed = try execute(
            """
            UPDATE experimenter SET omename = ?, firstname = ?, middlename = ?, lastname = ?, institution = ?, \
            email = ?, ldap = ?, version = ifnull(version, 0) + 1 WHERE id = ? AND ifnull(version, 0) = ?
            """,
            [
                user.name, user.firstName, user.middleName, user.lastName, user.institution, user.email, user.isLDAP,
                user.id, user.version,
            ]
        )
        if changed == 0 { throw StoreError(.changedMeanwhile(entity: "Experimenter", id: user.id)) }
        try log(.update, "Experimenter", user.id, by: caller)
    }

    /// Replaces a user's configuration. Root's privileges can't be restricted (OMERO5.4 schema, root protection).
    public func setUserConfig(_ id: Int64, _ config: [NamedValue], by caller: Caller) throws {
        let isRestriction = { (entry: NamedValue) in
            entry.name.hasPrefix(Self.privilegePrefix) && entry.value.lowercased() != "true"
        }
        if id == UserRecord.rootID, config.contains(where: isRestriction) {
            throw StoreError(.refused("cannot remove administrator privileges from the root user"))
        }
        try setMap("config", of: "Experimenter", id: id, config)
        try execute("UPDATE experimenter SET version = ifnull(version, 0) + 1 WHERE id = ?", [id])
        try log(.update, "Experimenter", id, by: caller)
    }

    /// Says which privileges a light administrator lacks; other entries of the configuration stay.
    public func setRevokedPrivileges(_ revoked: Set<String>, ofUser id: Int64, by caller: Caller) throws {
        let others = try userConfig(id).filter { !$0.name.hasPrefix(Self.privilegePrefix) }
        let entries = revoked.sorted().map { NamedValue(Self.privilegePrefix + $0, "false") }
        try setUserConfig(id, others + entries, by: caller)
    }

    /// Deletes a user with the password, memberships and configuration. Whatever else is the user's (sessions, events,
    /// data) makes the transaction fail at its end.
    public func deleteUser(_ id: Int64, by caller: Caller) throws {
        try execute("DELETE FROM password WHERE experimenter_id = ?", [id])
        try execute("DELETE FROM groupexperimentermap WHERE child = ?", [id])
        try execute("DELETE FROM experimenter_config WHERE experimenter_id = ?", [id])
        guard try execute("DELETE FROM experimenter WHERE id = ?", [id]) == 1 else {
            throw StoreError(.notFound(entity: "Experimenter", id: id))
        }
        try log(.delete, "Experimenter", id, by: caller)
    }
}

extension UserRecord {
    fileprivate init(_ row: Row) {
        self.init(
            id: row[0],
            name: row[1],
            firstName: row[2],
            middleName: row[3],
            lastName: row[4],
            institution: row[5],
            email: row[6],
            isLDAP: row[7],
            version: row[8],
            permissions: row[9]
        )
    }
}
