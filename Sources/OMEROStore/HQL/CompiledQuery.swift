/// The statement of a query, and where in its rows everything is.
struct CompiledQuery {
    struct Output {
        let column: QueryResult.Column
        let place: Place
        let collections: [Collection]
    }

    /// Where a value is in a row, and what becomes of it.
    struct Place: BitwiseCopyable {
        let position: Int
        /// Of the unit of a quantity.
        let unitPosition: Int?
        let isBool: Bool
        let isDouble: Bool
    }

    /// A collection that is fetched along: where the ids of its holder and its element are.
    struct Collection {
        let path: FetchPath
        let holder: Int
        let element: Int
    }

    let sql: SQLText
    let outputs: [Output]
    let fetchesCollections: Bool

    init(_ statement: SelectStatement, _ translator: Translator) throws(QueryError) {
        let (parts, tail) = try translator.select(statement, in: nil) { context throws(QueryError) in
            let items = try Self.items(statement, translator, context)
            let fetches = try Self.fetches(context, items)
            let known = items.compactMap(\.source) + context.written.filter { $0.fetched != nil }
            var orders: [Order] = []
            for order in statement.orders { orders.append(try Order(order, statement, translator, context, known)) }
            return (items, fetches, orders)
        }
        let (items, fetches, orders) = parts
        var columns: [SQLText] = []
        var outputs: [Output] = []
        var positions: [Int] = []
        for item in items {
            let position = columns.count
            positions.append(position)
            columns.append(item.value.sql)
            if let unit = item.value.unit { columns.append(unit) }
            let fetch = fetches.filter { $0.root === item.source }
            var collections: [Collection] = []
            for fetch in fetch where statement.restrictsCollections {
                guard let pair = fetch.collection else { continue }
                collections.append(
                    Collection(path: fetch.path, holder: columns.count, element: columns.count + 1))
                columns += [SQLText("\(pair.holder.alias).id"), SQLText("\(pair.element.alias).id")]
            }
            outputs.append(
                Output(
                    column: QueryResult.Column(name: item.name, type: item.value.type, fetch: fetch.map(\.path)),
                    place: Place(
                        position: position, unitPosition: item.value.unit == nil ? nil : position + 1,
                        isBool: item.value.type == .bool, isDouble: item.value.type == .double),
                    collections: collections
                )
            )
        }
        var order: [SQLText] = []
        for each in orders {
            // A number alone is that of a column.
            let value = statement.isDistinct ? try each.column(in: &columns, positions) : each.value
            order.append(value + SQLText(each.direction))
        }
        var sql = SQLText(statement.isDistinct ? "SELECT DISTINCT " : "SELECT ") + .joined(columns, ", ") + tail
        if !order.isEmpty { sql = sql + SQLText(" ORDER BY ") + .joined(order, ", ") }
        self.sql = sql
        self.outputs = outputs
        fetchesCollections = fetches.contains { $0.collection != nil }
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
        /// Of a collection: the tables with what holds it and with its elements.
        let collection: (holder: Source, element: Source)?
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
            let isCollection = !isDetails && property?.isCollection == true
            let holder = isCollection ? source.fetched?.from : nil
            fetches.append(Fetch(root: root, path: path, collection: holder.map { ($0, source) }))
        }
        for (from, steps) in context.fetches {
            let before = from.fetchPath
            let path = FetchPath((before?.path.steps ?? []) + steps)
            fetches.append(Fetch(root: before?.root ?? from, path: path, collection: nil))
        }
        return fetches
    }

    private struct Order {
        let value: SQLText
        let direction: String
        /// The item of the select clause that it names.
        let item: Int?
        /// The statement's own tables: those of sub-queries have other names wherever they are written again.
        let tables: Set<String>
        /// Whether rows with the same values selected are at the same place.
        let isKnown: Bool
        let offset: Int

        /// - Parameter known: the tables of which all is selected.
        init(
            _ order: SelectStatement.Order, _ statement: SelectStatement, _ translator: Translator,
            _ context: QueryContext, _ known: [Source]
        ) throws(QueryError) {
            if case .path(let names) = order.expression.kind, names.count == 1, context.source(named: names[0]) == nil {
                item = statement.items?.lastIndex { $0.alias == names[0] }
            } else {
                item = nil
            }
            let value = try translator.value(translator.named(order.expression, context), context).sql
            self.value = SQLText("(") + value + SQLText(")")
            // PostgreSQL has nulls after everything else, and before it in descending order.
            let nullsFirst = order.nullsFirst ?? order.isDescending
            // An id is never null, and where nothing is said of nulls an index can give the order.
            let isID = context.sources.first.map { $0.join == nil && value == SQLText("\($0.alias).id") } ?? false
            let nulls = isID ? "" : " NULLS \(nullsFirst ? "FIRST" : "LAST")"
            direction = "\(order.isDescending ? " DESC" : "")\(nulls)"
            isKnown = context.sources.allSatisfy { source in
                !value.mentions(source.alias)
                    || sequence(first: source, next: \.holder).contains { each in known.contains { $0 === each } }
            }
            tables = Set(context.sources.map(\.alias))
            offset = order.expression.offset
        }

        /// The number of the column; with `distinct`, PostgreSQL orders by columns only. One that is not selected is
        /// added, if it makes no rows differ that were the same without it.
        func column(in columns: inout [SQLText], _ positions: [Int]) throws(QueryError) -> SQLText {
            if let item { return SQLText("\(positions[item] + 1)") }
            let written = canonical(value)
            if let index = columns.firstIndex(where: { canonical(SQLText("(") + $0 + SQLText(")")) == written }) {
                return SQLText("\(index + 1)")
            }
            guard isKnown else {
                throw .at(offset, .unsupported, "with 'distinct', rows can only be ordered by what is selected")
            }
            columns.append(value)
            return SQLText("\(columns.count)")
        }

        /// The same for what is written in the same way.
        private func canonical(_ sql: SQLText) -> SQLText {
            var names: [Substring: Int] = [:]
            let text = sql.text.replacing(/\bt[0-9]+\b/) { match -> String in
                guard !tables.contains(String(match.output)) else { return String(match.output) }
                let number = names[match.output] ?? names.count
                names[match.output] = number
                return "s\(number)"
            }
            return SQLText(text, sql.values)
        }
    }
}
