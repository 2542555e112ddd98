import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

/// What a call may save, link and delete: the store's questions, answered by the rules of access.
struct CallSaveRules: SaveRules {
    var caller: Caller
    let groups: [Int64: GroupFacts]
    let seesEverybody: Bool
    /// Whether the call only makes objects, as `saveAndReturnIds` does.
    var insertsOnly = false

    init(_ call: Call, _ transaction: ReadTransaction) throws {
        caller = call.caller
        groups = Dictionary(try transaction.groups().map { ($0.id, $0.facts) }) { first, _ in first }
        seesEverybody = ExperimenterPrivacy(call.caller.identity, groups: groups.values).seesEverybody
    }

    func place(_ wish: SaveWish) throws -> RowPlace {
        let kind = EntityKind(wish.entity)
        let placement = try caller.place(
            NewObject(
                kind,
                ownerID: wish.entity.isGlobal ? nil : wish.ownerID,
                group: wish.entity.isGlobal ? nil : try wish.groupID.map(group),
                permissions: wish.permissions.map { Permissions(rawValue: $0) },
                firstLinkedGroup: try Self.first(wish.linkedGroups).map(group)
            )
        )
        try SystemRows.checkValues(wish.entity, id: nil, wish.values, before: [:], by: caller)
        try checkPath(wish.entity, wish.values)
        guard let placement else {
            return RowPlace(ownerID: nil, groupID: nil, permissions: permissions(ofGlobal: wish).rawValue)
        }
        return RowPlace(
            ownerID: placement.ownerID, groupID: placement.group.id,
            permissions: placement.group.permissions.rawValue)
    }

    /// A group's own permissions count; those of other rows without a group are only shown.
    private func permissions(ofGlobal wish: SaveWish) -> Permissions {
        if let supplied = wish.permissions { return Permissions(rawValue: supplied) }
        if wish.entity.name == "ExperimenterGroup" { return .privateGroup }
        if case .one(let group) = caller.group { return group.permissions }
        return .publicGroup
    }

    private func group(_ id: Int64) throws -> GroupFacts {
        guard let group = groups[id] else { throw ValidationException("there is no group \(id)") }
        return group
    }

    func keeps(_ property: String, of row: SavedRow, against sent: StoreValue) -> Bool {
        switch row.entity.root.name {
        case "Experimenter":
            guard let field = PrivateExperimenterField(rawValue: property), !seesEverybody else { return false }
            return sent == StoreValue(field.mask)
        case "Session": return property == "uuid" && sent == StoreValue(PrivateKeyField.sessionUUID.mask)
        case "Node" where property == "uuid": return sent == StoreValue(PrivateKeyField.nodeUUID.mask)
        case "Node" where property == "conn": return sent == StoreValue(PrivateKeyField.nodeConnection.mask)
        // Only the server moves files between repositories.
        case "OriginalFile": return property == "repo"
        default: return false
        }
    }

    func checkUpdate(_ change: SaveChange) throws {
        try checkInsertsOnly(change)
        let facts = facts(change.row)
        var details: Set<ChangedDetail> = []
        if change.newOwnerID != nil { details.insert(.owner) }
        if change.newGroupID != nil { details.insert(.group) }
        if change.newCreationEvent != nil { details.insert(.creationEvent) }
        try caller.authorizeUpdate(of: facts, changing: details)
        // It takes the privileges of Chown2 and Chgrp2 too: saving is no way around them.
        if change.newOwnerID != nil, !caller.identity.has(.chown) {
            throw SecurityViolation("You are not authorized to change the Experimenter of \(facts.label)")
        }
        if change.newGroupID != nil, !caller.identity.has(.chgrp) {
            throw SecurityViolation("You are not authorized to change the ExperimenterGroup of \(facts.label)")
        }
        // Not even a privilege makes it another.
        guard change.newCreationEvent == nil else {
            throw SecurityViolation("You are not authorized to change the creation Event of \(facts.label)")
        }
        if let id = change.newGroupID { _ = try group(id) }
        try SystemRows.checkValues(
            change.row.entity, id: change.row.id, change.values, before: change.row.values, by: caller)
        try checkPath(change.row.entity, change.row.values.merging(change.values) { $1 }, before: change.row.values)
        try Revision(version: change.storedVersion, updateEventID: change.storedUpdateEvent).authorizeUpdate(
            from: Revision(version: change.sentVersion, updateEventID: change.sentUpdateEvent), of: facts.label)
    }

    func checkVersion(_ change: SaveChange) throws {
        try checkInsertsOnly(change)
        try Revision(version: change.storedVersion).authorizeUpdate(
            from: Revision(version: change.sentVersion), of: facts(change.row).label)
    }

    private func checkInsertsOnly(_ change: SaveChange) throws {
        guard insertsOnly, change.row.entity.kind != .enumeration else { return }
        throw ApiUsageException(
            "INSERTs only: \(facts(change.row).label) has an id; refer to what is stored by objects that are not loaded"
        )
    }

    func checkLink(from row: SavedRow, to target: SavedRow, linkedGroups: [Int64]) throws {
        try caller.authorizeLink(
            from: facts(row), to: facts(target), firstTargetGroup: Self.first(linkedGroups))
    }

    /// What is everybody's says nothing about where something else belongs.
    private static func first(_ groups: [Int64]) -> Int64? {
        groups.first { $0 != BuiltIn.systemGroup && $0 != BuiltIn.userGroup }
    }

    func checkReading(_ row: SavedRow) throws { try caller.authorizeReading(facts(row)) }

    func shows(_ row: SavedRow) -> Bool { row.entity.isGlobal || caller.rowFilter.passes(facts(row)) }

    func checkDeleting(_ row: SavedRow) throws {
        try caller.authorize(.delete, on: facts(row))
        try SystemRows.checkDeleting(row.entity, id: row.id, row.values)
    }

    private func checkPath(
        _ entity: Entity, _ values: [String: StoreValue], before: [String: StoreValue] = [:]
    ) throws {
        guard entity.name == "OriginalFile", case .text(let path)? = values["path"],
            case .text(let name)? = values["name"],
            before["path"] != values["path"] || before["name"] != values["name"]
        else { return }
        try caller.authorizePath(path + name)
    }

    private func facts(_ row: SavedRow) -> ObjectFacts {
        ObjectFacts(
            EntityKind(row.entity),
            id: row.isNew ? nil : row.id,
            ownerID: row.ownerID,
            groupID: row.groupID,
            groupPermissions: row.groupID.flatMap { groups[$0]?.permissions },
            isDirectory: row.values["mimetype"] == .text("Directory")
        )
    }
}

extension StoreValue {
    /// What is shown in place of what is not to be seen.
    fileprivate init(_ mask: Masked) {
        switch mask {
        case .text(let text): self = .text(text)
        case .null: self = .null
        }
    }
}
