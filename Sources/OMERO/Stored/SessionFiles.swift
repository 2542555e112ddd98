#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The sessions that a user has opened from this machine, shared with omero-py: what `omero login` stores is found
/// here, and what is stored here `omero sessions list` shows.
///
/// ```
/// ROOT/._LASTHOST_  ._LASTPORT_            the server of the last log-in
/// ROOT/HOST/._LASTUSER_                    its user
/// ROOT/HOST/USER/._LASTSESS_               the user's session: the current one
/// ROOT/HOST/USER/KEY                       a session: lines of name=value
/// ```
///
/// What is written is closed to everyone but its owner, replaces the old file as a whole, and is written under a lock
/// that all programs with this type respect (omero-py knows none). Waiting for the lock blocks the thread, for 5
/// seconds at most. Reading needs no lock and changes nothing.
///
/// All errors are ``GatewayError``s of kind ``GatewayError/Kind/badConfiguration``. They name folders, but no session's
/// file, as its name is the key.
public struct SessionFiles: Sendable, Hashable {
    /// The folder of all sessions; it need not be there.
    public let root: String

    public init(root: String) {
        var root = Substring(root)
        while root.count > 1, root.last == "/" { root.removeLast() }
        self.root = String(root)
    }

    /// The folder that omero-py would use: `OMERO_SESSIONDIR`, else `sessions` in `OMERO_USERDIR`, else
    /// `~/omero/sessions`. Empty variables count as not set.
    ///
    /// - Parameter environment: nil for that of the process.
    public init(environment: [String: String]? = nil) {
        let environment = environment ?? ProcessInfo.processInfo.environment
        func variable(_ name: String) -> String? {
            guard let value = environment[name], !value.isEmpty else { return nil }
            return value
        }
        if let folder = variable("OMERO_SESSIONDIR") {
            self.init(root: folder)
        } else if let folder = variable("OMERO_SESSION_DIR") {
            // An old name that omero-py still takes, with a warning.
            self.init(root: folder + "/omero/sessions")
        } else if let folder = variable("OMERO_USERDIR") {
            self.init(root: folder + "/sessions")
        } else {
            let home = variable("HOME") ?? URL.homeDirectory.path
            self.init(root: home + "/omero/sessions")
        }
    }

    // MARK: Finding

    /// What a look into the files has found.
    public struct Listing: Sendable {
        /// What was found, ordered by host, user and key.
        public var sessions: [StoredSession] = []
        /// One for every file or folder that is none of a session, or can't be read, and so is not listed.
        public var skipped: [GatewayError] = []
    }

    /// All sessions, ordered by host, user and key. None is changed, joined, or made current.
    ///
    /// - Throws: if the folder itself can't be read. That it is not there is no error.
    public func all() throws(GatewayError) -> Listing { try sessions() }

    /// The sessions of one host, one user, or both.
    public func sessions(host: String? = nil, user: String? = nil) throws(GatewayError) -> Listing {
        var listing = Listing()
        for folder in try OwnedFiles.names(in: root) ?? [] {
            let path = "\(root)/\(folder)"
            guard OwnedFiles.isFolder(path) else {
                if !folder.hasPrefix(".") { listing.skip("\(path) is no folder of a host") }
                continue
            }
            guard let found = SessionNames.host(ofFolder: folder) else {
                listing.skip("\(path) is no folder of a host: it is not named as hosts are")
                continue
            }
            guard host == nil || host == found else { continue }
            listing.add { listing throws(GatewayError) in
                try list(host: found, user: user, in: path, &listing)
            }
        }
        return listing
    }

    private func list(
        host: String, user: String?, in folder: String, _ listing: inout Listing
    ) throws(GatewayError) {
        for name in try OwnedFiles.names(in: folder) ?? [] where user == nil || user == name {
            let path = "\(folder)/\(name)"
            guard OwnedFiles.isFolder(path), SessionNames.isUser(name) else {
                if !name.hasPrefix(".") { listing.skip("\(path) is no folder of a user") }
                continue
            }
            listing.add { listing throws(GatewayError) in
                for key in try OwnedFiles.names(in: path) ?? [] where SessionNames.isKey(key) {
                    listing.add { listing throws(GatewayError) in
                        if let session = try read(host: host, user: name, key: key) { listing.sessions.append(session) }
                    }
                }
            }
        }
    }

    /// The session with this key; nil if it is not stored.
    ///
    /// - Throws: also if several users have it: a key is that of one session, so that one of the files is wrong.
    public func find(key: String) throws(GatewayError) -> StoredSession? {
        guard SessionNames.isKey(key) else { return nil }
        var found: [StoredSession] = []
        for folder in try OwnedFiles.names(in: root) ?? [] {
            guard let host = SessionNames.host(ofFolder: folder), OwnedFiles.isFolder("\(root)/\(folder)") else {
                continue
            }
            for user in try OwnedFiles.names(in: "\(root)/\(folder)") ?? [] where SessionNames.isUser(user) {
                guard OwnedFiles.exists("\(root)/\(folder)/\(user)/\(key)") else { continue }
                if let session = try read(host: host, user: user, key: key) { found.append(session) }
            }
        }
        guard found.count < 2 else {
            let owners = found.map { "\($0.user) on \($0.host)" }.joined(separator: ", ")
            throw OwnedFiles.failure(
                "\(root) has the same session for \(owners)", "Remove those files that are not of its user")
        }
        return found.first
    }

    /// Reads a session's file; nil if it is not there.
    func read(host: String, user: String, key: String) throws(GatewayError) -> StoredSession? {
        let place = try place(host: host, user: user, key: key)
        guard let text = try OwnedFiles.readText(place.path, limit: Self.largestFile, name: place.name) else {
            return nil
        }
        do {
            return try StoredSession(host: host, user: user, key: key, text: text)
        } catch {
            throw OwnedFiles.failure(
                "\(place.name) \(error.reason)", "It is damaged, or no session: remove it and log in again")
        }
    }

    // MARK: Changing

    /// Stores a session, in place of what is stored for the same key.
    ///
    /// - Parameter makeCurrent: whether programs that name no session take this one from now on.
    public func add(_ session: StoredSession, makeCurrent: Bool = true) throws(GatewayError) {
        let place = try place(host: session.host, user: session.user, key: session.key)
        let text: String
        do {
            text = try session.text()
        } catch {
            throw OwnedFiles.failure("The \(session) \(error.reason)", "Such a session can't be stored")
        }
        try OwnedFiles.makeFolder(root)
        try locked { () throws(GatewayError) in
            try OwnedFiles.makeFolder(place.hostFolder)
            try OwnedFiles.makeFolder(place.folder)
            try OwnedFiles.replace(place.path, with: text, name: place.name, synced: true)
            if makeCurrent { try mark(session, in: place) }
        }
    }

    /// Removes a session, and the mark if it is the current one of its user. The server is not asked.
    ///
    /// - Returns: whether it was stored.
    @discardableResult
    public func remove(_ session: StoredSession) throws(GatewayError) -> Bool {
        let place = try place(host: session.host, user: session.user, key: session.key)
        guard OwnedFiles.isFolder(place.folder) else { return false }
        return try locked { () throws(GatewayError) in
            // The mark first: a mark without its session says less than a session that can't be current any more.
            if try marker(place.currentMarker) == session.key {
                try OwnedFiles.remove(place.currentMarker, name: place.currentMarker)
            }
            return try OwnedFiles.remove(place.path, name: place.name)
        }
    }

    /// Removes a session if an attempt to join it has failed because it is over. Any other error (a server that is
    /// down, a wrong name) says nothing of the session, and leaves it stored.
    ///
    /// - Returns: whether it was removed.
    @discardableResult
    public func remove(_ session: StoredSession, ifGoneBy error: GatewayError) throws(GatewayError) -> Bool {
        guard error.kind == .sessionExpired || error.kind == .sessionEnded else { return false }
        return try remove(session)
    }

    // MARK: Places

    private static let largestFile = 64 << 10

    func locked<Value: Sendable>(_ body: () throws(GatewayError) -> Value) throws(GatewayError) -> Value {
        try OwnedFiles.locked("\(root)/\(SessionNames.lock)", body)
    }

    /// Where a session's file is.
    struct Place {
        var hostFolder: String
        var folder: String
        var path: String
        /// The file in errors: without the key, but to be told from its neighbours.
        var name: String

        var userMarker: String { "\(hostFolder)/\(SessionNames.lastUser)" }
        var currentMarker: String { "\(folder)/\(SessionNames.lastSession)" }
    }

    func place(host: String, user: String, key: String) throws(GatewayError) -> Place {
        let folder = try userFolder(host: host, user: user)
        guard SessionNames.isKey(key) else {
            throw OwnedFiles.failure(
                "A session of \(user) on \(host) has a key that no file can be named by",
                "Such a session can't be stored")
        }
        let start = key.count >= 32 ? " that begins with \(key.prefix(4))" : ""
        return Place(
            hostFolder: folder.host, folder: folder.user, path: "\(folder.user)/\(key)",
            name: "The session file in \(folder.user)\(start)")
    }

    func userFolder(host: String, user: String) throws(GatewayError) -> (host: String, user: String) {
        guard let hostName = SessionNames.folder(ofHost: host), !host.contains(where: \.endsLines) else {
            throw OwnedFiles.failure("No folder can be named by the host of a session", "Name the server")
        }
        guard SessionNames.isUser(user) else {
            throw OwnedFiles.failure(
                "No folder can be named by the user of a session on \(host)", "Such a session can't be stored")
        }
        return ("\(root)/\(hostName)", "\(root)/\(hostName)/\(user)")
    }
}

extension SessionFiles.Listing {
    fileprivate mutating func skip(_ message: String) {
        skipped.append(OwnedFiles.failure(message, "Move it away if it is not needed"))
    }

    /// Adds what can be read; notes why the rest can't.
    fileprivate mutating func add(_ read: (inout Self) throws(GatewayError) -> Void) {
        do {
            try read(&self)
        } catch {
            skipped.append(error)
        }
    }
}
