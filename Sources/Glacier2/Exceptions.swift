public import IceEncoding

/// The router's verifier does not accept the user.
public struct PermissionDeniedException: UserException {
    /// The exception as Slice declares it.
    public static let descriptor = ExceptionDescriptor(
        "::Glacier2::PermissionDeniedException",
        fields: [.init("reason", .string)]
    )
    /// What the verifier says; may be empty.
    public var reason: String

    public init(reason: String) { self.reason = reason }
    public init(record: ObjectReference) { reason = record[0] }
    public func store(in record: RecordDraft) { record[0] = reason }
}

/// The user is accepted, but there can be no session.
public struct CannotCreateSessionException: UserException {
    /// The exception as Slice declares it.
    public static let descriptor = ExceptionDescriptor(
        "::Glacier2::CannotCreateSessionException",
        fields: [.init("reason", .string)]
    )
    /// What the session manager says; may be empty.
    public var reason: String

    public init(reason: String) { self.reason = reason }
    public init(record: ObjectReference) { reason = record[0] }
    public func store(in record: RecordDraft) { record[0] = reason }
}

/// The connection has no session (any more).
public struct SessionNotExistException: UserException {
    /// The exception as Slice declares it.
    public static let descriptor = ExceptionDescriptor("::Glacier2::SessionNotExistException", fields: [])

    public init() {}
    public init(record: ObjectReference) {}
    public func store(in record: RecordDraft) {}
}

/// The exceptions of this module, for a communicator's types.
public let glacier2Types = TypeRegistry(
    classes: [],
    exceptions: [PermissionDeniedException.self, CannotCreateSessionException.self, SessionNotExistException.self]
)
