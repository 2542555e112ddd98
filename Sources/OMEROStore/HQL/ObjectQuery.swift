internal import Foundation
internal import GRDB
public import OMEROModel

/// A query in OMERO's language, read, but not yet looked up in the data model.
///
/// ```swift
/// let query = try ObjectQuery("select p from Project p where p.details.owner.id = :id")
/// let found = try transaction.run(query, ["id": 5], scope: scope)
/// ```
public struct ObjectQuery: Sendable {
    public let text: String
    let statement: SelectStatement

    /// - Throws: ``QueryError`` with the place of what is wrong.
    public init(_ text: String) throws(QueryError) {
        self.text = text
        statement = try Parser.parse(text)
    }
}

/// Which part of a result is wanted.
public struct QueryPage: Sendable, Hashable {
    public var offset: Int
    /// Nil for all.
    public var limit: Int?

    public init(offset: Int = 0, limit: Int? = nil) {
        self.offset = offset
        self.limit = limit
    }

    public static let all = QueryPage()
}

/// What a query found.
public struct QueryResult: Sendable {
    public struct Column: Sendable {
        /// Of `new map(… as name)`.
        public let name: String?
        public let type: QueryType
        /// What is to be loaded with the objects of the column.
        public let fetch: [FetchPath]
    }

    public enum Cell: Sendable, Hashable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case text(String)
        case bytes([UInt8])
        /// A number and the symbol of its unit.
        case quantity(Double, String)
    }

    public let columns: [Column]
    /// Whether each row is one value, with the columns' names as keys.
    public let isMap: Bool
    public let rows: [[Cell]]
}

extension ReadTransaction {
    /// Runs a query; objects are their ids.
    ///
    /// Rows are not made unique unless the query says `distinct`: an object comes as often as it has rows, with those of
    /// collections that are fetched along (server semantics 11.1).
    /// - Throws: ``QueryError``, ``StoreError``.
    public func run(
        _ query: ObjectQuery,
        _ parameters: [String: RValue?] = [:],
        page: QueryPage = .all,
        scope: QueryScope = .everything
    ) throws -> QueryResult {
        let compiled: CompiledQuery
        do throws(QueryError) {
            compiled = try CompiledQuery(query.statement, Translator(parameters: parameters, scope: scope))
        } catch {
            throw error.located(in: query.text)
        }
        let isPaged = page.offset > 0 || page.limit != nil
        // With collections fetched along, a page is of objects, not of rows.
        let countsObjects = compiled.fetchesCollections && (isPaged || query.statement.isDistinct)
        var sql = compiled.sql
        if isPaged, !countsObjects {
            sql = sql + SQLText(" LIMIT ? OFFSET ?", [Int64(page.limit ?? -1), Int64(page.offset)])
        }
        let found = try rows(sql.text, StatementArguments(sql.binds))
        var rows = found.map { row in compiled.outputs.map { $0.cell(row) } }
        if countsObjects {
            rows = Array(rows.unique.dropFirst(page.offset).prefix(page.limit ?? .max))
        }
        return QueryResult(columns: compiled.outputs.map(\.column), isMap: query.statement.isMap, rows: rows)
    }
}

/// The statement of a query, and where in its rows everything is.
struct CompiledQuery {
    struct Output {
        let column: QueryResult.Column
        let position: Int
        /// Where the unit of a quantity is.
        let unitPosition: Int?
    }

    let sql: SQLText
    let outputs: [Output]
    let fetchesCollections: Bool

    init(_ statement: SelectStatement, _ translator: Translator) throws(QueryError) {
        let (parts, tail) = try translator.select(statement, in: nil) { context throws(QueryError) in
            let items = try Self.items(statement, translator, context)
            var orders: [SQLText] = []
            for order in statement.orders { orders.append(try Self.order(order, translator, context)) }
            return (items, try Self.fetches(context, items), orders)
        }
        let (items, fetches, orders) = parts
        var columns: [SQLText] = []
        var outputs: [Output] = []
        for item in items {
            let position = columns.count
            columns.append(item.value.sql)
            if let unit = item.value.unit { columns.append(unit) }
            let fetch = item.source.flatMap { source in fetches.filter { $0.root === source }.map(\.path) }
            outputs.append(
                Output(
                    column: QueryResult.Column(name: item.name, type: item.value.type, fetch: fetch ?? []),
                    position: position,
                    unitPosition: item.value.unit == nil ? nil : position + 1
                )
            )
        }
        var sql = SQLText(statement.isDistinct ? "SELECT DISTINCT " : "SELECT ") + .joined(columns, ", ") + tail
        if !orders.isEmpty { sql = sql + SQLText(" ORDER BY ") + .joined(orders, ", ") }
        self.sql = sql
        self.outputs = outputs
        fetchesCollections = fetches.contains(where: \.isCollection)
    }

    private struct Item {
        let name: String?
        let value: QueryValue
        let source: Source?
    }

    private static func items(
        _ statement: SelectStatement, _ translator: Translator, _ context: QueryContext
    ) throws(QueryError) -> [Item] {
        guard let selected = statement.items else {
            return context.written.filter { $0.fetched == nil }.compactMap { source in
                source.entity.map { entity in
                    Item(name: nil, value: QueryValue(SQLText("\(source.alias).id"), .entity(entity)), source: source)
                }
            }
        }
        context.masks = true
        defer { context.masks = false }
        var items: [Item] = []
        for (number, item) in selected.enumerated() {
            let name = item.alias ?? (statement.isMap ? "\(number)" : nil)
            guard case .path(let names) = item.expression.kind else {
                items.append(Item(name: name, value: try translator.value(item.expression, context), source: nil))
                continue
            }
            let node = try translator.node(names, context, at: item.expression.offset)
            switch node {
            case .source, .reference:
                // The object itself is wanted, so its row has to be there, and to be the caller's to see.
                let source: Source
                if case .source(let own) = node {
                    source = own
                } else {
                    source = try translator.source(of: node, context, at: item.expression.offset)
                }
                guard let entity = source.entity else {
                    throw .at(item.expression.offset, .unsupported, "a name and a value are no object: say which")
                }
                let value = QueryValue(SQLText("\(source.alias).id"), .entity(entity))
                items.append(Item(name: name, value: value, source: source))
            case .details, .value, .quantity, .collection:
                let value = try translator.value(ofPath: names, context, at: item.expression.offset)
                items.append(Item(name: name, value: value, source: nil))
            }
        }
        return items
    }

    private struct Fetch {
        let root: Source
        let path: FetchPath
        let isCollection: Bool
    }

    private static func fetches(_ context: QueryContext, _ items: [Item]) throws(QueryError) -> [Fetch] {
        var fetches: [Fetch] = []
        for source in context.written {
            guard let (root, path) = source.fetchPath else { continue }
            guard items.contains(where: { $0.source === root }) else {
                throw QueryError(
                    .syntax, "query specified join fetching, but the owner of \(path) is not in the select list")
            }
            let property = path.steps.last.flatMap { step in
                source.fetched?.from.entity.flatMap { entity in
                    entity.declaration(of: step)?.property ?? entity.declarationsBelow(of: step).first?.property
                }
            }
            let isDetails = path.steps.dropLast().last == "details"
            fetches.append(Fetch(root: root, path: path, isCollection: !isDetails && property?.isCollection == true))
        }
        for (from, steps) in context.fetches {
            let before = from.fetchPath
            let path = FetchPath((before?.path.steps ?? []) + steps)
            fetches.append(Fetch(root: before?.root ?? from, path: path, isCollection: false))
        }
        return fetches
    }

    /// PostgreSQL has nulls after everything else, and before it in descending order.
    private static func order(
        _ order: SelectStatement.Order, _ translator: Translator, _ context: QueryContext
    ) throws(QueryError) -> SQLText {
        var expression = order.expression
        if case .path(let names) = expression.kind, names.count == 1, context.source(named: names[0]) == nil,
            let named = context.aliases[names[0]]
        {
            expression = named
        }
        let value = try translator.value(expression, context).sql
        let nullsFirst = order.nullsFirst ?? order.isDescending
        // A number alone would be that of a column.
        return SQLText("(") + value
            + SQLText(")\(order.isDescending ? " DESC" : "") NULLS \(nullsFirst ? "FIRST" : "LAST")")
    }
}

extension CompiledQuery.Output {
    fileprivate func cell(_ row: Row) -> QueryResult.Cell {
        let value: DatabaseValue = row[position]
        switch value.storage {
        case .null: return .null
        case .int64(let number):
            if column.type == .bool { return .bool(number != 0) }
            return column.type == .double ? .double(Double(number)) : .int(number)
        case .double(let number):
            guard let unitPosition else { return .double(number) }
            return (row[unitPosition] as String?).map { .quantity(number, $0) } ?? .null
        case .string(let text): return .text(text)
        case .blob(let data): return .bytes(Array(data))
        }
    }
}
