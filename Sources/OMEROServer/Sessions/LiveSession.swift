#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Ice
import IceEncoding
import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

struct NamedUser: Sendable, Hashable {
    let id: Int64
    let name: String

    init(_ user: KnownUser) {
        id = user.id
        name = user.name
    }
}

/// A session as long as it lives: shared by the clients that joined it.
final class LiveSession: Sendable {
    let id: Int64
    let uuid: String
    /// The run of the server that it began in.
    let nodeID: Int64
    let owner: NamedUser
    /// Who acts for the owner.
    let sudoer: NamedUser?
    let started: Date
    let eventType: String
    let agent: String?
    /// The groups that a group leader who acts for the owner may use; nil for all.
    let sudoGroups: [Int64]?

    struct State: Sendable {
        /// What the session may do; read again when users or groups change.
        var rights: OMEROAccess.Identity
        /// The store's `peopleVersion` when they were read; nil where they have to be read again before they count.
        var readAt: Int?
        /// The names of the owner's groups: operations ask for some of them as roles.
        var roles: [String]
        /// The group that the session works in.
        var group: GroupRecord
        var inputs = SessionValues()
        var outputs = SessionValues()
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

    /// - Parameter readAt: the store's `peopleVersion` from before all these were read; nil where it is not known.
    init(
        _ record: SessionRecord,
        owner: KnownUser,
        sudoer: KnownUser?,
        sudoGroups: [Int64]?,
        group: GroupRecord,
        readAt: Int? = nil
    ) {
        id = record.id
        uuid = record.uuid
        nodeID = record.nodeID
        self.owner = NamedUser(owner)
        self.sudoer = sudoer.map(NamedUser.init)
        started = record.started.date
        eventType = record.defaultEventType
        agent = record.userAgent
        self.sudoGroups = sudoGroups
        let rights = Self.rights(owner, sudoer, sudoGroups)
        state = Mutex(State(rights: rights, readAt: readAt, roles: owner.groups.map(\.name), group: group))
    }

    var rights: OMEROAccess.Identity { state.withLock { $0.rights } }
    var roles: [String] { state.withLock { $0.roles } }
    var group: GroupRecord { state.withLock { $0.group } }
    /// Who is really there.
    var realOwner: NamedUser { sudoer ?? owner }
    var clients: [ClientSession] { state.withLock { Array($0.clients.values) } }
    var servantNames: [String] { state.withLock { $0.servants.keys.sorted() } }

    /// The client that a connection belongs to.
    func client(on connection: Connection) -> ClientSession? {
        state.withLock { state in state.clients.values.first { $0.connection === connection } }
    }

    /// What both the owner and whoever acts for the owner may do.
    private static func rights(
        _ owner: KnownUser,
        _ sudoer: KnownUser?,
        _ sudoGroups: [Int64]?
    ) -> OMEROAccess.Identity {
        guard let sudoer else { return OMEROAccess.Identity(owner.account) }
        return OMEROAccess.Identity(owner.account, sudoer: sudoer.account, limitedTo: sudoGroups.map(Set.init))
    }

    /// Takes in that users or groups have changed.
    func update(owner: KnownUser, sudoer: KnownUser?, group: GroupRecord?) {
        state.withLock { state in
            state.rights = Self.rights(owner, sudoer, sudoGroups)
            state.roles = owner.groups.map(\.name)
            if let group { state.group = group }
        }
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
