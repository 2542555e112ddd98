import OMEROModel
import Testing

@testable import OMEROStore

/// What a caller may not see leaves no trace: not in results, not in counts, not in errors, not in the time they take.
@Suite("Hidden rows")
struct HiddenRowsTests {
    /// Ada's objects in a private group, with or without those of Bob, which are made to be noticed.
    private struct World {
        let store: Store
        let scope: QueryScope

        init(withHidden isWithHidden: Bool, size: Int = 1) async throws {
            let (store, ada, group) = try await UserTests.store()
            self.store = store
            scope = QueryScope(
                groups: QueryScope.Groups(whole: [], own: [group], ownerID: ada), sessionOwnerID: ada,
                seesNodes: false, privacy: QueryScope.Privacy(userID: ada, sharedGroups: []), sessionKeysOf: ada)
            try await store.write { transaction in
                let bob = try transaction.createUser(
                    NewUser(name: "bob", firstName: "Bob", lastName: "B"), by: .server)
                let hers = Caller(userID: ada, groupID: group, sessionID: 0)
                let his = Caller(userID: bob, groupID: group, sessionID: 0)
                func add(_ number: Int64, _ text: String, by caller: Caller) throws {
                    let tag = try transaction.insertObject(
                        "LongAnnotation", ["longValue": .int(number), "ns": .text(text)], by: caller)
                    let project = try transaction.insertObject(
                        "Project", ["name": .text(text), "description": .text(text)], by: caller)
                    _ = try transaction.insertObject(
                        "ProjectAnnotationLink", ["parent": .reference(project), "child": .reference(tag)], by: caller)
                    // From when the group was not private yet.
                    guard caller.userID == bob else { return }
                    _ = try transaction.insertObject(
                        "ProjectAnnotationLink", ["parent": .reference(project), "child": .reference(tag)], by: hers)
                }
                try add(7, "12", by: hers)
                guard isWithHidden else { return }
                for _ in 0..<size {
                    try add(.min, size > 1 ? String(repeating: "a", count: 10_000) : "no number", by: his)
                    try add(.max, "", by: his)
                    try add(0, "x%_\\", by: his)
                }
            }
        }

        /// The result, or the error, as a text.
        func answer(_ text: String) async -> String {
            let values: [String: RValue?] = ["smallest": .long(.min), "largest": .long(.max), "none": .list([])]
            do {
                let scope = scope
                return try await store.read { transaction in
                    let rows = try transaction.run(ObjectQuery(text), values, scope: scope).rows
                    return "\(rows)"
                }
            } catch {
                return "\(error)"
            }
        }
    }

    private static let queries = [
        "select a.longValue from LongAnnotation a where abs(a.longValue) > 0",
        "select a.longValue from LongAnnotation a where -a.longValue < 0 and a.longValue * a.longValue > 1",
        "select a.longValue from LongAnnotation a where a.longValue + 1 > 0 order by a.longValue - 1",
        "select a.longValue from LongAnnotation a where 10 / a.longValue = 1 or 10 % a.longValue = 3",
        "select a.longValue from LongAnnotation a where cast(a.ns as long) / cast(a.ns as double) = 1",
        "select sum(a.longValue), avg(a.longValue), min(a.longValue), max(a.longValue) from LongAnnotation a",
        "select count(*), count(distinct a.ns) from Annotation a",
        "select count(a.id) from NumericAnnotation a where a.class = LongAnnotation",
        "select a.ns, count(*) from Annotation a group by a.ns having count(*) > 0 order by count(*) desc, a.ns",
        "select a.ns from Annotation a where substring(a.ns, a.longValue, 3) is not null",
        "select a.ns from Annotation a where substring(a.ns, 1, a.longValue) like '%'",
        "select p.name from Project p where p.name like p.name and p.name like p.description escape 'x'",
        "select p.name from Project p where exists (select x from Project x where x.id <> p.id)",
        "select (select count(x) from Project x), (select max(x.name) from Project x) from Project p",
        "select p.name from Project p where p.name < all_names.name",
        "select p.name, x.name from Project p, Project x",
        "select p.name from Project p left join p.annotationLinks l left join l.child c order by c.ns, p.name",
        "select size(p.annotationLinks), l.child.ns from Project p join p.annotationLinks l",
        "select p.name from Project p where p.annotationLinks is empty",
        "select p.name from Project p where (select sum(a.longValue) from LongAnnotation a) = 7",
        "select p.name from Project p where (select abs(min(a.longValue)) from LongAnnotation a) = 7",
        "select p.name from Project p where p.id in (select l.parent.id from ProjectAnnotationLink l)",
        "select p.name from Project p where not p.name in (select x.name from Project x where x.id <> p.id)",
        "select e.omeName from Experimenter e where e.omeName like 'bo%' or e.lastName = 'B'",
        "select distinct p.details.owner.omeName from Project p",
        "select count(*) from Project p where :smallest + p.id < 0 and :largest - p.id > 0",
        "select max(length(p.description || p.description || p.name)) from Project p",
        "select l.id from ProjectAnnotationLink l where l.child.longValue = :smallest or l.parent.name = ''",
    ]

    @Test("leave results and errors as they are without them")
    func sameAnswers() async throws {
        let without = try await World(withHidden: false)
        let with = try await World(withHidden: true)
        for query in Self.queries {
            let expected = await without.answer(query)
            #expect(await with.answer(query) == expected, "\(query)")
            if !query.contains("all_names") { #expect(expected.hasPrefix("["), "\(query): \(expected)") }
        }
    }

    @Test(
        "are not looked at by a condition that takes long: where that would be seen, time is up",
        arguments: [
            "select count(*) from Project p where p.description like :pattern",
            "select count(*) from Project p where p.id > 0 and (p.name = 'x' or lower(p.description) like :pattern)",
            "select count(*) from ProjectAnnotationLink l where l.parent.description like :pattern",
            "select count(*) from ProjectAnnotationLink l join l.parent p join l.child c where p.name like :pattern",
            "select count(*) from ProjectAnnotationLink l join l.parent p with p.name like :pattern",
            "select count(*) from Project p left join p.annotationLinks l left join l.child c where c.ns like :pattern",
            "select count(*) from Node n where exists (select p from Project p where p.name like :pattern)",
            "select count(*) from Event e where e.id = 0 and (select count(p) from Project p "
                + "where p.name like :pattern) > 0",
            "select count(*) from Event e where e.id = 0 and 'x' in (select p.name from Project p "
                + "where p.name like :pattern)",
            "select count(*) from Project p where exists (select e from Event e where p.name like :pattern)",
        ])
    func time(query: String) async throws {
        let world = try await World(withHidden: true, size: 5)
        let pattern = "%" + String(repeating: "aaaaaaaaa_", count: 10) + "b%"
        // The comparison of long texts asks for the time; what else these queries do is over before SQLite asks.
        func ask(_ scope: QueryScope) async throws {
            try await world.store.read { transaction in
                try transaction.within(.zero) {
                    _ = try transaction.run(ObjectQuery(query), ["pattern": .string(pattern)], scope: scope)
                }
            }
        }
        let error = await #expect(throws: QueryError.self) { try await ask(.everything) }
        #expect(error?.kind == .tooExpensive)
        try await ask(world.scope)
    }

    @Test("do not make rows disappear that have nothing where they would be")
    func outerJoins() async throws {
        let world = try await World(withHidden: true)
        let query =
            "select p.id from Project p left join p.datasetLinks l left join l.child d"
            + " where coalesce(d.name, '') like '%' and p.name like '1%'"
        let scope = world.scope
        #expect(try await world.store.read { try $0.run(ObjectQuery(query), scope: scope).rows.count } == 1)
    }
}
