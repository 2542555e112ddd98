internal import GRDB

/// A row of `groupexperimentermap`: a user is in a group.
public struct MembershipRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// The group.
    public let groupID: Int64
    /// Who is in it.
    public let userID: Int64
    /// The place among the user's groups: 0 is the default group.
    public let index: Int
    /// Whether the user leads the group.
    public let isOwner: Bool
}

extension ReadTransaction {
    private static let membershipColumns = "id, parent, child, child_index, owner"

    /// The groups of a user, the default group first.
    public func memberships(ofUser id: Int64) throws -> [MembershipRecord] {
        try rows(
            "SELECT \(Self.membershipColumns) FROM groupexperimentermap WHERE child = ? ORDER BY child_index",
            [id]
        ).map(MembershipRecord.init)
    }

    /// The members of a group, by id.
    public func memberships(ofGroup id: Int64) throws -> [MembershipRecord] {
        try rows("SELECT \(Self.membershipColumns) FROM groupexperimentermap WHERE parent = ? ORDER BY child", [id])
            .map(MembershipRecord.init)
    }

    /// A user's membership in a group; nil if there is none.
    public func membership(user: Int64, group: Int64) throws -> MembershipRecord? {
        try row(
            "SELECT \(Self.membershipColumns) FROM groupexperimentermap WHERE child = ? AND parent = ?",
            [user, group]
        ).map(MembershipRecord.init)
    }

    /// The group in which a user is unless another is asked for: the one at index 0, unless that is `user`.
    public func defaultGroup(ofUser id: Int64) throws -> Int64? {
        guard let first = try memberships(ofUser: id).first, first.groupID != GroupRecord.userID else { return nil }
        return first.groupID
    }
}

extension WriteTransaction {
    /// Adds a user to groups, at the end and in that order; groups that the user is in already are skipped.
    ///
    /// `user` does not stay the default group if there is another.
    public func addMemberships(user: Int64, groups: [Int64], isOwner: Bool = false, by caller: Caller) throws {
        var present = try memberships(ofUser: user)
        var next = (present.map(\.index).max() ?? -1) + 1
        for group in groups where !present.contains(where: { $0.groupID == group }) {
            let id = try nextID("seq_groupexperimentermap")
            try insert(
                "groupexperimentermap",
                [
                    ("id", id), ("permissions", FirstRows.publicRead), ("version", 0), ("parent", group),
                    ("child", user), ("child_index", next), ("owner", isOwner),
                ]
            )
            present.append(MembershipRecord(id: id, groupID: group, userID: user, index: next, isOwner: isOwner))
            next += 1
            try log(.insert, "GroupExperimenterMap", id, by: caller)
        }
        try arrange(present, ofUser: user)
    }

    /// Removes a user from groups; those that the user isn't in are skipped.
    ///
    /// Root stays in `system` and `user`, and everybody in some group besides `user`.
    public func removeMemberships(user: Int64, groups: [Int64], by caller: Caller) throws {
        if user == UserRecord.rootID,
            groups.contains(where: { [GroupRecord.systemID, GroupRecord.userID].contains($0) })
        {
            throw StoreError(.refused("experimenter 'root' may not be removed from the 'system' or 'user' group"))
        }
        let present = try memberships(ofUser: user)
        let leaving = present.filter { groups.contains($0.groupID) }
        let staying = present.filter { !groups.contains($0.groupID) }
        guard !leaving.isEmpty else { return }
        if staying.isEmpty { throw StoreError(.refused("experimenter must remain a member of some group")) }
        if staying.allSatisfy({ $0.groupID == GroupRecord.userID }) {
            throw StoreError(
                .refused(
                    "experimenter cannot be a member of only the 'user' group, a different default group is also required"
                ))
        }
        for membership in leaving {
            try execute("DELETE FROM groupexperimentermap WHERE id = ?", [membership.id])
            try log(.delete, "GroupExperimenterMap", membership.id, by: caller)
        }
        try arrange(staying, ofUser: user)
    }

    /// Moves a group of a user to index 0.
    public func setDefaultGroup(_ group: Int64, ofUser user: Int64, by caller: Caller) throws {
        let present = try memberships(ofUser: user)
        guard let wanted = present.first(where: { $0.groupID == group }) else {
            throw StoreError(.refused("Group \(group) was not found for user \(user)"))
        }
        try arrange([wanted.id] + present.filter { $0 != wanted }.map(\.id), ofUser: user)
        try log(.update, "GroupExperimenterMap", wanted.id, by: caller)
    }

    /// Says whether a user leads a group; who isn't in it becomes a member either way.
    public func setOwner(_ isOwner: Bool, user: Int64, group: Int64, by caller: Caller) throws {
        guard let membership = try membership(user: user, group: group) else {
            return try addMemberships(user: user, groups: [group], isOwner: isOwner, by: caller)
        }
        guard membership.isOwner != isOwner else { return }
        try execute(
            "UPDATE groupexperimentermap SET owner = ?, version = ifnull(version, 0) + 1 WHERE id = ?",
            [isOwner, membership.id]
        )
        try log(.update, "GroupExperimenterMap", membership.id, by: caller)
    }

    /// Puts memberships in that order, but not `user` first if there is another.
    func arrange(_ memberships: [MembershipRecord], ofUser user: Int64) throws {
        var order = memberships
        if order.count > 1, order[0].groupID == GroupRecord.userID { order.swapAt(0, 1) }
        guard order.enumerated().contains(where: { $0.offset != $0.element.index }) else { return }
        try arrange(order.map(\.id), ofUser: user)
    }

    /// Gives memberships the indices from 0 on.
    private func arrange(_ ids: [Int64], ofUser user: Int64) throws {
        // Each index is unique at every moment, so all step aside first, as in OMERO's index triggers.
        try execute("UPDATE groupexperimentermap SET child_index = -1 - child_index WHERE child = ?", [user])
        for (index, id) in ids.enumerated() {
            try execute("UPDATE groupexperimentermap SET child_index = ? WHERE id = ?", [index, id])
        }
    }
}

extension MembershipRecord {
    fileprivate init(_ row: Row) {
        self.init(id: row[0], groupID: row[1], userID: row[2], index: row[3], isOwner: row[4])
    }
}
