import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

/// Which objects are sent with the restriction of their binary data: the policy of the server and that of the group.
final class BinaryRestrictions: Sendable {
    /// Of the policy, in the server's configuration and in a group's.
    private static let key = "omero.policy.binary_access"

    private let server: String
    /// What was looked up already, by group.
    private let known = Mutex<[Int64?: BinaryAccess]>([:])

    init(_ properties: Properties) { server = properties.value(Self.key) ?? BinaryAccess.defaultSetting }

    /// Whether the bytes of an object are kept from a caller who may edit it, or may not. Objects of most classes have
    /// none.
    func restrict(
        _ entity: Entity, id: Int64, groupID: Int64?, mayEdit: Bool, _ transaction: ReadTransaction
    ) throws -> Bool {
        guard let subject = try subject(entity, id, transaction) else { return false }
        return try access(inGroup: groupID, transaction).restricts(subject, mayEdit: mayEdit)
    }

    private func access(inGroup groupID: Int64?, _ transaction: ReadTransaction) throws -> BinaryAccess {
        if let access = known.withLock({ $0[groupID] }) { return access }
        let group = try groupID.map { try transaction.groupConfig($0) } ?? []
        let access = BinaryAccess(server: server, group: group.filter { $0.name == Self.key }.map(\.value))
        known.withLock { $0[groupID] = access }
        return access
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
