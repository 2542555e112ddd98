import IceEncoding
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Hostile input: queries")
struct HostileQueryTests {
    static let texts = [
        "'; DROP TABLE project; --", "' OR '1'='1", "\" OR 1=1 --", "x') UNION SELECT hash FROM password --", "%", "_",
        "\\",
        "a\u{2028}b", "?", "?1", ":id", "$1", "@x", "[\"a\",1]", "{\"a\":", "\u{202E}x", "\u{1}", "x\ny", "''",
    ]

    /// Names that are no names: each takes the place of one in a query that is none then.
    static let noNames = [
        "x; DROP TABLE project", "x\" OR 1=1", "x'", "x)", "(x", "x--", "x/*", "[x]", "`x`", "\"x\"", "x x",
        "t0.id", "sqlite_master", "x,y", "password", "x union", "group_id in (1) or 1=1",
    ]

    @Test(
        "texts are values wherever they stand: in parameters, lists, patterns, maps, as they are stored",
        arguments: texts)
    func hostileTexts(text: String) async throws {
        let (store, ada, group) = try await UserTests.store()
        let values: [String: RValue?] = [
            "text": .string(text), "list": .list([.string(text), .string("other")]), "pattern": .string("%\(text)%"),
        ]
        try await store.write { transaction in
            let caller = Caller(userID: ada, groupID: group, sessionID: 0)
            _ = try transaction.insertObject("Project", ["name": .text(text)], by: caller)
            _ = try transaction.insertObject("Project", ["name": "another"], by: caller)
            _ = try transaction.insertObject(
                "MapAnnotation", ["mapValue": .map([NamedValue(text, text)])], by: caller)
        }
        let quoted = "'" + text.replacing("'", with: "''") + "'"
        let found = QueryResult.Cell.text(text)
        for query in [
            "select p.name from Project p where p.name = :text",
            "select p.name from Project p where p.name = \(quoted)",
            "select p.name from Project p where p.name in (:list)",
            "select p.name from Project p where p.name in (\(quoted), 'other')",
            "select p.name from Project p where p.name = \(quoted) order by \(quoted)",
            "select max(p.name || '') from Project p where p.name = :text group by p.name having min(p.name) = :text",
            "select v.name from MapAnnotation a join a.mapValue v where v.name = :text and v.value = \(quoted)",
            "select case when p.name = :text then \(quoted) end from Project p where p.name <> 'another'",
        ] {
            let rows = try await store.read { try $0.run(ObjectQuery(query), values).rows }
            #expect(rows == [[found]], "\(query)")
        }
        let like = "select p.name from Project p where p.name like :pattern escape '!'"
        let rows = try await store.read { try $0.run(ObjectQuery(like), values).rows }
        #expect(rows.contains([found]))
        #expect(try await store.read { try $0.run(ObjectQuery("select count(*) from Project p")).rows } == [[.int(2)]])
        // The key of a map is what the query says, and nothing that SQL reads.
        let map = try await store.read {
            try $0.run(
                ObjectQuery("select new map(p.id as id, p.name as name) from Project p where p.name = :text"), values)
        }
        #expect(map.columns.map(\.name) == ["id", "name"])
        #expect(map.rows.first?.last == found)
    }

    @Test("a name that is none is an error of the query's, wherever it stands", arguments: noNames)
    func names(name: String) async throws {
        let store = try await TestStore.shared()
        for query in [
            "select p.\(name) from Project p", "from \(name)", "from Project p where p.\(name) = 1",
            "select p from Project p order by p.\(name)", "from Project p join p.\(name) l",
            "select p.id from Project p where p.id = :\(name)", "select p.id as \(name) from Project p where 1 = ",
            "select \(name)(p.id) from Project p", "from Project \(name) where q.id = 1",
            "select cast(p.id as \(name)) from Project p",
            "select extract(\(name) from p.details.creationEvent.time) from Project p",
        ] {
            await #expect(throws: QueryError.self, "\(query)") {
                try await store.read { try $0.run(ObjectQuery(query), ["x": .long(1)]).rows }
            }
        }
    }

    @Test("tables outside the model, and columns that are no properties, are unknown")
    func outside() async throws {
        let store = try await TestStore.shared()
        for query in [
            "from password", "from configuration", "from sqlite_master", "from _sequence", "from json_each",
            "select e.hash from Experimenter e", "select p.group_id from Project p", "select p.rowid from Project p",
            "select p.discriminator from Annotation p", "select load_extension('x') from Project p",
            "select randomblob(1000000000) from Project p", "select zeroblob(9) from Project p",
            "select omero_like('a', 'b', 'c', 1) from Project p",
        ] {
            await #expect(throws: QueryError.self, "\(query)") {
                try await store.read { try $0.run(ObjectQuery(query)).rows }
            }
        }
    }

    // MARK: Limits

    /// To the end it would take hours.
    @Test("a pattern that takes long is stopped, in the middle of one text", .timeLimit(.minutes(5)))
    func patterns() async throws {
        let store = try await TestStore.shared()
        let pattern = "%" + String(repeating: "a", count: 20_000) + "b%"
        let values: [String: RValue?] = [
            "text": .string(String(repeating: "a", count: 400_000)), "pattern": .string(pattern),
        ]
        let query = try ObjectQuery("select e.id from Experimenter e where :text like :pattern")
        let error = await #expect(throws: QueryError.self) {
            try await store.read { try $0.run(query, values, timeout: .milliseconds(100)) }
        }
        #expect(error?.kind == .tooExpensive)
        // The next query has all its time.
        #expect(try await store.read { try $0.run(ObjectQuery("select 1 from Node n")).rows.count } > 0)
    }

    @Test("the time of a look ends the loading of objects too, and an inner limit does not outlive it")
    func loading() async throws {
        let (store, _, _) = try await UserTests.store()
        let error = await #expect(throws: QueryError.self) {
            try await store.read { transaction in
                try transaction.within(.zero) {
                    _ = try GraphBuilder.build { builder in
                        try transaction.load("Experimenter", where: [0, 1], into: builder)
                    }
                }
            }
        }
        #expect(error?.kind == .tooExpensive)
        let entries = (0..<8).map { "AdminPrivilege a\($0)" }.joined(separator: ", ")
        let query = try ObjectQuery("select count(*) from \(entries)")
        let outer = await #expect(throws: QueryError.self) {
            try await store.read { transaction in
                try transaction.within(.milliseconds(50)) { _ = try transaction.run(query, timeout: .seconds(1000)) }
            }
        }
        #expect(outer?.kind == .tooExpensive)
        let inner = await #expect(throws: QueryError.self) {
            try await store.read { transaction in
                try transaction.within(.milliseconds(400)) {
                    #expect(throws: QueryError.self) { try transaction.run(query, timeout: .milliseconds(20)) }
                    _ = try transaction.run(query, timeout: .seconds(1000))
                }
            }
        }
        #expect(inner?.kind == .tooExpensive)
    }

    @Test("texts and maps of the objects to load have a limit all together: more than a graph holds ends the process")
    func loadedTexts() async throws {
        let (store, ada, group) = try await UserTests.store()
        let (projects, map) = try await store.write { transaction in
            let caller = Caller(userID: ada, groupID: group, sessionID: 0)
            let text = String(repeating: "x", count: 1000)
            let projects = try (0..<3).map { _ in
                try transaction.insertObject("Project", ["name": "p", "description": .text(text)], by: caller)
            }
            let map = try transaction.insertObject(
                "MapAnnotation", ["mapValue": .map([NamedValue("key", text)])], by: caller)
            return (projects, map)
        }
        func load(_ parts: [(entity: String, ids: [Int64])], bytes: Int) async throws -> Int {
            try await store.read { transaction in
                let loader = RowLoader(transaction, scope: .everything, bytes: bytes)
                for (name, ids) in parts {
                    let entity = try #require(DataModel.entity(name))
                    _ = try loader.load(entity, ids, FetchTree())
                }
                return loader.objects.count
            }
        }
        #expect(try await load([("Project", projects), ("MapAnnotation", [map])], bytes: 5000) == 4)
        for (parts, bytes) in [
            ([("Project", projects)], 2500), ([("MapAnnotation", [map])], 900),
            // Each for itself would be within it.
            ([("Project", Array(projects.prefix(1))), ("MapAnnotation", [map])], 1500),
        ] {
            let error = await #expect(throws: QueryError.self) { try await load(parts, bytes: bytes) }
            #expect(error?.kind == .tooExpensive)
        }
    }

    @Test("rows and what is in them have a limit, which says what to do")
    func rows() async throws {
        let store = try await TestStore.shared()
        let statement = SQLStatement(
            text: "SELECT a.id, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' FROM adminprivilege a, adminprivilege b",
            values: [])
        for (rows, bytes) in [(100, Int.max), (Int.max, 10_000)] {
            let error = await #expect(throws: QueryError.self) {
                try await store.read { transaction in
                    var count = 0
                    try transaction.eachRow(of: statement, rows: rows, bytes: bytes) { _ in count += 1 }
                }
            }
            #expect(error?.kind == .tooExpensive)
            #expect(error?.message.contains("ask for a page") == true)
        }
    }
}
