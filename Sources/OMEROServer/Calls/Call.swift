import Ice
import OMEROAccess
import OMEROAPI

/// One call of a client: who asks, in which group, for whom. Services are made of it, one per call.
struct Call: Sendable {
    let core: ServerCore
    let client: ClientSession
    let session: LiveSession
    /// The caller's rights in the call's group, with `omero.group`, `omero.user` and `omero.share` taken in.
    let caller: Caller
    let current: Current

    var isGuest: Bool { caller.identity.isGuest }

    /// The text of the call's context, or nil if it is empty.
    func context(_ key: String) -> String? { current.context[key].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether the caller may call an operation with that requirement.
    ///
    /// - Throws: `SecurityViolation`, with OMERO's words.
    func check(_ requirement: Requirement) throws {
        switch requirement {
        case .anyone: return
        case .nobody: throw SecurityViolation("This method allows no remote access.")
        case .roles(let allowed, let password):
            if password, !client.hasPassword {
                throw SecurityViolation(
                    "Bad authentication credentials for this action.\nPlease see ServiceFactory.setSecurityPassword."
                )
            }
            let roles = session.roles
            guard allowed.isDisjoint(with: roles) else { return }
            throw SecurityViolation(
                "No matching roles found in [\(roles.joined(separator: ", "))] for session "
                    + "\(session.id) (allowed: [\(allowed.sorted().joined(separator: ", "))])"
            )
        }
    }
}

/// A service of a session, made for one call.
protocol CallService: Servant {
    /// The type ids of the interface; the generated servant protocols have it.
    static var interfaceIDs: [String] { get }
    /// The operations of the interface; the generated servant protocols have it.
    static var operations: [String: OperationDescriptor] { get }
    /// Who may call it.
    static func requirement(_ operation: String) -> Requirement
    /// Whether an operation neither computes for long nor blocks a thread: it runs on the connection's event loop, which
    /// saves two hops between threads. What it reads from the database is read elsewhere all the same.
    static func isBrief(_ operation: String) -> Bool
}

extension CallService {
    static func isBrief(_ operation: String) -> Bool { false }
}

/// A service that keeps nothing between calls.
protocol StatelessService: CallService {
    init(_ call: Call)
}
