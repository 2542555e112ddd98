import OMEROAPI
import OMEROModel

/// A session that is open on the server, as far as one may see it.
public struct OpenSession: Sendable, Hashable {
    /// The number of the user whose session it is.
    public var userID: Int64
    /// The user's log-in name.
    public var userName: String
    /// The number of the group that the session is in.
    public var groupID: Int64
    /// The name of that group.
    public var groupName: String
    /// Limits, start, program and key; nil for sessions of others that one may not see.
    public var details: SessionInfo?
}

/// Whether a server takes changes.
public enum ServerMode: String, Sendable, Hashable, CaseIterable {
    /// It does.
    case readWrite
    /// Its administrators have made it read-only: every change fails.
    case readOnly
    /// Database and files differ: what changes only one of them may succeed.
    case partlyReadOnly

    /// What the server's settings say: one for the database, one for the files.
    init(settings: [String: String]) {
        let values = Set(settings.values)
        self =
            if values.isSubset(of: ["false"]) { .readWrite } else if values.contains("false") {
                .partlyReadOnly
            } else { .readOnly }
    }
}

// What the server says of itself and of who is there.
extension BlitzGateway {
    /// All sessions that are open on the server. Administrators with the privilege `ReadSession` see them whole, others
    /// only their own; of the rest they see user and group.
    public func openSessions() async throws -> [OpenSession] {
        let response = try await submit(CurrentSessionsRequest.make { _ in })
        guard let found = response.cast(to: CurrentSessionsResponse.self) else {
            throw GatewayError(.protocolError, "the server did not tell its sessions", phase: .call)
        }
        return try zip(found.contexts, found.sessions).compactMap { context, session in
            guard let context else { return nil }
            return OpenSession(
                userID: context.userId,
                userName: context.userName,
                groupID: context.groupId,
                groupName: context.groupName,
                details: try session.flatMap { $0.isLoaded ? try SessionInfo($0) : nil }
            )
        }
    }

    /// The services that are open in this session, by the names of their objects. Stateful ones, such as raw files and
    /// rendering engines, hold memory of the server until they are closed; the gateway itself opens none of these.
    public func openServices() async throws -> [String] {
        try await core.perform(repeatable: true) { try await $0.factory.activeServices() }
    }

    /// Whether the server takes changes at all. It says so itself; one without that setting takes them.
    public func serverMode() async throws -> ServerMode {
        let settings = try await withService(IConfigPrx.self, repeatable: true) {
            try await $0.getConfigValues(keyRegex: #"^omero\.cluster\.read_only\.runtime\."#)
        }
        return ServerMode(settings: settings)
    }
}
