internal import OMEROModel

/// The tables of one `select`, and what its names mean; sub-queries see those of the queries around them.
final class QueryContext {
    let parent: QueryContext?
    var sources: [Source] = []
    /// How many of ``sources`` the query names itself; paths add others.
    var written: [Source] = []
    /// By what they are reached.
    var implicit: [String: Source] = [:]
    /// Quantities and details that joins name: they are there without one.
    var values: [String: PathNode] = [:]
    /// What is fetched without a table of its own in the statement.
    var fetches: [(from: Source, steps: [String])] = []
    /// Expressions that the select clause names.
    var aliases: [String: Expression] = [:]
    /// Whether a path may add a table: not in the condition of a join, which comes before it.
    var addsTables = true
    /// Where the table has counts of rows instead of rows: what makes a number of rows of them.
    var rowCount: SQLText?

    init(parent: QueryContext?) { self.parent = parent }

    func source(named name: String) -> Source? {
        written.first { $0.name == name } ?? parent?.source(named: name)
    }

    func implicit(_ key: String) -> Source? { implicit[key] ?? parent?.implicit(key) }
}

/// Makes a statement of a query: names become columns of the description's, values only ever places for binds.
final class Translator {
    let parameters: [String: RValue?]
    let scope: QueryScope
    let dialect: any SQLDialect
    /// Whether rows are looked at in the order that the query wants, and not group by group; see ``Listing``.
    let walksInOrder: Bool
    /// When the query is asked: the same wherever it names it.
    let now: Timestamp
    private var aliasCount = 0
    private var tableCount = 0

    init(
        parameters: [String: RValue?], scope: QueryScope, dialect: any SQLDialect, walksInOrder: Bool = false,
        now: Timestamp = .now
    ) {
        self.now = now
        self.parameters = parameters
        self.scope = scope
        self.dialect = dialect
        self.walksInOrder = walksInOrder
    }

    func newAlias() -> String {
        defer { aliasCount += 1 }
        return "t\(aliasCount)"
    }

    /// Adds a table to a select; `condition` is how it is joined.
    func add(
        _ content: Source.Content,
        to context: QueryContext,
        name: String? = nil,
        indexColumn: String? = nil,
        fetched: (from: Source, steps: [String])? = nil,
        oneOf holder: Source? = nil,
        isLeft: Bool = false,
        at offset: Int,
        condition: (_ alias: String, _ source: Source) throws(QueryError) -> SQLText
    ) throws(QueryError) -> Source {
        tableCount += 1
        guard tableCount <= QueryLimit.tables else {
            throw .at(offset, .unsupported, "the query needs more than \(QueryLimit.tables) tables")
        }
        let alias = newAlias()
        let draft = Source(content, alias: alias, name: name, indexColumn: indexColumn, fetched: fetched)
        var parts = [try condition(alias, draft)]
        if let type = draft.typeCondition { parts.append(type) }
        if let entity = draft.entity, let rows = scope.condition(entity, alias, dialect) { parts.append(rows) }
        let source = Source(
            content, alias: alias, name: name, indexColumn: indexColumn, fetched: fetched, holder: holder,
            join: Source.Join(isLeft: isLeft, condition: .all(parts)))
        context.sources.append(source)
        return source
    }

    // MARK: A select

    /// `FROM … WHERE … GROUP BY … HAVING …`, after `body` made of the context what comes before.
    func select<Result>(
        _ statement: SelectStatement,
        in parent: QueryContext?,
        _ body: (QueryContext) throws(QueryError) -> Result
    ) throws(QueryError) -> (result: Result, tail: SQLText) {
        let context = QueryContext(parent: parent)
        for item in statement.items ?? [] { if let alias = item.alias { context.aliases[alias] = item.expression } }
        var conditions = try sources(statement, context)
        if let condition = statement.condition { conditions += try terms(condition, context) }
        var groups: [SQLText] = []
        for group in statement.groups { groups.append(try value(group, context).sql) }
        var having: SQLText?
        if let condition = statement.having { having = try self.condition(condition, context) }
        let result = try body(context)
        try checkGroups(statement, context)
        // Whatever paths have added tables, the list of them is complete only now.
        var tail = SQLText(" FROM ") + .joined(context.sources.map(\.clause), "")
        if !conditions.isEmpty { tail = tail + SQLText(" WHERE ") + .joined(conditions, " AND ") }
        if !groups.isEmpty { tail = tail + SQLText(" GROUP BY ") + .joined(groups, ", ") }
        if let having { tail = tail + SQLText(" HAVING ") + having }
        return (result, tail)
    }

    /// Adds the tables of `from`; the conditions of the first.
    private func sources(_ statement: SelectStatement, _ context: QueryContext) throws(QueryError) -> [SQLText] {
        var conditions: [SQLText] = []
        var joins = statement.joins[...]
        for (number, root) in statement.roots.enumerated() {
            while joins.startIndex < root.joinsBefore, let join = joins.popFirst() { try add(join, context) }
            guard let entity = DataModel.queryEntity(root.entity) else {
                throw .at(root.offset, .unknownName, "\(root.entity.prefix(100)) is not mapped")
            }
            try checkName(root.alias, context, root.offset)
            if number > 0 {
                let source = try add(.entity(entity), to: context, name: root.alias, at: root.offset) { _, _ in
                    SQLText("TRUE")
                }
                context.written.append(source)
                continue
            }
            let source = Source(content(entity, statement, context), alias: newAlias(), name: root.alias)
            tableCount += 1
            context.sources.append(source)
            context.written.append(source)
            if case .counts = source.content {
                context.rowCount = SQLText("coalesce(sum(\(source.alias).count), 0)")
            }
            if let type = source.typeCondition { conditions.append(type) }
            let rows = scope.condition(entity, source.alias, dialect, walksInOrder: walksInOrder)
            if let rows { conditions.append(rows) }
        }
        for join in joins { try add(join, context) }
        return conditions
    }

    /// The rows of a type, or their counts where these are enough.
    private func content(_ entity: Entity, _ statement: SelectStatement, _ context: QueryContext) -> Source.Content {
        guard dialect.countsLinks, let counts = LinkCounts(entity),
            statement.onlyCounts(in: context.parent)
        else { return .entity(entity) }
        return .counts(counts, of: entity)
    }

    private func checkName(_ name: String?, _ context: QueryContext, _ offset: Int) throws(QueryError) {
        guard let name, context.written.contains(where: { $0.name == name }) else { return }
        throw .at(offset, .syntax, "the alias \(name.prefix(100)) is given twice")
    }

    private func add(_ join: SelectStatement.Join, _ context: QueryContext) throws(QueryError) {
        try checkName(join.alias, context, join.offset)
        let isLeft = join.kind == .left
        if isLeft, join.isFetch, join.condition == nil, let from = severalTypes(join.path, context) {
            context.fetches.append((from, [join.path[1]]))
            return
        }
        let node = try node(join.path, context, at: join.offset, isLeft: isLeft)
        let source: Source
        switch node {
        case .quantity, .value:
            // OMERO's clients "fetch" quantities, which are there anyway.
            guard join.isFetch, join.condition == nil else {
                throw .at(join.offset, .unsupported, "\(path(join.path)) is no object to join")
            }
            if let alias = join.alias { context.values[alias] = node }
            return
        case .reference(let column, let entity, let from, let steps):
            let fetched: (Source, [String])? = join.isFetch ? (from, steps) : nil
            source = try add(
                .entity(entity), to: context, name: join.alias, fetched: fetched, oneOf: from, isLeft: isLeft,
                at: join.offset
            ) { alias, draft throws(QueryError) in
                try self.joined(SQLText("\(alias).id = ") + column, join, draft, context)
            }
        case .collection(let from, let property, let steps):
            let fetched: (Source, [String])? = join.isFetch ? (from, steps) : nil
            let (content, index) = try element(property, at: join.offset)
            if case .map = content, join.isFetch, join.alias == nil { return }
            source = try add(
                content, to: context, name: join.alias, indexColumn: index, fetched: fetched, isLeft: isLeft,
                at: join.offset
            ) { _, draft throws(QueryError) in
                try self.joined(self.belongs(draft, to: from, property), join, draft, context)
            }
        case .details:
            // They are columns of the row that they are of: nothing is joined but what the path goes through.
            if let alias = join.alias { context.values[alias] = node }
            return
        case .source:
            throw .at(join.offset, .unsupported, "\(path(join.path)) is no object to join")
        }
        context.written.append(source)
    }

    /// The alias of a path to a property that types deriving from the alias' have each for itself, such as the type of a
    /// light source: no table has it for all of them, but it can be loaded.
    private func severalTypes(_ names: [String], _ context: QueryContext) -> Source? {
        guard names.count == 2, let source = context.source(named: names[0]), let entity = source.entity,
            entity.declaration(of: names[1]) == nil
        else { return nil }
        let below = entity.declarationsBelow(of: names[1])
        let isReference = below.allSatisfy { declared in
            if case .reference = declared.property.content { true } else { false }
        }
        return below.count > 1 && isReference ? source : nil
    }

    /// The condition of a join, with the `with` of the query; that knows the joined table's name.
    private func joined(
        _ condition: SQLText, _ join: SelectStatement.Join, _ draft: Source, _ context: QueryContext
    ) throws(QueryError) -> SQLText {
        guard let with = join.condition else { return condition }
        context.written.append(draft)
        context.addsTables = false
        defer {
            context.written.removeLast()
            context.addsTables = true
        }
        return .all([condition] + (try terms(with, context)))
    }

    func path(_ names: [String]) -> String { String(names.joined(separator: ".").prefix(200)) }

    // MARK: Collections

    /// What the rows of a collection are, and the column with their places.
    func element(_ property: Property, at offset: Int) throws(QueryError) -> (Source.Content, index: String?) {
        switch property.content {
        case .map(let map): return (.map(map), "index")
        case .collection(let type, _, _, let index, _):
            guard let entity = DataModel.entity(type) else { throw .at(offset, .unknownName, type) }
            return (.entity(entity), index)
        case .value, .quantity, .reference: throw .at(offset, .unsupported, "\(property.name) is no collection")
        }
    }

    /// The condition that ties an element of a collection to its holder.
    func belongs(_ element: Source, to holder: Source, _ property: Property) throws(QueryError) -> SQLText {
        switch property.content {
        case .map(let map): return SQLText("\(element.alias).\(map.key.quoted) = \(holder.alias).id")
        case .collection(_, let inverse, _, _, _):
            guard let entity = element.entity, let (owner, reference) = entity.declaration(of: inverse),
                let column = reference.column
            else { break }
            return element.column(column, of: owner) + SQLText(" = \(holder.alias).id")
        case .value, .quantity, .reference: break
        }
        throw QueryError(.unsupported, "the elements of \(property.name) can't be queried")
    }

    /// `SELECT … FROM` the elements of a collection.
    func elements(
        _ expression: Expression, _ context: QueryContext,
        selecting list: (Source) throws(QueryError) -> String = { _ in "1" }
    ) throws(QueryError) -> SQLText {
        guard case .path(let names) = expression.kind,
            case .collection(let holder, let property, _) = try node(names, context, at: expression.offset)
        else { throw .at(expression.offset, .unsupported, "a collection is expected") }
        return try elements(of: holder, property, at: expression.offset, selecting: list)
    }

    func elements(
        of holder: Source, _ property: Property, at offset: Int, selecting list: (Source) throws(QueryError) -> String
    ) throws(QueryError) -> SQLText {
        let (content, _) = try element(property, at: offset)
        let source = Source(content, alias: newAlias(), name: nil)
        var parts = [try belongs(source, to: holder, property)]
        if let type = source.typeCondition { parts.append(type) }
        if let entity = source.entity, let rows = scope.condition(entity, source.alias, dialect) { parts.append(rows) }
        return SQLText("(SELECT \(try list(source)) FROM ") + source.clause + SQLText(" WHERE ")
            + .joined(parts, " AND ") + SQLText(")")
    }
}

extension Entity {
    /// A property, and the type that has it: this one, one of its bases, or, as OMERO's clients use it, one of those
    /// that derive from it.
    func declaration(of name: String) -> (owner: Entity, property: Property)? {
        for owner in lineage.reversed() {
            if let property = owner.properties.first(where: { $0.name == name && $0.isMapped }) {
                return (owner, property)
            }
        }
        return nil
    }

    func declarationsBelow(of name: String) -> [(owner: Entity, property: Property)] {
        family.dropFirst().compactMap { owner in
            owner.properties.first { $0.name == name && $0.isMapped }.map { (owner, $0) }
        }
    }
}
