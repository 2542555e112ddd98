/// The current session: that of the last log-in, which programs take that name no other.
extension SessionFiles {
    /// The server and the user of the last log-in, whose session may be over.
    public struct LastLogin: Sendable, Hashable {
        /// The server as the user wrote it.
        public var host: String
        /// Nil where none is noted.
        public var port: Int?
        /// The log-in name; nil where none is noted.
        public var user: String?
    }

    /// The current session; nil if there is none.
    ///
    /// - Throws: if a file can't be read, or is damaged.
    public func current() throws(GatewayError) -> StoredSession? {
        guard let last = try lastLogin(), let user = last.user else { return nil }
        let folder = try userFolder(host: last.host, user: user).user
        guard let key = try marker("\(folder)/\(SessionNames.lastSession)"), SessionNames.isKey(key) else { return nil }
        return try read(host: last.host, user: user, key: key)
    }

    /// The server and user of the last log-in, as defaults for the next; nil if there was none.
    public func lastLogin() throws(GatewayError) -> LastLogin? {
        guard let host = try marker("\(root)/\(SessionNames.lastHost)"), !host.contains(where: \.endsLines),
            let folder = SessionNames.folder(ofHost: host)
        else { return nil }
        let port = try marker("\(root)/\(SessionNames.lastPort)").flatMap { Int($0) }
        let user = try marker("\(root)/\(folder)/\(SessionNames.lastUser)")
        return LastLogin(
            host: host,
            port: port.flatMap { (1...65_535).contains($0) ? $0 : nil },
            user: user.flatMap { SessionNames.isUser($0) ? $0 : nil }
        )
    }

    /// Makes a stored session the current one.
    ///
    /// - Throws: also if the session is not stored.
    public func setCurrent(_ session: StoredSession) throws(GatewayError) {
        let place = try place(host: session.host, user: session.user, key: session.key)
        func missing() -> GatewayError {
            OwnedFiles.failure("The \(session) is not stored in \(root)", "Log in again")
        }
        guard OwnedFiles.exists(place.path) else { throw missing() }
        try locked { () throws(GatewayError) in
            // Once more: another program may have removed it.
            guard OwnedFiles.exists(place.path) else { throw missing() }
            try mark(session, in: place)
        }
    }

    /// From now on there is no current session. Its file stays, and so does the server's and the user's name as a
    /// default for the next log-in.
    public func clearCurrent() throws(GatewayError) {
        guard OwnedFiles.isFolder(root) else { return }
        try locked { () throws(GatewayError) in
            guard let last = try lastLogin(), let user = last.user else { return }
            let path = "\(try userFolder(host: last.host, user: user).user)/\(SessionNames.lastSession)"
            try OwnedFiles.remove(path, name: path)
        }
    }

    /// Writes the marks, from the inner folder to the outer one: who reads meanwhile finds the old session or the new.
    func mark(_ session: StoredSession, in place: Place) throws(GatewayError) {
        func write(_ text: String, _ path: String) throws(GatewayError) {
            try OwnedFiles.replace(path, with: text, name: path, synced: false)
        }
        try write(session.key, place.currentMarker)
        try write(session.user, place.userMarker)
        let port = session.port ?? (try? session.address())?.port ?? ServerAddress.Transport.ssl.defaultPort
        try write(String(port), "\(root)/\(SessionNames.lastPort)")
        try write(session.host, "\(root)/\(SessionNames.lastHost)")
    }

    /// The text of a mark without space around it; nil if there is none.
    func marker(_ path: String) throws(GatewayError) -> String? {
        guard let text = try OwnedFiles.readText(path, limit: 4096, name: path) else { return nil }
        let trimmed = text.trimmingSpace
        return trimmed.isEmpty ? nil : trimmed
    }
}
