#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Ice
import OMEROAccess
import OMEROAPI
import OMEROModel

/// `omero.api.IConfig`
struct ConfigService: IConfigServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    private var core: ServerCore { call.core }

    static func requirement(_ operation: String) -> Requirement {
        switch operation {
        case "getConfigDefaults", "setConfigValue": .system
        case "setConfigValueIfEquals": .user
        default: .anyone
        }
    }

    static func isBrief(_ operation: String) -> Bool {
        switch operation {
        case "getVersion", "getServerTime", "getDatabaseTime": true
        default: false
        }
    }

    func getVersion(current: Current) async throws -> String {
        // `5.6.17-ice36-b1` is 5.6.17.
        let version = core.properties.value("omero.version") ?? ""
        let numbers = version.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }.split(separator: ".")
        guard numbers.count >= 3 else { throw InternalException("there is no version") }
        return numbers.prefix(3).joined(separator: ".")
    }

    func getConfigValue(key: String, current: Current) async throws -> String {
        if key.isEmpty { return "" }
        guard mayRead(key) else { throw SecurityViolation("Cannot read configuration: \(key)") }
        if let value = try await core.storedProperty(key) { return value }
        return core.properties.value(key) ?? ""
    }

    private func mayRead(_ key: String) -> Bool {
        switch Properties.visibility(key) {
        case .all: true
        case .administrators: call.caller.identity.isAdmin
        case .nobody: false
        }
    }

    func getConfigValues(keyRegex: String, current: Current) async throws -> [String: String] {
        guard keyRegex.utf8.count <= 1024, let pattern = try? Regex(keyRegex) else {
            throw ApiUsageException("not a regular expression: \(keyRegex.prefix(100))")
        }
        return core.properties.all.filter { key, _ in mayRead(key) && (try? pattern.firstMatch(in: key)) != nil }
    }

    func getConfigDefaults(current: Current) async throws -> [String: String] { core.properties.allDefaults }

    func getClientConfigValues(current: Current) async throws -> [String: String] {
        core.properties.all.filter { $0.key.hasPrefix("omero.client.") }
    }

    func getClientConfigDefaults(current: Current) async throws -> [String: String] {
        core.properties.allDefaults.filter { $0.key.hasPrefix("omero.client.") }
    }

    func setConfigValue(key: String, value: String, current: Current) async throws {
        guard !key.isEmpty, key.utf8.count <= 255 else { throw ApiUsageException("a key has 1 to 255 bytes") }
        if try await core.storedProperty(key) != nil {
            try await core.storeProperty(key, value)
        } else {
            core.properties.set(key, value)
        }
    }

    func setConfigValueIfEquals(key: String, value: String, test: String, current: Current) async throws -> Bool {
        guard call.caller.identity.isAdmin else { throw SecurityViolation("Cannot read configuration: \(key)") }
        guard try await getConfigValue(key: key, current: current) == test else { return false }
        try await setConfigValue(key: key, value: value, current: current)
        return true
    }

    func getDatabaseUuid(current: Current) async throws -> String {
        try await core.storedProperty("omero.db.uuid") ?? ""
    }

    func getDatabaseTime(current: Current) async throws -> Date? { Date() }
    func getServerTime(current: Current) async throws -> Date? { Date() }
}
