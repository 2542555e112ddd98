import ClientQueries
import Foundation
import OMEROModel
import Testing

@testable import OMEROStore

/// OMERO's own database is PostgreSQL: what it answers is what a query means.
@Suite("The same rows in PostgreSQL", .serialized, .enabled(if: PostgreSQLServer.connection != nil))
struct PostgreSQLTests {
    private static let world = Task { try await World(seed: 6) }
    private static let both = Task { try await TwoDatabases(world.value.store, "omero_world") }

    @Test("answer every query of omero-py's as SQLite does, for an administrator and for others")
    func clientQueries() async throws {
        let both = try await Self.both.value
        let world = try await Self.world.value
        let askers = [world.askers[0], world.askers[world.askers.count / 2]]
        let scopes = [QueryScope.everything] + askers.map(\.scope)
        let ids = (0..<60).map { RValue.long($0) }
        for scope in scopes {
            let questions = ClientQueries.all.enumerated().map { index, query in
                TwoDatabases.Question(
                    text: query, parameters: ClientQueries.parameters(of: query, text: "a", number: 2, ids: ids),
                    scope: scope, page: index.isMultiple(of: 2) ? .all : QueryPage(offset: 1, limit: 5))
            }
            let (differences, answered) = try await both.compare(questions)
            #expect(answered > questions.count / 4, "\(answered)")
            for (question, difference) in zip(questions, differences) {
                if let difference { Issue.record("\(question.text): \(difference)") }
            }
        }
    }

    @Test(
        "mean the same where both databases have their own ways",
        arguments: [
            "i.sizeX / 2, i.sizeX % 2, i.sizeX * 1.5, - i.sizeX, i.sizeX - 7 / 2",
            "i.sizeX / (i.sizeT - 1), mod(i.sizeX, i.sizeT - 1), 1.5 / (i.sizeT - 1)",
            "substring(i.image.name, 2), substring(i.image.name, 0, 2), substring(i.image.name, -1, 3)",
            "substring(i.image.name, 1, -1), substring(i.image.name, 2, 100), length(i.image.name)",
            "lower(i.image.name), upper(i.image.name), trim(i.image.name), concat(i.id, i.image.name, i.sizeX)",
            "str(i.id), str(i.image.archived), str(i.methodology), cast(i.id as string), cast(i.sizeX as double)",
            "cast(i.image.name as long), cast(i.image.name as int), cast(i.image.name as double)",
            "cast(i.sizeX / 4.0 as int), cast(i.sizeX * 0.5 as long), abs(- i.sizeX)",
            "year(i.image.acquisitionDate), month(i.image.acquisitionDate), day(i.image.acquisitionDate)",
            "hour(i.image.acquisitionDate), minute(i.image.acquisitionDate), second(i.image.acquisitionDate)",
            "extract(epoch from i.image.acquisitionDate), i.image.acquisitionDate",
            "i.image.acquisitionDate - i.details.creationEvent.time",
            "i.image.acquisitionDate < '2020-01-31', i.details.creationEvent.time > '1999-12-31 23:59:59.5'",
            "cast(i.image.acquisitionDate as date), date_trunc('month', i.image.acquisitionDate)",
            "date_trunc('year', i.image.acquisitionDate), date_trunc('week', i.image.acquisitionDate)",
            "date_trunc('hour', i.image.acquisitionDate), date_trunc('second', i.image.acquisitionDate)",
            "i.image.acquisitionDate between '2020-01-01' and now(), i.image.acquisitionDate < current_timestamp",
            "year(current_date) > 2000, i.image.acquisitionDate in ('2020-01-31 12:00'), i.channels.size",
            "locate('a', i.image.name), locate('', i.image.name), locate(i.image.name, 'Ä'), substr(i.image.name, 2)",
            "i.physicalSizeX, i.physicalSizeX.value, i.physicalSizeX.unit, i.waveStart, i.waveIncrement",
            "case when i.sizeX > 2 then 'x' when i.image.archived then i.image.name end, i.image.archived",
            "coalesce(i.methodology, i.image.name), nullif(i.sizeX, 2), i.class, i.details.permissions",
            "i.image.name like '%a', i.image.name like 'a!_%' escape '!', i.image.name ilike 'Ä%'",
            "i.image.name < 'a', i.image.archived = true, i.sizeX = '2', i.image.name in ('a', 'A')",
        ]
    )
    func values(items: String) async throws {
        let both = try await Self.both.value
        let (differences, answered) = try await both.compare([.init(text: "select \(items) from Pixels i")])
        #expect(answered == 1)
        for difference in differences.compactMap(\.self) { Issue.record("\(difference)") }
    }

    @Test("fold the case of every letter in the same way")
    func letters() async throws {
        let both = try await Self.both.value
        // PostgreSQL has no zero in texts, and no halves of pairs.
        let sql = """
            SELECT i, lower(chr(i)), upper(chr(i)) FROM generate_series(1, 1114111) i \
            WHERE i NOT BETWEEN 55296 AND 57343 AND (lower(chr(i)) <> chr(i) OR upper(chr(i)) <> chr(i))
            """
        guard case .rows(let rows) = try await both.server.run([(sql, [], [])])[0] else {
            Issue.record("no answer")
            return
        }
        #expect(rows.count > 2000)
        for row in rows {
            guard let code = row[0].flatMap(UInt32.init), let scalar = Unicode.Scalar(code) else { continue }
            let text = String(Character(scalar))
            #expect(
                Array(SQLiteFunctions.lower(text).unicodeScalars) == row[1].map { Array($0.unicodeScalars) }, "\(code)")
            #expect(
                Array(SQLiteFunctions.upper(text).unicodeScalars) == row[2].map { Array($0.unicodeScalars) }, "\(code)")
        }
    }

    @Test("answer random queries as SQLite does, whoever asks from wherever")
    func randomQueries() async throws {
        var (done, answered, differences, round) = (0, 0, 0, UInt64(0))
        while done < Self.count, differences < 10 {
            let world = try await World(seed: Self.seed &+ round)
            let both = try await TwoDatabases(world.store, "omero_random_\(round)")
            var generator = QueryGenerator(world.rows, seed: Self.seed &+ round)
            let questions = try (0..<min(500, Self.count - done)).map { number in
                let query = try generator.query()
                return TwoDatabases.Question(
                    text: query.text, parameters: query.parameters,
                    scope: world.askers[(number + Int(round) * 7) % world.askers.count].scope,
                    page: QueryPage(offset: query.offset, limit: query.limit))
            }
            let (found, count) = try await both.compare(questions)
            answered += count
            done += questions.count
            round += 1
            for (question, difference) in zip(questions, found) {
                guard let difference else { continue }
                differences += 1
                Issue.record("seed \(Self.seed), \(question.text) \(question.parameters): \(difference)")
            }
        }
        #expect(answered > done / 3, "\(answered) of \(done)")
        guard Self.environment["SWIFT_OMERO_HQL_QUERIES"] != nil else { return }
        print("soak hql PostgreSQL: \(done) queries, \(answered) with answers, \(differences) differences")
    }

    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["SWIFT_OMERO_HQL_QUERIES"].flatMap { Int($0) } ?? 300
    private static let seed = environment["SWIFT_OMERO_HQL_SEED"].flatMap { UInt64($0) } ?? 2026
}
