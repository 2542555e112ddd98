/// Reads a query by recursive descent; what nests too deep is refused.
struct Parser {
    private let tokens: [Token]
    private var position = 0
    private var depth = 0

    static func parse(_ text: String) throws(QueryError) -> SelectStatement {
        do throws(QueryError) {
            var parser = Parser(tokens: try Lexer.tokens(text))
            let statement = try parser.statement()
            guard parser.current.kind == .end else { throw parser.unexpected("the end of the query") }
            return statement
        } catch {
            throw error.located(in: text)
        }
    }

    private init(tokens: [Token]) { self.tokens = tokens }

    // MARK: Words

    var current: Token { tokens[position] }
    func peek(_ ahead: Int = 1) -> Token { tokens[min(position + ahead, tokens.count - 1)] }

    mutating func advance() { if position < tokens.count - 1 { position += 1 } }

    func isNext(_ keyword: String) -> Bool { current.word == keyword }
    func isNext(symbol: String) -> Bool { current.kind == .symbol(symbol) }

    mutating func take(_ keyword: String) -> Bool {
        guard isNext(keyword) else { return false }
        advance()
        return true
    }

    mutating func take(symbol: String) -> Bool {
        guard isNext(symbol: symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ keyword: String) throws(QueryError) {
        guard take(keyword) else { throw unexpected("'\(keyword)'") }
    }

    mutating func expect(symbol: String) throws(QueryError) {
        guard take(symbol: symbol) else { throw unexpected("'\(symbol)'") }
    }

    func unexpected(_ expected: String) -> QueryError {
        .at(current.offset, .syntax, "\(expected) is expected, not \(current.text.prefix(80))")
    }

    mutating func identifier(_ what: String) throws(QueryError) -> String {
        guard case .identifier(let name) = current.kind else { throw unexpected(what) }
        advance()
        return name
    }

    mutating func nested<Result>(
        _ body: (inout Parser) throws(QueryError) -> Result
    ) throws(QueryError) -> Result {
        guard depth < QueryLimit.nesting else {
            throw .at(current.offset, .unsupported, "the query nests deeper than \(QueryLimit.nesting)")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    /// `a.b.c`; after a dot every word is a name.
    mutating func path() throws(QueryError) -> [String] {
        var names = [try identifier("a name")]
        while isNext(symbol: ".") {
            advance()
            names.append(try identifier("the name of a property"))
            guard names.count <= QueryLimit.nesting else { throw unexpected("the end of the path") }
        }
        return names
    }

    /// Words that end a part of a query, and so are no alias without `as`.
    private static let reserved: Set = [
        "where", "join", "inner", "left", "right", "full", "outer", "cross", "fetch", "with", "on", "group", "order",
        "having", "from", "select", "and", "or", "not", "in", "is", "as", "asc", "desc", "union", "limit", "nulls",
        "then", "else", "end", "when", "between", "like", "ilike", "member",
    ]

    mutating func alias() throws(QueryError) -> String? {
        if take("as") { return try identifier("an alias") }
        guard let word = current.word, !Self.reserved.contains(word) else { return nil }
        return try identifier("an alias")
    }

    // MARK: Clauses

    mutating func statement() throws(QueryError) -> SelectStatement {
        try nested { parser throws(QueryError) in try parser.clauses() }
    }

    private mutating func clauses() throws(QueryError) -> SelectStatement {
        var statement = SelectStatement()
        statement.offset = current.offset
        if take("select") {
            // `select distinct(x)` is the same: the brackets are the expression's.
            statement.isDistinct = take("distinct")
            if !statement.isDistinct { _ = take("all") }
            try selectList(&statement)
        }
        try expect("from")
        try sources(&statement)
        if take("where") { statement.condition = try condition() }
        if isNext("group") {
            advance()
            try expect("by")
            repeat { statement.groups.append(try value()) } while take(symbol: ",")
        }
        if take("having") { statement.having = try condition() }
        if isNext("order") {
            advance()
            try expect("by")
            repeat { statement.orders.append(try order()) } while take(symbol: ",")
        }
        if isNext("union") || isNext("limit") {
            throw .at(current.offset, .unsupported, "'\(current.text)' is not supported")
        }
        return statement
    }

    private mutating func selectList(_ statement: inout SelectStatement) throws(QueryError) {
        var items: [SelectStatement.SelectItem] = []
        var isClosed = false
        if isNext("new") {
            advance()
            guard isNext("map") else {
                throw .at(
                    current.offset, .unsupported, "only 'new map' is supported, not 'new \(current.text.prefix(80))'")
            }
            advance()
            try expect(symbol: "(")
            statement.isMap = true
            isClosed = true
        }
        repeat {
            // `object(p)` of old is `p`.
            let expression = try condition()
            let alias: String? = take("as") ? try identifier("an alias") : (isNext("from") ? nil : try alias())
            items.append(SelectStatement.SelectItem(expression: expression, alias: alias))
            guard items.count <= QueryLimit.terms else { throw unexpected("'from'") }
        } while take(symbol: ",")
        if isClosed { try expect(symbol: ")") }
        statement.items = items
    }

    private mutating func sources(_ statement: inout SelectStatement) throws(QueryError) {
        try root(&statement)
        while true {
            if take(symbol: ",") {
                // `, in (p.datasetLinks) l` is a join in other words, which no client uses.
                if isNext("in") { throw .at(current.offset, .unsupported, "'in' in from is not supported: use join") }
                try root(&statement)
                continue
            }
            let offset = current.offset
            guard let kind = try joinKind() else { return }
            let isFetch = take("fetch")
            let path = try path()
            let alias = try alias()
            let condition: Expression? = take("with") || take("on") ? try condition() : nil
            statement.joins.append(
                SelectStatement.Join(
                    kind: kind, isFetch: isFetch, path: path, alias: alias, condition: condition, offset: offset)
            )
            guard statement.joins.count + statement.roots.count <= QueryLimit.tables else {
                throw .at(offset, .unsupported, "the query joins more than \(QueryLimit.tables) times")
            }
        }
    }

    private mutating func root(_ statement: inout SelectStatement) throws(QueryError) {
        let offset = current.offset
        let entity = try path().joined(separator: ".")
        statement.roots.append(
            SelectStatement.Root(
                entity: entity, alias: try alias(), offset: offset, joinsBefore: statement.joins.count)
        )
    }

    private mutating func joinKind() throws(QueryError) -> SelectStatement.Join.Kind? {
        if take("join") { return .inner }
        if isNext("inner") {
            advance()
            try expect("join")
            return .inner
        }
        if isNext("left") {
            advance()
            _ = take("outer")
            try expect("join")
            return .left
        }
        if isNext("right") || isNext("full") || isNext("cross") {
            throw .at(current.offset, .unsupported, "'\(current.text) join' is not supported")
        }
        return nil
    }

    private mutating func order() throws(QueryError) -> SelectStatement.Order {
        let expression = try value()
        var isDescending = false
        if take("desc") || take("descending") {
            isDescending = true
        } else if take("asc") || take("ascending") {
        }
        var nullsFirst: Bool?
        if take("nulls") {
            nullsFirst = take("first")
            if nullsFirst == false { try expect("last") }
        }
        return SelectStatement.Order(expression: expression, isDescending: isDescending, nullsFirst: nullsFirst)
    }
}
