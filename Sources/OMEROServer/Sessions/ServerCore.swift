#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glacier2
import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore
import Synchronization

/// What all parts of a server share: sessions, store, configuration.
final class ServerCore: Sendable {
    let configuration: ServerConfiguration
    let store: Store
    let directory: Directory
    let people: People
    let properties: Properties
    /// Holds the servants of all sessions; the router leads there.
    let backend: ObjectAdapter
    /// This run of the server, which its sessions name as their node.
    let nodeID: Int64
    /// The bytes of original files.
    let files: BinaryFiles
    let observer: ServerObserver
    let throttle: LoginThrottle
    let turns = QueryTurns()

    struct State: Sendable {
        var book = SessionBook()
        var live: [String: LiveSession] = [:]
        var isStopping = false
    }
    let state = Mutex(State())

    init(
        configuration: ServerConfiguration,
        store: Store,
        properties: Properties,
        backend: ObjectAdapter,
        nodeID: Int64,
        files: BinaryFiles
    ) {
        self.configuration = configuration
        self.store = store
        self.directory = Directory(store: store)
        self.people = People(store: store)
        self.properties = properties
        self.backend = backend
        self.nodeID = nodeID
        self.files = files
        throttle = LoginThrottle(limits: configuration.failedLogins)
        observer = ServerObserver(logger: configuration.logger)
    }

    // MARK: Finding sessions

    /// A live session; its idle time begins anew unless `touches` says otherwise.
    ///
    /// - Throws: `SessionTimeoutException`, `RemovedSessionException`.
    func session(_ uuid: String, touches: Bool = true) throws -> LiveSession {
        do {
            return try state.withLock { state throws(SessionRefusal) in
                if touches { try state.book.touch(uuid, now: .now) } else { _ = try state.book.find(uuid, now: .now) }
                guard let session = state.live[uuid] else { throw .removed(uuid: uuid) }
                return session
            }
        } catch {
            throw Self.exception(for: error)
        }
    }

    static func exception(for refusal: SessionRefusal) -> any Error {
        switch refusal {
        case .timedOut(let message): SessionTimeoutException(message)
        case .removed(let uuid): RemovedSessionException("No context for \(uuid)")
        }
    }

    func entry(_ uuid: String) -> SessionEntry? { state.withLock { $0.book.entries[uuid] } }
    var liveSessions: [LiveSession] { state.withLock { Array($0.live.values) } }

    // MARK: Calls

    /// Evaluates a call of a client and carries it out.
    func withCall<Result>(
        _ current: Current,
        _ client: ClientSession,
        _ body: (Call) async throws -> Result
    ) async throws -> Result {
        do {
            let session = try session(client.session.uuid)
            guard session.beginCall() else { throw RemovedSessionException("No context for \(session.uuid)") }
            defer { session.endCall() }
            let call = Call(
                core: self,
                client: client,
                session: session,
                caller: try await caller(session, current.context),
                current: current
            )
            return try await body(call)
        } catch {
            throw refusal(for: error)
        }
    }

    /// OMERO's exception for an error.
    func refusal(for error: any Error) -> any Error {
        switch error {
        case is any UserException, is IceError, is MarshalError, is CancellationError: return error
        case let refusal as AccessRefusal: return refusal.exception
        case let error as StoreError: return error.exception
        default:
            observer.callFailed(error)
            return InternalException("\(type(of: error))")
        }
    }
}
