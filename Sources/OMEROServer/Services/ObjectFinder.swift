import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore

/// Finds and loads objects for a call, in one look at the database and into one graph: only what the caller sees, with
/// what the caller may do with it.
struct ObjectFinder {
    private let filter: ResultFilter
    private let transaction: ReadTransaction
    private let builder: GraphBuilder

    /// Conditions on the objects that a query is for, which are `x` there; all have to hold.
    struct Conditions: Sendable {
        private(set) var texts: [String] = []
        private(set) var parameters: [String: RValue?] = [:]

        mutating func add(_ text: String) { texts.append(text) }
        mutating func add(_ text: String, _ name: String, _ value: RValue) {
            texts.append(text)
            parameters[name] = value
        }

        mutating func addIDs(_ ids: [Int64], of path: String = "x.id") {
            add("\(path) in (:ids)", "ids", .list(ids.map { .long($0) }))
        }

        static func ids(_ ids: [Int64], of path: String = "x.id") -> Conditions {
            var conditions = Conditions()
            conditions.addIDs(ids, of: path)
            return conditions
        }
    }

    /// The ids of objects, in their order.
    ///
    /// - Parameter joins: such as `join x.links l`; conditions can use them.
    func ids(
        _ entity: String, joins: String = "", _ conditions: Conditions, page: QueryPage = .all
    ) throws -> [Int64] {
        try rows("distinct x.id", entity, joins: joins, conditions, order: "x.id", page: page).compactMap(\.first)
    }

    /// Columns that are ids, without the rows that have none in one of them.
    func rows(
        _ columns: String, _ entity: String, joins: String = "", _ conditions: Conditions, order: String,
        groupedBy group: String? = nil, page: QueryPage = .all
    ) throws -> [[Int64]] {
        var text = "select \(columns) from \(entity) x \(joins)"
        if !conditions.texts.isEmpty { text += " where " + conditions.texts.joined(separator: " and ") }
        if let group { text += " group by \(group)" }
        text += " order by \(order)"
        do {
            let result = try transaction.run(
                try ObjectQuery(text), conditions.parameters, page: page, scope: filter.scope)
            return result.rows.compactMap { row in
                let ids = row.compactMap { cell -> Int64? in if case .int(let id) = cell { id } else { nil } }
                return ids.count == row.count ? ids : nil
            }
        } catch let error as QueryError {
            throw error.exception(for: text)
        }
    }

    /// Loads objects by their ids.
    func load(
        _ entity: String, _ ids: [Int64], fetch: [FetchPath] = [], only: [FetchPath: Set<FetchedElement>] = [:]
    ) throws -> [IObject] {
        try load([LoadRequest(entity, ids, fetch: fetch, only: only)])[0]
    }

    /// Loads the objects of several requests, which share what they have in common.
    func load(_ requests: [LoadRequest]) throws -> [[IObject]] {
        try transaction.load(requests, scope: filter.scope, into: builder) { loaded in
            try filter.apply(to: loaded, builder, transaction)
        }
    }

    /// Objects of one hierarchy by their ids, with their classes. In a graph that is not complete they can't be asked.
    func byID(
        _ entity: String, _ ids: [Int64], fetch: [FetchPath] = []
    ) throws -> [Int64: (object: IObject, entity: Entity)] {
        let root = DataModel.entity(entity)?.root
        var found: [Int64: (object: IObject, entity: Entity)] = [:]
        _ = try transaction.load(entity, where: ids, fetch: fetch, scope: filter.scope, into: builder) { loaded in
            try filter.apply(to: loaded, builder, transaction)
            guard loaded.entity.root == root else { return }
            found[loaded.id] = (IObject(object: loaded.object), loaded.entity)
        }
        return found
    }

    fileprivate init(_ call: Call, _ transaction: ReadTransaction, _ builder: GraphBuilder) throws {
        filter = try ResultFilter(call, transaction)
        self.transaction = transaction
        self.builder = builder
    }
}

extension Call {
    /// Looks into the database; what `body` returns is complete afterwards.
    func find<Result: Sendable>(
        _ body: @escaping @Sendable (ObjectFinder) throws -> Result
    ) async throws -> Result {
        try await core.look(for: self) { transaction in
            try GraphBuilder.build { builder in try body(ObjectFinder(self, transaction, builder)) }
        }
    }
}

extension ObjectFinder.Conditions {
    /// Owner and group of a filter.
    init(_ filter: QueryFilter?) {
        self.init()
        if let owner = filter?.ownerId { add("x.details.owner.id = :owner", "owner", .long(owner)) }
        if let group = filter?.groupId { add("x.details.group.id = :group", "group", .long(group)) }
    }

    /// When it was made.
    mutating func addTimes(_ filter: QueryFilter?) {
        if let start = filter?.startTime { add("x.details.creationEvent.time > :start", "start", .time(start)) }
        if let end = filter?.endTime { add("x.details.creationEvent.time < :end", "end", .time(end)) }
    }
}
