import IceEncoding
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

// Queries of OMERO's language for a call: rows of values, with objects as this caller may see them.
extension ServerCore {
    /// Answers a query.
    ///
    /// - Throws: `QueryException`, and `ApiUsageException` for a parameter without a value.
    func rows(
        _ text: String, _ parameters: [String: RValue?], page: QueryPage = .all, for call: Call
    ) async throws -> [[RValue?]] {
        do {
            let query = try ObjectQuery(text)
            return try await look(for: call) { transaction in
                let filter = try ResultFilter(call, transaction)
                let result = try transaction.run(query, parameters, page: page, scope: filter.scope)
                return try GraphBuilder.build { builder in
                    try QueryAnswer(result, filter, transaction, builder).rows
                }
            }
        } catch let error as QueryError {
            throw error.exception(for: text)
        }
    }

    /// Looks into the database for a call, for no longer than a query may take, loading included; a user has few such
    /// looks at once.
    ///
    /// - Throws: `OverUsageException` for what takes too long or finds too much.
    func look<Result: Sendable>(
        for call: Call, _ body: @escaping @Sendable (ReadTransaction) throws -> Result
    ) async throws -> Result {
        // OMERO's own default, in seconds.
        let limit = properties.value("omero.query.timeout").flatMap { Int64($0) } ?? 1000
        do {
            return try await turns.take(call.caller.identity.userID) {
                try await store.read { transaction in
                    try transaction.within(.seconds(limit)) { try body(transaction) }
                }
            }
        } catch let error as QueryError where error.kind == .tooExpensive {
            throw OverUsageException(error.message)
        }
    }

    /// The objects of a query for objects, in the order of the rows; nil where an outer join found none.
    func objects(
        _ text: String, _ parameters: [String: RValue?], page: QueryPage = .all, for call: Call
    ) async throws -> [IObject?] {
        try await rows(text, parameters, page: page, for: call).map { row in
            switch row.first {
            case .some(.some(.object(let object))) where row.count == 1: return object
            case .some(nil) where row.count == 1: return nil
            default: throw ApiUsageException("The query selects values, not objects: use projection()")
            }
        }
    }
}

extension QueryError {
    func exception(for text: String) -> any Error {
        switch kind {
        case .missingParameter: ApiUsageException("Null parameters not allowed: \(message)")
        case .tooExpensive: OverUsageException(message)
        case .syntax, .unknownName, .unsupported:
            QueryException("Illegal query:\(text.prefix(2000))\n\(self)")
        }
    }
}

extension QueryPage {
    /// Offset and limit of a filter.
    init(_ filter: QueryFilter?) {
        self.init(offset: max(0, Int(filter?.offset ?? 0)), limit: filter?.limit.map { max(0, Int($0)) })
    }
}

/// Makes OMERO's values of a query's result.
private struct QueryAnswer {
    private struct Key: Hashable {
        let root: Entity
        let id: Int64
    }

    /// What becomes of a column's values.
    private struct Place {
        let type: QueryType
        /// Of a column of objects.
        let root: Entity?
        let isPermissions: Bool
    }

    let rows: [[RValue?]]

    init(
        _ result: QueryResult, _ filter: ResultFilter, _ transaction: ReadTransaction, _ builder: GraphBuilder
    ) throws {
        var requests: [LoadRequest] = []
        var roots: [Entity] = []
        for (number, column) in result.columns.enumerated() {
            guard case .entity(let entity) = column.type else { continue }
            let ids = Set(
                result.rowStarts.compactMap { start -> Int64? in
                    if case .int(let id) = result.cells[start + number] { id } else { nil }
                }
            )
            roots.append(entity.root)
            requests.append(LoadRequest(entity.name, ids.sorted(), fetch: column.fetch, only: column.only))
        }
        var objects: [Key: IObject] = [:]
        if !requests.isEmpty { objects.reserveCapacity(result.cells.count / result.columns.count) }
        var permissions: [Key: Permissions] = [:]
        _ = try transaction.load(requests, scope: filter.scope, into: builder) { loaded in
            let allowed = try filter.apply(to: loaded, builder, transaction)
            let root = loaded.entity.root
            // What is loaded along is in the graph, and no more is asked of it.
            guard roots.contains(root) else { return }
            let key = Key(root: root, id: loaded.id)
            objects[key] = IObject(object: loaded.object)
            if result.isMap { permissions[key] = allowed }
        }
        let places = result.columns.map { column in
            var root: Entity?
            if case .entity(let entity) = column.type { root = entity.root }
            let isPermissions = result.isMap && column.name?.hasSuffix("_details_permissions") == true
            return Place(type: column.type, root: root, isPermissions: isPermissions)
        }
        let names = result.columns.map { $0.name ?? "" }
        rows = result.rowStarts.map { start in
            var values: [RValue?] = []
            values.reserveCapacity(places.count)
            for (number, place) in places.enumerated() {
                let cell = result.cells[start + number]
                if let root = place.root, case .int(let id) = cell {
                    let key = Key(root: root, id: id)
                    values.append(
                        place.isPermissions ? permissions[key].map(RValue.init) : objects[key].map { .object($0) })
                } else {
                    values.append(RValue(cell, place.type))
                }
            }
            return result.isMap ? [.map(Dictionary(zip(names, values)) { first, _ in first })] : values
        }
    }
}

extension RValue {
    /// A value of a row; objects are handled before.
    fileprivate init?(_ cell: QueryResult.Cell, _ type: QueryType) {
        switch (cell, type) {
        case (.null, _): return nil
        case (.bool(let value), _): self = .bool(value)
        case (.int(let value), .time): self = .time(Timestamp(milliseconds: value).date)
        case (.int(let value), .permissions): self.init(Permissions(rawValue: value))
        case (.int(let value), .int):
            self = Int32(exactly: value).map { .int($0) } ?? .long(value)
        case (.int(let value), _): self = .long(value)
        case (.double(let value), _): self = .double(value)
        case (.text(let text), .unit(let kind)): self = .string(unitName(kind, text) ?? text)
        case (.text(let text), _): self = .string(text)
        case (.bytes, _): return nil
        case (.quantity(let value, let symbol), let type):
            var unit: String?
            if case .quantity(let kind) = type { unit = unitName(kind, symbol) }
            self = .map(["value": .double(value), "unit": unit.map { .string($0) }, "symbol": .string(symbol)])
        }
    }

    /// Rights as clients of projections expect them.
    fileprivate init(_ permissions: Permissions) {
        self = .map([
            "perm": .string(permissions.description),
            "canAnnotate": .bool(permissions.canAnnotate),
            "canDelete": .bool(permissions.canDelete),
            "canEdit": .bool(permissions.canEdit),
            "canLink": .bool(permissions.canLink),
            "canChgrp": .bool(permissions.canChgrp),
            "canChown": .bool(permissions.canChown),
        ])
    }
}

/// The name of a unit on the wire, such as `MICROMETER`.
private func unitName(_ kind: String, _ symbol: String) -> String? {
    func name<Kind: Quantity>(_ type: Kind.Type) -> String? {
        Kind.Unit(symbol: symbol).map { "\($0)".uppercased() }
    }
    return switch kind {
    case "Length": name(Length.self)
    case "Time": name(Time.self)
    case "Power": name(Power.self)
    case "Pressure": name(Pressure.self)
    case "Temperature": name(Temperature.self)
    case "Frequency": name(Frequency.self)
    case "ElectricPotential": name(ElectricPotential.self)
    default: nil
    }
}
