import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

/// Which objects are sent with the restriction of their binary data: the policy of the server and that of the group.
final class BinaryRestrictions: Sendable {
    /// Of the policy, in the server's configuration and in a group's.
    private static let key = "omero.policy.binary_access"

    private let server: String
    /// Of objects in groups without a policy, and in none.
    private let common: BinaryAccess
    /// Those of groups that have a policy of their own; nil before it was looked up.
    private let groups = Mutex<[Int64: BinaryAccess]?>(nil)

    init(_ properties: Properties) {
        server = properties.value(Self.key) ?? BinaryAccess.defaultSetting
        common = BinaryAccess(server: server)
    }

    /// Whether the bytes of an object are kept from a caller who may edit it, or may not. Objects of most classes have
    /// none.
    func restrict(
        _ entity: Entity, id: Int64, groupID: Int64?, mayEdit: Bool, _ transaction: ReadTransaction
    ) throws -> Bool {
        guard let subject = try subject(entity, id, transaction) else { return false }
        return try access(inGroup: groupID, transaction).restricts(subject, mayEdit: mayEdit)
    }

    private func access(inGroup groupID: Int64?, _ transaction: ReadTransaction) throws -> BinaryAccess {
        guard let groupID else { return common }
        return try groups.withLock { groups in
            if groups == nil {
                groups = try transaction.groupConfigs(named: Self.key).mapValues {
                    BinaryAccess(server: server, group: $0)
                }
            }
            return groups?[groupID] ?? common
        }
    }

    private func subject(_ entity: Entity, _ id: Int64, _ transaction: ReadTransaction) throws -> BinaryAccess.Subject?
    {
        switch entity.name {
        case "Plate": .plate
        case "Well": .well
        case "Image": .image(hasWellSamples: try transaction.isInWell(image: id))
        case "OriginalFile":
            .originalFile(
                name: try transaction.nameAndType(ofFile: id)?.name ?? "",
                images: try transaction.areInWells(imagesOfFile: id))
        case "FileAnnotation": .other
        default: nil
        }
    }
}
