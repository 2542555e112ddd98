import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore
import Synchronization

/// Sets on each object what this caller may do with it, and takes out what this caller may not see.
struct ResultFilter {
    let call: Call
    let context: EventContext
    let groupPermissions: [Int64: Permissions]
    /// Users whose names the caller sees; nil for all.
    let visibleUsers: Set<Int64>?
    /// What queries see.
    let scope: QueryScope
    private let known = Known()
    /// The members of `Details` that are the same for objects of one case. Clients cannot change permissions that came.
    private static let commonDetails = Details.descriptor.allFields.indices.filter {
        ["_permissions", "_event", "_call"].contains(Details.descriptor.allFields[$0].name)
    }
    private let restrictions: BinaryRestrictions

    /// What is the same for many objects of a result, and takes longer to find out than to look up.
    private final class Known: Sendable {
        struct Case: Hashable {
            let entity: Entity
            let ownerID: Int64?
            let groupID: Int64?
            let stored: Int64
        }

        struct Answer {
            let permissions: Permissions
            /// `Details` in which they are set already, with and without the restriction of binary data.
            var details: [Bool: ObjectReference] = [:]
        }

        let kinds = Mutex<[Entity: EntityKind]>([:])
        let answers = Mutex<[Case: Answer]>([:])
    }

    init(_ call: Call, _ transaction: ReadTransaction) throws {
        self.call = call
        restrictions = BinaryRestrictions(call.core.properties)
        context = call.core.eventContext(of: call.session)
        let people = call.core.people
        let groups = try people.groups(transaction)
        groupPermissions = groups.permissions
        let rights = call.caller.identity
        let privacy = ExperimenterPrivacy(rights, groups: groups.facts)
        scope = QueryScope(call.caller, groups: groups.facts, privacy: privacy)
        if privacy.seesEverybody {
            visibleUsers = nil
        } else {
            var users: Set<Int64> = [rights.userID, BuiltIn.rootUser, BuiltIn.guestUser]
            for group in privacy.sharedGroups {
                users.formUnion(try people.members(ofGroup: group, transaction))
            }
            visibleUsers = users
        }
    }

    @discardableResult
    func apply(to loaded: LoadedObject, _ builder: GraphBuilder, _ transaction: ReadTransaction) throws -> Permissions {
        // The rules ask for the class, the owner and the group, never which object it is.
        let key = Known.Case(
            entity: loaded.entity, ownerID: loaded.ownerID, groupID: loaded.groupID, stored: loaded.permissions)
        let answer = known.answers.withLock { $0[key] } ?? Known.Answer(permissions: permissions(of: loaded))
        var permissions = answer.permissions
        let isRestricted = try restrictions.restrict(
            loaded.entity, id: loaded.id, groupID: loaded.groupID, mayEdit: permissions.canEdit, transaction)
        if isRestricted { permissions.extendedRestrictions = [BinaryAccess.restriction] }
        let details = Draft<Details>(record: builder[loaded.details])
        if let model = answer.details[isRestricted], model.graph === builder.graph {
            for field in Self.commonDetails { details.record.share(field, of: builder[model]) }
        } else {
            details.permissions = permissions
            details.event = context
            details.call = call.current.context
            known.answers.withLock { $0[key, default: answer].details[isRestricted] = loaded.details }
        }
        switch loaded.entity.root.name {
        case "Experimenter":
            if let visibleUsers, !visibleUsers.contains(loaded.id) { mask(builder, loaded) }
        case "Session": try maskSession(builder, loaded, transaction)
        case "Node":
            if !call.caller.seesNodeKeys {
                mask(builder, loaded, "uuid", PrivateKeyField.nodeUUID.mask)
                mask(builder, loaded, "conn", PrivateKeyField.nodeConnection.mask)
            }
        default: break
        }
        return permissions
    }

    private func permissions(of loaded: LoadedObject) -> Permissions {
        let facts = facts(
            loaded.entity, id: loaded.id, ownerID: loaded.ownerID, groupID: loaded.groupID)
        return call.caller.permissions(toSendFor: facts, stored: Permissions(rawValue: loaded.permissions))
    }

    private func kind(_ entity: Entity) -> EntityKind {
        known.kinds.withLock { kinds in
            if let kind = kinds[entity] { return kind }
            let kind = EntityKind(entity)
            kinds[entity] = kind
            return kind
        }
    }

    func facts(_ entity: Entity, id: Int64, ownerID: Int64?, groupID: Int64?) -> ObjectFacts {
        ObjectFacts(
            kind(entity),
            id: id,
            ownerID: ownerID,
            groupID: groupID,
            groupPermissions: groupID.flatMap { groupPermissions[$0] }
        )
    }

    private func mask(_ builder: GraphBuilder, _ loaded: LoadedObject) {
        for field in PrivateExperimenterField.allCases { mask(builder, loaded, field.rawValue, field.mask) }
    }

    private func maskSession(
        _ builder: GraphBuilder,
        _ loaded: LoadedObject,
        _ transaction: ReadTransaction
    ) throws {
        // From the database: in the object the owner need not be set (yet).
        if let ownerID = try transaction.session(id: loaded.id)?.ownerID, call.caller.seesUUID(ofSessionOf: ownerID) {
            return
        }
        mask(builder, loaded, "uuid", PrivateKeyField.sessionUUID.mask)
    }

    private func mask(_ builder: GraphBuilder, _ loaded: LoadedObject, _ property: String, _ mask: Masked) {
        guard let number = loaded.entity.field(property) else { return }
        let value: String? = if case .text(let text) = mask { text } else { nil }
        builder[loaded.object][number] = Box(value)
    }
}

extension EntityKind {
    /// What decisions need to know of a class of the data model.
    init(_ entity: Entity) {
        let isLink = entity.name.hasSuffix("AnnotationLink")
        self.init(
            entity.name,
            ancestors: Set(entity.lineage.map(\.name)).union(isLink ? [EntityKind.annotationLink] : []),
            isSystem: entity.isGlobal,
            isDisplay: entity.area == "display"
        )
    }
}
