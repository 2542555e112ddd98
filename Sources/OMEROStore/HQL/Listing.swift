/// A page of all objects of a type, in the order of their names.
///
/// There are two ways to it. One finds what the caller sees, and sorts it: the shorter one where little is seen. The other
/// walks along all names until the page is full, and passes what the caller doesn't see. SQLite takes the first whenever
/// there is a condition on groups, as it doesn't know how much is seen.
struct Listing {
    private let entity: Entity
    private let names: NameOrder
    private let isDescending: Bool
    /// How many objects the page ends after.
    private let end: Int

    /// How many times as many names as the page ends after are walked along: 16,000 for 500 objects, which takes a
    /// millisecond. Who sees less than one of so many has little to sort.
    private static let patience = 32

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
        isDescending = statement.orders.first?.isDescending ?? false
        end = min(page.offset, Int(Int32.max)) + min(limit, Int(Int32.max))
    }

    /// Whether walking fills the page before long.
    func isWalked(_ scope: QueryScope, _ transaction: ReadTransaction) throws -> Bool {
        guard let condition = scope.condition(entity, "t", SQLiteDialect()) else { return false }
        var seen = 0
        let sql =
            SQLText(
                "SELECT 1 FROM (SELECT group_id, owner_id FROM \(names.table) ORDER BY \(names.order(isDescending))")
            + SQLText(" LIMIT ?) t WHERE ", [.long(Int64(end * Self.patience))]) + condition
            + SQLText(" LIMIT ?", [.long(Int64(end))])
        try transaction.eachRow(of: SQLiteDialect().statement(sql)) { _ in seen += 1 }
        return seen == end
    }
}
