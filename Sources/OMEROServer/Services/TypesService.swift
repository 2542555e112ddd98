import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore

/// `omero.api.ITypes`
struct TypesService: ITypesServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    private var core: ServerCore { call.core }

    static func requirement(_ operation: String) -> Requirement {
        switch operation {
        case "createEnumeration", "updateEnumeration", "updateEnumerations", "deleteEnumeration", "resetEnumerations",
            "getOriginalEnumerations":
            .system
        default: .user
        }
    }

    /// `ome.model.enums.Format`, `omero.model.FormatI` and `Format` are the entity `Format`.
    private func entity(_ type: String) throws -> Entity {
        var name = type.split(whereSeparator: { $0 == "." || $0 == ":" }).last.map(String.init) ?? ""
        if DataModel.entity(name) == nil, name.hasSuffix("I") { name.removeLast() }
        guard let entity = DataModel.entity(name), entity.kind == .enumeration else {
            throw ApiUsageException("\(type.prefix(100)) is not an enumeration")
        }
        return entity
    }

    func allEnumerations(type: String, current: Current) async throws -> [IObject?] { try await all(entity(type).name) }

    private func all(_ name: String) async throws -> [IObject] {
        try await core.load(name, for: call) { try $0.enumerations(of: name).map(\.id) }
    }

    func getEnumeration(type: String, value: String, current: Current) async throws -> IObject? {
        let name = try entity(type).name
        let found = try await core.load(name, for: call) { transaction in
            try transaction.enumeration(name, value: value).map { [$0.id] } ?? []
        }
        guard let entry = found.first else {
            throw ApiUsageException("\(name) with value \"\(value.prefix(255))\" is unknown.")
        }
        return entry
    }

    private static let enumerations = DataModel.entities.filter { $0.kind == .enumeration }.map(\.name)

    func getEnumerationTypes(current: Current) async throws -> [String] { Self.enumerations }

    func getEnumerationsWithEntries(current: Current) async throws -> [String: [IObject?]] {
        var result: [String: [IObject?]] = [:]
        for name in Self.enumerations { result[name] = try await all(name) }
        return result
    }

    func getOriginalEnumerations(current: Current) async throws -> [IObject?] {
        var result: [IObject?] = []
        for name in Self.enumerations {
            let original = Set(DataModel.entity(name)?.entries.map(\.value) ?? [])
            result += try await all(name).filter { Self.value(of: $0).map(original.contains) ?? false }
        }
        return result
    }

    func getAnnotationTypes(current: Current) async throws -> [String] {
        (DataModel.entity("Annotation")?.family ?? []).filter { !$0.isAbstract }.map(\.name).sorted()
    }

    func createEnumeration(newEnum: IObject?, current: Current) async throws -> IObject? {
        guard let newEnum, let value = Self.value(of: newEnum) else { throw Self.noValue }
        let name = try entity(newEnum.typeID).name
        let id = try await core.store.write { try $0.addEnumeration(name, value: value) }
        return try await core.load(name, for: call) { _ in [id] }.first
    }

    func updateEnumeration(oldEnum: IObject?, current: Current) async throws -> IObject? {
        let change = try rename(oldEnum)
        try await core.store.write { try $0.renameEnumeration(change.type, id: change.id, to: change.value) }
        return try await core.load(change.type, for: call) { _ in [change.id] }.first
    }

    /// All or none.
    func updateEnumerations(oldEnums: [IObject?], current: Current) async throws {
        let changes = try oldEnums.map(rename)
        try await core.store.write { transaction in
            for change in changes { try transaction.renameEnumeration(change.type, id: change.id, to: change.value) }
        }
    }

    func deleteEnumeration(oldEnum: IObject?, current: Current) async throws {
        let (type, id) = try stored(oldEnum)
        try await core.store.write { try $0.deleteEnumeration(type, id: id) }
    }

    func resetEnumerations(enumClass: String, current: Current) async throws {
        let name = try entity(enumClass).name
        try await core.store.write { try $0.resetEnumeration(name) }
    }

    private struct Rename: Sendable {
        let type: String
        let id: Int64
        let value: String
    }

    private func rename(_ entry: IObject?) throws -> Rename {
        let (type, id) = try stored(entry)
        guard let value = entry.flatMap(Self.value), !value.isEmpty else { throw Self.noValue }
        return Rename(type: type, id: id, value: value)
    }

    private func stored(_ entry: IObject?) throws -> (type: String, id: Int64) {
        guard let entry, let id = entry.id else { throw ApiUsageException("an enumeration's entry has no id") }
        return (try entity(entry.typeID).name, id)
    }

    private static let noValue = ApiUsageException("an enumeration's entry with a value is needed")

    /// The value of an entry of any enumeration: all have it as their first member after the root's.
    private static func value(of entry: IObject) -> String? {
        guard let field = entry.object.descriptor.allFields.firstIndex(where: { $0.name == "_value" }) else {
            return nil
        }
        return (entry.object[field] as Box<String>).value
    }
}
