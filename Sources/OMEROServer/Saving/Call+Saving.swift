import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

// What services save and delete for a call: each in one transaction.
extension Call {
    /// On whose behalf rows are written.
    var author: Author {
        Author(
            userID: session.owner.id,
            groupID: caller.eventGroupID ?? session.group.id,
            sessionID: session.id,
            eventType: session.eventType
        )
    }

    /// Saves objects, and all that is reachable from them; their ids.
    ///
    /// - Throws: `ApiUsageException` if there is none among them.
    @discardableResult
    func save(_ objects: [IObject?], insertsOnly: Bool = false) async throws -> [Int64] {
        try await save(objects, insertsOnly: insertsOnly) { saved, _, _ in saved.ids }
    }

    /// Saves objects, and all that is reachable from them; what became of them, in the same order.
    func saveAndReturn(_ objects: [IObject?]) async throws -> [IObject?] {
        // In the same transaction: nobody else's change is in it.
        try await save(objects, insertsOnly: false) { saved, transaction, call in
            let filter = try ResultFilter(call, transaction)
            return try GraphBuilder.build { builder in
                try transaction.load(saved, scope: filter.scope, into: builder) { loaded in
                    try filter.apply(to: loaded, builder, transaction)
                }
            }
        }
    }

    private func save<Result: Sendable>(
        _ objects: [IObject?], insertsOnly: Bool,
        _ result: @escaping @Sendable (SavedGraph, WriteTransaction, Call) throws -> Result
    ) async throws -> Result {
        let roots = objects.compactMap(\.self)
        guard roots.count == objects.count else { throw ApiUsageException("Argument to save cannot be null.") }
        let (saved, answer) = try await core.store.write { transaction in
            var rules = try CallSaveRules(self, transaction)
            rules.insertsOnly = insertsOnly
            let saved = try transaction.save(roots, rules: rules, by: author)
            return (saved, try result(saved, transaction, self))
        }
        await reloadRights(after: saved.changedTypes)
        return answer
    }

    /// Deletes objects, and nothing else: what refers to them keeps them.
    func delete(_ objects: [IObject?]) async throws {
        let wanted = try objects.compactMap(\.self).map { object in
            guard let id = object.id else {
                throw ApiUsageException("Non-managed IObject entity cannot be deleted. Must have an id.")
            }
            guard let entity = DataModel.entity(object.typeID) else {
                throw ApiUsageException("\(object.typeID.prefix(200)) is not a class of the data model")
            }
            return (entity, id)
        }
        try await core.store.write { transaction in
            let rules = try CallSaveRules(self, transaction)
            for (entity, id) in wanted {
                try transaction.deleteObject(entity.name, id: id, rules: rules, by: author)
            }
        }
        await reloadRights(after: Set(wanted.map(\.0.root.name)))
    }

    /// Sessions go by what is in users and groups.
    private func reloadRights(after types: Set<String>) async {
        guard !types.isDisjoint(with: ["Experimenter", "ExperimenterGroup", "GroupExperimenterMap"]) else { return }
        await core.reloadAll()
    }
}
