import IceEncoding
import OMEROAPI
public import OMEROModel

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

// Asking for objects and values.
extension GatewayContext {
    /// Objects of a class, lazily.
    public func objects<Object: IObjectProtocol>(_ type: Object.Type) -> ObjectQuery<Object> { ObjectQuery(self) }

    /// An object by its number.
    ///
    /// - Parameters:
    ///   - type: the object's class, or a base of it.
    ///   - id: the object's number.
    ///   - paths: what to load along, by names such as `datasetLinks.parent`.
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/notFound`` if there is none in this context's groups that
    ///   the user may see.
    public func object<Object: IObjectProtocol>(
        _ type: Object.Type,
        id: Int64,
        loading paths: String...
    ) async throws -> Object {
        try await object(paths.reduce(objects(type)) { $0.loading($1) }, id: id)
    }

    /// The one object of a query with that number, whoever owns it.
    func object<Object: IObjectProtocol>(_ query: ObjectQuery<Object>, id: Int64) async throws -> Object {
        if let object = try await query.ownedBy(nil).ids([id]).first() { return object }
        throw GatewayError(
            .notFound, "there is no \(query.className) \(id) in this context, or you may not see it",
            advice: callContext.group == .all ? nil : "It may be in another group: ask inAllGroups", phase: .call)
    }

    /// The same session, with calls in the group that the object belongs to.
    public func inGroup(of object: some IObjectProtocol) throws -> ScopedGateway {
        guard let group = object.groupID else {
            throw GatewayError(
                .invalidRequest,
                "the group of \(ModelFacts.name(of: object.object.descriptor)) is not known: it was not "
                    + "loaded with its details", phase: .call)
        }
        return inGroup(group)
    }

    // MARK: HQL

    /// Carries out a query for objects.
    ///
    /// - Parameters:
    ///   - hql: OMERO's query language; values stand as `:name`, never in the text.
    ///   - parameters: the values for these names.
    ///   - limit: at most so many rows; nil for all.
    ///   - offset: how many rows to leave out before.
    ///   - type: the class of what the query selects.
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/invalidRequest`` for HQL that the server does not
    ///   understand, with its words.
    public func query<Object: IObjectProtocol>(
        _ hql: String,
        _ parameters: [String: RValue?] = [:],
        limit: Int? = nil,
        offset: Int = 0,
        as type: Object.Type
    ) async throws -> [Object] {
        let values = QueryParameters.of(parameters, limit: limit, offset: offset)
        let found = try await withService(IQueryPrx.self, repeatable: true) {
            try await $0.findAllByQuery(query: hql, params: values)
        }
        return try found.compactMap { object in
            guard let object else { return nil }
            guard let typed = object.cast(to: type) else {
                throw GatewayError(
                    .invalidRequest,
                    "the query gives \(ModelFacts.name(of: object.object.descriptor)), not "
                        + ModelFacts.name(of: type), phase: .call)
            }
            return typed
        }
    }

    /// Carries out a query for values: each row with all that it selects. OMERO sends an empty row for a single null.
    public func projection(
        _ hql: String,
        _ parameters: [String: RValue?] = [:],
        limit: Int? = nil,
        offset: Int = 0
    ) async throws -> [[RValue?]] {
        let values = QueryParameters.of(parameters, limit: limit, offset: offset)
        return try await withService(IQueryPrx.self, repeatable: true) {
            try await $0.projection(query: hql, params: values)
        }.map { $0.isEmpty ? [nil] : $0 }
    }

    /// Carries out a query for values of known types.
    ///
    /// ```swift
    /// let rows = try await gateway.rows("select p.id, p.name from Project p", as: (Int64, String).self)
    /// ```
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/invalidRequest`` if a row has other values.
    @inlinable
    public func rows<each Value: QueryValue>(
        _ hql: String,
        _ parameters: [String: RValue?] = [:],
        limit: Int? = nil,
        offset: Int = 0,
        as type: (repeat each Value).Type
    ) async throws -> [(repeat each Value)] {
        var rows = try await projectedRows(hql, parameters, limit: limit, offset: offset)
        return try rows.widths.indices.map { _ in
            rows.goOn()
            return (repeat try rows.next((each Value).self))
        }
    }

    /// A projection as it comes, to be taken apart without a list of each row's values in between.
    @usableFromInline
    func projectedRows(
        _ hql: String, _ parameters: [String: RValue?], limit: Int?, offset: Int
    ) async throws -> ProjectedRows {
        let values: QueryParameters? = QueryParameters.of(parameters, limit: limit, offset: offset)
        return try await withService(IQueryPrx.self, repeatable: true) { service in
            try await service.proxy.invoke("projection", mode: .idempotent) { stream in
                hql.write(to: &stream)
                values.write(to: &stream)
            } read: {
                try ProjectedRows(from: &$0)
            }
        }
    }
}

/// The values of a projection's rows, which are taken one by one.
@usableFromInline
struct ProjectedRows: Sendable {
    private var boxes: [Box<RValue>] = []
    /// How many values each row has.
    @usableFromInline
    let widths: [Int]
    /// The row at work, how many of its values were taken, and where it ends.
    private var row = -1
    private var number = 0
    private var end = 0

    init(from stream: inout IceInputStream) throws(MarshalError) {
        widths = try Box.readRows(from: &stream, into: &boxes)
    }

    /// Turns to the next row.
    @usableFromInline
    mutating func goOn() {
        row += 1
        number = 0
        end += widths[row]
    }

    /// The next value, nil for null; there may be no further one in the row.
    @usableFromInline
    mutating func next() -> (isThere: Bool, value: RValue?) {
        number += 1
        // OMERO sends an empty row for a single null.
        guard number <= widths[row] else { return (widths[row] == 0 && number == 1, nil) }
        return (true, boxes[end - widths[row] + number - 1].value)
    }

    // Where the types are known, or each value would look up what an optional of its type is.
    @inlinable
    @inline(__always)
    mutating func next<Wanted: QueryValue>(_ type: Wanted.Type) throws -> Wanted {
        let (isThere, value) = next()
        guard isThere, let wanted = Wanted(queryResult: value) else { throw mismatch(type) }
        return wanted
    }

    @usableFromInline
    func mismatch(_ type: Any.Type) -> GatewayError {
        GatewayError(.invalidRequest, "column \(number) of the query's result is no \(type)", phase: .call)
    }
}

extension QueryParameters {
    static func of(_ values: [String: RValue?], limit: Int?, offset: Int) -> QueryParameters {
        QueryParameters.make { draft in
            draft.map = values
            guard limit != nil || offset > 0 else { return }
            draft.theFilter = draft.record.builder.add(QueryFilter.self) { filter in
                filter.limit = Int32(clamping: limit ?? Int(Int32.max))
                filter.offset = Int32(clamping: offset)
            }
        }
    }
}

/// A type that a column of a query's result can be read as.
public protocol QueryValue: Sendable {
    /// Nil if the value is of another type.
    init?(queryResult: RValue?)
}

extension Int64: QueryValue {
    @inlinable
    public init?(queryResult: RValue?) {
        switch queryResult {
        case .long(let value): self = value
        case .int(let value): self = Int64(value)
        default: return nil
        }
    }
}
extension Int32: QueryValue {
    public init?(queryResult: RValue?) {
        guard case .int(let value) = queryResult else { return nil }
        self = value
    }
}
extension Double: QueryValue {
    public init?(queryResult: RValue?) {
        switch queryResult {
        case .double(let value): self = value
        case .float(let value): self = Double(value)
        default: return nil
        }
    }
}
extension Bool: QueryValue {
    public init?(queryResult: RValue?) {
        guard case .bool(let value) = queryResult else { return nil }
        self = value
    }
}
extension String: QueryValue {
    public init?(queryResult: RValue?) {
        guard case .string(let value) = queryResult else { return nil }
        self = value
    }
}
extension Date: QueryValue {
    public init?(queryResult: RValue?) {
        guard case .time(let value) = queryResult else { return nil }
        self = value
    }
}
extension Optional: QueryValue where Wrapped: QueryValue {
    public init?(queryResult: RValue?) {
        guard let queryResult else {
            self = nil as Wrapped?
            return
        }
        guard let value = Wrapped(queryResult: queryResult) else { return nil }
        self = value as Wrapped?
    }
}
