import ClientQueries
import IceEncoding
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Queries")
struct QueryTests {
    /// Ada has a project in a private group with Bob, and one without a description; Bob has one with a dataset.
    private struct World {
        let store: Store
        let ada: Int64
        let bob: Int64
        let group: Int64
        let projects: [Int64]
        let dataset: Int64

        init() async throws {
            let (store, ada, group) = try await UserTests.store()
            self.store = store
            self.ada = ada
            self.group = group
            let (bob, projects, dataset) = try await store.write { transaction in
                let bob = try transaction.createUser(
                    NewUser(name: "bob", firstName: "Bob", lastName: "Öztürk"), by: .server)
                try transaction.addMemberships(user: bob, groups: [group, GroupRecord.userID], by: .server)
                let first = Caller(userID: ada, groupID: group, sessionID: 0)
                let second = Caller(userID: bob, groupID: group, sessionID: 0)
                var projects = [
                    try transaction.insertObject("Project", ["name": "Äpfel", "description": "50%"], by: first),
                    try transaction.insertObject("Project", ["name": "birnen"], by: first),
                    try transaction.insertObject("Project", ["name": "Bananen", "description": "c"], by: second),
                ]
                let dataset = try transaction.insertObject("Dataset", ["name": "d"], by: second)
                for parent in [projects[0], projects[2]] {
                    _ = try transaction.insertObject(
                        "ProjectDatasetLink", ["parent": .reference(parent), "child": .reference(dataset)],
                        by: second)
                }
                projects.sort()
                return (bob, projects, dataset)
            }
            self.bob = bob
            self.projects = projects
            self.dataset = dataset
        }

        func run(
            _ text: String, _ parameters: [String: RValue?] = [:], page: QueryPage = .all,
            scope: QueryScope = .everything
        ) async throws -> [[QueryResult.Cell]] {
            try await store.read { transaction in
                try transaction.run(ObjectQuery(text), parameters, page: page, scope: scope).rows
            }
        }

        func first(
            _ text: String, _ parameters: [String: RValue?] = [:], page: QueryPage = .all,
            scope: QueryScope = .everything
        ) async throws -> [QueryResult.Cell] {
            try await run(text, parameters, page: page, scope: scope).map { $0[0] }
        }

        /// What Ada sees in a group where everybody sees only the own.
        var adas: QueryScope {
            QueryScope(
                groups: QueryScope.Groups(whole: [1], own: [group], ownerID: ada),
                sessionOwnerID: ada, seesNodes: false,
                privacy: QueryScope.Privacy(userID: ada, sharedGroups: []), sessionKeysOf: ada)
        }
    }

    @Test("every query of omero-py's is understood and answered, for the server and for a user")
    func clientQueries() async throws {
        let world = try await World()
        #expect(ClientQueries.all.count > 600)
        #expect(ClientQueries.recorded.count > 200)
        for query in ClientQueries.all {
            let values = ClientQueries.parameters(of: query)
            for scope in [QueryScope.everything, world.adas] {
                do {
                    _ = try await world.run(query, values, page: QueryPage(limit: 5), scope: scope)
                } catch {
                    Issue.record("\(query): \(error)")
                }
            }
        }
    }

    @Test(
        "an object comes once with the collections that are fetched along, once for each element of those joined only")
    func duplicates() async throws {
        let world = try await World()
        let text = """
            select obj from Experimenter as obj left outer join fetch obj.groupExperimenterMap as groupExperimenterMap \
            left outer join fetch groupExperimenterMap.parent g where obj.id in (:ids)
            """
        let query = try ObjectQuery(text)
        let ada = world.ada
        let result = try await world.store.read { try $0.run(query, ["ids": .list([.long(ada)])]) }
        #expect(result.rows == [[.int(ada)]])
        #expect(result.columns[0].fetch == ["groupExperimenterMap", "groupExperimenterMap.parent"])
        let joined = text.replacing("outer join fetch", with: "outer join")
        #expect(try await world.first(joined, ["ids": .list([.long(ada)])]) == [.int(ada), .int(ada)])
        let distinct = joined.replacing("select obj", with: "select distinct obj")
        #expect(try await world.first(distinct, ["ids": .list([.long(ada)])]) == [.int(ada)])
        // Rows of several values are never the same.
        let both = text.replacing("select obj", with: "select obj, obj.id")
        #expect(try await world.run(both, ["ids": .list([.long(ada)])]).count == 2)
    }

    @Test("a collection is fetched along with the elements that fit the query only")
    func restrictedCollections() async throws {
        let world = try await World()
        let query = try ObjectQuery(
            "select e from Experimenter e join fetch e.groupExperimenterMap m where m.parent.id = :id")
        let group = world.group
        let names = try await world.store.read { transaction in
            let result = try transaction.run(query, ["id": .long(group)])
            let column = result.columns[0]
            let ids = result.rows.compactMap { row -> Int64? in if case .int(let id) = row[0] { id } else { nil } }
            let users = try GraphBuilder.build { builder in
                try transaction.load(
                    [LoadRequest("Experimenter", ids, fetch: column.fetch, only: column.only)], into: builder)[0]
            }
            return try users.map { user in
                try #require(user.cast(to: Experimenter.self)).groupExperimenterMap.map { try $0.parent.id }
            }
        }
        #expect(names == [[group], [group]])
    }

    /// What OMERO.figure asks for its list of figures, in short.
    @Test("details are joined like an object, and mean those of what the path goes through")
    func joinedDetails() async throws {
        let world = try await World()
        let query = """
            select p.name, d.owner.omeName from ProjectDatasetLink l join l.details.owner o join l.parent.details as d \
            join l.parent as p join d.group as g where g.id = :id and d.owner.omeName = 'bob'
            """
        let group: [String: RValue?] = ["id": .long(world.group)]
        #expect(try await world.run(query, group) == [[.text("Bananen"), .text("bob")]])
        #expect(try await world.run(query, group, scope: world.adas) == [])
    }

    /// What OMERO.mapr asks for the images of a key and value, in short.
    @Test("a sub-query may be ordered, which changes nothing, by what is there")
    func orderedSubqueries() async throws {
        let world = try await World()
        func query(_ order: String) -> String {
            """
            select p.name from Project p where p.id in (select p.id from ProjectDatasetLink l join l.parent p \
            order by \(order)) order by p.id
            """
        }
        let names = try await world.first(query("lower(p.name), l.child.name"))
        #expect(names == [.text("Äpfel"), .text("Bananen")])
        #expect(try await world.first(query("lower(p.name)"), scope: world.adas) == [])
        await #expect(throws: QueryError.self) { try await world.first(query("p.nothing")) }
    }

    @Test("a query that takes too long is stopped")
    func timeout() async throws {
        let world = try await World()
        let entries = (0..<8).map { "AdminPrivilege a\($0)" }.joined(separator: ", ")
        let query = try ObjectQuery("select count(*) from \(entries)")
        let error = await #expect(throws: QueryError.self) {
            try await world.store.read { try $0.run(query, timeout: .milliseconds(50)) }
        }
        #expect(error?.kind == .tooExpensive)
        #expect(try await world.first("select count(*) from Project p") == [.int(3)])
    }

    @Test("with collections fetched along a page is of objects, else of rows")
    func pages() async throws {
        let world = try await World()
        let text = "select e from Experimenter e left join fetch e.groupExperimenterMap order by e.id"
        #expect(try await world.first(text, page: QueryPage(limit: 2)) == [.int(0), .int(1)])
        #expect(try await world.first(text, page: QueryPage(offset: 2, limit: 1)) == [.int(world.ada)])
        let rows = "select e from Experimenter e left join e.groupExperimenterMap m order by e.id"
        #expect(try await world.first(rows, page: QueryPage(limit: 2)) == [.int(0), .int(0)])
    }

    @Test("what a user may not see is not in lists, counts, joins, sub-queries and collections")
    func visibility() async throws {
        let world = try await World()
        let count = "select count(*) from Project p"
        #expect(try await world.first(count) == [.int(3)])
        #expect(try await world.first(count, scope: world.adas) == [.int(2)])
        let join = "select count(*) from Project p join p.datasetLinks l"
        #expect(try await world.first(join) == [.int(2)])
        #expect(try await world.first(join, scope: world.adas) == [.int(0)])
        let left = "select l.id from Project p left join p.datasetLinks l where p.id = :id"
        let first: [String: RValue?] = ["id": .long(world.projects[0])]
        #expect(try await world.first(left, first, scope: world.adas) == [.null])
        let size = "select size(p.datasetLinks) from Project p where p.id = :id"
        #expect(try await world.first(size, first) == [.int(1)])
        #expect(try await world.first(size, first, scope: world.adas) == [.int(0)])
        let exists = "select p.id from Project p where exists (select l from ProjectDatasetLink l where l.parent = p)"
        #expect(try await world.first(exists).count == 2)
        #expect(try await world.first(exists, scope: world.adas) == [])
        let sub = "select (select count(d) from Dataset d) from Project p where p.id = :id"
        #expect(try await world.first(sub, first, scope: world.adas) == [.int(0)])
        let path = "select l.id from ProjectDatasetLink l where l.child.name = 'd'"
        #expect(try await world.first(path).count == 2)
        #expect(try await world.first(path, scope: world.adas) == [])
        #expect(try await world.first("select n.id from Node n", scope: world.adas) == [])
        let owners = "select s.id from Event e join e.session s where s.owner.id <> \(world.ada)"
        #expect(try await world.first(owners, scope: world.adas) == [])
    }

    @Test("names of strangers are hidden in what is sent, and can't be guessed by conditions, orders and groups")
    func privacy() async throws {
        let world = try await World()
        let names = "select e.omeName from Experimenter e order by e.id"
        #expect(
            try await world.first(names, scope: world.adas)
                == [.text("root"), .text("guest"), .text("ada"), .text("<hidden>")])
        let inner = "select (select max(lower(x.lastName)) from Experimenter x where x.omeName = 'bob') from Node n"
        #expect(try await world.first(inner).allSatisfy { $0 == .text("öztürk") })
        let count = "select count(*) from Experimenter e where "
        for condition in [
            "e.omeName = 'bob'", "e.omeName like 'b%'", "e.lastName between 'Ö' and 'Øz'", "lower(e.omeName) > 'bo'",
            "e.omeName in ('bob')", "case when e.omeName = 'bob' then 1 else 2 end = 1",
            "exists (select x from Experimenter x where x.omeName = 'bob')",
        ] {
            let all = try await world.first(count + condition)
            #expect(all != [.int(0)], "\(condition)")
            let hidden = condition.contains("> 'bo'") ? 2 : 0
            #expect(
                try await world.first(count + condition, scope: world.adas) == [.int(Int64(hidden))], "\(condition)")
        }
        var shared = world.adas
        shared.privacy?.sharedGroups = [world.group]
        #expect(try await world.first(names, scope: shared).last == .text("bob"))
        #expect(try await world.first(count + "e.omeName = 'bob'", scope: shared) == [.int(1)])
    }

    @Test(
        "conditions mean what OMERO's database says",
        arguments: [
            ("p.name like 'B%'", ["Bananen"]), ("p.name like 'b%'", ["birnen"]),
            ("p.name ilike 'B%'", ["Bananen", "birnen"]), ("lower(p.name) like 'äp%'", ["Äpfel"]),
            ("p.description like '50\\%'", ["Äpfel"]), ("p.description like '_'", ["Bananen"]),
            ("p.description is null", ["birnen"]), ("p.description = null", []),
            ("p.name in ('birnen', 'x')", ["birnen"]), ("p.name not in ('birnen')", ["Bananen", "Äpfel"]),
            ("p.name in (:none)", []), ("not p.name in (:none)", ["Bananen", "birnen", "Äpfel"]),
            ("p.datasetLinks is empty", ["birnen"]), ("p.datasetLinks is not empty", ["Bananen", "Äpfel"]),
            ("p.details.owner.omeName = 'bob' or p.name = 'birnen'", ["Bananen", "birnen"]),
            ("p.details.owner.id = '1' and 1 = 1", []),
            ("p.class = Project and p.id between 1 and 1000", ["Bananen", "birnen", "Äpfel"]),
            ("exists elements(p.datasetLinks)", ["Bananen", "Äpfel"]),
            ("case when p.description is null then 1 else 2 end = 1", ["birnen"]),
            ("p.name || '!' = 'birnen!'", ["birnen"]), ("coalesce(p.description, p.name) = 'birnen'", ["birnen"]),
            ("length(p.name) + 1 > 7 - 1 and p.name <> 'Äpfel'", ["Bananen", "birnen"]),
            ("p.datasetLinks.size = 0", ["birnen"]), ("p.datasetLinks.size > 0", ["Bananen", "Äpfel"]),
            ("p.details.creationEvent.time <= current_timestamp", ["Bananen", "birnen", "Äpfel"]),
            ("p.details.creationEvent.time < '2020-01-31'", []),
            ("'2020-01-31T12:00' < p.details.creationEvent.time and p.name = 'birnen'", ["birnen"]),
            ("p.details.creationEvent.time between '2020-01-01' and '2020-12-31 23:59:59.5'", []),
            ("p.details.creationEvent.time not in ('2020-01-01') and p.name = 'birnen'", ["birnen"]),
        ]
    )
    func conditions(condition: String, names: [String]) async throws {
        let world = try await World()
        let text = "select p.name from Project p where \(condition) order by p.name"
        #expect(try await world.first(text, ["none": .list([])]) == names.map { .text($0) })
    }

    @Test("names that are no properties are those of columns, as the database has them, and hide what properties hide")
    func columns() async throws {
        let world = try await World()
        #expect(try await world.first("select firstname from Experimenter where omename = 'bob'") == [.text("Bob")])
        let own = "select name from Project where owner_id = \(world.bob) and Group_ID = \(world.group)"
        #expect(try await world.first(own) == [.text("Bananen")])
        try await world.store.write { transaction in
            _ = try transaction.insertObject("TagAnnotation", ["textValue": "tag"], by: .server)
        }
        #expect(try await world.first("select textvalue from Annotation where textvalue = 'tag'") == [.text("tag")])
        let hidden = "select omename from Experimenter where id = \(world.bob)"
        #expect(try await world.first(hidden, scope: world.adas) == [.text("<hidden>")])
        for unknown in ["discriminator", "hash", "textvalues", "p.textvalue"] {
            await #expect(throws: QueryError.self) { try await world.first("select \(unknown) from Annotation p") }
        }
    }

    @Test("nulls are after everything else, and before it in descending order; an alias of the select clause orders")
    func order() async throws {
        let world = try await World()
        let text = "select p.description as d from Project p order by d"
        #expect(try await world.first(text) == [.text("50%"), .text("c"), .null])
        #expect(try await world.first(text + " desc") == [.null, .text("c"), .text("50%")])
    }

    @Test("distinct objects are ordered by what belongs to each, once each, whether it is selected or not")
    func distinctOrder() async throws {
        let world = try await World()
        let text =
            "select distinct p from Project p left join p.datasetLinks l order by p.details.owner.omeName, p.name"
        let ids = world.projects
        #expect(try await world.first(text) == [.int(ids[1]), .int(ids[0]), .int(ids[2])])
        #expect(try await world.run(text).allSatisfy { $0.count == 1 })
        #expect(try await world.first(text, page: QueryPage(offset: 1, limit: 1)) == [.int(ids[0])])
        let owners = "select distinct p.details.owner as o from Project p order by o desc"
        #expect(try await world.first(owners) == [.int(world.bob), .int(world.ada)])
        let sizes = "select distinct size(p.datasetLinks) from Project p order by size(p.datasetLinks) desc"
        #expect(try await world.first(sizes) == [.int(1), .int(0)])
        let names = "select distinct lower(p.name) as n from Project p order by n desc"
        #expect(try await world.first(names) == [.text("äpfel"), .text("birnen"), .text("bananen")])
    }

    @Test("all of an object can be selected where rows are grouped by it")
    func groupedByObject() async throws {
        let world = try await World()
        let text = "select p.name || '!', count(l) from Project p left join p.datasetLinks l group by p order by p.name"
        #expect(
            try await world.run(text)
                == [[.text("Bananen!"), .int(1)], [.text("birnen!"), .int(0)], [.text("Äpfel!"), .int(1)]])
        let constant =
            "select coalesce(p.description, 'none'), count(p) from Project p group by coalesce(p.description, 'none') order by 1"
        #expect(try await world.run(constant).count == 3)
    }

    @Test("groups, having and aggregates")
    func groups() async throws {
        let world = try await World()
        let text = """
            select p.details.owner.id, count(p.id) from Project p group by p.details.owner.id \
            having count(p.id) > 1 order by count(p.id)
            """
        #expect(try await world.run(text) == [[.int(world.ada), .int(2)]])
        #expect(try await world.run("select max(p.id), sum(p.id) from Project p where p.id < 0") == [[.null, .null]])
    }

    @Test("an outer join with a condition keeps rows without a partner; paths do not, ids alone join nothing")
    func joins() async throws {
        let world = try await World()
        let with = "select p.name, l.id from Project p left join p.datasetLinks l with l.id < 0 order by p.id"
        #expect(try await world.run(with).map { $0[1] } == [.null, .null, .null])
        let external = "select p.details.externalInfo.id from Project p"
        #expect(try await world.first(external) == [.null, .null, .null])
        #expect(try await world.first("select p.details.externalInfo.lsid from Project p") == [])
    }
}
