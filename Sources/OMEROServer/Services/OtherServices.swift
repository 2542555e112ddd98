import Ice
import OMEROAPI
import OMEROModel

/// `omero.api.ILdap`, as a server answers it that has LDAP switched off.
struct LdapService: ILdapServant, StatelessService {
    init(_ call: Call) {}

    static func requirement(_ operation: String) -> Requirement { operation == "getSetting" ? .user : .system }

    func getSetting(current: Current) async throws -> Bool { false }
    func searchAll(current: Current) async throws -> [Experimenter?] { [] }
    func discover(current: Current) async throws -> [Experimenter?] { [] }
    func discoverGroups(current: Current) async throws -> [ExperimenterGroup?] { [] }
    func searchDnInGroups(attr: String, value: String, current: Current) async throws -> [String] { [] }

    func searchByAttribute(
        dn: String, attribute: String, value: String, current: Current
    ) async throws -> [Experimenter?] { [] }

    func searchByAttributes(
        dn: String, attributes: [String], values: [String], current: Current
    ) async throws -> [Experimenter?] { [] }

    func searchByDN(userdn: String, current: Current) async throws -> Experimenter? { throw off() }
    func findDN(username: String, current: Current) async throws -> String { throw off() }
    func findGroupDN(groupname: String, current: Current) async throws -> String { throw off() }
    func findExperimenter(username: String, current: Current) async throws -> Experimenter? { throw off() }
    func findGroup(groupname: String, current: Current) async throws -> ExperimenterGroup? { throw off() }
    func setDN(experimenterID: Int64?, dn: String, current: Current) async throws { throw off() }
    func createUser(username: String, current: Current) async throws -> Experimenter? { throw off() }

    private func off() -> ApiUsageException { ApiUsageException("LDAP is switched off (omero.ldap.config)") }
}

/// `omero.api.IShare`: shares are not there, and whatever asks for one is told so; nobody has any.
struct ShareService: IShareServant, StatelessService {
    init(_ call: Call) {}

    static func requirement(_ operation: String) -> Requirement { .user }

    func getOwnShares(active: Bool, current: Current) async throws -> [Session?] { [] }
    func getMemberShares(active: Bool, current: Current) async throws -> [Session?] { [] }
    func deactivate(current: Current) async throws {}

    func activate(shareId: Int64, current: Current) async throws {
        throw ValidationException("there is no share \(shareId): shares are not supported by this server")
    }
}

/// `omero.api.IScript`: there are no scripts. OMERO.web asks for them before it shows anything of an object.
struct ScriptService: IScriptServant, StatelessService {
    init(_ call: Call) {}

    static func requirement(_ operation: String) -> Requirement { .user }

    func canRunScript(scriptID: Int64, current: Current) async throws -> Bool { false }
    func getScripts(current: Current) async throws -> [OriginalFile?] { [] }
    /// Negative where there is none of that path: OMERO.figure and OMERO.web compare with 0.
    func getScriptID(path: String, current: Current) async throws -> Int64 { -1 }
    func getScriptsByMimetype(mimetype: String, current: Current) async throws -> [OriginalFile?] { [] }
    func getUserScripts(acceptsList: [IObject?], current: Current) async throws -> [OriginalFile?] { [] }
}

/// `omero.api.IRepositoryInfo`: the room where files are kept. OMERO.web shows it to every user beside the own account.
struct RepositoryInfoService: IRepositoryInfoServant, StatelessService {
    private let files: BinaryFiles

    init(_ call: Call) { files = call.core.files }

    static func requirement(_ operation: String) -> Requirement { .user }

    func getFreeSpaceInKilobytes(current: Current) async throws -> Int64 { try await files.space().free / 1024 }
    func getUsedSpaceInKilobytes(current: Current) async throws -> Int64 { try await files.space().used / 1024 }

    func getUsageFraction(current: Current) async throws -> Double {
        let space = try await files.space()
        return space.total > 0 ? Double(space.used) / Double(space.total) : 0
    }
}

// Services that are not there yet: every operation answers so, by name.

struct PixelsService: IPixelsServant, StatelessService {
    init(_ call: Call) {}
    static func requirement(_ operation: String) -> Requirement { .user }
}
struct ProjectionService: IProjectionServant, StatelessService {
    init(_ call: Call) {}
    static func requirement(_ operation: String) -> Requirement { .user }
}
struct RenderingSettingsService: IRenderingSettingsServant, StatelessService {
    init(_ call: Call) {}
    static func requirement(_ operation: String) -> Requirement { .user }
}
struct SharedResourcesService: SharedResourcesServant, StatelessService {
    init(_ call: Call) {}
    static func requirement(_ operation: String) -> Requirement { .user }
}
