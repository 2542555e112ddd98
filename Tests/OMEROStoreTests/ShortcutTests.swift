import GRDB
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Shortcuts for names and counts")
struct ShortcutTests {
    /// Three datasets with images in two groups, linked by two people.
    private struct World {
        let store: Store
        let people: [Int64]
        let groups: [Int64]
        let datasets: [Int64]
        let images: [Int64]

        init() async throws {
            let (store, ada, group) = try await UserTests.store()
            self.store = store
            (people, groups, datasets, images) = try await store.write { transaction in
                let bob = try transaction.createUser(
                    NewUser(name: "bob", firstName: "Bob", lastName: "Builder"), by: .server)
                let other = try transaction.createGroup(NewGroup(name: "other"), by: .server)
                try transaction.addMemberships(user: ada, groups: [other], by: .server)
                try transaction.addMemberships(user: bob, groups: [group, other], by: .server)
                let people = [ada, bob]
                let groups = [group, other]
                let datasets = try (0..<3).map { number in
                    try transaction.insertObject(
                        "Dataset", ["name": .text("d\(number)")],
                        by: Caller(userID: ada, groupID: groups[number % 2], sessionID: 0))
                }
                let images = try (0..<40).map { number in
                    try transaction.insertObject(
                        "Image", ["name": .text(number % 3 == 0 ? "Ärger \(number)" : "image \(number % 7)")],
                        by: Caller(userID: people[number % 2], groupID: groups[number / 2 % 2], sessionID: 0))
                }
                return (people, groups, datasets, images)
            }
        }

        func run(
            _ text: String, _ parameters: [String: RValue?] = [:], page: QueryPage = .all,
            scope: QueryScope = .everything
        ) async throws -> [[QueryResult.Cell]] {
            try await store.read { try $0.run(ObjectQuery(text), parameters, page: page, scope: scope).rows }
        }

        var scopes: [QueryScope] {
            [
                .everything,
                QueryScope(groups: QueryScope.Groups(whole: [groups[0]], own: [], ownerID: people[0])),
                QueryScope(groups: QueryScope.Groups(whole: [groups[0]], own: [groups[1]], ownerID: people[1])),
                QueryScope(groups: QueryScope.Groups(whole: [], own: [], ownerID: people[1])),
            ]
        }
    }

    @Test("counts are those of the links after any change of them: made, moved, given, led elsewhere, deleted")
    func counts() async throws {
        let world = try await World()
        var state: UInt64 = 11
        func random(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        for round in 0..<300 {
            let (person, group) = (world.people[random(2)], world.groups[random(2)])
            let (dataset, image) = (world.datasets[random(3)], world.images[random(40)])
            let dice = random(10)
            let link = "(SELECT id FROM datasetimagelink ORDER BY (id * 7919 + \(round)) % 101 LIMIT 1)"
            try await world.store.write { transaction in
                switch dice {
                case 0: try transaction.db.execute(sql: "DELETE FROM datasetimagelink WHERE id = \(link)")
                case 1:
                    try transaction.db.execute(
                        sql: "UPDATE datasetimagelink SET group_id = \(group) WHERE id = \(link)")
                case 2:
                    // One person's link from here to there is only there once.
                    try transaction.db.execute(
                        sql: "UPDATE OR IGNORE datasetimagelink SET owner_id = \(person) WHERE id = \(link)")
                case 3:
                    try transaction.db.execute(
                        sql: "UPDATE OR IGNORE datasetimagelink SET parent = \(dataset) WHERE id = \(link)")
                default:
                    let known = try Bool.fetchOne(
                        transaction.db,
                        sql: """
                            SELECT EXISTS (SELECT 1 FROM datasetimagelink WHERE parent = \(dataset) \
                            AND child = \(image) AND owner_id = \(person))
                            """)
                    guard known == false else { break }
                    _ = try transaction.insertObject(
                        "DatasetImageLink", ["parent": .reference(dataset), "child": .reference(image)],
                        by: Caller(userID: person, groupID: group, sessionID: 0))
                }
            }
            guard round % 10 == 9 else { continue }
            for scope in world.scopes {
                // `max(l.id)` is nothing that counts can tell.
                let text = "select l.parent.id, count(l.id)MORE from DatasetImageLink l group by l.parent.id"
                let counted = try await world.run(text.replacing("MORE", with: ""), scope: scope)
                let listed = try await world.run(text.replacing("MORE", with: ", max(l.id)"), scope: scope)
                #expect(Set(counted) == Set(listed.map { Array($0.dropLast()) }), "round \(round)")
            }
        }
    }

    @Test(
        "questions that counts answer are answered by them, and the others by the links",
        arguments: [
            ("select count(*) from DatasetImageLink l", true),
            ("select count(l) from DatasetImageLink l where l.parent.id = 5", true),
            ("select count(l.child.id) from DatasetImageLink l where l.parent.id in (1, 2)", true),
            ("select l.details.owner.id, count(l.child) from DatasetImageLink l group by l.details.owner.id", true),
            (
                "select l.parent.id as p, count(l.id) as n from DatasetImageLink l group by l.parent.id "
                    + "having count(l.id) > 1 order by n desc, p", true
            ),
            ("select l.parent, count(l) from DatasetImageLink l group by l.parent", true),
            ("select l.parent.id from DatasetImageLink l group by l.parent.id", true),
            ("select d.id, (select count(l.id) from DatasetImageLink l where l.parent = d.id) from Dataset d", true),
            ("select count(l.id) from ProjectDatasetLink l", true),
            ("select l.parent.id from DatasetImageLink l", false),
            ("select count(distinct l.parent.id) from DatasetImageLink l", false),
            ("select count(l.id) from DatasetImageLink l where l.id > 3", false),
            ("select count(l.id) from DatasetImageLink l where l.child.id = 3", false),
            ("select count(l.id) from DatasetImageLink l where l.parent.name = 'd0'", false),
            ("select count(l.id), sum(l.parent.id) from DatasetImageLink l", false),
            ("select l.parent.id, max(l.id) from DatasetImageLink l group by l.parent.id", false),
            ("select count(l.id) from DatasetImageLink l join l.child c", false),
            ("select count(l.id) from DatasetImageLink l where exists (from Image i where i.id = l.parent.id)", false),
            ("select count(l.version) from DatasetImageLink l", false),
            ("select count(l.id) from ImageAnnotationLink l", false),
        ])
    func questions(query: String, isCounted: Bool) throws {
        let statement = try DialectTests.statement(query, in: SQLiteDialect())
        #expect(statement.text.contains("_count_") == isCounted, "\(statement.text)")
        #expect(!(try DialectTests.statement(query, in: PostgreSQLDialect()).text.contains("_count_")))
    }

    @Test("no links are counted as none, and an index gives no parent twice")
    func none() async throws {
        let world = try await World()
        #expect(try await world.run("select count(l.id) from DatasetImageLink l") == [[.int(0)]])
        #expect(try await world.run("select l.parent.id, count(l) from DatasetImageLink l group by l.parent.id") == [])
    }

    @Test("a page of names is the same whether it is sorted or walked to, for everyone")
    func listing() async throws {
        let world = try await World()
        for scope in world.scopes {
            for direction in ["", " desc"] {
                let text = "select i.id, i.name from Image i order by lower(i.name)\(direction), i.id"
                let all = try await world.run(text, scope: scope)
                for (offset, limit) in [(0, 1), (0, 3), (2, 5), (0, 39), (35, 10), (50, 5)] {
                    let page = QueryPage(offset: offset, limit: limit)
                    #expect(
                        try await world.run(text, page: page, scope: scope)
                            == Array(all.dropFirst(offset).prefix(limit)))
                }
            }
        }
    }

    @Test("names are walked along where most of them are seen, and sorted where few are")
    func ways() async throws {
        let world = try await World()
        let statement = try ObjectQuery("select i from Image i order by lower(i.name), i.id").statement
        let ways = try await world.store.read { transaction in
            try [
                (1, world.scopes[1]), (20, world.scopes[1]), (21, world.scopes[1]), (1, world.scopes[3]),
                (1, .everything),
            ]
            .map { limit, scope in
                try #require(Listing(statement, QueryPage(limit: limit))).isWalked(scope, transaction)
            }
        }
        // 20 of 40 are seen, and nothing of nobody's groups. Without a condition SQLite knows the way itself.
        #expect(ways == [true, true, false, false, false])
        for other in [
            "select i from Image i where i.id > 5 order by lower(i.name)", "select i from Image i order by i.name",
            "select i from Image i join i.pixels p order by lower(i.name)", "select i from Image i order by i.id",
            "select r from Roi r order by lower(r.name)",
        ] {
            #expect(Listing(try ObjectQuery(other).statement, QueryPage(limit: 1)) == nil, "\(other)")
        }
        #expect(Listing(statement, .all) == nil)
    }
}
