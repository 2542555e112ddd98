// Whether a question for links needs no more than their counts.
extension SelectStatement {
    /// Whether it asks how many rows there are, for each parent, group or owner, and nothing else of a row.
    ///
    /// - Parameter outer: the query around it, whose tables it may name too.
    func onlyCounts(in outer: QueryContext?) -> Bool {
        guard roots.count == 1, let alias = roots[0].alias, joins.isEmpty, let items else { return false }
        let counts = RowCounting(alias: alias, outer: outer)
        let selected = items.map(\.expression)
        // Without both, there is a result for each link.
        guard !groups.isEmpty || selected.contains(where: counts.isCount) else { return false }
        let aliases = Set(items.compactMap(\.alias))
        let ordering = orders.map(\.expression).filter { order in
            if case .path(let names) = order.kind, names.count == 1, aliases.contains(names[0]) { false } else { true }
        }
        let all = selected + groups + [condition, having].compactMap(\.self) + ordering
        return all.allSatisfy(counts.isEnough)
    }
}

private struct RowCounting {
    /// The links'.
    let alias: String
    let outer: QueryContext?

    /// What is the same for all rows that are counted together; see ``LinkCounts/columns``.
    private static let known = [["parent"], ["details", "group"], ["details", "owner"]].flatMap { [$0, $0 + ["id"]] }
    /// What every link has, so that counting it is counting links.
    private static let everywhere = known + [[], ["id"], ["child"], ["child", "id"]]

    func isCount(_ expression: Expression) -> Bool {
        guard case .function("count", let arguments, isDistinct: false) = expression.kind else { return false }
        return arguments.allSatisfy { argument in
            if case .path(let names) = argument.kind, names.first == alias {
                Self.everywhere.contains(Array(names.dropFirst()))
            } else {
                false
            }
        }
    }

    /// Whether an expression is the same for counts as for the links that they count.
    func isEnough(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .path(let names):
            if names[0] == alias { return Self.known.contains(Array(names.dropFirst())) }
            return outer?.source(named: names[0]) != nil
        case .parameter, .string, .int, .double, .bool, .null: return true
        case .function: return isCount(expression)
        case .negative, .arithmetic, .all, .any, .not, .comparison, .between, .isNull, .inList, .cases:
            return expression.operands.allSatisfy(isEnough)
        // What looks into further tables, or at what counts don't have.
        case .like, .isEmpty, .member, .inQuery, .exists, .existsElements, .query, .elements, .cast, .extract:
            return false
        }
    }
}
