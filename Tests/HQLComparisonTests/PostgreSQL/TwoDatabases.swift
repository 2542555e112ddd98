import GRDB
import OMEROModel

@testable import OMEROStore

/// The same rows in SQLite and in PostgreSQL, and the same queries.
struct TwoDatabases: Sendable {
    struct Question: Sendable {
        var text: String
        var parameters: [String: RValue?] = [:]
        var scope = QueryScope.everything
        var page = QueryPage.all
    }

    let store: Store
    let server: PostgreSQLServer

    /// - Parameter name: of PostgreSQL's database.
    init(_ store: Store, _ name: String) async throws {
        self.store = store
        let template = try await Self.template.value
        let script = try await store.read { try CopiedRows.script($0) }
        server = try await PostgreSQLServer(name, template: template.database, script: script)
    }

    /// The tables without rows, made once.
    private static let template = Task {
        let tables = DataModel.statements(in: PostgreSQLDialect()).joined(separator: ";\n") + ";\n"
        return try await PostgreSQLServer("template_omero", script: "BEGIN;\n\(tables)COMMIT;\n")
    }

    /// How the answers differ, nil where they don't; and how many questions had an answer.
    func compare(_ questions: [Question]) async throws -> (differences: [String?], answered: Int) {
        let asked = questions.map(Self.ordered)
        let statements = try asked.map { question in
            let statement = PostgreSQLDialect().statement(try Self.sql(question, PostgreSQLDialect()).sql)
            return (statement.text, statement.values.map(\.postgreSQLType), statement.values.map(\.postgreSQLText))
        }
        async let theirs = server.run(statements)
        let ours = try await store.read { transaction in
            try asked.map { question -> [[UInt8]] in
                let (sql, compiled, _) = try Self.sql(question, SQLiteDialect())
                let statement = SQLiteDialect().statement(sql)
                var rows: [[UInt8]] = []
                try transaction.eachRow(of: statement) { row in
                    rows.append(compiled.outputs.flatMap { Self.bytes($0.place.cell(row)) })
                }
                return rows
            }
        }
        var answered = 0
        let answers = try await theirs
        let differences = try zip(asked, zip(ours, answers)).map { question, answers -> String? in
            let (sql, compiled, isOrdered) = try Self.sql(question, PostgreSQLDialect())
            if !answers.0.isEmpty { answered += 1 }
            switch answers.1 {
            case .error(let message): return "PostgreSQL says \(message): \(PostgreSQLDialect().statement(sql).text)"
            case .rows(let rows):
                let theirs = rows.map { row in compiled.outputs.flatMap { Self.bytes($0.cell(row) ?? .text("?")) } }
                return Self.difference(answers.0, theirs, isOrdered: isOrdered)
            }
        }
        return (differences, answered)
    }

    // MARK: Parts

    private static func difference(_ ours: [[UInt8]], _ theirs: [[UInt8]], isOrdered: Bool) -> String? {
        func list(_ rows: [[UInt8]]) -> String {
            "\(rows.count) rows, \(rows.prefix(8).map { String(decoding: $0, as: UTF8.self) })"
        }
        func sorted(_ rows: [[UInt8]]) -> [[UInt8]] {
            isOrdered ? rows : rows.sorted { $0.lexicographicallyPrecedes($1) }
        }
        let (first, second) = (sorted(ours), sorted(theirs))
        return first == second ? nil : "SQLite has \(list(first)), PostgreSQL \(list(second))"
    }

    /// With the ids of all that is named as the last orders, so that there is only one; a page makes no sense otherwise.
    private static func ordered(_ question: Question) -> Question {
        guard let statement = try? ObjectQuery(question.text).statement, !statement.isDistinct,
            statement.groups.isEmpty
        else { return unpaged(question) }
        let aliases =
            statement.roots.map(\.alias) + statement.joins.filter { !$0.isFetch || $0.alias != nil }.map(\.alias)
        guard aliases.allSatisfy({ $0 != nil }), statement.joins.allSatisfy({ $0.alias != nil }) else {
            return unpaged(question)
        }
        var ordered = question
        ordered.text += statement.orders.isEmpty ? " order by " : ", "
        ordered.text += aliases.compactMap { $0.map { "\($0).id" } }.joined(separator: ", ")
        guard (try? sql(ordered, SQLiteDialect())) != nil else { return unpaged(question) }
        return ordered
    }

    private static func unpaged(_ question: Question) -> Question {
        var all = question
        all.page = .all
        return all
    }

    private static func sql(
        _ question: Question, _ dialect: any SQLDialect
    ) throws -> (sql: SQLText, compiled: CompiledQuery, isOrdered: Bool) {
        let statement = try ObjectQuery(question.text).statement
        let translator = Translator(parameters: question.parameters, scope: question.scope, dialect: dialect)
        let compiled = try CompiledQuery(statement, translator)
        let isOrdered = question.text.hasSuffix(".id") && !statement.isDistinct && statement.groups.isEmpty
        return (
            question.page == .all ? compiled.sql : compiled.sql + dialect.page(question.page), compiled, isOrdered
        )
    }

    /// Texts that look the same differ. Sums of numbers depend on their order in the last places.
    private static func bytes(_ cell: QueryResult.Cell) -> [UInt8] {
        switch cell {
        case .text(let text): Array("'\(text)' ".utf8)
        case .double(let number): Array("\(rounded(number)) ".utf8)
        case .quantity(let number, let unit): Array("\(rounded(number)) \(unit) ".utf8)
        case .int(let number): Array("\(number) ".utf8)
        case .null, .bool, .bytes: Array("\(cell) ".utf8)
        }
    }

    private static func rounded(_ number: Double) -> Double {
        guard number.isFinite, number != 0 else { return 0 }
        let scale = Double(sign: .plus, exponent: 40 - number.exponent, significand: 1)
        return (number * scale).rounded() / scale
    }
}
