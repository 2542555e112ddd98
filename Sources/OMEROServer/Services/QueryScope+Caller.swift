import OMEROAccess
import OMEROStore

extension QueryScope {
    /// What a call sees, as values for statements.
    ///
    /// It is asked of the rules for each group rather than written again: what a stranger's row in the group would
    /// pass, all rows do; what only the caller's own passes, those do.
    init(_ caller: Caller, groups: [GroupFacts], privacy: ExperimenterPrivacy) {
        let filter = caller.rowFilter
        let userID = caller.identity.userID
        let kind = EntityKind("IObject")
        func passes(_ group: GroupFacts, owner: Int64) -> Bool {
            return filter.passes(
                ObjectFacts(kind, id: 0, ownerID: owner, groupID: group.id, groupPermissions: group.permissions))
        }
        var visible: Groups?
        if filter != .everything {
            // Nobody has this id.
            let whole = Set(groups.filter { passes($0, owner: -1) }.map(\.id))
            let own = Set(groups.filter { !whole.contains($0.id) && passes($0, owner: userID) }.map(\.id))
            visible = Groups(whole: whole, own: own, ownerID: userID)
        }
        let sessions = caller.sessionFilter
        self.init(
            groups: visible,
            sessionOwnerID: sessions.ownerID,
            sessionRealOwnerID: sessions.realOwnerID,
            seesNodes: caller.seesNodes,
            privacy: privacy.seesEverybody
                ? nil : Privacy(userID: userID, sharedGroups: privacy.sharedGroups),
            sessionKeysOf: caller.seesNodeKeys ? nil : userID
        )
    }
}
