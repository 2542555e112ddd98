import ClientQueries
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("SQL in two dialects")
struct DialectTests {
    /// What a user sees in a group where everybody sees only the own.
    static let private5 = QueryScope(
        groups: QueryScope.Groups(whole: [1], own: [3], ownerID: 2), sessionOwnerID: 2, seesNodes: false,
        privacy: QueryScope.Privacy(userID: 2, sharedGroups: [3]), sessionKeysOf: 2)

    static func statement(
        _ query: String, _ parameters: [String: RValue?] = [:], in dialect: any SQLDialect,
        scope: QueryScope = .everything
    ) throws -> SQLStatement {
        let translator = Translator(parameters: parameters, scope: scope, dialect: dialect)
        return dialect.statement(try CompiledQuery(ObjectQuery(query).statement, translator).sql)
    }

    @Test("every query of omero-py's has a statement in both, with a value for each place")
    func clientQueries() throws {
        for query in ClientQueries.all {
            let values = ClientQueries.parameters(of: query)
            for scope in [QueryScope.everything, Self.private5] {
                let sqlite = try Self.statement(query, values, in: SQLiteDialect(), scope: scope)
                #expect(sqlite.text.count { $0 == "?" } == sqlite.values.count, "\(query)")
                let postgres = try Self.statement(query, values, in: PostgreSQLDialect(), scope: scope)
                #expect(!postgres.text.contains("?"), "\(query)")
                for number in postgres.values.indices { #expect(postgres.text.contains("$\(number + 1)"), "\(query)") }
                #expect(!postgres.text.contains("$\(postgres.values.count + 1)"), "\(query)")
                #expect(Set(postgres.values).isSubset(of: sqlite.values), "\(query)")
                for word in ["json_each", "strftime", "omero_", "ifnull"] {
                    #expect(!postgres.text.contains(word), "\(query)")
                }
            }
        }
    }

    /// What OMERO.iviewer asks for the images of a well.
    @Test("the place in a collection is known by its column's name, and other names are not")
    func columnsOfPlaces() throws {
        func query(_ order: String) -> String { "select w.id from WellSample w where w.well.id = 5 order by \(order)" }
        for dialect in [SQLiteDialect(), PostgreSQLDialect()] as [any SQLDialect] {
            let text = try Self.statement(query("well_index"), in: dialect).text
            #expect(text.hasSuffix(#"ORDER BY (t0."well_index") NULLS LAST"#), "\(text)")
            for name in ["pixels_index", "well_id", "rowid"] {
                #expect(throws: QueryError.self) { try Self.statement(query(name), in: dialect) }
            }
        }
    }

    @Test("a list of any length is one place, and an empty one is of the type that it is compared with")
    func lists() throws {
        let query = "select p.id from Project p where p.id in (:ids) or p.name in (:names)"
        for count in [0, 1, 3000] {
            let ids = (0..<count).map { RValue.long(Int64($0)) }
            let names = (0..<count).map { RValue.string("\($0)") }
            let values: [String: RValue?] = ["ids": .list(ids), "names": .list(names)]
            let sqlite = try Self.statement(query, values, in: SQLiteDialect())
            #expect(
                sqlite.text == """
                    SELECT t0.id FROM "project" t0 WHERE ((t0.id IN (SELECT value FROM json_each(?))) OR \
                    (t0."name" IN (SELECT value FROM json_each(?))))
                    """)
            let postgres = try Self.statement(query, values, in: PostgreSQLDialect())
            #expect(
                postgres.text
                    == #"SELECT t0.id FROM "project" t0 WHERE ((t0.id = ANY($1)) OR (t0."name" = ANY($2)))"#)
            #expect(postgres.values.map(\.postgreSQLType) == ["bigint[]", "text[]"])
        }
    }

    @Test(
        "what only one of them has is written as the other has it",
        arguments: [
            ("p.name ilike '%a'", "(t0.\"name\" ILIKE $1)", "omero_like(t0.\"name\", ?, ?, ?)"),
            ("p.name like 'a!%' escape '!'", "(t0.\"name\" LIKE $1 ESCAPE $2)", "omero_like(t0.\"name\", ?, ?, ?)"),
            ("lower(p.name) = 'a'", "(lower(t0.\"name\") = $1)", "(omero_lower(t0.\"name\") = ?)"),
            ("p.id in (5, 6)", "(t0.id IN ($1, $2))", "(t0.id IN (?, ?))"),
            ("p.name = concat(p.id, 'x')", "(CAST(t0.id AS text) || $1)", "(CAST(t0.id AS TEXT) || ?)"),
        ]
    )
    func conditions(condition: String, postgres: String, sqlite: String) throws {
        let query = "select p.id from Project p where \(condition)"
        #expect(try Self.statement(query, in: PostgreSQLDialect()).text.contains(postgres))
        #expect(try Self.statement(query, in: SQLiteDialect()).text.contains(sqlite))
    }

    @Test("equal values share a place in PostgreSQL, so that what is grouped by is what is selected")
    func sharedPlaces() throws {
        let query = """
            select coalesce(p.description, 'none'), count(p.id) from Project p group by coalesce(p.description, 'none')
            """
        let statement = try Self.statement(query, in: PostgreSQLDialect())
        #expect(statement.values == [.text("none")])
        #expect(statement.text.hasSuffix(#"GROUP BY coalesce(t0."description", $1)"#))
    }

    @Test("a page without a limit")
    func pages() {
        let page = QueryPage(offset: 5)
        #expect(SQLiteDialect().page(page) == SQLText(" LIMIT ? OFFSET ?", [.long(-1), .long(5)]))
        #expect(PostgreSQLDialect().page(page) == SQLText(" OFFSET ?", [.long(5)]))
    }

    @Test("texts that JSON can't have as they are are still found in a list")
    func strangeTexts() async throws {
        let store = try await TestStore.fresh()
        let names = ["a\"b", "c\\d", "e\nf", "\u{1}", "ü\u{10ffff}", "'", ""]
        let found = try await store.write { transaction in
            let user = Caller(userID: 0, groupID: 0, sessionID: 0)
            for name in names + ["other"] {
                _ = try transaction.insertObject("Project", ["name": .text(name)], by: user)
            }
            let query = try ObjectQuery("select p.name from Project p where p.name in (:names) order by p.id")
            return try transaction.run(query, ["names": .list(names.map { .string($0) })]).rows.map { $0[0] }
        }
        #expect(found == names.map { .text($0) })
    }

    @Test("tables have the columns' types, conditions and keys of each database")
    func tables() throws {
        let table = try #require(DataModel.tables.first { $0.name == "job" })
        let postgres = table.statements(in: PostgreSQLDialect())[0]
        let sqlite = table.statements(in: SQLiteDialect())[0]
        #expect(postgres.contains(#""submitted" timestamp NOT NULL"#))
        #expect(sqlite.contains(#""submitted" INTEGER NOT NULL"#))
        #expect(sqlite.hasSuffix(" STRICT") && !postgres.contains("STRICT"))
        #expect(sqlite.contains("FOREIGN KEY") && !postgres.contains("FOREIGN KEY"))
        #expect(table.referenceStatements.allSatisfy { $0.hasPrefix(#"ALTER TABLE "job" ADD FOREIGN KEY"#) })
        // PostgreSQL cuts longer names off.
        let statements = DataModel.statements(in: PostgreSQLDialect())
        let names = statements.flatMap { $0.split(separator: "\"", omittingEmptySubsequences: false) }
        #expect(names.enumerated().allSatisfy { $0.offset.isMultiple(of: 2) || $0.element.utf8.count < 64 })
    }
}
