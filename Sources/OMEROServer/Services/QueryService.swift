import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

/// `omero.api.IQuery`
struct QueryService: IQueryServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    private var core: ServerCore { call.core }

    static func requirement(_ operation: String) -> Requirement { .user }

    // MARK: By id

    /// `Image`, `ome.model.core.Image` and `ImageI` are the same class.
    private func entity(_ name: String) throws -> Entity {
        guard let entity = DataModel.queryEntity(name) else {
            throw ApiUsageException("Class not found: \(name.prefix(100))")
        }
        return entity
    }

    private enum Found {
        case missing
        case hidden(any Error)
        case object(IObject)
    }

    /// What isn't in lists can be loaded by id all the same where the rules say so: see ``Caller/canLoad(_:isInShare:)``.
    private func object(_ entity: Entity, _ id: Int64) async throws -> Found {
        let call = call
        return try await core.look(for: call) { transaction in
            guard let row = try transaction.details(of: entity.name, ids: [id]).first else { return .missing }
            let filter = try ResultFilter(call, transaction)
            let facts = filter.facts(entity, id: id, ownerID: row.ownerID, groupID: row.groupID)
            do {
                try call.caller.authorizeReading(facts)
            } catch {
                return .hidden(error)
            }
            var scope = filter.scope
            if let group = row.groupID { scope.groups?.whole.insert(group) }
            let found = try GraphBuilder.build { builder in
                try transaction.load(entity.name, where: [id], scope: scope, into: builder) { loaded in
                    try filter.apply(to: loaded, builder, transaction)
                }.first
            }
            if let found { return .object(found) }
            // Sessions and nodes that are not the caller's to see; what is of another class is not there.
            guard !["Session", "Node"].contains(entity.root.name) else {
                return .hidden(SecurityViolation("Cannot read \(facts.label)"))
            }
            return .missing
        }
    }

    func get(klass: String, id: Int64, current: Current) async throws -> IObject? {
        let entity = try entity(klass)
        switch try await object(entity, id) {
        case .object(let object): return object
        case .hidden(let refusal): throw refusal
        case .missing:
            throw ValidationException("No row with the given identifier exists: [\(entity.logName)#\(id)]")
        }
    }

    func find(klass: String, id: Int64, current: Current) async throws -> IObject? {
        guard case .object(let object) = try await object(entity(klass), id) else { return nil }
        return object
    }

    func refresh(iObject: IObject?, current: Current) async throws -> IObject? {
        guard let iObject, let id = iObject.id else { throw ApiUsageException("an object with an id is needed") }
        return try await get(klass: iObject.typeID, id: id, current: current)
    }

    // MARK: By values

    func findAll(klass: String, filter: QueryFilter?, current: Current) async throws -> [IObject?] {
        try await all(entity(klass), [], [:], filter)
    }

    private func all(
        _ entity: Entity, _ conditions: [String], _ parameters: [String: RValue?], _ filter: QueryFilter?
    ) async throws -> [IObject?] {
        var conditions = conditions
        var parameters = parameters
        if !entity.isGlobal {
            if let owner = filter?.ownerId {
                conditions.append("obj.details.owner.id = :filterOwner")
                parameters["filterOwner"] = .long(owner)
            }
            if let group = filter?.groupId {
                conditions.append("obj.details.group.id = :filterGroup")
                parameters["filterGroup"] = .long(group)
            }
        }
        var query = "select obj from \(entity.name) obj"
        if !conditions.isEmpty { query += " where " + conditions.joined(separator: " and ") }
        // A page needs an order.
        query += " order by obj.id"
        return try await core.objects(query, parameters, page: QueryPage(filter), for: call)
    }

    func findByString(klass: String, field: String, value: String, current: Current) async throws -> IObject? {
        let entity = try entity(klass)
        let path = try path(field)
        return try unique(await all(entity, ["\(path) = :value"], ["value": .string(value)], nil))
    }

    func findAllByString(
        klass: String,
        field: String,
        value: String,
        caseSensitive: Bool,
        filter: QueryFilter?,
        current: Current
    ) async throws -> [IObject?] {
        let entity = try entity(klass)
        let condition = "\(try path(field)) \(caseSensitive ? "like" : "ilike") :value"
        return try await all(entity, [condition], ["value": .string("%\(value)%")], filter)
    }

    /// The name of a field becomes a part of the query: it must be one.
    private func path(_ field: String) throws -> String {
        let isName = field.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        }
        guard isName else { throw ApiUsageException("\(field.prefix(100)) is not a field") }
        return "obj.\(field)"
    }

    func findByExample(example: IObject?, current: Current) async throws -> IObject? {
        try unique(await findAllByExample(example: example, filter: nil, current: current))
    }

    func findAllByExample(example: IObject?, filter: QueryFilter?, current: Current) async throws -> [IObject?] {
        let wanted = try QueryExample(example)
        return try await all(wanted.entity, wanted.conditions, wanted.parameters, filter)
    }

    // MARK: By queries

    private func unique(_ objects: [IObject?]) throws -> IObject? {
        let found = objects.compactMap(\.self)
        guard let first = found.first else { return nil }
        guard found.allSatisfy({ $0.id == first.id && $0.typeID == first.typeID }) else {
            throw ApiUsageException("The query has returned more than one Object; use findAllByQuery() instead")
        }
        return first
    }

    func findByQuery(query: String, params: QueryParameters?, current: Current) async throws -> IObject? {
        try unique(await findAllByQuery(query: query, params: params, current: current))
    }

    func findAllByQuery(query: String, params: QueryParameters?, current: Current) async throws -> [IObject?] {
        try await core.objects(query, params?.map ?? [:], page: QueryPage(params?.theFilter), for: call)
    }

    func projection(query: String, params: QueryParameters?, current: Current) async throws -> [[RValue?]] {
        let rows = try await core.rows(query, params?.map ?? [:], page: QueryPage(params?.theFilter), for: call)
        // Hibernate gives a null itself for the row of a single null, and OMERO sends an empty one for it, which
        // OMERO.web relies on (omero-server, QueryImpl.projection; omero-blitz, IceMapper).
        guard rows.first?.count == 1 else { return rows }
        return rows.map { $0[0] == nil ? [] : $0 }
    }

    func findAllByFullText(
        klass: String,
        query: String,
        params: QueryParameters?,
        current: Current
    ) async throws -> [IObject?] {
        throw InternalException(unsupported: "full-text search")
    }
}
