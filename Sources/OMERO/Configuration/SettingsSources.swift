import Configuration

/// One of the places that settings come from.
protocol SettingsSource {
    /// The text of a setting; nil if it is not set here. An empty text sets nothing.
    func text(_ name: SettingName) throws(GatewayError) -> Setting<String>?
}

struct EnvironmentSource: SettingsSource {
    private let provider: EnvironmentVariablesProvider

    init(_ environment: [String: String]) {
        provider = EnvironmentVariablesProvider(
            environmentVariables: environment,
            secretsSpecifier: .specific(["OMERO_PASSWORD", "OMERO_PASS", "OMERO_SESSION"]))
    }

    func text(_ name: SettingName) throws(GatewayError) -> Setting<String>? {
        for key in name.keys {
            guard let found = try? provider.value(forKey: AbsoluteConfigKey(key), type: .string),
                case .string(let text)? = found.value?.content, !text.isEmpty
            else { continue }
            return Setting(text, from: .environment(found.encodedKey))
        }
        return nil
    }
}

/// A YAML file with the settings as keys of `omero`.
struct YAMLSource: SettingsSource {
    private let path: String
    private let snapshot: YAMLSnapshot

    init(path: String) throws(GatewayError) {
        self.path = path
        let bytes = try configurationFile(path)
        guard Self.isShallow(bytes) else {
            throw OwnedFiles.failure("\(path) is nested deeper than a file of settings is", Self.example)
        }
        do {
            snapshot = try YAMLSnapshot(
                data: bytes.span.bytes,
                providerName: path,
                parsingOptions: .init(secretsSpecifier: .specific(["omero.password", "omero.pass", "omero.session"])))
        } catch {
            // The parser's message quotes the file, which may hold a password; only the number in front of it is taken.
            let line = Int(String(describing: error).prefix { $0.isASCII && $0.isNumber })
            let place = line.map { "line \($0) of \(path)" } ?? path
            throw OwnedFiles.failure("\(place) is no YAML with settings", Self.example)
        }
    }

    func text(_ name: SettingName) throws(GatewayError) -> Setting<String>? {
        for key in name.keys {
            let origin = SettingOrigin.yaml(path: path, key: key.joined(separator: "."))
            let found: LookupResult
            do {
                found = try snapshot.value(forKey: AbsoluteConfigKey(key), type: .string)
            } catch {
                throw OwnedFiles.failure("\(origin) is not a single value", Self.example)
            }
            guard case .string(let text)? = found.value?.content, !text.isEmpty else { continue }
            return Setting(text, from: origin)
        }
        return nil
    }

    private static let example = "Expected are lines such as \"omero:\", \"  host: omero.example.org\", \"  user: ami\""

    /// The parser recurses into what is nested and copies what an alias names: both are limited before it starts.
    private static func isShallow(_ bytes: [UInt8]) -> Bool {
        var brackets = 0
        var aliases = 0
        var leading = 0
        var atStart = true
        var previous = UInt8(ascii: "\n")
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                leading = 0
                atStart = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
                if atStart { leading += 1 }
            default:
                atStart = false
                if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { brackets += 1 }
                // Inside a word it is none.
                if byte == UInt8(ascii: "*"), " \t\n\r[{,:-".utf8.contains(previous) { aliases += 1 }
            }
            previous = byte
            guard leading <= 64, brackets <= 64, aliases <= 16 else { return false }
        }
        return true
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
private func configurationFile(_ path: String) throws(GatewayError) -> [UInt8] {
    guard let bytes = try OwnedFiles.read(path, limit: 64 << 10, name: path) else {
        throw OwnedFiles.failure("There is no file \(path)", "Correct the path, or make the file")
    }
    return bytes
}
