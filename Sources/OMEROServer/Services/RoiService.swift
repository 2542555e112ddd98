import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore

/// `omero.api.IRoi`, as far as it finds regions and their shapes; what would need pixels or tables is refused.
struct RoiService: IRoiServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    static func requirement(_ operation: String) -> Requirement { .user }

    func findByRoi(roiId: Int64, opts: RoiOptions?, current: Current) async throws -> RoiResult? {
        try await find("roi.id = :id", roiId, opts)
    }

    func findByImage(imageId: Int64, opts: RoiOptions?, current: Current) async throws -> RoiResult? {
        try await find("roi.image.id = :id", imageId, opts)
    }

    /// Of a plane are the shapes on it, and those that are on all planes.
    func findByPlane(
        imageId: Int64, z: Int32, t: Int32, opts: RoiOptions?, current: Current
    ) async throws -> RoiResult? {
        let isOnPlane = "(shape.theZ is null or shape.theZ = :z) and (shape.theT is null or shape.theT = :t)"
        return try await find("roi.image.id = :id and \(isOnPlane)", imageId, opts, ["z": .int(z), "t": .int(t)])
    }

    private func find(
        _ condition: String, _ id: Int64, _ options: RoiOptions?, _ values: [String: RValue?] = [:]
    ) async throws -> RoiResult {
        var text = """
            select distinct roi from Roi roi left outer join fetch roi.shapes shape \
            left outer join fetch roi.folderLinks link left outer join fetch link.parent where \(condition)
            """
        var values = values
        values["id"] = .long(id)
        if let user = options?.userId {
            text += " and roi.details.owner.id = :user"
            values["user"] = .long(user)
        }
        if let group = options?.groupId {
            text += " and roi.details.group.id = :group"
            values["group"] = .long(group)
        }
        let page = QueryPage(
            offset: max(0, Int(options?.offset ?? 0)), limit: options?.limit.map { max(0, Int($0)) })
        let found = try await call.core.objects(text + " order by roi.id", values, page: page, for: call)
        return RoiResult.make { result in
            result.opts = options
            result.rois = found.map { $0?.cast(to: Roi.self) }
            result.byZ = [:]
            result.byT = [:]
        }
    }
}
