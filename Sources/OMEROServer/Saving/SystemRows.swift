import OMEROAccess
import OMEROAPI
import OMEROStore

/// What nobody, or not every administrator, may change in users, groups and sessions by saving them: what OMERO's
/// database protects by triggers, and what would give a light administrator more than it has.
enum SystemRows {
    /// - Parameter id: nil for a new row.
    /// - Parameter values: only what is new.
    static func checkValues(
        _ entity: Entity, id: Int64?, _ values: [String: StoreValue], before: [String: StoreValue], by caller: Caller
    ) throws {
        let isFull = caller.identity.isFullAdmin
        switch entity.root.name {
        case "Experimenter":
            if values["omeName"] != nil, let id, [BuiltIn.rootUser, BuiltIn.guestUser].contains(id) {
                throw ValidationException("cannot change the name of the special experimenter \(id)")
            }
            if let config = values["config"], config != .map([]) || id != nil {
                guard isFull else { throw elevation }
                if id == BuiltIn.rootUser {
                    throw ValidationException("cannot change the configuration of the root user")
                }
            }
        case "ExperimenterGroup":
            if values["name"] != nil, let id, special.contains(id) {
                throw ValidationException("cannot change the name of the special group \(id)")
            }
        case "GroupExperimenterMap":
            let parents = [before["parent"], values["parent"]].compactMap(\.self)
            if parents.contains(.reference(BuiltIn.systemGroup)), !isFull { throw elevation }
            if isRootsOwn(before), values["parent"] != nil || values["child"] != nil { throw rootStays }
        case "Session":
            guard isFull else { throw elevation }
        case "OriginalFile":
            // Only the server puts files into its repositories.
            if let repository = values["repo"], repository != .null, id == nil {
                throw SecurityViolation("You are not authorized to put an OriginalFile into a repository")
            }
        default: break
        }
    }

    static func checkDeleting(_ entity: Entity, id: Int64, _ values: [String: StoreValue]) throws {
        switch entity.root.name {
        case "Experimenter" where [BuiltIn.rootUser, BuiltIn.guestUser].contains(id),
            "ExperimenterGroup" where special.contains(id):
            throw ValidationException("\(entity.name):\(id) is special: it cannot be deleted")
        case "GroupExperimenterMap" where isRootsOwn(values): throw rootStays
        default: break
        }
    }

    private static let special: Set = [BuiltIn.systemGroup, BuiltIn.userGroup, BuiltIn.guestGroup]

    private static func isRootsOwn(_ membership: [String: StoreValue]) -> Bool {
        membership["child"] == .reference(BuiltIn.rootUser)
            && [.reference(BuiltIn.systemGroup), .reference(BuiltIn.userGroup)].contains(membership["parent"])
    }

    private static let elevation = SecurityViolation("cannot give administrator privileges the current user may lack")
    private static let rootStays = ValidationException(
        "experimenter 'root' may not be removed from the 'system' or 'user' group")
}
