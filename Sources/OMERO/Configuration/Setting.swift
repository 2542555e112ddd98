/// A value together with the place it was set in.
public struct Setting<Value: Sendable>: Sendable, CustomStringConvertible {
    /// What is set.
    public var value: Value
    /// Where it was set.
    public var origin: SettingOrigin

    public init(_ value: Value, from origin: SettingOrigin) {
        self.value = value
        self.origin = origin
    }

    public var description: String { "\(value) (\(origin))" }

    func map<Other>(_ transform: (Value) throws(GatewayError) -> Other) throws(GatewayError) -> Setting<Other> {
        Setting<Other>(try transform(value), from: origin)
    }
}

extension Setting: Equatable where Value: Equatable {}
extension Setting: Hashable where Value: Hashable {}

/// Where a setting comes from.
public enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
    /// The program itself.
    case code
    /// An environment variable.
    case environment(String)
    /// A key in a YAML file.
    case yaml(path: String, key: String)
    /// A line, counted from 1, in a file of Ice's properties.
    case iceConfig(path: String, line: Int)
    /// The last log-in that is noted in the session files of this folder.
    case lastLogin(root: String)
    /// Nobody has set it.
    case builtIn

    public var description: String {
        switch self {
        case .code: "the program"
        case .environment(let name): "environment variable \(name)"
        case .yaml(let path, let key): "\(key) in \(path)"
        case .iceConfig(let path, let line): "line \(line) of \(path)"
        case .lastLogin(let root): "the last log-in in \(root)"
        case .builtIn: "default"
        }
    }

    /// Sources of a lower rank come first.
    var rank: Int {
        switch self {
        case .code: 0
        case .environment: 1
        case .yaml: 2
        case .iceConfig: 3
        case .lastLogin: 4
        case .builtIn: 5
        }
    }
}

/// What can be set, and how it is called in the sources.
package enum SettingName: String, CaseIterable, Sendable {
    case host, port, secure, user, password, session, group, timeout, connectTimeout, trust

    /// The names in order of preference, as the words of `omero.connect.timeout` or `OMERO_CONNECT_TIMEOUT`.
    package var keys: [[String]] {
        switch self {
        // omero-py's properties say pass, ezomero's variables both.
        case .password: [["omero", "password"], ["omero", "pass"]]
        case .connectTimeout: [["omero", "connect", "timeout"]]
        default: [["omero", rawValue]]
        }
    }
}
