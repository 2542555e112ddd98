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
    /// As it was given.
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
    /// How many rows are left out at the beginning.
    public var offset: Int
    /// Nil for all.
    public var limit: Int?

    public init(offset: Int = 0, limit: Int? = nil) {
        self.offset = offset
        self.limit = limit
    }

    /// Every row.
    public static let all = QueryPage()
}

/// What a query found.
public struct QueryResult: Sendable {
    /// What stands in one place of each row.
    public struct Column: Sendable {
        /// Of `new map(… as name)`.
        public let name: String?
        /// What its cells hold.
        public let type: QueryType
        /// What is to be loaded with the objects of the column.
        public let fetch: [FetchPath]
        /// Collections are fetched along with the elements that fit the query only, as OMERO does it.
        public var only: [FetchPath: Set<FetchedElement>] = [:]
    }

    /// A value of a row.
    public enum Cell: Sendable, Hashable {
        /// Nothing.
        case null
        /// A truth value.
        case bool(Bool)
        /// A whole number, the id of an object, or a time in milliseconds since 1970: the column's type says which.
        case int(Int64)
        /// A number.
        case double(Double)
        /// A string, or strings as a JSON array.
        case text(String)
        /// Bytes.
        case bytes([UInt8])
        /// A number and the symbol of its unit.
        case quantity(Double, String)
    }

    /// One for each value of a row.
    public let columns: [Column]
    /// Whether each row is one value, with the columns' names as keys.
    public let isMap: Bool
    /// Row by row in the order of the query, each in that of ``columns``: a list for each would take as much time as the
    /// query, where there are many.
    public internal(set) var cells: [Cell]

    /// In the order of the query; cells in that of ``columns``.
    public var rows: [[Cell]] { rowStarts.map { Array(cells[$0..<$0 + columns.count]) } }

    /// Where in ``cells`` each row begins.
    public var rowStarts: StrideTo<Int> { stride(from: 0, to: cells.count, by: max(columns.count, 1)) }
}

extension ReadTransaction {
    /// Runs a query; objects are their ids.
    ///
    /// Where collections are fetched along, an object comes once, however many elements it has, and pages are of objects:
    /// OMERO gives every query a limit, and so has Hibernate count objects. Other rows come as they are.
    ///
    /// - Parameters:
    ///   - query: what is asked.
    ///   - parameters: values for the names after colons in it.
    ///   - page: which of the rows.
    ///   - scope: what the caller may see.
    ///   - timeout: that of ``within(_:_:)`` around it unless given, or 1000 seconds, as in OMERO.
    /// - Throws: ``QueryError``, ``StoreError``.
    public func run(
        _ query: ObjectQuery,
        _ parameters: [String: RValue?] = [:],
        page: QueryPage = .all,
        scope: QueryScope = .everything,
        timeout: Duration? = nil
    ) throws -> QueryResult {
        let dialect = SQLiteDialect()
        func compile(walksInOrder: Bool) throws -> CompiledQuery {
            let translator = Translator(
                parameters: parameters, scope: scope, dialect: dialect, walksInOrder: walksInOrder)
            do throws(QueryError) {
                return try CompiledQuery(query.statement, translator)
            } catch {
                throw error.located(in: query.text)
            }
        }
        var compiled = try compile(walksInOrder: false)
        if let listing = Listing(query.statement, page), !compiled.fetchesCollections,
            try listing.isWalked(scope, self)
        {
            compiled = try compile(walksInOrder: true)
        }
        let isPaged = page.offset > 0 || page.limit != nil
        let countsObjects = compiled.fetchesCollections
        var sql = compiled.sql
        if isPaged, !countsObjects {
            sql = sql + dialect.page(page)
        }
        var cells: [QueryResult.Cell] = []
        var columns = compiled.outputs.map { output in
            var column = output.column
            for collection in output.collections { column.only[collection.path] = [] }
            return column
        }
        try within(timeout ?? Deadline.current?.limit ?? .seconds(1000)) {
            let places = compiled.outputs.map(\.place)
            let collections = compiled.outputs.enumerated().flatMap { number, output in
                output.collections.map { (number, $0) }
            }
            try eachRow(of: dialect.statement(sql)) { row in
                for place in places { cells.append(place.cell(row)) }
                for (number, collection) in collections {
                    guard let element = collection.element(row) else { continue }
                    columns[number].only[collection.path, default: []].insert(element)
                }
            }
        }
        var result = QueryResult(columns: columns, isMap: query.statement.isMap, cells: cells)
        if countsObjects {
            // A row of several values is never the same as another one.
            let rows = columns.count == 1 || query.statement.isDistinct ? result.rows.unique : result.rows
            result.cells = rows.dropFirst(page.offset).prefix(page.limit ?? .max).flatMap(\.self)
        }
        return result
    }
}

extension SelectStatement {
    /// Whether collections that are fetched along may have more elements than fit the query.
    var restrictsCollections: Bool {
        groups.isEmpty
            && (condition != nil || roots.count > 1 || joins.contains { $0.kind == .inner || $0.condition != nil })
    }
}
