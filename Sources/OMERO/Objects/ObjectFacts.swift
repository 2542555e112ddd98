public import OMEROModel

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

// Whose an object is, since when, and what the user who asked may do with it. Nil where the server left it out.
extension IObjectProtocol {
    /// The number of the user who owns it.
    public var ownerID: Int64? { details?.owner?.id }
    /// The owner's log-in name.
    public var ownerName: String? { try? details?.owner?.omeName }
    /// The number of the group that it is in.
    public var groupID: Int64? { details?.group?.id }
    /// The name of that group.
    public var groupName: String? { try? details?.group?.name }
    /// When it was made.
    public var createdAt: Date? { try? details?.creationEvent?.time }
    /// When it was last changed; nil where that was not loaded.
    public var updatedAt: Date? { try? details?.updateEvent?.time }
    /// The permissions of its group, and what the user who asked may do with it.
    public var permissions: Permissions? { details?.permissions }

    /// Whether this user may change it; false also where the server did not say.
    public var canEdit: Bool { permissions?.canEdit ?? false }
    /// Whether this user may delete it; false also where the server did not say.
    public var canDelete: Bool { permissions?.canDelete ?? false }
    /// Whether this user may annotate it; false also where the server did not say.
    public var canAnnotate: Bool { permissions?.canAnnotate ?? false }
    /// Whether this user may put it into containers, or something into it; false also where the server did not say.
    public var canLink: Bool { permissions?.canLink ?? false }
    /// Whether this user may move it to another group.
    public var canChgrp: Bool { permissions?.canChgrp ?? false }
    /// Whether this user may give it to somebody else.
    public var canChown: Bool { permissions?.canChown ?? false }
}
