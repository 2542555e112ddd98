import Foundation
import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

/// `omero.api.ITimeline`: what was made, changed or acquired when. Of the caller unless another owner or a group is asked
/// for (owner -1 is everybody), and 50 of a kind unless more are.
struct TimelineService: ITimelineServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    static func requirement(_ operation: String) -> Requirement { .user }

    func countByPeriod(
        types: [String], start: Date?, end: Date?, p: QueryParameters?, current: Current
    ) async throws -> [String: Int64] {
        let wish = TimelineWish(p, call)
        var counts: [String: Int64] = [:]
        for type in Self.types(types) {
            // A kind without a timeline has no count, as OMERO says it.
            counts[type] = -1
            guard let kind = TimelineKind(rawValue: type) else { continue }
            let query = wish.query("select count(obj) from \(kind.tables(fetched: false))", kind, start, end)
            let rows = try await call.core.rows(query.text, query.values, for: call)
            if case .long(let count)?? = rows.first?.first { counts[type] = count }
        }
        return counts
    }

    func getByPeriod(
        types: [String], start: Date?, end: Date?, p: QueryParameters?, merge: Bool, current: Current
    ) async throws -> [String: [IObject?]] {
        let wish = TimelineWish(p, call)
        var found: [String: [IObject?]] = [:]
        for type in Self.types(types) {
            found[type] = []
            guard let kind = TimelineKind(rawValue: type) else { continue }
            let query = wish.query("select obj from \(kind.tables(fetched: true))", kind, start, end)
            let text = "\(query.text) order by \(kind.order) desc, obj.id desc"
            found[type] = try await call.core.objects(text, query.values, page: wish.page, for: call)
        }
        return merge ? wish.latest(found) : found
    }

    func getMostRecentObjects(
        types: [String], p: QueryParameters?, merge: Bool, current: Current
    ) async throws -> [String: [IObject?]] {
        try await getByPeriod(types: types, start: nil, end: nil, p: p, merge: merge, current: current)
    }

    /// What was made or changed of projects and datasets; and as if it were in the log too, which images were acquired.
    func getEventLogsByPeriod(
        start: Date?, end: Date?, p: QueryParameters?, current: Current
    ) async throws -> [EventLog?] {
        let wish = TimelineWish(p, call)
        let events = wish.conditions(owner: "e.experimenter.id", group: "e.experimenterGroup.id")
        let logs = try await call.core.objects(
            """
            select obj from EventLog obj left outer join fetch obj.event ev \
            where obj.entityType in ('ome.model.containers.Dataset', 'ome.model.containers.Project') \
            and obj.action in ('INSERT', 'UPDATE', 'REINDEX') \
            and ev.id in (select e.id from Event e where e.time >= :start and e.time <= :end\(events)) order by obj.id
            """, wish.values(start, end), page: wish.page, for: call)
        let owners = wish.conditions(owner: "i.details.owner.id", group: "i.details.group.id")
        let images = try await call.core.rows(
            """
            select i.id, i.acquisitionDate from Image i \
            where i.acquisitionDate > :start and i.acquisitionDate < :end\(owners) order by i.id
            """, wish.values(start, end), page: wish.page, for: call)
        return logs.map { $0?.cast(to: EventLog.self) }
            + images.compactMap { row in
                guard row.count == 2, case .long(let id)? = row[0], case .time(let time)? = row[1] else { return nil }
                return Self.acquisition(of: id, at: time)
            }
    }

    private static func acquisition(of image: Int64, at time: Date) -> EventLog {
        EventLog.make { log in
            log.entityId = image
            log.entityType = "ome.model.core.Image"
            log.action = "INSERT"
            log.event = Event.make { $0.time = time }
        }
    }

    func getMostRecentAnnotationLinks(
        parentTypes: [String], childTypes: [String], namespaces: [String], p: QueryParameters?, current: Current
    ) async throws -> [IObject?] {
        guard childTypes.count <= 1 else {
            throw ApiUsageException("You can only restrict to a single annotation type")
        }
        let wish = TimelineWish(p, call)
        var values: [String: RValue?] = wish.owners
        var conditions = wish.conditions(owner: "link.details.owner.id", group: "link.details.group.id")
        if let type = childTypes.first {
            guard let entity = DataModel.queryEntity(type), entity.isA("Annotation") else {
                throw ValidationException("\(type.prefix(100)) is no class of annotations")
            }
            conditions += " and child.class = \(entity.name)"
        }
        if !namespaces.isEmpty {
            let patterns = namespaces.indices.map { "child.ns like :ns\($0)" }
            conditions += " and (\(patterns.joined(separator: " or ")))"
            for (number, namespace) in namespaces.enumerated() { values["ns\(number)"] = .string(namespace) }
        }
        var found: [String: [IObject?]] = [:]
        for type in parentTypes.isEmpty ? ["Project", "Dataset", "Image"] : parentTypes.unique {
            guard let entity = DataModel.queryEntity(type), DataModel.entity("\(entity.name)AnnotationLink") != nil
            else { throw ApiUsageException("\(type.prefix(100)) has no annotations") }
            let text = """
                select link from \(entity.name)AnnotationLink link join fetch link.child child \
                join fetch link.details.creationEvent join fetch link.details.updateEvent up \
                where 1 = 1\(conditions) order by up.id desc, link.id desc
                """
            found[type] = try await call.core.objects(text, values, page: wish.page, for: call)
        }
        return wish.sorted(found).map(\.object)
    }

    /// There are no shares.
    func getMostRecentShareCommentLinks(p: QueryParameters?, current: Current) async throws -> [IObject?] { [] }

    private static func types(_ types: [String]) -> [String] {
        types.isEmpty ? ["RenderingDef", "Image", "Project", "Dataset", "Annotation"] : types.unique
    }
}

/// What has a timeline.
private enum TimelineKind: String {
    case project = "Project"
    case dataset = "Dataset"
    case image = "Image"
    case renderingDef = "RenderingDef"

    func tables(fetched: Bool) -> String {
        let fetch = fetched ? "fetch " : ""
        let pixels = "left outer join \(fetch)obj.pixels p left outer join \(fetch)p.image i "
        return """
            \(rawValue) obj join \(fetch)obj.details.creationEvent made join \(fetch)obj.details.updateEvent changed \
            join \(fetch)obj.details.owner join \(fetch)obj.details.group \(self == .renderingDef ? pixels : "")
            """
    }

    /// Images belong to the time of their acquisition.
    var period: String {
        self == .image
            ? "obj.acquisitionDate >= :start and obj.acquisitionDate <= :end"
            : "(made.time >= :start or changed.time >= :start) and (made.time <= :end or changed.time <= :end)"
    }

    var order: String {
        switch self {
        case .project, .dataset: "changed.id"
        case .image: "obj.acquisitionDate"
        case .renderingDef: "i.details.creationEvent.time"
        }
    }

    /// Settings count as those of the image's owner.
    var owner: String { self == .renderingDef ? "i" : "obj" }
}

/// Whose things are asked for, and how many.
private struct TimelineWish {
    let ownerID: Int64?
    let groupID: Int64?
    let page: QueryPage
    let limit: Int

    init(_ parameters: QueryParameters?, _ call: Call) {
        let filter = parameters?.theFilter
        groupID = filter?.groupId
        let isOthers = filter?.groupId == nil && filter?.ownerId == -1
        let own = filter?.groupId == nil ? call.caller.identity.userID : nil
        ownerID = isOthers ? nil : filter?.ownerId ?? own
        limit = max(0, Int(filter?.limit ?? 50))
        page = QueryPage(offset: max(0, Int(filter?.offset ?? 0)), limit: limit)
    }

    var owners: [String: RValue?] {
        var values: [String: RValue?] = [:]
        if let ownerID { values["owner"] = .long(ownerID) }
        if let groupID { values["group"] = .long(groupID) }
        return values
    }

    func conditions(owner: String, group: String) -> String {
        (ownerID == nil ? "" : " and \(owner) = :owner") + (groupID == nil ? "" : " and \(group) = :group")
    }

    /// Without a beginning or an end it is all time that OMERO's database has.
    func values(_ start: Date?, _ end: Date?) -> [String: RValue?] {
        owners.merging([
            "start": .time(start ?? Date(timeIntervalSince1970: -62_135_596_800)),
            "end": .time(end ?? Date(timeIntervalSince1970: 253_402_300_799)),
        ]) { $1 }
    }

    func query(
        _ head: String, _ kind: TimelineKind, _ start: Date?, _ end: Date?
    ) -> (text: String, values: [String: RValue?]) {
        let owner = conditions(owner: "\(kind.owner).details.owner.id", group: "\(kind.owner).details.group.id")
        return ("\(head) where \(kind.period)\(owner)", values(start, end))
    }

    /// The latest of all kinds together, as many as are asked for.
    func sorted(_ found: [String: [IObject?]]) -> [(type: String, object: IObject?)] {
        let all = found.sorted { $0.key < $1.key }.flatMap { type, objects in objects.map { (type, $0) } }
        // Events of one millisecond have ids in their order.
        func moment(_ object: IObject?) -> (Date, Int64) {
            let event = object?.details?.updateEvent
            return (event.flatMap { try? $0.time } ?? .distantPast, event?.id ?? 0)
        }
        return Array(all.sorted { moment($0.1) > moment($1.1) }.prefix(limit))
    }

    func latest(_ found: [String: [IObject?]]) -> [String: [IObject?]] {
        var kept = found.mapValues { _ in [IObject?]() }
        for (type, object) in sorted(found) { kept[type, default: []].append(object) }
        return kept
    }
}
