import Ice
import OMEROAPI
import OMEROModel

/// `omero.api.IUpdate`
struct UpdateService: IUpdateServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    static func requirement(_ operation: String) -> Requirement { operation == "indexObject" ? .system : .user }

    func saveObject(obj: IObject?, current: Current) async throws { try await call.save([obj]) }
    func saveCollection(objs: [IObject?], current: Current) async throws { try await call.save(objs) }
    func saveArray(graph: [IObject?], current: Current) async throws { try await call.save(graph) }

    func saveAndReturnObject(obj: IObject?, current: Current) async throws -> IObject? {
        try await call.saveAndReturn([obj]).first ?? nil
    }

    func saveAndReturnArray(graph: [IObject?], current: Current) async throws -> [IObject?] {
        try await call.saveAndReturn(graph)
    }

    func saveAndReturnIds(graph: [IObject?], current: Current) async throws -> [Int64] {
        try await call.save(graph, insertsOnly: true)
    }

    func deleteObject(row: IObject?, current: Current) async throws { try await call.delete([row]) }

    func indexObject(row: IObject?, current: Current) async throws {
        throw InternalException(unsupported: "full-text search, and so indexing,")
    }
}
