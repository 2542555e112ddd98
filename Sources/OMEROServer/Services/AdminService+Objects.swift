import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

// Whose objects are, and in which group: operations from before Chgrp2 and Chown2 that clients still call.
extension AdminService {
    /// Only the object itself; with all that goes along: `Chown2`.
    func changeOwner(obj: IObject?, omeName: String, current: Current) async throws {
        let (entity, id) = try Self.stored(obj)
        guard let owner = try await core.directory.user(named: omeName) else {
            throw ApiUsageException("No such experimenter: \(omeName)")
        }
        _ = try await call.change(entity.name, id) { object in
            GraphBuilder.build { builder in
                let copy = builder.copy(object)
                builder.update(copy) { draft in
                    let details = draft.details ?? builder.add(Details.self)
                    builder.update(details) { $0.owner = .unloaded(owner.id) }
                    draft.details = details
                }
                return copy
            }
        }
    }

    /// With what belongs to the object. Links to what stays keep it where it is, other than with `Chgrp2`, which takes
    /// them away.
    func changeGroup(obj: IObject?, omeName: String, current: Current) async throws {
        let (entity, id) = try Self.stored(obj)
        guard let group = try await core.directory.group(named: omeName) else {
            throw ApiUsageException("No such group: \(omeName)")
        }
        let rights = rights
        guard group.id != BuiltIn.userGroup, rights.memberOf.contains(group.id) else {
            throw SecurityViolation("Objects cannot be moved into the group \(omeName) by \(rights.userName)")
        }
        let (call, author) = (call, author)
        try await core.store.write { transaction in
            guard let row = try transaction.details(of: entity.name, ids: [id]).first else {
                throw ValidationException("there is no \(entity):\(id)")
            }
            guard row.ownerID == rights.userID || rights.has(.chgrp) else {
                throw SecurityViolation("Only its owner and administrators move \(entity):\(id) to another group")
            }
            do {
                let plan = try transaction.plan(
                    GraphRequest(.move(toGroup: group.id), [entity: [id]]), GraphCaller(call, transaction).authority())
                guard plan.deleted.isEmpty else {
                    let locks = plan.deleted.map { "\($0.key)=\($0.value.count)" }.sorted().joined(separator: ", ")
                    throw SecurityViolation("Locks: {\(locks)}")
                }
                try transaction.carryOut(plan, by: author)
            } catch let refusal as GraphRefusal {
                throw SecurityViolation("Locks: {\(refusal)}")
            }
        }
    }

    /// Into the group `user`, where all can see them.
    func moveToCommonSpace(objects: [IObject?], current: Current) async throws {
        let wanted = try objects.map(Self.stored)
        let (rights, author) = (rights, author)
        try await core.store.write { transaction in
            for (entity, id) in wanted {
                guard let row = try transaction.details(of: entity.name, ids: [id]).first else {
                    throw ValidationException("there is no \(entity):\(id)")
                }
                guard let group = row.groupID else { throw ApiUsageException("\(entity) belongs to no group") }
                if group == BuiltIn.userGroup { continue }
                try rights.adminOrPiOfGroups([group], .modifyGroup)
                try transaction.move(entity, [id], toGroup: BuiltIn.userGroup, by: author)
            }
        }
    }

    private static func stored(_ object: IObject?) throws -> (Entity, Int64) {
        guard let object, let id = object.id else { throw ApiUsageException("an object with an id is needed") }
        guard let entity = DataModel.entity(object.typeID) else {
            throw ApiUsageException("\(object.typeID.prefix(200)) is not a class of the data model")
        }
        return (entity, id)
    }
}
