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
            try call.answer(saved, transaction)
        }
    }

    /// What became of what was saved, as the caller sees it.
    private func answer(_ saved: SavedGraph, _ transaction: WriteTransaction) throws -> [IObject?] {
        let filter = try ResultFilter(self, transaction)
        return try GraphBuilder.build { builder in
            try transaction.load(saved, scope: filter.scope, into: builder) { loaded in
                try filter.apply(to: loaded, builder, transaction)
            }
        }
    }

    /// Loads an object, has it edited, and saves it, in one transaction; what became of it.
    ///
    /// - Throws: what ``save(_:_:in:_:)`` throws.
    func change(
        _ entity: String, _ id: Int64, _ edit: @escaping @Sendable (IObject) throws -> IObject
    ) async throws -> IObject? {
        let (changed, result) = try await core.store.write { transaction -> (Set<String>, IObject?) in
            let saved = try save(entity, id, in: transaction, edit)
            let found = try answer(saved, transaction)
            return (saved.changedTypes, found.first ?? nil)
        }
        await reloadRights(after: changed)
        return result
    }

    /// Loads an object, has it edited, and saves it, whatever group the call is in.
    ///
    /// - Throws: `ValidationException` if there is none, and what a client would meet that saved it.
    @discardableResult
    func save(
        _ entity: String, _ id: Int64, in transaction: WriteTransaction, _ edit: (IObject) throws -> IObject
    ) throws -> SavedGraph {
        let found = try GraphBuilder.build { try transaction.load(entity, where: [id], into: $0) }
        guard let object = found.first else { throw ValidationException("there is no \(entity):\(id)") }
        var rules = try CallSaveRules(self, transaction)
        rules.caller.group = .all
        return try transaction.save([edit(object)], rules: rules, by: author)
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
        await core.removeBytes(of: wanted.filter { $0.0.name == "OriginalFile" }.map(\.1))
        await reloadRights(after: Set(wanted.map(\.0.root.name)))
    }

    /// Sessions go by what is in users and groups.
    private func reloadRights(after types: Set<String>) async {
        guard !types.isDisjoint(with: ["Experimenter", "ExperimenterGroup", "GroupExperimenterMap"]) else { return }
        await core.reloadAll()
    }
}
