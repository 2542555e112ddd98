import Configuration
import OMERO

/// A YAML file with the settings as keys of `omero`.
struct YAMLSource: SettingsSource {
    private let path: String
    private let snapshot: YAMLSnapshot

    init(path: String) throws(GatewayError) {
        self.path = path
        let bytes = try configurationFile(path)
        guard Self.isShallow(bytes) else {
            throw badSettings("\(path) is nested deeper than a file of settings is", advice: Self.example)
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
            throw badSettings("\(place) is no YAML with settings", advice: Self.example)
        }
    }

    func text(_ name: SettingName) throws(GatewayError) -> Setting<String>? {
        for key in name.keys {
            let origin = SettingOrigin.yaml(path: path, key: key.joined(separator: "."))
            let found: LookupResult
            do {
                found = try snapshot.value(forKey: AbsoluteConfigKey(key), type: .string)
            } catch {
                throw badSettings("\(origin) is not a single value", advice: Self.example)
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
