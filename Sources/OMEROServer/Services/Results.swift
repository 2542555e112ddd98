import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

// What services answer: objects from the store, with what the caller may do with them, without what the caller may not
// see.
extension ServerCore {
    /// Loads objects for a call.
    ///
    /// - Parameter ids: makes the list of what is wanted; nil loads all of the type.
    func load(
        _ entity: String,
        fetch: [FetchPath] = [],
        for call: Call,
        _ ids: @escaping @Sendable (ReadTransaction) throws -> [Int64]
    ) async throws -> [IObject] {
        try await store.read { transaction in
            let filter = try ResultFilter(call, transaction)
            return try GraphBuilder.build { builder in
                try transaction.load(entity, try ids(transaction), fetch: fetch, into: builder) { loaded in
                    try filter.apply(to: loaded, builder, transaction)
                }
            }
        }
    }

    func groups(_ ids: [Int64], for call: Call) async throws -> [ExperimenterGroup] {
        let found = try await load("ExperimenterGroup", for: call) { _ in ids }.map(ExperimenterGroup.init)
        let byID = Dictionary(found.compactMap { group in group.id.map { ($0, group) } }) { first, _ in first }
        return ids.compactMap { byID[$0] }
    }

    /// Whether blank passwords are none (`omero.security.password_required`).
    var requiresPasswords: Bool { properties.value("omero.security.password_required") != "false" }

    // MARK: Configuration in the database

    func storedProperty(_ key: String) async throws -> String? { try await store.read { try $0.configuration(key) } }
    func storeProperty(_ key: String, _ value: String) async throws {
        try await store.write { try $0.setConfiguration(key, value) }
    }
}

extension ExperimenterGroup {
    /// An object that is known to be a group.
    fileprivate init(_ object: IObject) { self.init(object: object.object) }
}

/// Sets on each object what this caller may do with it, and takes out what this caller may not see.
private struct ResultFilter {
    let call: Call
    let context: EventContext
    let groupPermissions: [Int64: Permissions]
    /// Users whose names the caller sees; nil for all.
    let visibleUsers: Set<Int64>?

    init(_ call: Call, _ transaction: ReadTransaction) throws {
        self.call = call
        context = call.core.eventContext(of: call.session)
        let groups = try transaction.groups()
        groupPermissions = Dictionary(groups.map { ($0.id, $0.facts.permissions) }) { first, _ in first }
        let rights = call.caller.identity
        let privacy = ExperimenterPrivacy(rights, groups: groups.map(\.facts))
        if privacy.seesEverybody {
            visibleUsers = nil
        } else {
            var users: Set<Int64> = [rights.userID, BuiltIn.rootUser, BuiltIn.guestUser]
            for group in privacy.sharedGroups {
                users.formUnion(try transaction.memberships(ofGroup: group).map(\.userID))
            }
            visibleUsers = users
        }
    }

    func apply(to loaded: LoadedObject, _ builder: GraphBuilder, _ transaction: ReadTransaction) throws {
        let entity = loaded.entity
        let isLink = entity.name.hasSuffix("AnnotationLink")
        let kind = EntityKind(
            entity.name,
            ancestors: Set(entity.lineage.map(\.name)).union(isLink ? [EntityKind.annotationLink] : []),
            isSystem: entity.isGlobal,
            isDisplay: entity.area == "display"
        )
        let facts = ObjectFacts(
            kind,
            id: loaded.id,
            ownerID: loaded.ownerID,
            groupID: loaded.groupID,
            groupPermissions: loaded.groupID.flatMap { groupPermissions[$0] }
        )
        let permissions = call.caller.permissions(
            toSendFor: facts,
            stored: Permissions(rawValue: loaded.permissions)
        )
        setDetails(builder, loaded.object, permissions)
        if entity.name == "Experimenter", let visibleUsers, !visibleUsers.contains(loaded.id) {
            mask(builder, loaded)
        }
    }

    private func setDetails(_ builder: GraphBuilder, _ object: ObjectReference, _ permissions: Permissions) {
        builder.update(IObject(object: object)) { draft in
            let details = draft.details ?? builder.add(Details.self)
            builder.update(details) { details in
                details.permissions = permissions
                details.event = context
                details.call = call.current.context
            }
            draft.details = details
        }
    }

    private func mask(_ builder: GraphBuilder, _ loaded: LoadedObject) {
        for field in PrivateExperimenterField.allCases {
            guard let number = loaded.entity.field(field.rawValue) else { continue }
            let value: String? = if case .text(let text) = field.mask { text } else { nil }
            builder[loaded.object][number] = Box(value)
        }
    }
}
