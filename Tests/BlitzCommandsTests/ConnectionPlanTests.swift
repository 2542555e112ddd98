import OMERO
import Testing

@testable import BlitzCommands

@Suite struct ConnectionPlanTests {
    private let person = Person()
    private func session(_ user: String, _ host: String = "one.example.org", key: String) -> StoredSession {
        StoredSession(host: host, user: user, key: key, port: 14_064, group: "Lab 7")
    }

    private func plan(_ given: ConnectionSettings.Given = .init(), _ variables: [String: String] = [:]) throws
        -> ConnectionPlan
    {
        let console = person.console(variables).console
        return try ConnectionPlan(console.settings(given), sessions: console.sessionFiles)
    }

    private func store(_ sessions: StoredSession...) throws {
        for session in sessions { try person.console().console.sessionFiles.add(session) }
    }

    private func keys(_ plan: ConnectionPlan) -> [String]? {
        if case .stored(let sessions) = plan.way { sessions.map(\.key) } else { nil }
    }

    @Test func `without anything there is nothing but to ask`() throws {
        let plan = try plan()
        #expect(plan.address == nil)
        if case .ask = plan.way {} else { Issue.record("\(plan.way)") }
    }

    @Test func `the current session is taken, in its own group`() throws {
        try store(session("ami", key: "key-1"), session("ben", key: "key-2"))
        let plan = try plan()
        #expect(keys(plan) == ["key-2"])
        #expect((plan.user, plan.group, plan.address?.port) == ("ben", nil, 14_064))
    }

    @Test func `a server or a user that is named chooses among the stored sessions`() throws {
        try store(session("ami", key: "key-1"), session("ben", "two.example.org", key: "key-2"))
        #expect(keys(try plan(.init(host: "one.example.org:14064"))) == ["key-1"])
        #expect(keys(try plan(.init(host: "one.example.org"))) == nil)
        #expect(keys(try plan(.init(host: "ami@one.example.org:14064"))) == ["key-1"])
        #expect(keys(try plan(.init(host: "ben@one.example.org:14064"))) == nil)
        #expect(keys(try plan(.init(), ["OMERO_HOST": "one.example.org", "OMERO_PORT": "14064"])) == ["key-1"])
    }

    @Test func `variables with a password come before the stored session`() throws {
        try store(session("ami", key: "key-1"))
        let variables = [
            "OMERO_HOST": "three.example.org", "OMERO_USER": "cy", "OMERO_PASSWORD": "secret", "OMERO_GROUP": "Lab 8",
        ]
        let plan = try plan(.init(), variables)
        #expect((plan.address?.host, plan.address?.port, plan.group) == ("three.example.org", 4064, "Lab 8"))
        guard case .credentials(let credentials) = plan.way else {
            Issue.record("\(plan.way)")
            return
        }
        #expect("\(credentials)" == "password of cy")
    }

    @Test func `another group than the session's is asked for per call`() throws {
        try store(session("ami", key: "key-1"))
        let plan = try plan(.init(), ["OMERO_GROUP": "Lab 8"])
        #expect(keys(plan) == ["key-1"])
        #expect(plan.group == "Lab 8")
    }

    @Test func `a server that is no address is named as it was typed`() {
        #expect(throws: Failure.self) { try plan(.init(host: "host:99999")) }
        do { _ = try plan(.init(host: "host:99999")) } catch {
            #expect(Failure(explaining: error).message.hasPrefix("\"host:99999\" is no server address"))
            #expect(Failure(explaining: error).advice != nil)
        }
    }

    @Test func `targets are as short as people write them`() {
        #expect(session("ami", key: "k").target == "ami@one.example.org:14064")
        #expect(ServerAddress(host: "2001:db8::1", user: "ami").target == "ami@[2001:db8::1]:4064")
        #expect(ServerAddress(transport: .wss, host: "h", path: "/omero").target == "wss://h:443/omero")
    }
}
