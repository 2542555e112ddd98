#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ConnectionSettings {
    /// Gathers the settings from all places. With the module `OMEROYAML` a YAML file is one of them.
    ///
    /// - Parameters:
    ///   - given: what the program sets itself.
    ///   - environment: nil for that of the process.
    ///   - iceConfig: the paths of files of Ice's properties, with commas in between, which must be there; nil for what
    ///     the variable `ICE_CONFIG` says.
    ///   - sessions: where the last log-in is looked for; nil asks nobody.
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration`` that names the place of a value that
    ///   can't be used, and says what is expected there.
    public init(
        _ given: Given = Given(),
        environment: [String: String]? = nil,
        iceConfig: String? = nil,
        sessions: SessionFiles? = nil
    ) throws(GatewayError) {
        try self.init(given, environment: environment, file: nil, iceConfig: iceConfig, sessions: sessions)
    }

    /// - Parameter file: the settings of a file, which count after the environment.
    package init(
        _ given: Given,
        environment: [String: String]?,
        file: (any SettingsSource)?,
        iceConfig: String?,
        sessions: SessionFiles?
    ) throws(GatewayError) {
        let environment = environment ?? ProcessInfo.processInfo.environment
        var sources: [any SettingsSource] = [given, EnvironmentSource(environment)]
        if let file { sources.append(file) }
        if let paths = iceConfig ?? environment["ICE_CONFIG"] {
            let ice = try IceSource(paths: paths)
            notes += ice.notes
            sources.append(ice)
        }
        let texts = SettingsTexts(sources: sources)

        secure = try texts.read(.secure, "true or false") { SettingsTexts.bool($0) }
        group = try texts.first(.group)
        idleSeconds = try texts.read(.timeout, "whole seconds, 1…\(Int32.max)") {
            SettingsTexts.whole($0, 1...Int(Int32.max))
        }
        connectSeconds = try texts.read(.connectTimeout, "seconds, more than 0 and no more than 86400") { text in
            Double(text).flatMap { $0 > 0 && $0 <= 86_400 ? $0 : nil }
        }
        trust = try texts.read(.trust, "system, first-use, anyone, or the path of a PEM file with a / in it") {
            SettingsTexts.trust($0)
        }
        try readAddress(texts, sessions)
        try readCredentials(texts, sessions)
    }

    // MARK: Where

    private mutating func readAddress(_ texts: SettingsTexts, _ sessions: SessionFiles?) throws(GatewayError) {
        let port = try texts.read(.port, "a whole number, 1…65535") { SettingsTexts.whole($0, 1...65_535) }
        user = try texts.first(.user)
        var host = try texts.first(.host)
        var lastPort: Int?
        var lastUser: String?
        if host == nil, let sessions, let last = note({ () throws(GatewayError) in try sessions.lastLogin() }) {
            host = Setting(last.host, from: .lastLogin(root: sessions.root))
            lastPort = last.port
            lastUser = last.user
        }
        guard let host else { return }
        var address = try host.map { text throws(GatewayError) in
            do throws(GatewayError) {
                return try ServerAddress(text, defaultPort: lastPort)
            } catch {
                throw OwnedFiles.failure(
                    "\(host.origin): \(error.message)", error.advice ?? "Expected is a text such as omero.example.org")
            }
        }
        if let port, port.origin.rank <= host.origin.rank || !Self.namesPort(host.value) {
            address.value.port = port.value
            portOrigin = port.origin
        } else if lastPort != nil || Self.namesPort(host.value) {
            portOrigin = host.origin
        }
        if let named = address.value.user ?? lastUser, host.origin.rank < user?.origin.rank ?? .max {
            user = Setting(named, from: host.origin)
        }
        address.value.user = user?.value
        if let secure, secure.value, !address.value.transport.isSecure {
            throw OwnedFiles.failure(
                "\(secure.origin) demands encryption, but \(host.origin) says \(address.value.transport.rawValue)",
                "Use ssl or wss, or do not demand it")
        }
        self.address = address
    }

    /// Whether the text of a server has its port in it: then no default changes it.
    private static func namesPort(_ text: String) -> Bool {
        guard let one = try? ServerAddress(text, defaultPort: 1), let other = try? ServerAddress(text, defaultPort: 2)
        else { return false }
        return one.port == other.port
    }

    // MARK: As whom

    private mutating func readCredentials(_ texts: SettingsTexts, _ sessions: SessionFiles?) throws(GatewayError) {
        let password = try texts.first(.password)
        let key = try texts.first(.session)
        if let key, key.origin.rank <= password?.origin.rank ?? .max {
            credentials = Setting(.sessionKey(key.value), from: key.origin)
            return
        }
        if let password, let user {
            credentials = Setting(.password(user: user.value, password.value), from: password.origin)
            return
        }
        if let password {
            notes.append("\(password.origin) sets a password, but nobody a user")
        }
        if let sessions, let session = note({ () throws(GatewayError) in try sessions.current() }), fits(session) {
            let origin = SettingOrigin.lastLogin(root: sessions.root)
            credentials = Setting(session.credentials, from: origin)
            user = user ?? Setting(session.user, from: origin)
            address?.value.user = user?.value
            group = group ?? session.group.map { Setting($0, from: origin) }
        } else if let user, user.value == "guest" {
            credentials = Setting(.guest, from: user.origin)
        }
    }

    /// Whether a stored session is one of the server, user and group that are set.
    private func fits(_ session: StoredSession) -> Bool {
        guard let address = address?.value, let stored = try? session.address() else { return false }
        let wish = StoredSession.Wish(user: user?.value, group: group?.value)
        return stored.transport == address.transport && stored.host.lowercased() == address.host.lowercased()
            && stored.port == address.port && stored.path == address.path && session.conflicts(with: wish).isEmpty
    }

    /// What is in the session files is a convenience: that it can't be read stops nobody who does not need it.
    private mutating func note<Value>(_ read: () throws(GatewayError) -> Value?) -> Value? {
        do {
            return try read()
        } catch {
            notes.append(error.message)
            return nil
        }
    }
}

/// The texts of all places, in the order in which they count, and their meaning.
private struct SettingsTexts {
    var sources: [any SettingsSource]

    func first(_ name: SettingName) throws(GatewayError) -> Setting<String>? {
        for source in sources {
            guard let setting = try source.text(name) else { continue }
            guard !setting.value.contains(where: \.endsLines) else {
                throw OwnedFiles.failure(
                    "\(setting.origin) has control characters in it", "Expected is one line of text")
            }
            return setting
        }
        return nil
    }

    func read<Value: Sendable>(
        _ name: SettingName,
        _ expected: String,
        _ read: (String) -> Value?
    ) throws(GatewayError) -> Setting<Value>? {
        guard let setting = try first(name) else { return nil }
        guard let value = read(setting.value.trimmingSpace) else {
            // Other places say by themselves which setting it is.
            let place = setting.origin == .code ? "the program's \(name.rawValue)" : "\(setting.origin)"
            throw OwnedFiles.failure("\(place) is \"\(setting.value.prefix(100))\"", "Expected is \(expected)")
        }
        return Setting(value, from: setting.origin)
    }

    static func whole(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text).flatMap { range.contains($0) ? $0 : nil }
    }

    static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    static func trust(_ text: String) -> ConnectionSettings.Trust? {
        switch text.lowercased() {
        case "system": .system
        case "first-use": .firstUse
        case "anyone": .anyone
        default: text.contains("/") ? .authorities(file: text) : nil
        }
    }
}
