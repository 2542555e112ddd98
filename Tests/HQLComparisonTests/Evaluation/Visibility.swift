import OMEROAccess
import OMEROModel

@testable import OMEROServer
@testable import OMEROStore

/// Which rows a caller sees, and what of them: asked of OMEROAccess for each row.
final class Visibility {
    let world: World
    let asker: Asker
    private var known: [ObjectIdentifier: Bool] = [:]

    init(_ world: World, _ asker: Asker) {
        self.world = world
        self.asker = asker
    }

    func sees(_ row: PlainRow) -> Bool {
        let key = ObjectIdentifier(row)
        if let seen = known[key] { return seen }
        let seen = decide(row)
        known[key] = seen
        return seen
    }

    private func decide(_ row: PlainRow) -> Bool {
        switch row.entity.root.name {
        case "Node": return asker.caller.seesNodes
        case "Session":
            guard let owner = id(row, "owner") else { return false }
            return asker.caller.sessionFilter.passes(ownerID: owner, sudoerID: id(row, "sudoer"))
        default:
            let group = row.details["group"]
            return asker.caller.rowFilter.passes(
                ObjectFacts(
                    EntityKind(row.entity), id: row.id, ownerID: row.details["owner"], groupID: group,
                    groupPermissions: group.flatMap { world.permissions[$0] }))
        }
    }

    private func id(_ row: PlainRow, _ property: String) -> Int64? {
        guard case .int(let id)? = row.values[property] else { return nil }
        return id
    }

    /// A value as the caller gets it.
    func value(_ property: String, of row: PlainRow) -> Plain {
        let value = row.values[property] ?? .null
        switch row.entity.root.name {
        case "Experimenter":
            guard let field = PrivateExperimenterField(rawValue: property),
                !asker.privacy.sees(row.id, memberOf: world.memberships[row.id] ?? [])
            else { return value }
            return Self.plain(field.mask)
        case "Session":
            guard property == "uuid", let owner = id(row, "owner"), !asker.caller.seesUUID(ofSessionOf: owner) else {
                return value
            }
            return Self.plain(PrivateKeyField.sessionUUID.mask)
        case "Node":
            guard !asker.caller.seesNodeKeys else { return value }
            if property == "uuid" { return Self.plain(PrivateKeyField.nodeUUID.mask) }
            return property == "conn" ? Self.plain(PrivateKeyField.nodeConnection.mask) : value
        default: return value
        }
    }

    private static func plain(_ mask: Masked) -> Plain {
        switch mask {
        case .text(let text): Plain(text)
        case .null: .null
        }
    }
}
