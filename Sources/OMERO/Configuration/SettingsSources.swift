/// One of the places that settings come from.
package protocol SettingsSource {
    /// The text of a setting; nil if it is not set here. An empty text sets nothing.
    func text(_ name: SettingName) throws(GatewayError) -> Setting<String>?
}

struct EnvironmentSource: SettingsSource {
    private let environment: [String: String]

    init(_ environment: [String: String]) { self.environment = environment }

    func text(_ name: SettingName) -> Setting<String>? {
        for key in name.keys {
            let variable = key.map { $0.uppercased() }.joined(separator: "_")
            if let text = environment[variable], !text.isEmpty { return Setting(text, from: .environment(variable)) }
        }
        return nil
    }
}

/// The files of Ice's properties; what a later one says counts more.
struct IceSource: SettingsSource {
    private var files: [(path: String, properties: IceProperties)] = []

    /// - Parameter paths: as in the variable ICE_CONFIG, separated by commas.
    init(paths: String) throws(GatewayError) {
        for path in paths.split(separator: ",") {
            let path = path.trimmingSpace
            guard !path.isEmpty else { continue }
            let bytes = try configurationFile(path)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw OwnedFiles.failure(
                    "\(path) is no text in UTF-8", "Expected are lines such as omero.host=localhost")
            }
            files.insert((path, IceProperties(text)), at: 0)
        }
    }

    func text(_ name: SettingName) -> Setting<String>? {
        for key in name.keys.map({ $0.joined(separator: ".") }) + (name == .host ? ["Ice.Default.Host"] : []) {
            for file in files {
                guard let property = file.properties.properties[key] else { continue }
                return Setting(property.value, from: .iceConfig(path: file.path, line: property.line))
            }
        }
        return nil
    }

    var notes: [String] {
        files.flatMap { file in
            file.properties.malformedLines.map { "line \($0) of \(file.path) is no property: name=value is expected" }
        }
    }
}

/// A file that somebody has named, and that therefore must be there.
package func configurationFile(_ path: String) throws(GatewayError) -> [UInt8] {
    guard let bytes = try OwnedFiles.read(path, limit: 64 << 10, name: path) else {
        throw badSettings("There is no file \(path)", advice: "Correct the path, or make the file")
    }
    return bytes
}

/// What a place says can't be used.
package func badSettings(_ message: String, advice: String) -> GatewayError { OwnedFiles.failure(message, advice) }
