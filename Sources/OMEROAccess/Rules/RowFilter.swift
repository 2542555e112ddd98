import OMEROModel

/// Which rows of tables with owner and group a call sees: a value, for a store to put into its statements. It acts on
/// every table in a statement, the joined ones too.
public enum RowFilter: Sendable, Hashable {
    /// An administrator in all groups.
    case everything
    /// Rows of this group, and those of the group `user`.
    ///
    /// `ownedBy`: only this user's rows of the group, if it is not nil; those of `user` all the same.
    case group(Int64, ownedBy: Int64?)
    /// Rows of all groups, each by what its group grants.
    case allGroups(AllGroups)
    /// What is in the list of the share.
    case share(Int64)

    /// A row is visible if the caller leads its group, or owns it and the group lets users read, or is a member and
    /// the group lets members read, or the group lets the world read.
    public struct AllGroups: Sendable, Hashable {
        /// Who asks.
        public var callerID: Int64
        /// The groups that the caller leads.
        public var led: Set<Int64>
        /// The groups of the caller.
        public var memberOf: Set<Int64>
        /// If not nil, rows of other groups are never visible.
        public var within: Set<Int64>?
    }

    /// Whether it lets a row through. The row of a system type always passes: see ``SessionFilter`` and
    /// ``Caller/seesNodes`` for the exceptions.
    ///
    /// - Parameters:
    ///   - row: what is known of the row.
    ///   - isInShare: whether the list of the share has it.
    public func passes(_ row: ObjectFacts, isInShare: Bool = false) -> Bool {
        guard let rowGroup = row.groupID, !row.kind.isSystem else { return true }
        switch self {
        case .everything: return true
        case .group(let id, let owner):
            return rowGroup == BuiltIn.userGroup || (rowGroup == id && (owner == nil || owner == row.ownerID))
        case .allGroups(let caller):
            if let within = caller.within, !within.contains(rowGroup) { return false }
            if caller.led.contains(rowGroup) { return true }
            guard let permissions = row.groupPermissions else { return false }
            return permissions[.world, .read]
                || (permissions[.user, .read] && row.ownerID == caller.callerID)
                || (permissions[.group, .read] && caller.memberOf.contains(rowGroup))
        case .share: return isInShare
        }
    }
}

/// Which rows of `Session` and `Share` a call sees. A restriction that is nil does not apply.
public struct SessionFilter: Sendable, Hashable {
    /// Only sessions of this user.
    public var ownerID: Int64?
    /// Only sessions that this user opened: the sudoer if there is one, else the owner.
    public var realOwnerID: Int64?

    /// Whether it lets a session through that belongs to one user and may have been opened by another.
    public func passes(ownerID: Int64, sudoerID: Int64?) -> Bool {
        (self.ownerID.map { $0 == ownerID } ?? true) && (realOwnerID.map { $0 == sudoerID ?? ownerID } ?? true)
    }
}

extension Caller {
    /// Which rows of tables with owner and group this call sees.
    public var rowFilter: RowFilter {
        if let shareID { return .share(shareID) }
        switch group {
        case .one(let group):
            let seesAll =
                group.permissions[.group, .read] || group.permissions[.world, .read] || identity.isAdmin
                || leads(group.id)
            return .group(group.id, ownedBy: seesAll ? nil : identity.userID)
        case .all:
            if let groups = identity.sudoGroups {
                return .allGroups(
                    RowFilter.AllGroups(
                        callerID: identity.userID,
                        led: identity.isAdmin ? groups : identity.leaderOf.set,
                        memberOf: identity.memberOf.set,
                        within: groups.union([BuiltIn.userGroup])
                    )
                )
            }
            if identity.isAdmin { return .everything }
            return .allGroups(
                RowFilter.AllGroups(
                    callerID: identity.userID, led: identity.leaderOf.set, memberOf: identity.memberOf.set, within: nil)
            )
        }
    }

    /// Which rows of `Session` and `Share` this call sees: sessions that others opened for the user are theirs to see,
    /// as is, for those others, the user's own.
    public var sessionFilter: SessionFilter {
        SessionFilter(
            ownerID: identity.isAdmin ? nil : identity.userID,
            realOwnerID: identity.has(.readSession) ? nil : identity.realOwnerID
        )
    }

    /// Whether this call sees the rows of `Node`.
    public var seesNodes: Bool { identity.isAdmin }

    /// Whether the call may load an object by its id: what it sees, and always what is in the groups `system` and
    /// `user`. Sessions and nodes are for ``sessionFilter`` and ``seesNodes``.
    public func canLoad(_ object: ObjectFacts, isInShare: Bool = false) -> Bool {
        object.isInSystemGroup || object.isInUserGroup || rowFilter.passes(object, isInShare: isInShare)
    }
}

/// How a row is asked for.
public enum ReadAccess: Sendable, Hashable, CaseIterable {
    /// A query for lists or projections.
    case list
    /// A query for one object, or `find`.
    case find
    /// `get`: the object has to be there.
    case get
    /// From a row that is visible.
    case reference
}

/// What becomes of a row that is asked for.
public enum ReadOutcome: Sendable, Hashable {
    /// It is shown.
    case visible
    /// The row is left out: a left join gives null.
    case filtered
    /// The reference is sent as null.
    case null
    /// The reference is sent with its id only.
    case unloaded
    /// The call fails.
    case refused(AccessRefusal)
}

extension Caller {
    /// What becomes of an object that exists, when it is asked for.
    public func outcome(
        ofReading object: ObjectFacts, by access: ReadAccess, isInShare: Bool = false
    ) -> ReadOutcome {
        switch access {
        case .list: rowFilter.passes(object, isInShare: isInShare) ? .visible : .filtered
        case _ where canLoad(object, isInShare: isInShare): .visible
        case .find: .null
        case .get: .refused(.cannotRead(object))
        case .reference: .unloaded
        }
    }
}

extension AccessRefusal {
    static func cannotRead(_ object: ObjectFacts) -> Self { .securityViolation("Cannot read \(object.label)") }
}
