/// A page of all objects of a type, in the order of their names.
///
/// There are two ways to it. One finds what the caller sees, and sorts it: as long as there is much to see. The other
/// walks along all names until the page is full, and passes what the caller doesn't see: as long as there is much that
/// isn't seen. SQLite takes the first whenever there is a condition on groups, as it knows of neither number.
struct Listing {
    private let entity: Entity
    private let names: NameOrder
    /// How many objects the page ends after.
    private let end: Int

    /// Nil if the query is no such listing.
    init?(_ statement: SelectStatement, _ page: QueryPage) {
        guard let limit = page.limit, statement.roots.count == 1, let root = statement.roots.first,
            let entity = DataModel.queryEntity(root.entity), let names = NameOrder(entity), statement.condition == nil,
            statement.groups.isEmpty, statement.having == nil, !statement.isDistinct,
            statement.joins.allSatisfy({ $0.kind == .left && $0.condition == nil }),
            case .function("lower", let arguments, false)? = statement.orders.first?.expression.kind,
            case .path([root.alias ?? "", "name"])? = arguments.first?.kind
        else { return nil }
        self.entity = entity
        self.names = names
        end = page.offset.addingReportingOverflow(limit).partialValue
    }

    /// Whether walking is shorter: of `size` rows of which `seen` are seen it passes `end * size / seen`; sorting looks
    /// at the `seen`. For that it is enough to count up to where both are the same.
    func isWalked(_ scope: QueryScope, _ transaction: ReadTransaction) throws -> Bool {
        guard let condition = scope.condition(entity, "t", SQLiteDialect()) else { return false }
        let size = try transaction.number(SQLText("SELECT max(id) FROM \(names.table)")) ?? 0
        let even = (Double(end) * Double(size)).squareRoot()
        guard end >= 0, even < Double(size) else { return false }
        let seen = try transaction.number(
            SQLText("SELECT count(*) FROM (SELECT 1 FROM \(names.table) t WHERE ") + condition
                + SQLText(" LIMIT ?)", [.long(Int64(even) + 1)]))
        return Double(seen ?? 0) > even
    }
}

extension ReadTransaction {
    fileprivate func number(_ sql: SQLText) throws -> Int64? {
        var number: Int64?
        try eachRow(of: SQLiteDialect().statement(sql)) { row in number = row.kind(0) == .int ? row.int(0) : nil }
        return number
    }
}
