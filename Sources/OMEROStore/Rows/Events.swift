internal import GRDB

/// On whose behalf rows are written: what an event says.
public struct Caller: Sendable, Hashable {
    /// Who did it.
    public var userID: Int64
    /// In which group.
    public var groupID: Int64
    /// In which session.
    public var sessionID: Int64
    /// An entry of `EventType`.
    public var eventType: String

    public init(userID: Int64, groupID: Int64, sessionID: Int64, eventType: String = "User") {
        self.userID = userID
        self.groupID = groupID
        self.sessionID = sessionID
        self.eventType = eventType
    }

    /// The server itself: root, in `system`, in the first session.
    public static let server = Caller(userID: 0, groupID: 0, sessionID: 0, eventType: "Internal")
}

/// What OMERO's event log calls a change.
public enum LogAction: Sendable, Hashable {
    /// By the names of OMERO's log, in capitals there.
    case insert, update, delete, reindex, pixelData, password
    /// With the new permissions, such as `rwr---`.
    case chmod(String)

    var text: String {
        switch self {
        case .insert: "INSERT"
        case .update: "UPDATE"
        case .delete: "DELETE"
        case .reindex: "REINDEX"
        case .pixelData: "PIXELDATA"
        case .password: "PASSWORD"
        case .chmod(let permissions): "CHMOD(\(permissions))"
        }
    }
}

/// An event: who changed something, when, and in which session.
public struct EventRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// When.
    public let time: Timestamp
    /// Who.
    public let userID: Int64
    /// In which group.
    public let groupID: Int64
    /// In which session.
    public let sessionID: Int64
    /// The entry of `EventType`.
    public let typeID: Int64
}

/// A line of the event log.
public struct LogRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// The event that it belongs to.
    public let eventID: Int64
    /// Such as `INSERT`: see ``LogAction``.
    public let action: String
    /// The full name, such as `ome.model.core.Image`.
    public let entityType: String
    /// The id of the object.
    public let entityID: Int64
}

extension ReadTransaction {
    /// The event of that id; nil if there is none.
    public func event(id: Int64) throws -> EventRecord? {
        try row("SELECT id, time, experimenter, experimentergroup, session, type FROM event WHERE id = ?", [id]).map {
            EventRecord(
                id: $0[0],
                time: Timestamp(milliseconds: $0[1]),
                userID: $0[2],
                groupID: $0[3],
                sessionID: $0[4],
                typeID: $0[5]
            )
        }
    }

    /// What the log says of an object, the oldest line first.
    public func logs(of entity: String, id: Int64) throws -> [LogRecord] {
        let name = try described(entity).logName
        return try rows(
            "SELECT id, event, action FROM eventlog WHERE entitytype = ? AND entityid = ? ORDER BY id",
            [name, id]
        ).map { LogRecord(id: $0[0], eventID: $0[1], action: $0[2], entityType: name, entityID: id) }
    }

    /// The description of a type, which must be there.
    func described(_ name: String) throws -> Entity {
        guard let entity = DataModel.entity(name) else { throw StoreError(.unknownName(name)) }
        return entity
    }
}

extension WriteTransaction {
    /// Rows that only the server makes: `rwrara`.
    static let internalRow: Int64 = -35

    /// The event of this transaction for that caller: there is one, which is inserted when it is first asked for.
    @discardableResult
    public func event(for caller: Caller) throws -> EventRecord {
        if let event = events[caller] { return event }
        guard let type = try enumeration("EventType", value: caller.eventType) else {
            throw StoreError(.refused("there is no event type \(caller.eventType)"))
        }
        let event = EventRecord(
            id: try nextID("seq_event"),
            time: now,
            userID: caller.userID,
            groupID: caller.groupID,
            sessionID: caller.sessionID,
            typeID: type.id
        )
        try insert(
            "event",
            [
                ("id", event.id), ("permissions", Self.internalRow), ("time", now.milliseconds),
                ("experimenter", event.userID), ("experimentergroup", event.groupID), ("session", event.sessionID),
                ("type", event.typeID),
            ]
        )
        events[caller] = event
        return event
    }

    /// Writes a line into the event log.
    public func log(_ action: LogAction, _ entity: String, _ id: Int64, by caller: Caller) throws {
        let event = try event(for: caller)
        try insert(
            "eventlog",
            [
                ("id", try nextID("seq_eventlog")), ("permissions", Self.internalRow), ("event", event.id),
                ("action", action.text), ("entitytype", try described(entity).logName), ("entityid", id),
            ]
        )
    }
}
