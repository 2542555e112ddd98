#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROStore
import Synchronization

/// Decides who may log in, and opens the session for the client: what OMERO's verifier and session manager do behind
/// Glacier2.
struct LoginManager: SessionManager {
    let core: ServerCore

    /// Longer names and passwords are refused before anything is looked up.
    static let longestCredential = 4096

    func createSession(_ login: Login) async throws -> any RoutedSession {
        let context = login.current.context
        guard login.userID.utf8.count <= Self.longestCredential, login.password.utf8.count <= Self.longestCredential
        else { throw PermissionDeniedException(reason: "name or password is too long") }
        // SQLite would end the name there, and let in whoever is named by its beginning.
        guard !login.userID.utf8.contains(0), !login.password.utf8.contains(0) else {
            throw PermissionDeniedException(reason: "name or password has a zero byte")
        }
        // These stand in the database, in identities and in other people's lists.
        for (key, value) in context where key.hasPrefix("omero.") && value.utf8.count > Self.longestCredential {
            throw Self.wrapped(
                ApiUsageException("The value of \(key.prefix(64)) is too long"), type: "omero.ApiUsageException")
        }
        let joined = try await verify(login)
        guard let clientID = context["omero.client.uuid"], !clientID.isEmpty else {
            throw Self.wrapped(
                ApiUsageException("No value for omero.client.uuid in the context"), type: "omero.ApiUsageException")
        }
        do {
            let session = if let joined { try core.join(joined) } else { try await open(login) }
            return try core.admit(
                clientID, to: session, connection: login.current.connection, hasPassword: joined == nil)
        } catch {
            throw Self.refusal(for: core.refusal(for: error))
        }
    }

    // MARK: Verifying

    /// The key of the session that is to be joined, or nil if name and password are right.
    ///
    /// - Throws: `PermissionDeniedException`. Unknown users and wrong passwords are answered alike and after the same
    ///   work, and from the second failure on later.
    private func verify(_ login: Login) async throws -> String? {
        let (user, password) = (login.userID, login.password)
        for key in [password, user] where try await isSession(key) {
            guard user == password else {
                throw PermissionDeniedException(
                    reason: "user and password must both be the session's key: use joinSession"
                )
            }
            return user
        }
        let address = login.current.connection.endpoint
        switch try await core.store.checkPassword(password, ofUserNamed: user, required: core.requiresPasswords) {
        case .accepted(_):
            core.throttle.succeeded(user: user)
            return nil
        case .wrong(_), .locked(_), .unknownUser:
            core.observer.refusedLogin(from: Self.host(of: address))
            // Clients try the keys of all sessions that they know to find those that live: nobody guesses a key.
            let isOldKey = user == password && UUID(uuidString: user) != nil
            if !isOldKey {
                guard try await core.throttle.failed(user: user, address: Self.host(of: address)) else {
                    throw PermissionDeniedException(reason: "too many failed log-ins from this address")
                }
            }
            throw PermissionDeniedException(reason: "Password check failed for '\(user.prefix(255))'")
        }
    }

    private func isSession(_ key: String) async throws -> Bool {
        // Keys are UUIDs: what cannot be one costs no look into the database.
        guard key.utf8.count == 36 else { return false }
        if core.entry(key) != nil { return true }
        return try await core.directory.session(uuid: key).map { $0.closed == nil } ?? false
    }

    /// `tcp -h 10.0.0.7 -p 4242` is `10.0.0.7`: ports change with every connection.
    static func host(of endpoint: String) -> String {
        let words = endpoint.split(separator: " ")
        guard let index = words.firstIndex(of: "-h"), index + 1 < words.count else { return endpoint }
        return String(words[index + 1])
    }

    // MARK: Opening

    private func open(_ login: Login) async throws -> LiveSession {
        let context = login.current.context
        let readAt = core.store.peopleVersion
        guard let owner = try await core.people.user(named: login.userID) else {
            throw RemovedSessionException("Cannot find a user with name \(login.userID)")
        }
        return try await core.create(
            ServerCore.SessionRequest(
                owner: owner,
                sudoer: nil,
                group: context["omero.group"] ?? "",
                eventType: context["omero.event"] ?? "",
                agent: context["omero.agent"],
                address: context["omero.ip"] ?? Self.host(of: login.current.connection.endpoint),
                timeToIdle: core.configuration.sessions.timeToIdle,
                timeToLive: core.configuration.sessions.timeToLive,
                sudoGroups: nil,
                isForClient: true,
                readAt: readAt
            )
        )
    }

    // MARK: Refusals

    /// Log-ins fail with exceptions of Glacier2's family only; OMERO's others travel inside.
    private static func refusal(for error: any Error) -> any Error {
        switch error {
        case is PermissionDeniedException, is CannotCreateSessionException, is AuthenticationException,
            is ExpiredCredentialException, is WrappedCreateSessionException, is CancellationError:
            return error
        case let error as any ConcurrencyExceptionProtocol:
            return WrappedCreateSessionException(
                reason: "ConcurrencyException: \(error.message)\nPlease retry in \(error.backOff)ms. "
                    + "Cause: \(error.message)",
                concurrency: true,
                backOff: error.backOff,
                type: error.serverExceptionClass
            )
        case let error as any ServerErrorProtocol:
            return wrapped(error, type: error.serverExceptionClass)
        default:
            return CannotCreateSessionException(reason: "internal server error")
        }
    }

    private static func wrapped(_ error: any ServerErrorProtocol, type: String) -> WrappedCreateSessionException {
        WrappedCreateSessionException(reason: error.message, concurrency: false, backOff: -1, type: type)
    }
}

extension ServerCore {
    /// Lets a client into a session: its service factory appears.
    ///
    /// - Throws: `ApiUsageException` if the client is in it already.
    func admit(
        _ clientID: String,
        to session: LiveSession,
        connection: Connection,
        hasPassword: Bool
    ) throws -> ClientSession {
        let client = ClientSession(
            core: self,
            session: session,
            clientID: clientID,
            connection: connection,
            hasPassword: hasPassword
        )
        do {
            try backend.add(ServiceGuard<ServiceFactoryService>(core: self, client: client), identity: client.identity)
        } catch {
            _ = state.withLock { $0.book.detach(session.uuid) }
            throw ApiUsageException("client \(clientID) is in the session already")
        }
        let isEnded = session.state.withLock { state in
            if !state.isEnded { state.clients[clientID] = client }
            return state.isEnded
        }
        guard !isEnded else {
            backend.remove(identity: client.identity)
            throw RemovedSessionException("No context for \(session.uuid)")
        }
        // A session that was made for the client was written down with it.
        if !hasPassword { keep(session) }
        observer.loggedIn(
            session: session.id,
            user: session.owner.id,
            joined: !hasPassword,
            total: state.withLock { $0.book.count }
        )
        return client
    }
}
