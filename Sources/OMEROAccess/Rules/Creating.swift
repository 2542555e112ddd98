public import OMEROModel

/// An object that a client wants made, with what it says of the details.
public struct NewObject: Sendable, Hashable {
    /// The class of the object.
    public var kind: EntityKind
    /// Of an OriginalFile.
    public var repository: RepositoryKind
    /// The details that the client filled in.
    public var ownerID: Int64?
    /// The group that the client filled in.
    public var group: GroupFacts?
    /// The permissions that the client filled in.
    public var permissions: Permissions?
    /// The group of the first object that it links to: where it goes when the call is in all groups.
    public var firstLinkedGroup: GroupFacts?
    /// Whether the server itself makes the object on behalf of the caller.
    public var hasToken: Bool

    public init(
        _ kind: EntityKind, repository: RepositoryKind = .other, ownerID: Int64? = nil, group: GroupFacts? = nil,
        permissions: Permissions? = nil, firstLinkedGroup: GroupFacts? = nil, hasToken: Bool = false
    ) {
        self.kind = kind
        self.repository = repository
        self.ownerID = ownerID
        self.group = group
        self.permissions = permissions
        self.firstLinkedGroup = firstLinkedGroup
        self.hasToken = hasToken
    }
}

/// Whose a new object is.
public struct Placement: Sendable, Hashable {
    /// Whose it is.
    public var ownerID: Int64
    /// The group that it is in.
    public var group: GroupFacts

    public init(ownerID: Int64, group: GroupFacts) {
        self.ownerID = ownerID
        self.group = group
    }
}

extension Caller {
    /// Whose a new object becomes, if the call may make it; nil for system types, which are nobody's.
    public func place(_ new: NewObject) throws(AccessRefusal) -> Placement? {
        guard !isReadOnly, shareID == nil else { throw .cannotCreate(new) }
        let privileged = has(NeededPrivilege(new.kind, repository: new.repository, toDelete: false))
        if new.kind.isSystem {
            guard privileged || new.hasToken else { throw .cannotCreate(new) }
            return nil
        }
        guard !identity.isGuest || new.hasToken else { throw .cannotCreate(new) }
        let ownerID = try owner(of: new, privileged: privileged)
        let group = try group(of: new, privileged: privileged)
        if let supplied = new.permissions, group.id != BuiltIn.userGroup,
            !supplied.grantsSameRights(as: group.permissions)
        {
            throw AccessRefusal(
                .permissionMismatch,
                "Setting permissions manually is disallowed: \(new.kind.name) has \(supplied), its group"
                    + " \(group.permissions)"
            )
        }
        return Placement(ownerID: ownerID, group: group)
    }

    /// The user whom the client names, or `omero.user`, or the caller. Anybody but the caller takes a privilege.
    private func owner(of new: NewObject, privileged: Bool) throws(AccessRefusal) -> Int64 {
        let id = new.ownerID ?? actsFor ?? identity.userID
        guard id == identity.userID || privileged else {
            throw .securityViolation("You are not authorized to set the Experimenter of \(new.kind.name) to \(id)")
        }
        return id
    }

    private func group(of new: NewObject, privileged: Bool) throws(AccessRefusal) -> GroupFacts {
        let chosen: GroupFacts
        switch (group, new.group) {
        case (.one(let current), nil): chosen = current
        case (.one(let current), let supplied?) where supplied.id == current.id: chosen = supplied
        case (_, let supplied?) where supplied.id == BuiltIn.userGroup && privileged: chosen = supplied
        case (.all, let supplied?) where isMember(of: supplied.id) || privileged: chosen = supplied
        case (_, let supplied?):
            throw .securityViolation(
                "You are not authorized to set the ExperimenterGroup of \(new.kind.name) to \(supplied.id)")
        case (.all, nil):
            guard let linked = new.firstLinkedGroup else {
                throw AccessRefusal(
                    .apiUsage,
                    "\(new.kind.name) needs a group: the DUMMY permissions of all groups can't be copied"
                )
            }
            chosen = linked
        }
        let mayEnter =
            privileged || new.hasToken || isMember(of: chosen.id)
            || chosen.permissions[.world, new.kind.rightToBeIn]
        guard mayEnter, chosen.id == BuiltIn.userGroup || identity.isWithinSudoGroups(chosen.id) else {
            throw .cannotCreate(new)
        }
        return chosen
    }
}

extension EntityKind {
    /// What the world must be granted by a group for strangers to make such objects in it.
    fileprivate var rightToBeIn: Permissions.Right {
        if isDisplay { .read } else if isAnnotationLink { .annotate } else { .write }
    }
}

extension AccessRefusal {
    fileprivate static func cannotCreate(_ new: NewObject) -> Self {
        .securityViolation("You are not authorized to create \(new.kind.name)")
    }
}

extension Caller {
    /// Whether an OriginalFile may have this path: others than administrators keep to canonical ones.
    public func authorizePath(_ path: String) throws(AccessRefusal) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(path.hasPrefix("/") ? 1 : 0)
        let inner = parts.last == "" ? parts.dropLast() : parts
        let isCanonical = !inner.contains { $0.isEmpty || $0 == "." || $0 == ".." }
        guard isCanonical || path.isEmpty || identity.isAdmin else {
            throw .securityViolation("Only administrators may set paths that are not canonical")
        }
    }
}
