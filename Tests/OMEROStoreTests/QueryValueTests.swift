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
            ("locate('ß', 'Straße')", .int(5)), ("locate('x', 'abc')", .int(0)), ("substr('abc', 2)", .text("bc")),
            ("7 / 2", .int(3)), ("-7 / 2", .int(-3)), ("7 % -4", .int(3)), ("mod(-7, 4)", .int(-3)),
            ("7 / 2.0", .double(3.5)), ("case when 1 = 1 then 7 else 0.5 end / 2", .double(3.5)),
            ("coalesce(7, 0.5) / 2", .double(3.5)), ("nullif(7, 0.5) / 2", .double(3.5)),
        ] as [(String, QueryResult.Cell)])
    func values(expression: String, value: QueryResult.Cell) async throws {
        #expect(try await first(expression) == [value])
    }

    @Test(
        "a text that is compared with a time is one",
        arguments: [
            ("1970-01-01", 0), ("1970-01-02 00:00", 86_400_000), ("2000-02-29", 951_782_400_000),
            ("2024-02-29T12:30:15.25", 1_709_209_815_250), ("0001-01-01", -62_135_596_800_000),
            ("1969-12-31 23:59:59.999", -1), ("9999-12-31", 253_402_214_400_000),
        ])
    func times(text: String, milliseconds: Int64) async throws {
        #expect(Timestamp(literal: text) == Timestamp(milliseconds: milliseconds))
        let query = "case when :time = '\(text)' then 1 else 0 end"
        #expect(try await first(query, ["time": .time(.init(omeroMilliseconds: milliseconds))]) == [.int(1)])
    }

    @Test(
        "a text that is no time can't be compared with one",
        arguments: [
            "yesterday", "", "2024", "2024-02", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "24-01-01",
            "2024-01-01 24:00", "2024-01-01 12", "2024-01-01 12:60", "2024-01-01 12:00:60", "2024-01-01 12:00:00.",
            "2024-01-01 12:00:00.1234567", "2024-01-01 1\u{300}:00", "2024-01-01Z", "-2024-01-01", "2024-1-+1",
            "99999999999999999999-01-01",
        ])
    func noTimes(text: String) async throws {
        #expect(Timestamp(literal: text) == nil)
        let error = await #expect(throws: QueryError.self) {
            try await first(
                "case when :time > '\(text)' then 1 else 0 end", ["time": .time(.init(omeroMilliseconds: 0))])
        }
        #expect(error?.kind == .unsupported)
    }

    @Test("the current time is one in the whole query, the current date the beginning of its day")
    func now() async throws {
        let before = Timestamp.now.milliseconds
        let found = try await first(
            "case when current_timestamp = current_timestamp() and now() >= current_date then 1 else 0 end")
        #expect(found == [.int(1)])
        guard case .int(let time)? = try await self.first("current_timestamp").first,
            case .int(let day)? = try await self.first("current_date").first
        else {
            Issue.record("they are no times")
            return
        }
        #expect(before...Timestamp.now.milliseconds ~= time)
        #expect(day % 86_400_000 == 0)
    }

    @Test(
        "a time is cut off to where its period began",
        arguments: [
            ("date_trunc('year', :time)", "2024-01-01"), ("date_trunc('month', :time)", "2024-02-01"),
            ("date_trunc('week', :time)", "2024-02-26"), ("date_trunc('week', :monday)", "2024-02-26"),
            ("date_trunc('week', :sunday)", "2024-02-19"), ("date_trunc('day', :time)", "2024-02-29"),
            ("date_trunc('hour', :time)", "2024-02-29 23:00"), ("date_trunc('minute', :time)", "2024-02-29 23:59"),
            ("date_trunc('second', :time)", "2024-02-29 23:59:58"), ("cast(:time as date)", "2024-02-29"),
            ("date_trunc('second', :old)", "1969-12-31 23:59:59"), ("cast('1601-03-01' as timestamp)", "1601-03-01"),
        ])
    func periods(expression: String, start: String) async throws {
        let times = [
            "time": "2024-02-29 23:59:58.75", "monday": "2024-02-26", "sunday": "2024-02-25 23:59:59.999",
            "old": "1969-12-31 23:59:59.5",
        ]
        var values: [String: RValue?] = [:]
        for (name, text) in times {
            let time = try #require(Timestamp(literal: text))
            values[name] = .time(.init(omeroMilliseconds: time.milliseconds))
        }
        let expected = try #require(Timestamp(literal: start))
        #expect(try await first(expression, values) == [.int(expected.milliseconds)])
    }

    @Test(
        "only a time is cut off, and only to a period",
        arguments: [
            "cast(p.id as timestamp)", "cast('soon' as date)", "date_trunc('eon', :time)", "date_trunc('day', 5)",
        ])
    func noPeriods(expression: String) async throws {
        let time: [String: RValue?] = ["time": .time(.init(omeroMilliseconds: 0))]
        let error = await #expect(throws: QueryError.self) { try await first(expression, time) }
        #expect(error?.kind == .unsupported)
    }

    @Test(
        "'is' is '=', as Hibernate has it",
        arguments: [
            ("p.id is 1", true), ("p.id is not 1", false), ("p.class is AdminPrivilege", true),
            ("p.value is null", false),
            ("p.value is not null", true), ("p.id is (1)", true),
        ])
    func equality(condition: String, holds: Bool) async throws {
        let from = "AdminPrivilege p where p.id = 1 and \(condition)"
        #expect(try await first("p.id", from: from) == (holds ? [.int(1)] : []))
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
