import OMEROModel

extension Caller {
    /// Whether an object that is new or changed may refer to another. Every reference has to be asked for, each end of
    /// a link too.
    ///
    /// - Parameters:
    ///   - changed: the object that has the reference; without an id it is new, of the owner and group that
    ///     ``place(_:)`` gave it.
    ///   - target: the object that it refers to.
    ///   - firstTargetGroup: in all groups, that of the first object that `changed` refers to: the others have to be of
    ///     the same.
    public func authorizeLink(
        from changed: ObjectFacts, to target: ObjectFacts, firstTargetGroup: Int64? = nil
    ) throws(AccessRefusal) {
        if changed.kind.isSystem || target.kind.isSystem { return }
        if changed.isInSystemGroup || target.isInSystemGroup { return }
        if target.isInUserGroup && !changed.isDirectory { return }

        let expected: Int64?
        let permissions: Permissions
        switch group {
        case .one(let group):
            expected = group.id
            permissions = group.permissions
        case .all:
            expected = firstTargetGroup ?? changed.groupID
            permissions = target.groupPermissions ?? .nothing
        }
        guard target.groupID == expected else {
            throw .mixedGroups(changed.label, expected, target.label, target.groupID)
        }

        if !owns(target), isGraphCritical(target) {
            // Nobody learns of another's object by what is made for its owner.
            let isForOwner = changed.id == nil && changed.ownerID == target.ownerID
            guard isForOwner else { throw .readOnlyGroup(target) }
            return
        }
        if isPrivilegedToWrite(target) || leads(target.groupID) { return }
        let role: Permissions.Role =
            if owns(target) { .user } else if isMember(of: target.groupID) { .group } else { .world }
        guard permissions[role, Self.rightNeeded(from: changed.kind, to: target.kind)] else {
            throw .cannotLink(target, in: permissions)
        }
    }

    /// The right that a reference takes on what it refers to.
    static func rightNeeded(from changed: EntityKind, to target: EntityKind) -> Permissions.Right {
        if changed.isA("RenderingDef") || target.isA("RenderingDef") { return .read }
        if changed.isA("Thumbnail"), target.isA("Pixels") { return .read }
        if changed.isAnnotationLink || (changed.isA("Roi") && target.isA("Image")) { return .annotate }
        return .write
    }
}
