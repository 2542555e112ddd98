public import OMEROModel

/// What an update changes in an object's details.
public enum ChangedDetail: String, Sendable, Hashable, CaseIterable {
    /// Whose it is.
    case owner = "Experimenter"
    /// The group that it is in.
    case group = "ExperimenterGroup"
    /// When and by whom it was made.
    case creationEvent = "creation Event"
    /// What links it to something outside.
    case externalInfo = "ExternalInfo"
}

extension Caller {
    /// Whether the call may read an object that exists by its id.
    public func authorizeReading(_ object: ObjectFacts, isInShare: Bool = false) throws(AccessRefusal) {
        guard canLoad(object, isInShare: isInShare) else { throw .cannotRead(object) }
    }

    /// Whether the call may do something with a stored object: whether it is in reach from the group of the call, can
    /// be read, and ``allows(_:on:)`` it.
    public func authorize(_ action: Permissions.Action, on object: ObjectFacts) throws(AccessRefusal) {
        if case .one(let group) = group, let objectGroup = object.groupID, objectGroup != group.id {
            if action == .edit { throw .otherGroup(group.id, objectGroup) }
            if action == .link || action == .annotate, !object.isInSystemGroup, !object.isCommon {
                throw .mixedGroups("new link", group.id, object.label, objectGroup)
            }
        }
        guard canLoad(object) else { throw .cannotRead(object) }
        guard !allows(action, on: object) else { return }
        throw refusal(of: action, on: object)
    }

    /// Whether an object of the caller's reach may be updated, with what the update changes in its details.
    ///
    /// The details change hands by `Chgrp2` and `Chown2`; an update needs a privilege for it.
    public func authorizeUpdate(
        of object: ObjectFacts, changing details: Set<ChangedDetail> = []
    ) throws(AccessRefusal) {
        try authorize(.edit, on: object)
        guard !isPrivilegedToWrite(object) else { return }
        for detail in ChangedDetail.allCases where details.contains(detail) {
            throw .securityViolation("You are not authorized to change the \(detail.rawValue) of \(object.label)")
        }
    }

    private func refusal(of action: Permissions.Action, on object: ObjectFacts) -> AccessRefusal {
        let isCritical = !object.kind.isSystem && isGraphCritical(object)
        switch action {
        case .link, .annotate:
            if isCritical, !owns(object) { return .readOnlyGroup(object) }
            return .cannotLink(object, in: object.groupPermissions ?? .nothing)
        case .edit:
            let kind: AccessRefusal.Kind = isCritical ? .groupSecurityViolation : .securityViolation
            return AccessRefusal(kind, "Updating \(object.label) not allowed.")
        case .delete: return .securityViolation("Deleting \(object.label) not allowed.")
        case .chgrp: return .securityViolation("Moving \(object.label) to another group not allowed.")
        case .chown: return .securityViolation("Giving \(object.label) to another user not allowed.")
        }
    }
}

/// What tells whether an object was changed since the client read it.
public struct Revision: Sendable, Hashable {
    /// How often the object was changed; nil where the client does not say.
    public var version: Int32?
    /// The event of the last change; nil where the client does not say.
    public var updateEventID: Int64?

    public init(version: Int32? = nil, updateEventID: Int64? = nil) {
        self.version = version
        self.updateEventID = updateEventID
    }

    /// Whether an update by a client that read revision `sent` would overwrite a change it did not see. What the client
    /// did not send is not compared.
    public func authorizeUpdate(from sent: Revision, of label: String) throws(AccessRefusal) {
        let isOlder = sent.version.flatMap { sent in version.map { sent < $0 } } ?? false
        let isOtherEvent = sent.updateEventID.map { $0 != updateEventID } ?? false
        if isOlder || isOtherEvent {
            throw AccessRefusal(.optimisticLock, "\(label) was changed in the meantime: reload it and try again.")
        }
    }
}

extension AccessRefusal {
    static func otherGroup(_ current: Int64, _ objects: Int64) -> Self {
        .securityViolation("Currently logged into group \(current). Cannot alter object in group \(objects)")
    }

    static func mixedGroups(_ one: String, _ oneGroup: Int64?, _ other: String, _ otherGroup: Int64?) -> Self {
        func text(_ group: Int64?) -> String { group.map { "\($0)" } ?? "none" }
        return AccessRefusal(
            .groupSecurityViolation,
            "MIXED GROUP: \(one)(group=\(text(oneGroup))) and \(other)(group=\(text(otherGroup))) cannot be linked."
        )
    }

    static func readOnlyGroup(_ object: ObjectFacts) -> Self {
        AccessRefusal(
            .readOnlyGroupSecurityViolation,
            "Cannot link to \(object.label): members of its group can't see each other's objects, and it is another's."
        )
    }

    static func cannotLink(_ object: ObjectFacts, in permissions: Permissions) -> Self {
        .securityViolation("Group is \(permissions). Cannot link to object: \(object.label)")
    }
}
