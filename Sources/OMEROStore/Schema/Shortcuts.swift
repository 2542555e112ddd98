// What makes common questions quick, beside the tables: it is made of them, and says nothing that they don't.

/// How many links there are, by what they lead from, their group and their owner.
///
/// How many images a dataset has is asked for every dataset of a tree, and counting them takes as long as there are
/// images.
struct LinkCounts: Sendable, Hashable {
    /// The type of the links.
    let links: String
    let table: String

    /// What rows of the table differ in: the columns of the links that a question for counts may name.
    static let columns = ["parent", "group_id", "owner_id"]

    init?(_ entity: Entity) {
        guard Self.types.contains(entity.name) else { return nil }
        links = entity.table
        table = "_count_\(entity.table)"
    }

    private static let types: Set = ["ProjectDatasetLink", "DatasetImageLink", "ScreenPlateLink"]

    static let all: [LinkCounts] = types.sorted().compactMap { DataModel.entity($0).flatMap(LinkCounts.init) }

    /// The table, with what is in the links already, and what keeps it right in the transaction of each change.
    fileprivate var statements: [String] {
        let columns = Self.columns
        let names = columns.joined(separator: ", ")
        func row(_ row: String) -> String { columns.map { "\(row).\($0)" }.joined(separator: ", ") }
        let old = columns.map { "\($0) = old.\($0)" }.joined(separator: " AND ")
        let more = """
            INSERT INTO \(table) (\(names), count) VALUES (\(row("new")), 1)
            ON CONFLICT DO UPDATE SET count = count + 1;
            """
        let less = """
            DELETE FROM \(table) WHERE \(old) AND count = 1;
            UPDATE \(table) SET count = count - 1 WHERE \(old);
            """
        return [
            """
            CREATE TABLE \(table) (\(columns.map { "\($0) INTEGER NOT NULL" }.joined(separator: ", ")),
            count INTEGER NOT NULL CHECK (count > 0), PRIMARY KEY (\(names))) STRICT, WITHOUT ROWID
            """,
            "INSERT INTO \(table) SELECT \(names), count(*) FROM \(links) GROUP BY \(names)",
            "CREATE TRIGGER \(table)_insert AFTER INSERT ON \(links) BEGIN \(more) END",
            "CREATE TRIGGER \(table)_delete AFTER DELETE ON \(links) BEGIN \(less) END",
            "CREATE TRIGGER \(table)_update AFTER UPDATE OF \(names) ON \(links) BEGIN \(less) \(more) END",
        ]
    }
}

/// The order of a type's names, whatever the case of their letters: that of most lists that people look at.
struct NameOrder: Sendable, Hashable {
    let table: String

    init?(_ entity: Entity) {
        guard Self.types.contains(entity.name) else { return nil }
        table = entity.table
    }

    private static let types: Set = ["Project", "Dataset", "Screen", "Plate", "Image"]

    /// What it is the order by.
    func order(_ isDescending: Bool) -> String { "omero_lower(name)\(isDescending ? " DESC" : "")" }

    /// Group and owner are in it so that rows that aren't the caller's to see needn't be looked up.
    fileprivate var statement: String {
        "CREATE INDEX i_\(table)_lower_name ON \(table) (omero_lower(name), id, group_id, owner_id)"
    }

    fileprivate static var statements: [String] {
        types.sorted().compactMap { DataModel.entity($0).flatMap(NameOrder.init)?.statement }
    }
}

extension DataModel {
    /// SQLite's; another database has ways of its own.
    static var shortcutStatements: [String] { NameOrder.statements + LinkCounts.all.flatMap(\.statements) }
}
