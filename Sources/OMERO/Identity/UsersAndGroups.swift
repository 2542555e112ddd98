public import OMEROModel

/// A user of an OMERO server (`omero.model.Experimenter`). What the caller may not see of others is nil.
public struct User: Sendable, Hashable, Identifiable {
    public var id: Int64
    /// The log-in name.
    public var name: String
    /// The first name; empty where the server has none.
    public var firstName: String
    /// The last name; empty where the server has none.
    public var lastName: String
    /// The middle name.
    public var middleName: String?
    /// The e-mail address.
    public var email: String?
    /// The institution.
    public var institution: String?
    /// Whether LDAP answers for the user's password.
    public var isLDAP: Bool
    /// The groups, in the user's order: the first that is not `user` is the default group. Nil if they were not asked
    /// for.
    public var memberships: [Membership]?

    /// Being in a group.
    public struct Membership: Sendable, Hashable {
        /// The group's number.
        public var group: Int64
        /// The group's name; nil where the server did not send it.
        public var groupName: String?
        /// Whether the user leads the group.
        public var isLeader: Bool
    }

    /// First and last name, as far as they are there; else the log-in name.
    public var fullName: String {
        let names = [firstName, middleName ?? "", lastName].filter { !$0.isEmpty }
        return names.isEmpty ? name : names.joined(separator: " ")
    }

    /// Whether the user may log in: whoever is in the group `user`. Nil if memberships were not asked for.
    public var isActive: Bool? { memberships.map { $0.contains { $0.groupName == "user" } } }

    init(_ experimenter: Experimenter) throws {
        guard let id = experimenter.id else {
            throw GatewayError(.protocolError, "the server sent a user without an id", phase: .call)
        }
        self.id = id
        name = try experimenter.omeName
        firstName = (try? experimenter.firstName) ?? ""
        lastName = (try? experimenter.lastName) ?? ""
        middleName = try experimenter.middleName
        email = try experimenter.email
        institution = try experimenter.institution
        isLDAP = (try? experimenter.ldap) ?? false
        guard let maps = try? experimenter.groupExperimenterMap else { return }
        memberships = maps.compactMap { map in
            guard let group = try? map.parent, let id = group.id else { return nil }
            return Membership(group: id, groupName: try? group.name, isLeader: (try? map.owner) ?? false)
        }
    }
}

/// A group of an OMERO server (`omero.model.ExperimenterGroup`).
public struct Group: Sendable, Hashable, Identifiable {
    public var id: Int64
    /// The group's name, which no other has.
    public var name: String
    /// What the group is for; nil where nobody has said.
    public var description: String?
    /// What members may do with each other's data; nil where the server did not send it.
    public var permissions: Permissions?
    /// Whether LDAP answers for the members.
    public var isLDAP: Bool
    /// The members; nil if they were not asked for.
    public var members: [Member]?

    /// Somebody in a group.
    public struct Member: Sendable, Hashable {
        /// The user's number.
        public var user: Int64
        /// The log-in name; nil where the server did not send it.
        public var userName: String?
        /// First and last name; nil where the server did not send them.
        public var fullName: String?
        /// Whether the user leads the group.
        public var isLeader: Bool
    }

    /// The level of the permissions; nil where they are not known.
    public var level: PermissionLevel? { permissions.flatMap(PermissionLevel.init) }
    /// The numbers of those who lead it; empty if members were not asked for.
    public var leaders: [Int64] { (members ?? []).filter(\.isLeader).map(\.user) }

    init(_ group: ExperimenterGroup) throws {
        guard let id = group.id else {
            throw GatewayError(.protocolError, "the server sent a group without an id", phase: .call)
        }
        self.id = id
        name = try group.name
        description = try group.description
        permissions = group.details?.permissions
        isLDAP = (try? group.ldap) ?? false
        guard let maps = try? group.groupExperimenterMap else { return }
        members = maps.compactMap { map in
            guard let user = try? map.child, let id = user.id else { return nil }
            return Member(
                user: id, userName: try? user.omeName, fullName: (try? User(user))?.fullName,
                isLeader: (try? map.owner) ?? false)
        }
    }
}

/// The four levels of a group's permissions, as OMERO's manuals name them.
public enum PermissionLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    /// `rw----`: members see only what is theirs; leaders see all.
    case privateGroup = "private"
    /// `rwr---`: members see all and change only what is theirs.
    case readOnly = "read-only"
    /// `rwra--`: members see all and annotate it.
    case readAnnotate = "read-annotate"
    /// `rwrw--`: members change all.
    case readWrite = "read-write"

    /// The level that permissions amount to.
    public init?(_ permissions: Permissions) {
        switch (permissions[.group, .read], permissions[.group, .annotate], permissions[.group, .write]) {
        case (false, _, _): self = .privateGroup
        case (true, _, true): self = .readWrite
        case (true, true, false): self = .readAnnotate
        case (true, false, false): self = .readOnly
        }
    }

    /// As OMERO writes it, such as `rwra--`.
    public var letters: String {
        switch self {
        case .privateGroup: "rw----"
        case .readOnly: "rwr---"
        case .readAnnotate: "rwra--"
        case .readWrite: "rwrw--"
        }
    }

    /// The permissions of a group of that level.
    public var permissions: Permissions {
        var result = Permissions(rawValue: 0)
        result[.user, .read] = true
        result[.user, .annotate] = true
        result[.user, .write] = true
        result[.group, .read] = self != .privateGroup
        result[.group, .annotate] = self >= .readAnnotate
        result[.group, .write] = self == .readWrite
        return result
    }

    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
