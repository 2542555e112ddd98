import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore

/// An original file that a client has chosen, with what the client may do with its bytes.
struct OpenFile: Sendable, Hashable {
    let id: Int64
    let mayRead: Bool
    let mayWrite: Bool
    /// Whether something was written since size and checksum were set.
    var isModified = false
}

extension Call {
    /// Looks up an original file, and what the caller may do with its bytes.
    ///
    /// - Throws: `ValidationException` if there is none, `SecurityViolation` if the caller may not see it.
    func openFile(_ id: Int64) async throws -> OpenFile {
        try await core.store.read { transaction in
            guard let row = try transaction.details(of: "OriginalFile", ids: [id]).first,
                let entity = DataModel.entity("OriginalFile")
            else { throw ValidationException("there is no OriginalFile:\(id)") }
            let filter = try ResultFilter(self, transaction)
            var facts = filter.facts(entity, id: id, ownerID: row.ownerID, groupID: row.groupID)
            facts.isDirectory = try transaction.nameAndType(ofFile: id)?.mimetype == "Directory"
            try caller.authorizeReading(facts)
            let mayEdit = caller.allowed(on: facts).contains(.edit)
            let isRestricted = try BinaryRestrictions(core.properties).restrict(
                entity, id: id, groupID: row.groupID, mayEdit: mayEdit, transaction)
            return OpenFile(id: id, mayRead: !isRestricted, mayWrite: mayEdit && !facts.isDirectory)
        }
    }
}

extension ServerCore {
    /// Removes the bytes of original files that are gone. Where that fails nobody misses them, and they are never read
    /// again: ids are given once.
    func removeBytes(of ids: [Int64]) async {
        do {
            try await files.remove(ids)
        } catch {
            observer.backgroundFailed("remove the bytes of deleted files", error)
        }
    }

    /// Removes the bytes of the original files that a command has deleted.
    func removeBytes(deletedBy response: Response) async {
        guard let deleted: Delete2Response = response.cast() else { return }
        await removeBytes(of: deleted.deletedObjects[Self.originalFile] ?? [])
    }

    private static let originalFile = DataModel.entity("OriginalFile")?.logName ?? ""
}
