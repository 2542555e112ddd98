import OMEROAccess
import OMEROModel

/// The group that the tests are about, another one, and the users in them.
enum Fixture {
    static let group: Int64 = 10
    static let otherGroup: Int64 = 20
    static let ownerID: Int64 = 100
    static let callerID: Int64 = 101

    static let levels: [(name: String, permissions: Permissions)] = [
        ("rw----", .privateGroup), ("rwr---", .readOnlyGroup), ("rwra--", .readAnnotateGroup),
        ("rwrw--", .readWriteGroup), ("rwr-r-", .publicGroup),
    ]

    static func account(
        _ id: Int64 = callerID, memberOf: GroupIDs = [20, 1], leaderOf: GroupIDs = [], privileges: Set<Privilege> = []
    ) -> Account {
        Account(id: id, name: "user\(id)", memberOf: memberOf, leaderOf: leaderOf, privileges: privileges)
    }

    /// An administrator who is a member of no group but `system`, `user` and those of `also`.
    static func admin(_ id: Int64, _ privileges: Set<Privilege>, also: [Int64] = []) -> Account {
        account(id, memberOf: GroupIDs([0, 1] + also), privileges: privileges)
    }

    static func admin(_ privileges: Set<Privilege>, also: [Int64] = []) -> Account {
        admin(callerID, privileges, also: also)
    }

    static func member(_ id: Int64 = callerID) -> Account { account(id, memberOf: [20, 10, 1]) }
    static func leader(_ id: Int64 = callerID) -> Account { account(id, memberOf: [20, 10, 1], leaderOf: [10]) }
    static func stranger(_ id: Int64 = callerID) -> Account { account(id, memberOf: [20, 1]) }

    static func groupFacts(_ permissions: Permissions, id: Int64 = group) -> GroupFacts {
        GroupFacts(id: id, permissions: permissions)
    }

    /// A caller in the group, or (nil) in all groups.
    static func caller(_ account: Account, in permissions: Permissions?, group: Int64 = group) -> Caller {
        caller(Identity(account), in: permissions, group: group)
    }

    static func caller(_ identity: Identity, in permissions: Permissions?, group: Int64 = group) -> Caller {
        Caller(identity, in: permissions.map { .one(GroupFacts(id: group, permissions: $0)) } ?? .all)
    }

    /// An object of the owner, in the group.
    static func object(
        _ kind: EntityKind = .dataset, in permissions: Permissions?, owner: Int64 = ownerID, group: Int64 = group,
        repository: RepositoryKind = .other, isDirectory: Bool = false
    ) -> ObjectFacts {
        ObjectFacts(
            kind, id: 5, ownerID: owner, groupID: group, groupPermissions: permissions, repository: repository,
            isDirectory: isDirectory
        )
    }
}

extension EntityKind {
    static let dataset = EntityKind("Dataset")
    static let image = EntityKind("Image")
    static let roi = EntityKind("Roi")
    static let pixels = EntityKind("Pixels")
    static let originalFile = EntityKind("OriginalFile")
    static let renderingDef = EntityKind("RenderingDef", isDisplay: true)
    static let thumbnail = EntityKind("Thumbnail", isDisplay: true)
    static let tag = EntityKind("TagAnnotation", ancestors: ["TextAnnotation", "Annotation"])
    static let datasetImageLink = EntityKind("DatasetImageLink")
    static let tagging = EntityKind("DatasetAnnotationLink", ancestors: ["IAnnotationLink"])
    static let experimenter = EntityKind("Experimenter", isSystem: true)
    static let experimenterGroup = EntityKind("ExperimenterGroup", isSystem: true)
    static let membership = EntityKind("GroupExperimenterMap", isSystem: true)
    static let format = EntityKind("Format", isSystem: true)
}

/// What was refused, or nil.
func refusal(_ body: () throws(AccessRefusal) -> Void) -> AccessRefusal? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
