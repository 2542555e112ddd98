#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Ice
import IceEncoding
import OMEROModel
import Synchronization

/// A session as long as it lives: shared by the clients that joined it.
final class LiveSession: Sendable {
    let id: Int64
    let uuid: String
    let owner: Account
    /// Who acts for the owner.
    let sudoer: Account?
    let started: Date
    let eventType: String
    let agent: String?
    /// The groups that a group leader who acts for the owner may use; nil for all.
    let sudoGroups: [Int64]?

    struct State: Sendable {
        var membership: Membership
        /// The group that the session works in.
        var group: GroupRow
        var inputs: [String: RValue] = [:]
        var outputs: [String: RValue] = [:]
        /// Calls that are being carried out.
        var activeCalls = 0
        /// The identities of the session's servants, with what is to be done when one goes.
        var servants: [String: ServantKind] = [:]
        var clients: [String: ClientSession] = [:]
        var isEnded = false
    }
    let state: Mutex<State>

    /// What a servant of a session is, which decides how long it lives.
    enum ServantKind: Sendable, Hashable {
        /// Belongs to the client with that id.
        case stateless(client: String)
        case stateful
        case handle
    }

    init(_ stored: StoredSession, owner: Account, sudoer: Account?, group: GroupRow, membership: Membership) {
        id = stored.id
        uuid = stored.new.uuid
        self.owner = owner
        self.sudoer = sudoer
        started = stored.new.started
        eventType = stored.new.eventType
        agent = stored.new.agent
        sudoGroups = stored.new.sudoGroups
        state = Mutex(State(membership: membership, group: group))
    }

    var membership: Membership { state.withLock { $0.membership } }
    var group: GroupRow { state.withLock { $0.group } }
    /// Who is really there.
    var realOwner: Account { sudoer ?? owner }
    var clients: [ClientSession] { state.withLock { Array($0.clients.values) } }
    var servantNames: [String] { state.withLock { $0.servants.keys.sorted() } }

    /// The client that a connection belongs to.
    func client(on connection: Connection) -> ClientSession? {
        state.withLock { state in state.clients.values.first { $0.connection === connection } }
    }

    /// Notes a call that begins; false when the session has ended.
    func beginCall() -> Bool {
        state.withLock { state in
            guard !state.isEnded else { return false }
            state.activeCalls += 1
            return true
        }
    }

    func endCall() { state.withLock { $0.activeCalls -= 1 } }
}
