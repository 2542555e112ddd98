public import OMEROModel

/// What a caller may do with an object.
public struct AllowedActions: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public init(_ action: Permissions.Action) { rawValue = 1 << action.rawValue }

    /// Linking it to something.
    public static let link = Self(.link)
    /// Changing it.
    public static let edit = Self(.edit)
    /// Deleting it.
    public static let delete = Self(.delete)
    /// Putting annotations on it.
    public static let annotate = Self(.annotate)
    /// Moving it into another group.
    public static let chgrp = Self(.chgrp)
    /// Giving it to another user.
    public static let chown = Self(.chown)
    /// Every action.
    public static let all: Self = [.link, .edit, .delete, .annotate, .chgrp, .chown]

    /// By action whether it is forbidden, as `Permissions.restrictions`; empty if nothing is.
    public var restrictions: [Bool] {
        self == .all ? [] : Permissions.Action.allCases.map { !contains(Self($0)) }
    }
}

extension Caller {
    /// Whether the caller may do something with an object that is visible. The group of the call has its say only
    /// in what is graph critical; whether the object can be touched from that group is for ``authorize(_:on:)``.
    public func allows(_ action: Permissions.Action, on object: ObjectFacts) -> Bool {
        allowed(on: object).contains(AllowedActions(action))
    }

    /// The restrictions of an object that is sent to the caller: by action whether it is forbidden, empty if nothing
    /// is.
    public func restrictions(for object: ObjectFacts) -> [Bool] { allowed(on: object).restrictions }

    /// Everything that the caller may do with an object.
    public func allowed(on object: ObjectFacts) -> AllowedActions {
        // A share is for looking only.
        guard !isReadOnly, shareID == nil else { return [] }
        // The server vouches for the object: whoever gets to see it may link to it.
        if object.hasToken { return .link }
        var allowed: AllowedActions = []
        for action in [Permissions.Action.link, .edit, .delete, .annotate] where allowsChange(action, of: object) {
            allowed.insert(AllowedActions(action))
        }
        if owns(object) || identity.has(.chgrp), object.kind.isAny(of: Self.chgrpTargets) { allowed.insert(.chgrp) }
        if leads(object.groupID) || identity.has(.chown), object.kind.isAny(of: Self.chownTargets) {
            allowed.insert(.chown)
        }
        return allowed
    }

    /// The rows of OMERO's decision, in their order.
    private func allowsChange(_ action: Permissions.Action, of object: ObjectFacts) -> Bool {
        let isLinking = action == .link || action == .annotate
        if isLinking, !owns(object), wouldExpose(object) { return false }
        if identity.isFullAdmin { return true }
        if identity.isGuest, !object.kind.isSystem { return false }
        let needed = NeededPrivilege(object.kind, repository: object.repository, toDelete: action == .delete)
        if has(needed) { return true }
        if object.kind.isSystem { return isLinking }
        if leads(object.groupID) { return true }
        if let permissions = permissionsThatCount(for: object) {
            let right: Permissions.Right = action == .annotate ? .annotate : .write
            if permissions[.world, right] { return true }
            if owns(object), permissions[.user, right] { return true }
            if isMember(of: object.groupID), permissions[.group, right] { return true }
        }
        return isLinking && (object.isInSystemGroup || object.isCommon)
    }

    /// The common space is everybody's to read and the owner's to change; elsewhere the object's group has the word,
    /// or the group of the call if that of the object is not known. Nil: nobody has a right.
    private func permissionsThatCount(for object: ObjectFacts) -> Permissions? {
        if object.isCommon { return .privateGroup }
        if let permissions = object.groupPermissions { return permissions }
        if case .one(let group) = group, group.id != BuiltIn.userGroup { return group.permissions }
        return nil
    }

    private func wouldExpose(_ object: ObjectFacts) -> Bool {
        !object.kind.isSystem && !object.isInUserGroup && isGraphCritical(object)
    }

    /// Whether the members of the group can't see each other's objects, but the caller can: a link between objects of
    /// two owners would then show one of them to the other.
    public func isGraphCritical(_ object: ObjectFacts) -> Bool {
        let (id, permissions): (Int64?, Permissions?) =
            switch group {
            case .one(let group): (group.id, group.permissions)
            case .all: (object.groupID, object.groupPermissions)
            }
        if let permissions, permissions[.group, .read] || permissions[.world, .read] { return false }
        return identity.isAdmin || leads(id)
    }

    /// What `Chgrp2` takes as its targets.
    public static let chgrpTargets: Set<String> = [
        "Annotation", "Dataset", "Experiment", "Fileset", "Folder", "Image", "Instrument", "Job", "Link",
        "OriginalFile", "Plate", "Project", "RenderingDef", "Roi", "Screen", "Thumbnail",
    ]
    /// What `Chown2` takes as its targets.
    public static let chownTargets: Set<String> = [
        "Annotation", "Dataset", "DatasetImageLink", "Experiment", "Fileset", "Folder", "FolderImageLink",
        "FolderRoiLink", "IAnnotationLink", "Image", "Instrument", "Job", "JobOriginalFileLink", "Link", "OriginalFile",
        "Plate", "Project", "ProjectDatasetLink", "Reagent", "RenderingDef", "Roi", "Screen", "ScreenPlateLink",
        "Thumbnail", "WellReagentLink",
    ]
}

extension Caller {
    /// The permissions that an object is sent with: not those of its row.
    ///
    /// - Parameters:
    ///   - object: what is known of the object.
    ///   - stored: those of its row, which count for groups, and with all groups for system types.
    /// - Returns: without ``BinaryAccess/restriction``: that takes a look at what the object comes from.
    public func permissions(toSendFor object: ObjectFacts, stored: Permissions) -> Permissions {
        var permissions: Permissions
        switch group {
        case _ where object.kind.name == "ExperimenterGroup": permissions = stored
        case .one(let group): permissions = group.permissions
        case .all where object.groupID == nil: permissions = stored
        case .all: permissions = object.groupPermissions ?? .nothing
        }
        permissions.restrictions = restrictions(for: object)
        permissions.extendedRestrictions = []
        return permissions
    }
}
