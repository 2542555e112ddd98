import OMERO

/// How a command gets to a server, as far as settings and session files say.
struct ConnectionPlan {
    /// What opens the session.
    enum Way {
        /// These stored sessions, the first that is still there.
        case stored([StoredSession])
        case credentials(Credentials)
        /// A user with a password that nobody has told yet.
        case ask
    }

    /// Nil if no place names a server.
    var address: ServerAddress?
    var user: String?
    /// The group that was asked for; nil for that of the session.
    var group: String?
    var way: Way

    /// - Throws: `GatewayError` if the session files can't be read.
    init(_ settings: ConnectionSettings, sessions: SessionFiles) throws {
        address = settings.address?.value
        user = settings.user?.value
        group = settings.groupAskedFor
        if let credentials = settings.credentials, !credentials.origin.isLastLogin {
            way = .credentials(credentials.value)
            return
        }
        // A server that nobody named is that of the last log-in, and its user then is that of its session.
        let named = settings.address.flatMap { $0.origin.isLastLogin ? nil : $0.value }
        let candidates = try Self.candidates(
            sessions, at: named, user: settings.user.flatMap { $0.origin.isLastLogin ? nil : $0.value })
        way = candidates.isEmpty ? .ask : .stored(candidates)
        if let first = candidates.first {
            address = try first.address()
            user = first.user
        }
    }

    /// The stored sessions of that server and user; the current one first. Without a server only the current one.
    private static func candidates(
        _ sessions: SessionFiles,
        at address: ServerAddress?,
        user: String?
    ) throws -> [StoredSession] {
        func fits(_ session: StoredSession) -> Bool {
            guard user == nil || session.user == user else { return false }
            guard let address else { return true }
            guard let stored = try? session.address() else { return false }
            return stored.transport == address.transport && stored.host.lowercased() == address.host.lowercased()
                && stored.port == address.port && stored.path == address.path
        }
        let current = try sessions.current()
        var found = [current].compactMap(\.self).filter(fits)
        guard address != nil else { return found }
        for session in try sessions.sessions(user: user).sessions
        where session.key != current?.key && fits(session) { found.append(session) }
        return found
    }
}

extension ConnectionSettings {
    /// The group that somebody asks for now. That of a stored session is none: it may have been moved since.
    var groupAskedFor: String? { group.flatMap { $0.origin.isLastLogin ? nil : $0.value } }
}

extension SettingOrigin {
    var isLastLogin: Bool { if case .lastLogin = self { true } else { false } }
}

extension StoredSession {
    /// `user@host:port`, as `blitz login` takes it.
    var target: String {
        guard let address = try? address() else { return "\(user)@\(host)".onOneLine }
        return address.target.onOneLine
    }
}

extension ServerAddress {
    /// As short as a person would write it.
    var target: String {
        guard transport == .ssl else { return description }
        return "\(user.map { "\($0)@" } ?? "")\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
