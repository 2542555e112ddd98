import OMEROModel

/// The keys of a call's context that say for whom, where and in which share it is.
///
/// What is not a number is ignored, as OMERO does: gateways leave the *name* of a group in `omero.group`.
public struct CallContext: Sendable, Hashable {
    /// `omero.group`; negative for all groups.
    public var groupID: Int64?
    /// `omero.user`
    public var userID: Int64?
    /// `omero.share`
    public var shareID: Int64?

    public init(groupID: Int64? = nil, userID: Int64? = nil, shareID: Int64? = nil) {
        self.groupID = groupID
        self.userID = userID
        self.shareID = shareID
    }

    public init(_ context: [String: String]) {
        self.init(
            groupID: context["omero.group"].flatMap { Int64($0) },
            userID: context["omero.user"].flatMap { Int64($0) },
            shareID: context["omero.share"].flatMap { Int64($0) }
        )
    }
}

/// What a session has switched to, until a call says otherwise.
public struct SessionContext: Sendable, Hashable {
    /// The group that it works in.
    public var groupID: Int64
    /// The share that it looks at; nil for none.
    public var shareID: Int64?

    public init(groupID: Int64, shareID: Int64? = nil) {
        self.groupID = groupID
        self.shareID = shareID
    }
}

/// A share, as far as decisions need it.
public struct ShareFacts: Sendable, Hashable {
    /// The number of the share, which is that of its session.
    public var id: Int64
    /// Who made the share.
    public var ownerID: Int64
    /// Who may look at it, besides its owner.
    public var memberIDs: Set<Int64>

    public init(id: Int64, ownerID: Int64, memberIDs: Set<Int64>) {
        self.id = id
        self.ownerID = ownerID
        self.memberIDs = memberIDs
    }
}

extension CallContext {
    /// The group whose facts ``caller(_:session:group:share:isReadOnly:)`` needs; nil if the call is in all groups.
    public func neededGroupID(session: SessionContext) -> Int64? {
        let id = shareID == nil ? groupID ?? session.groupID : session.groupID
        return id < 0 ? nil : id
    }

    /// The share whose facts ``caller(_:session:group:share:isReadOnly:)`` needs.
    public var neededShareID: Int64? { shareID }

    /// Who calls, and in which context; the checks come in OMERO's order.
    ///
    /// - Parameters:
    ///   - identity: whose session it is.
    ///   - session: what the session adds to the call: its group and share.
    ///   - group: that of ``neededGroupID(session:)``, nil if there is none.
    ///   - share: that of ``neededShareID``, nil if there is none.
    ///   - isReadOnly: whether the call may change nothing, whoever it is of.
    public func caller(
        _ identity: Identity, session: SessionContext, group: GroupFacts?, share: ShareFacts? = nil,
        isReadOnly: Bool = false
    ) throws(AccessRefusal) -> Caller {
        var caller = Caller(identity, in: .all, shareID: session.shareID, isReadOnly: isReadOnly)
        if let shareID {
            guard let share, share.id == shareID, identity.mayUse(share) else {
                throw .securityViolation("User \(identity.userID) cannot access share \(shareID)")
            }
            caller.shareID = shareID
        } else if let userID, userID != identity.userID {
            guard identity.isAdmin else {
                throw .securityViolation(
                    "User \(identity.userID) is not an admin and so cannot set uid to \(userID)")
            }
            caller.actsFor = userID
        }
        guard let needed = neededGroupID(session: session) else { return caller }
        guard let group, group.id == needed else { throw AccessRefusal(.apiUsage, "No such group: \(needed)") }
        guard identity.mayEnter(group) else {
            throw .securityViolation("User \(identity.userID) is not a member of group \(needed) and cannot login")
        }
        guard identity.isWithinSudoGroups(needed) else {
            throw .securityViolation("This session was opened for other groups than \(needed)")
        }
        caller.group = .one(group)
        return caller
    }
}

extension Identity {
    /// Whether a call may be in this group: every administrator's may, and everybody's if the world can read it.
    public func mayEnter(_ group: GroupFacts) -> Bool {
        memberOf.contains(group.id) || isAdmin || group.permissions[.world, .read]
    }

    func mayUse(_ share: ShareFacts) -> Bool {
        isAdmin || share.ownerID == userID || share.memberIDs.contains(userID)
    }

    /// Whether the session may be switched to another group, for all its clients and until further notice.
    public func authorizeSwitch(toGroup id: Int64) throws(AccessRefusal) {
        guard sudoGroups == nil else { throw .securityViolation("Group-sudo session cannot change context!") }
        guard memberOf.contains(id) || isAdmin else {
            throw .securityViolation("User \(userID) is not a member of group \(id)")
        }
    }
}
