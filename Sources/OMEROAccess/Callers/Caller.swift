/// The group of a call.
public enum CurrentGroup: Sendable, Hashable {
    /// The group that the call names, or else that of the session.
    case one(GroupFacts)
    /// `omero.group` is negative: all groups that the caller may see.
    case all

    /// -1 for all groups, as event contexts have it.
    public var id: Int64 {
        switch self {
        case .one(let group): group.id
        case .all: -1
        }
    }
}

/// Who calls, and in which context: everything that decisions about a call need to know of it.
///
/// It comes from ``CallContext/caller(_:session:group:share:isReadOnly:)``; decisions are its methods.
public struct Caller: Sendable, Hashable {
    /// Who the session belongs to.
    public var identity: Identity
    /// The group of the call.
    public var group: CurrentGroup
    /// Who is to own what this call makes (`omero.user`), if not the caller. The rights remain the caller's.
    public var actsFor: Int64?
    /// The share that the call sees, instead of what is in the groups.
    public var shareID: Int64?
    /// Whether the server takes no changes.
    public var isReadOnly: Bool

    public init(
        _ identity: Identity, in group: CurrentGroup, actsFor: Int64? = nil, shareID: Int64? = nil,
        isReadOnly: Bool = false
    ) {
        self.identity = identity
        self.group = group
        self.actsFor = actsFor
        self.shareID = shareID
        self.isReadOnly = isReadOnly
    }

    /// The group that the event of this call has: with all groups it is the first of the user's that is not `user`.
    public var eventGroupID: Int64? {
        switch group {
        case .one(let group): group.id
        case .all: identity.memberOf.ordered.first { $0 != BuiltIn.userGroup }
        }
    }

    func isMember(of group: Int64?) -> Bool { group.map(identity.memberOf.contains) ?? false }
    func leads(_ group: Int64?) -> Bool { group.map(identity.leaderOf.contains) ?? false }
    func owns(_ object: ObjectFacts) -> Bool { object.ownerID == identity.userID }
}
