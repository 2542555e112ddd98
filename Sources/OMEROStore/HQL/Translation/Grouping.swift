// What can be said of grouped rows. PostgreSQL refuses all else; SQLite would take it from any row of the group.
extension Translator {
    /// - Throws: where the rows are grouped, and something that is selected, ordered by or in `having` is neither what
    /// they are grouped by, nor an aggregate, nor made of such.
    func checkGroups(_ statement: SelectStatement, _ context: QueryContext) throws(QueryError) {
        let ordering = statement.orders.map { named($0.expression, context) }
        let expressions = (statement.items ?? []).map(\.expression) + [statement.having].compactMap(\.self) + ordering
        guard !statement.groups.isEmpty || statement.having != nil || expressions.contains(where: \.hasAggregate)
        else { return }
        var groups: [SQLText] = []
        for group in statement.groups { groups.append(try value(group, context).sql) }
        // A table's id says what all its columns are.
        let others = context.sources.map(\.alias).filter { !groups.contains(SQLText("\($0).id")) }
        for expression in expressions { try check(expression, groups, others, context) }
    }

    /// - Parameter others: the tables whose columns are not the same in all rows of a group.
    private func check(
        _ expression: Expression, _ groups: [SQLText], _ others: [String], _ context: QueryContext
    ) throws(QueryError) {
        guard !expression.isAggregate else { return }
        let sql = try value(expression, context).sql
        guard !groups.contains(sql), others.contains(where: sql.mentions) else { return }
        let operands = expression.operands
        guard !operands.isEmpty else {
            throw .at(expression.offset, .unsupported, "this must be in 'group by', or in a function such as max")
        }
        for operand in operands { try check(operand, groups, others, context) }
    }

    /// What the name of an item of the select clause stands for, and all else itself.
    func named(_ expression: Expression, _ context: QueryContext) -> Expression {
        guard case .path(let names) = expression.kind, names.count == 1, context.source(named: names[0]) == nil
        else { return expression }
        return context.aliases[names[0]] ?? expression
    }
}

extension SQLText {
    /// Whether it has a column of a table.
    func mentions(_ alias: String) -> Bool { text.contains("\(alias).") }
}

extension Expression {
    private static let aggregates: Set = ["count", "sum", "avg", "min", "max", "minindex", "maxindex"]

    fileprivate var isAggregate: Bool {
        if case .function(let name, _, _) = kind { Self.aggregates.contains(name) } else { false }
    }

    fileprivate var hasAggregate: Bool { isAggregate || operands.contains(where: \.hasAggregate) }

    /// What it is made of, within the same query.
    var operands: [Expression] {
        switch kind {
        case .negative(let operand), .not(let operand), .isNull(let operand), .cast(let operand, _),
            .extract(_, let operand), .inQuery(let operand, _), .member(let operand, _):
            [operand]
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .like(let left, let right, _, _):
            [left, right]
        case .between(let operand, let low, let high): [operand, low, high]
        case .inList(let operand, let values): [operand] + values
        case .all(let operands), .any(let operands), .function(_, let operands, _): operands
        case .cases(let branches, let otherwise):
            branches.flatMap { [$0.condition, $0.value] } + [otherwise].compactMap(\.self)
        case .path, .parameter, .string, .int, .double, .bool, .null, .isEmpty, .exists, .existsElements, .query,
            .elements:
            []
        }
    }
}
