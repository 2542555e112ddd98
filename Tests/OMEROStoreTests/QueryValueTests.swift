import OMEROModel
import Testing

@testable import OMEROStore

/// Where SQLite by itself answers otherwise than PostgreSQL, which OMERO runs on.
@Suite("Values in queries")
struct QueryValueTests {
    private func first(
        _ expression: String, _ parameters: [String: RValue?] = [:], from: String = "AdminPrivilege p where p.id = 1"
    ) async throws -> [QueryResult.Cell] {
        let store = try await TestStore.shared()
        return try await store.read { transaction in
            try transaction.run(ObjectQuery("select \(expression) from \(from)"), parameters).rows.map { $0[0] }
        }
    }

    @Test(
        "are those of PostgreSQL",
        arguments: [
            ("cast('Öztürk' as double)", .null), ("cast('12abc' as long)", .null), ("cast(' 12 ' as int)", .int(12)),
            ("cast('1e2' as double)", .double(100)), ("cast('1.5' as int)", .null),
            ("cast(2.5 as int)", .int(2)), ("cast(3.5 as int)", .int(4)), ("cast(-1.5 as long)", .int(-2)),
            ("cast(true as string)", .text("true")), ("cast(1.0 as string)", .text("1")), ("str(5)", .text("5")),
            ("cast(3 as double)", .double(3)),
            ("upper('straße')", .text("STRAßE")), ("lower('ÄÖ')", .text("äö")),
            ("substring('abcdef', -1, 3)", .text("a")), ("substring('abcdef', 0)", .text("abcdef")),
            ("substring('abcdef', 2, 3)", .text("bcd")), ("substring('abc', 9)", .text("")),
            ("substring('abc', 1, -1)", .null),
            ("7 / 2", .int(3)), ("-7 / 2", .int(-3)), ("7 % -4", .int(3)), ("mod(-7, 4)", .int(-3)),
            ("7 / 2.0", .double(3.5)), ("case when 1 = 1 then 7 else 0.5 end / 2", .double(3.5)),
            ("coalesce(7, 0.5) / 2", .double(3.5)), ("nullif(7, 0.5) / 2", .double(3.5)),
        ] as [(String, QueryResult.Cell)])
    func values(expression: String, value: QueryResult.Cell) async throws {
        #expect(try await first(expression) == [value])
    }

    @Test("whether nothing is a member of something is not known, of what is empty it is not")
    func members() async throws {
        let from = "Experimenter e where e.id = 0 and not (null member of e.groupExperimenterMap)"
        #expect(try await first("e.id", from: from) == [])
        let map = "Experimenter e where e.id = 0 and 1 member of e.config"
        await #expect(throws: QueryError.self) { try await first("e.id", from: map) }
    }

    @Test(
        "that fail for some rows only are null: an error would tell of rows that the caller may not see",
        arguments: [
            "1 / (p.id - p.id)", "1 % (p.id - p.id)", "1.5 / (p.id - p.id)", "abs(:smallest + 0)",
            "cast(p.value as long)", "cast(p.value as double)", "cast(1e300 as long)",
        ])
    func noErrors(expression: String) async throws {
        #expect(try await first(expression, ["smallest": .long(.min)]) == [.null])
    }

    @Test("a sum that is too large is refused, and fractions have no remainder")
    func refusals() async throws {
        for (text, values) in [
            ("sum(p.id - p.id + :largest)", ["largest": RValue?.some(.long(.max))]), ("p.id % 0.5", [:]),
            ("cast(:time as string)", ["time": .time(.init(omeroMilliseconds: 0))]),
        ] {
            let error = await #expect(throws: QueryError.self) {
                try await first(text, values, from: "AdminPrivilege p")
            }
            #expect(error?.kind == .unsupported, "\(text)")
        }
    }
}
