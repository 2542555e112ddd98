public import OMEROModel

/// A class of the model, as far as decisions need it.
public struct EntityKind: Sendable, Hashable {
    /// Such as `Dataset`, without a package.
    public var name: String
    /// What it inherits from, and the interfaces of OMERO that the rules name: `IAnnotationLink`.
    public var ancestors: Set<String>
    /// OMERO's "global" classes: they have no owner and no group (enumerations, users, groups, events, …).
    public var isSystem: Bool
    /// Whether the class is of the package `display`: rendering settings and thumbnails.
    public var isDisplay: Bool

    public init(_ name: String, ancestors: Set<String> = [], isSystem: Bool = false, isDisplay: Bool = false) {
        self.name = name
        self.ancestors = ancestors
        self.isSystem = isSystem
        self.isDisplay = isDisplay
    }

    /// The interface of all links from an object to an annotation.
    public static let annotationLink = "IAnnotationLink"

    /// Whether it links an annotation to what is annotated.
    public var isAnnotationLink: Bool { isA(Self.annotationLink) }
    /// Whether the class or one that it inherits from has this name.
    public func isA(_ name: String) -> Bool { self.name == name || ancestors.contains(name) }
    func isAny(of names: Set<String>) -> Bool { names.contains(name) || !names.isDisjoint(with: ancestors) }
}

/// Where an OriginalFile is.
public enum RepositoryKind: Sendable, Hashable {
    /// In the repository of imported images, or in that of scripts.
    case managed, script
    /// Another repository, or none.
    case other
}

/// An object, as far as decisions need it: stored, or (without an id) about to be.
public struct ObjectFacts: Sendable, Hashable {
    /// The class of the object.
    public var kind: EntityKind
    /// Nil for what is not saved yet.
    public var id: Int64?
    /// Nil for system types.
    public var ownerID: Int64?
    /// Nil for system types.
    public var groupID: Int64?
    /// Those of the object's group; nil if they are not known. A row's own permissions never count.
    public var groupPermissions: Permissions?
    /// Of an OriginalFile.
    public var repository: RepositoryKind
    /// Whether it is an OriginalFile that stands for a directory.
    public var isDirectory: Bool
    /// Whether the server itself handles the object on behalf of the caller.
    public var hasToken: Bool

    public init(
        _ kind: EntityKind, id: Int64?, ownerID: Int64? = nil, groupID: Int64? = nil,
        groupPermissions: Permissions? = nil, repository: RepositoryKind = .other, isDirectory: Bool = false,
        hasToken: Bool = false
    ) {
        self.kind = kind
        self.id = id
        self.ownerID = ownerID
        self.groupID = groupID
        self.groupPermissions = groupPermissions
        self.repository = repository
        self.isDirectory = isDirectory
        self.hasToken = hasToken
    }

    /// How messages name it, such as `Dataset:5`.
    public var label: String { id.map { "\(kind.name):\($0)" } ?? kind.name }

    var isInSystemGroup: Bool { groupID == BuiltIn.systemGroup }
    var isInUserGroup: Bool { groupID == BuiltIn.userGroup }
    /// In the common space, to which everybody may link; directories there are no exception to their group's rights.
    var isCommon: Bool { isInUserGroup && !isDirectory }
}

/// What an administrator without all privileges must have in order to do something with an object of others.
enum NeededPrivilege: Sendable, Hashable {
    case privilege(Privilege)
    case anyAdmin

    /// - Parameter toDelete: whether the object is to be deleted; else it is made or changed.
    init(_ kind: EntityKind, repository: RepositoryKind, toDelete: Bool) {
        switch (kind.name, repository) {
        case ("Experimenter", _): self = .privilege(.modifyUser)
        case ("ExperimenterGroup", _): self = .privilege(.modifyGroup)
        case ("GroupExperimenterMap", _): self = .privilege(.modifyGroupMembership)
        case _ where kind.isSystem: self = .anyAdmin
        case _ where !kind.isA("OriginalFile"): self = .privilege(toDelete ? .deleteOwned : .writeOwned)
        case (_, .managed): self = .privilege(toDelete ? .deleteManagedRepo : .writeManagedRepo)
        case (_, .script): self = .privilege(toDelete ? .deleteScriptRepo : .writeScriptRepo)
        case (_, .other): self = .privilege(toDelete ? .deleteFile : .writeFile)
        }
    }
}

extension Caller {
    func has(_ needed: NeededPrivilege) -> Bool {
        switch needed {
        case .privilege(let privilege): identity.has(privilege)
        case .anyAdmin: identity.isAdmin
        }
    }

    /// Whether a privilege lets the caller make or change the object as if it were the owner.
    func isPrivilegedToWrite(_ object: ObjectFacts) -> Bool {
        has(NeededPrivilege(object.kind, repository: object.repository, toDelete: false))
    }
}
