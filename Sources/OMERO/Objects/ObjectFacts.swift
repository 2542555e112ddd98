public import OMEROModel

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

// Whose an object is, since when, and what the user who asked may do with it. Nil where the server left it out.
extension IObjectProtocol {
    public var ownerID: Int64? { details?.owner?.id }
    /// The owner's log-in name.
    public var ownerName: String? { try? details?.owner?.omeName }
    public var groupID: Int64? { details?.group?.id }
    public var groupName: String? { try? details?.group?.name }
    public var createdAt: Date? { try? details?.creationEvent?.time }
    public var updatedAt: Date? { try? details?.updateEvent?.time }
    public var permissions: Permissions? { details?.permissions }

    /// Whether this user may change it; false also where the server did not say.
    public var canEdit: Bool { permissions?.canEdit ?? false }
    public var canDelete: Bool { permissions?.canDelete ?? false }
    public var canAnnotate: Bool { permissions?.canAnnotate ?? false }
    public var canLink: Bool { permissions?.canLink ?? false }
    /// Whether this user may move it to another group.
    public var canChgrp: Bool { permissions?.canChgrp ?? false }
    /// Whether this user may give it to somebody else.
    public var canChown: Bool { permissions?.canChown ?? false }
}
