internal import GRDB

/// A row of `session`, with what a server needs to go on with it after a restart.
public struct SessionRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// The key: whoever knows it is in the session.
    public let uuid: String
    /// Whose session it is.
    public let ownerID: Int64
    /// Who opened it for the owner; nil if that was the owner.
    public let sudoerID: Int64?
    /// The run of the server that it was opened in.
    public let nodeID: Int64
    /// When it was opened.
    public let started: Timestamp
    /// When it ended; nil while it is open.
    public let closed: Timestamp?
    /// Milliseconds; 0 is without limit.
    public let timeToIdle: Int64
    /// Milliseconds from the start; 0 is without limit.
    public let timeToLive: Int64
    /// What its events are, unless a call says otherwise.
    public let defaultEventType: String
    /// A note of who opened it.
    public let message: String?
    /// The client's name for itself.
    public let userAgent: String?
    /// The client's address, as far as it is known.
    public let userIP: String?
    /// Nil once the session is closed, and for those that were never anybody's.
    public let state: SessionState?
}

/// What OMERO's own server knows of a session only while it runs.
public struct SessionState: Sendable, Hashable {
    /// The group of the session.
    public var groupID: Int64
    /// When it was called last: what idling is counted from.
    public var lastAccess: Timestamp
    /// How many clients are in it.
    public var referenceCount: Int
    /// Whether it began with a password (`HasPassword`).
    public var hasPassword: Bool

    public init(groupID: Int64, lastAccess: Timestamp, referenceCount: Int = 1, hasPassword: Bool) {
        self.groupID = groupID
        self.lastAccess = lastAccess
        self.referenceCount = referenceCount
        self.hasPassword = hasPassword
    }
}

/// A session to begin.
public struct NewSession: Sendable, Hashable {
    /// The key: whoever knows it is in the session.
    public var uuid: String
    /// Whose session it is.
    public var ownerID: Int64
    /// Who opens it for the owner; nil if that is the owner.
    public var sudoerID: Int64?
    /// The run of the server.
    public var nodeID: Int64
    /// The group of the session.
    public var groupID: Int64
    /// Milliseconds without a call after which it ends; 0 is without limit.
    public var timeToIdle: Int64
    /// Milliseconds from the start after which it ends; 0 is without limit.
    public var timeToLive: Int64
    /// What its events are, unless a call says otherwise.
    public var defaultEventType: String
    /// A note of who opened it.
    public var message: String?
    /// The client's name for itself.
    public var userAgent: String?
    /// The client's address, as far as it is known.
    public var userIP: String?
    /// Whether it begins with a password.
    public var hasPassword: Bool
    /// How many clients are in it.
    public var referenceCount: Int
    /// The groups that a session may use which a group's leader opened for somebody; nil for all.
    public var sudoGroups: [Int64]?

    public init(
        uuid: String,
        ownerID: Int64,
        sudoerID: Int64? = nil,
        nodeID: Int64 = 0,
        groupID: Int64,
        timeToIdle: Int64,
        timeToLive: Int64,
        defaultEventType: String = "User",
        message: String? = "Initial message.",
        userAgent: String? = nil,
        userIP: String? = nil,
        hasPassword: Bool,
        referenceCount: Int = 1,
        sudoGroups: [Int64]? = nil
    ) {
        self.uuid = uuid
        self.ownerID = ownerID
        self.sudoerID = sudoerID
        self.nodeID = nodeID
        self.groupID = groupID
        self.timeToIdle = timeToIdle
        self.timeToLive = timeToLive
        self.defaultEventType = defaultEventType
        self.message = message
        self.userAgent = userAgent
        self.userIP = userIP
        self.hasPassword = hasPassword
        self.referenceCount = referenceCount
        self.sudoGroups = sudoGroups
    }
}

extension ReadTransaction {
    private static let sessionQuery = """
        SELECT s.id, s.uuid, s.owner, s.sudoer, s.node, s.started, s.closed, s.timetoidle, s.timetolive, \
        s.defaulteventtype, s.message, s.useragent, s.userip, t.group_id, t.last_access, t.reference_count, \
        t.has_password FROM session s LEFT JOIN _session_state t ON t.session_id = s.id
        """

    /// The session of that id, closed or not; nil if there is none.
    public func session(id: Int64) throws -> SessionRecord? {
        try row("\(Self.sessionQuery) WHERE s.id = ?", [id]).map(SessionRecord.init)
    }

    /// The session with that key, closed or not.
    public func session(uuid: String) throws -> SessionRecord? {
        try row("\(Self.sessionQuery) WHERE s.uuid = ?", [uuid]).map(SessionRecord.init)
    }

    /// All sessions that were not closed: after a restart, those that clients may join again.
    public func openSessions() throws -> [SessionRecord] {
        try rows("\(Self.sessionQuery) WHERE s.closed IS NULL ORDER BY s.id").map(SessionRecord.init)
    }

    /// The groups that open sessions may use which a group's leader opened, by the session's id.
    public func sudoGroupsOfOpenSessions() throws -> [Int64: [Int64]] {
        let found = try rows(
            """
            SELECT s.id, a.textvalue FROM session s JOIN sessionannotationlink l ON l.parent = s.id \
            JOIN annotation a ON a.id = l.child WHERE s.closed IS NULL AND a.ns = ? AND a.owner_id = 0
            """,
            [WriteTransaction.groupSudo]
        )
        return Dictionary(
            found.map { row in
                let text: String? = row[1]
                return (row[0], (text ?? "").split(separator: ",").compactMap { Int64($0) })
            }
        ) { first, _ in first }
    }

    /// The sessions of a user that were not closed, by id.
    public func openSessions(ofUser id: Int64) throws -> [SessionRecord] {
        try rows("\(Self.sessionQuery) WHERE s.closed IS NULL AND s.owner = ? ORDER BY s.id", [id])
            .map(SessionRecord.init)
    }

    /// How many sessions are open, of one user or of all.
    public func countOpenSessions(ofUser id: Int64? = nil) throws -> Int {
        let sql = "SELECT count(*) FROM session WHERE closed IS NULL AND (?1 IS NULL OR owner = ?1)"
        return try row(sql, [id])?[0] ?? 0
    }
}

extension WriteTransaction {
    /// Begins a session, now.
    public func insertSession(_ session: NewSession) throws -> SessionRecord {
        let id = try nextID("seq_session")
        try insert(
            "session",
            [
                ("id", id), ("permissions", -120), ("version", 0), ("uuid", session.uuid), ("owner", session.ownerID),
                ("sudoer", session.sudoerID), ("node", session.nodeID), ("started", now.milliseconds),
                ("timetoidle", session.timeToIdle), ("timetolive", session.timeToLive),
                ("defaulteventtype", session.defaultEventType), ("message", session.message),
                ("useragent", session.userAgent), ("userip", session.userIP),
            ]
        )
        let state = SessionState(
            groupID: session.groupID,
            lastAccess: now,
            referenceCount: session.referenceCount,
            hasPassword: session.hasPassword
        )
        try setSessionState(state, id: id)
        if let groups = session.sudoGroups { try note(sudoGroups: groups, ofSession: id) }
        return SessionRecord(
            id: id,
            uuid: session.uuid,
            ownerID: session.ownerID,
            sudoerID: session.sudoerID,
            nodeID: session.nodeID,
            started: now,
            closed: nil,
            timeToIdle: session.timeToIdle,
            timeToLive: session.timeToLive,
            defaultEventType: session.defaultEventType,
            message: session.message,
            userAgent: session.userAgent,
            userIP: session.userIP,
            state: state
        )
    }

    /// The namespace of the annotation that OMERO's servers keep the groups of such a session in.
    static let groupSudo = "openmicroscopy.org/security/group-sudo"

    private func note(sudoGroups: [Int64], ofSession id: Int64) throws {
        let list = sudoGroups.map(String.init).joined(separator: ",")
        let note = try insertObject(
            "CommentAnnotation", ["ns": .text(Self.groupSudo), "textValue": .text(list)], by: .server)
        try insertObject("SessionAnnotationLink", ["parent": .reference(id), "child": .reference(note)], by: .server)
    }

    /// Closes sessions, now; those that are closed already stay as they are. How many were open.
    @discardableResult
    public func closeSessions(_ ids: [Int64]) throws -> Int {
        var count = 0
        for id in ids {
            count += try execute(
                "UPDATE session SET closed = ?, version = ifnull(version, 0) + 1 WHERE id = ? AND closed IS NULL",
                [now.milliseconds, id]
            )
            try execute("DELETE FROM _session_state WHERE session_id = ?", [id])
        }
        return count
    }

    /// Changes the limits of an open session; nil leaves one as it is.
    public func updateSession(id: Int64, timeToIdle: Int64? = nil, timeToLive: Int64? = nil) throws {
        try changeSession(
            id, "timetoidle = ifnull(?, timetoidle), timetolive = ifnull(?, timetolive)", [timeToIdle, timeToLive])
    }

    /// Sets what its events are, unless a call says otherwise.
    public func updateSession(id: Int64, defaultEventType: String) throws {
        try changeSession(id, "defaulteventtype = ?", [defaultEventType])
    }

    /// Sets or takes away its note.
    public func updateSession(id: Int64, message: String?) throws { try changeSession(id, "message = ?", [message]) }

    private func changeSession(_ id: Int64, _ changes: String, _ arguments: StatementArguments) throws {
        let sql = "UPDATE session SET \(changes), version = ifnull(version, 0) + 1 WHERE id = ? AND closed IS NULL"
        guard try execute(sql, arguments + [id]) == 1 else { throw StoreError(.notFound(entity: "Session", id: id)) }
    }

    /// Keeps what is to be known after a restart; servers do that for many sessions at once, from time to time.
    public func setSessionStates(_ states: [Int64: SessionState]) throws {
        for (id, state) in states { try setSessionState(state, id: id) }
    }

    private func setSessionState(_ state: SessionState, id: Int64) throws {
        // What is closed, perhaps while the caller was collecting, keeps nothing.
        try execute(
            """
            INSERT INTO _session_state (session_id, group_id, last_access, reference_count, has_password) \
            SELECT id, ?, ?, ?, ? FROM session WHERE id = ? AND closed IS NULL ON CONFLICT (session_id) DO UPDATE SET \
            group_id = excluded.group_id, last_access = excluded.last_access, \
            reference_count = excluded.reference_count, has_password = excluded.has_password
            """,
            [state.groupID, state.lastAccess.milliseconds, state.referenceCount, state.hasPassword, id]
        )
    }
}

extension SessionRecord {
    fileprivate init(_ row: Row) {
        let groupID: Int64? = row[13]
        self.init(
            id: row[0],
            uuid: row[1],
            ownerID: row[2],
            sudoerID: row[3],
            nodeID: row[4],
            started: Timestamp(milliseconds: row[5]),
            closed: (row[6] as Int64?).map(Timestamp.init(milliseconds:)),
            timeToIdle: row[7],
            timeToLive: row[8],
            defaultEventType: row[9],
            message: row[10],
            userAgent: row[11],
            userIP: row[12],
            state: groupID.map {
                SessionState(
                    groupID: $0,
                    lastAccess: Timestamp(milliseconds: row[14]),
                    referenceCount: row[15],
                    hasPassword: row[16]
                )
            }
        )
    }
}
