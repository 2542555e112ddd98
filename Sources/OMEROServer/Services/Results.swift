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
        try await look(for: call) { transaction in
            let filter = try ResultFilter(call, transaction)
            return try GraphBuilder.build { builder in
                try transaction.load(entity, where: try ids(transaction), fetch: fetch, into: builder) { loaded in
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
