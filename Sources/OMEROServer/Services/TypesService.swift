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
        for name in Self.enumerations { result += try await all(name) }
        return result
    }

    func getAnnotationTypes(current: Current) async throws -> [String] {
        (DataModel.entity("Annotation")?.family ?? []).filter { !$0.isAbstract }.map(\.name).sorted()
    }

    func createEnumeration(newEnum: IObject?, current: Current) async throws -> IObject? {
        guard let newEnum, let name = newEnum.typeID.split(separator: ":").last.map(String.init),
            let value = Self.value(of: newEnum)
        else { throw ApiUsageException("an enumeration's entry with a value is needed") }
        _ = try entity(name)
        let id = try await core.store.write { try $0.addEnumeration(name, value: value) }
        return try await core.load(name, for: call) { _ in [id] }.first
    }

    /// The value of an entry of any enumeration: all have it as their first member after the root's.
    private static func value(of entry: IObject) -> String? {
        guard let field = entry.object.descriptor.allFields.firstIndex(where: { $0.name == "_value" }) else { return nil }
        return (entry.object[field] as Box<String>).value
    }
}
