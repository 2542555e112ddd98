public import OMEROModel

/// The ids of the users and groups that every OMERO has.
public enum BuiltIn {
    /// The first user, who may do everything.
    public static let rootUser: Int64 = 0
    /// The user that nobody has to prove to be.
    public static let guestUser: Int64 = 1
    /// The group of the administrators.
    public static let systemGroup: Int64 = 0
    /// The group of all who may log in.
    public static let userGroup: Int64 = 1
    /// The group of the guest.
    public static let guestGroup: Int64 = 2

    /// The name of ``rootUser``.
    public static let rootName = "root"
    /// The name of ``guestUser``.
    public static let guestName = "guest"
    /// The name of ``systemGroup``.
    public static let systemGroupName = "system"
    /// The name of ``userGroup``.
    public static let userGroupName = "user"
    /// The name of ``guestGroup``.
    public static let guestGroupName = "guest"
}

/// A group, as far as decisions need it.
public struct GroupFacts: Sendable, Hashable {
    /// The number of the group.
    public var id: Int64
    /// What owner, members and everybody else may do in it.
    public var permissions: Permissions

    public init(id: Int64, permissions: Permissions) {
        self.id = id
        self.permissions = permissions
    }
}

/// Groups of a user in the order of membership: the default group first.
public struct GroupIDs: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// Each group once, in the order of membership.
    public let ordered: [Int64]
    /// The same groups, for looking them up.
    public let set: Set<Int64>

    public init(_ ids: some Sequence<Int64>) {
        var seen: Set<Int64> = []
        ordered = ids.filter { seen.insert($0).inserted }
        set = seen
    }

    /// The groups in this order; repeated ones count once.
    public init(arrayLiteral elements: Int64...) { self.init(elements) }

    /// Whether there is no group.
    public var isEmpty: Bool { ordered.isEmpty }
    /// Whether the group is one of them.
    public func contains(_ id: Int64) -> Bool { set.contains(id) }
    /// Those that are in `other` too, in this order.
    public func shared(with other: GroupIDs) -> GroupIDs { GroupIDs(ordered.filter(other.contains)) }
}

/// The levels of permissions that groups have.
extension Permissions {
    /// `rw----`: everybody sees only the own objects, leaders and administrators all of them.
    public static let privateGroup = Permissions(rawValue: -120)
    /// `rwr---`
    public static let readOnlyGroup = Permissions(rawValue: -56)
    /// `rwra--`
    public static let readAnnotateGroup = Permissions(rawValue: -40)
    /// `rwrw--`
    public static let readWriteGroup = Permissions(rawValue: -8)
    /// `rwr-r-`: what the group `user` has, and rows of enumerations.
    public static let publicGroup = Permissions(rawValue: -52)
    /// `------`: no rights at all.
    public static let nothing = Permissions(rawValue: -1 & ~rightsMask)

    /// The nine bits that are rights.
    static let rightsMask: Int64 = 0x777

    /// Whether both grant the same rights: all other bits, and restrictions, don't count.
    public func grantsSameRights(as other: Permissions) -> Bool {
        rawValue & Self.rightsMask == other.rawValue & Self.rightsMask
    }
}
