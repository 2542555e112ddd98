import ClientQueries
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Queries that are wrong")
struct QueryErrorTests {
    private func error(_ text: String, _ parameters: [String: RValue?] = [:]) async throws -> QueryError? {
        let store = try await TestStore.shared()
        return await #expect(throws: QueryError.self) {
            try await store.read { transaction in _ = try transaction.run(ObjectQuery(text), parameters) }
        }
    }

    @Test(
        "are answered with what is wrong and where",
        arguments: [
            ("", QueryError.Kind.syntax, 1, 1), ("select", .syntax, 1, 7), ("select e from", .syntax, 1, 14),
            ("from Experimenter e where\n  e.id = 'x", .syntax, 2, 10),
            ("from Experimenter e where e.id ! 1", .syntax, 1, 32),
            ("from Experimenter e garbage", .syntax, 1, 21), ("from Nothing", .unknownName, 1, 6),
            ("from Experimenter e where e.nothing = 1", .unknownName, 1, 27),
            ("from Experimenter e where x.id = 1", .unknownName, 1, 27),
            ("from Experimenter e where e.details.owner.id = 1", .unknownName, 1, 27),
            ("select nothing(e) from Experimenter e", .unsupported, 1, 8),
            ("from Experimenter e where e.groupExperimenterMap.id = 1", .unsupported, 1, 27),
            ("from Experimenter e where e.id = ?", .unsupported, 1, 34),
            ("from Experimenter e where e.omeName = 5", .unsupported, 1, 27),
            ("from Experimenter e, Experimenter e", .syntax, 1, 22),
            ("from Experimenter e right join e.groupExperimenterMap m", .unsupported, 1, 21),
            ("from Experimenter e where e.id = 99999999999999999999", .syntax, 1, 34),
            ("delete from Experimenter", .syntax, 1, 1), ("from Experimenter; drop table x", .syntax, 1, 18),
        ]
    )
    func places(text: String, kind: QueryError.Kind, line: Int, column: Int) async throws {
        let error = try await error(text)
        #expect(error?.kind == kind)
        #expect(error?.line == line, "\(String(describing: error))")
        #expect(error?.column == column, "\(String(describing: error))")
    }

    @Test(
        "what PostgreSQL refuses of grouped and of distinct rows is refused",
        arguments: [
            ("select e.omeName, count(*) from Experimenter e", 8),
            ("select e.omeName, max(e.id) from Experimenter e group by e.lastName", 8),
            ("select count(*) from Experimenter e order by e.omeName", 46),
            ("select e.lastName from Experimenter e group by e.lastName having e.omeName = 'x'", 66),
            ("select e.lastName, m.id from Experimenter e join e.groupExperimenterMap m group by e", 20),
            ("select distinct e.omeName from Experimenter e order by e.id", 56),
            ("select distinct e from Experimenter e join e.groupExperimenterMap m order by m.id", 78),
            ("select coalesce(e.omeName, e.id) from Experimenter e", 28),
            ("select case when e.id = 1 then 'x' else e.id end from Experimenter e", 41),
        ]
    )
    func oneRowOfMany(text: String, column: Int) async throws {
        let error = try await error(text)
        #expect(error?.kind == .unsupported)
        #expect(error?.column == column, "\(String(describing: error))")
    }

    @Test("a parameter without a value is named")
    func parameters() async throws {
        let text = "from Experimenter e where e.id = :id"
        for values: [String: RValue?] in [[:], ["id": nil]] {
            let error = try await error(text, values)
            #expect(error?.kind == .missingParameter)
            #expect(error?.message == "id")
        }
        #expect(try await error(text, ["id": .list([1, 2])])?.kind == .unsupported)
        #expect(try await error(text, ["id": .map([:])])?.kind == .unsupported)
    }

    @Test("fetching along what is not selected is refused")
    func fetching() async throws {
        let text = "select e.id from Experimenter e join fetch e.groupExperimenterMap"
        #expect(try await error(text)?.kind == .syntax)
    }

    @Test("what nests too deep or is too long is refused")
    func limits() async throws {
        let open = String(repeating: "(", count: 50_000)
        #expect(try await error("from Experimenter e where " + open)?.kind == .unsupported)
        let not = String(repeating: "not ", count: 20_000)
        #expect(try await error("from Experimenter e where " + not)?.kind == .unsupported)
        let minus = "from Experimenter e where e.id = " + String(repeating: "- ", count: 20_000) + "1"
        #expect(try await error(minus)?.kind == .unsupported)
        for chain in [" or e.id = 1", " and e.id = 1", " + 1"] {
            let text = "from Experimenter e where e.id = 1" + String(repeating: chain, count: 5_000)
            #expect(try await error(text)?.kind == .unsupported)
        }
        let joins = String(repeating: " join e.groupExperimenterMap", count: 70)
        #expect(try await error("select e from Experimenter e" + joins)?.kind == .unsupported)
        let long = "from Experimenter e where e.omeName = '" + String(repeating: "x", count: 100_000) + "'"
        #expect(try await error(long)?.kind == .unsupported)
        let path = "from Experimenter e where e" + String(repeating: ".child", count: 5_000)
        #expect(try await error(path) != nil)
    }

    @Test("a query that is cut off anywhere, or has a wrong byte, must only not crash")
    func rubbish() async throws {
        let store = try await TestStore.shared()
        let queries = stride(from: 0, to: ClientQueries.all.count, by: 12).map { ClientQueries.all[$0] }
        try await store.read { transaction in
            var random = SystemRandomNumberGenerator()
            for query in queries {
                let bytes = Array(query.utf8)
                let values = ClientQueries.parameters(of: query)
                for end in bytes.indices {
                    let text = String(decoding: bytes[..<end], as: UTF8.self)
                    _ = try? Parser.parse(text)
                    var changed = bytes
                    changed[end] = UInt8.random(in: 0...255, using: &random)
                    let other = String(decoding: changed, as: UTF8.self)
                    do {
                        _ = try transaction.run(ObjectQuery(other), values, page: QueryPage(limit: 1))
                    } catch let error as QueryError {
                        #expect(!error.description.isEmpty)
                    } catch {
                        Issue.record("\(other): \(error)")
                    }
                }
            }
        }
    }

    @Test(
        "patterns fit as OMERO's database has it",
        arguments: [
            ("abc", "abc", true), ("abc", "a%", true), ("abc", "%c", true), ("abc", "a_c", true), ("abc", "a_", false),
            ("", "%", true), ("", "", true), ("", "_", false), ("a%c", "a\\%c", true), ("abc", "a\\%c", false),
            ("aXbXc", "a%b%c", true), ("ab", "%%%", true), ("aaaaaaaaaaaaab", "%a%a%a%a%c", false), ("ä", "_", true),
            ("a\\", "a\\\\", true), ("ABC", "abc", false),
        ]
    )
    func patterns(text: String, pattern: String, fits: Bool) throws {
        #expect(try SQLiteFunctions.matches(text, pattern, escape: "\\") == fits)
    }
}
