import OMERO
import OMEROServer
import Testing

@testable import BlitzCommands

/// Commands against a server in this process.
@Suite struct CommandsTests {
    @Test func `log in, who am I, list, log out`() async throws {
        try await withSamples { server in
            let person = Person()
            let login = try await person.run("login", server.at("sample-leader"), "-w", "leader-1").objects()
            #expect(login.first?["userName"] as? String == "sample-leader")
            #expect(server.sessionCount == 1)
            let me = try #require(try await person.run("whoami").objects().first)
            #expect(me["groupName"] as? String == "sample-private")
            #expect(me["port"] as? Int == server.sslPort)
            #expect(me["sessionKey"] == nil)
            let member = try #require(me["memberOf"] as? [[String: Any]])
            #expect(Set(member.compactMap { $0["name"] as? String }).contains("sample-read-write"))
            let rows = try await person.run("ls", "project").objects()
            #expect(rows.count == 3)
            let keys: Set = ["type", "id", "name", "ownerId", "ownerName", "groupId", "groupName"]
            #expect(rows.allSatisfy { Set($0.keys) == keys })
            try await person.run("logout")
            #expect(try await person.failure("whoami")?.cause == .noSession)
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `listing goes on behind the first page, and stops at the limit`() async throws {
        try await withSamples { server in
            let person = Person()
            try await person.run("login", server.at("root"), variables: ["OMERO_PASSWORD": "omero"])
            let all = try await person.run("ls", "image", "--group", "all").objects()
            #expect(all.count == 14 * 12)
            let ids = all.compactMap { $0["id"] as? Int }
            #expect(ids == ids.sorted() && Set(ids).count == ids.count)
            #expect(try await person.run("ls", "image", "--group", "all", "--limit", "7").lines.count == 7)
            let counted = try await person.run("hql", "select count(i) from Image i", "--group", "all")
            #expect(counted.text == "[168]\n")
        }
    }

    @Test func `what is nobody's is listed without owner and group`() async throws {
        try await withSamples { server in
            let person = Person()
            try await person.run("login", server.at("sample-member"), "-w", "member-2")
            let types = try await person.run("ls", "PixelsType").objects()
            #expect(types.contains { $0["name"] as? String == "uint16" })
            #expect(types.allSatisfy { Set($0.keys) == ["type", "id", "name"] })
            for type in ["Session", "Event", "Namespace", "GroupExperimenterMap", "Node"] {
                _ = try await person.run("ls", type)
            }
            await #expect(throws: (any Error).self) { try await person.run("ls", "Session", "--owner", "me") }
        }
    }

    @Test func `a parameter that is given more than once is a list`() async throws {
        try await withSamples { server in
            let person = Person()
            try await person.run("login", server.at("sample-member"), "-w", "member-2")
            let ids = try await person.run("ls", "project", "--group", "all").objects().compactMap { $0["id"] as? Int }
            let hql = "select p.id from Project p where p.id in (:ids) order by p.id"
            let both = try await person.run(
                "hql", hql, "--group", "all", "--param", "ids=\(ids[0])", "--param", "ids=\(ids[1])")
            #expect(both.lines == ["[\(ids[0])]", "[\(ids[1])]"])
            let one = try await person.run("hql", hql, "--group", "all", "--param", "ids=\(ids[1])")
            #expect(one.lines == ["[\(ids[1])]"])
        }
    }

    @Test func `names and values of a map stay together`() {
        let pairs = JSONValue.list([.list([.text("Gene"), .text("CDC20")]), .list([.text("Gene"), .text("β-actin")])])
        #expect(pairs.text == "Gene=CDC20, Gene=β-actin")
        #expect(JSONValue.list([.text("edit"), .text("delete")]).text == "edit, delete")
    }

    @Test func `an object is shown with all that it has`() async throws {
        try await withSamples { server in
            let person = Person()
            try await person.run("login", server.at("sample-zoë"), "-w", "zoë-5")
            let row = try #require(try await person.run("ls", "image", "--limit", "1").objects().first)
            let id = try #require(row["id"] as? Int)
            let image = try #require(try await person.run("get", "Image:\(id)").objects().first)
            #expect(image["name"] as? String == row["name"] as? String)
            #expect(image["ownerName"] as? String == "sample-zoë")
            #expect(image["created"] is String)
            #expect((image["may"] as? [String])?.contains("delete") == true)
            #expect(image["loaded"] == nil && image["details"] == nil)
            #expect(try await person.failure("get", "Image:\(id)", "Image:999999")?.cause == .notFound)
        }
    }

    @Test func `a session that is over is forgotten and said so`() async throws {
        try await withSamples { server in
            let person = Person()
            try await person.run("login", server.at("sample-leader"), "-w", "leader-1")
            let key = try await person.run("sessions", "key", json: false).lines[0]
            let other = Person()
            try await other.run("login", "127.0.0.1:\(server.sslPort ?? 0)", "--key", key)
            try await other.run("logout")
            let failure = try await person.failure("whoami")
            #expect(failure?.cause == .noSession)
            #expect(failure?.advice?.contains("blitz login sample-leader@127.0.0.1") == true)
            #expect(try await person.run("sessions", "list").text.isEmpty)
        }
    }

    @Test func `no error holds the password`() async throws {
        try await withSamples { server in
            let person = Person()
            let failure = try #require(
                try await person.failure("login", server.at("sample-leader"), "-w", "not-the-right-one"))
            #expect(failure.cause == .refused)
            #expect(!failure.lines.joined().contains("not-the-right-one"))
            #expect(failure.advice != nil)
        }
    }

    @Test func `the doctor finds nothing wrong, or the first thing that is`() async throws {
        try await withSamples { server in
            let person = Person()
            try await person.run("login", server.at("sample-leader"), "-w", "leader-1")
            let steps = try await person.run("doctor").objects()
            #expect(steps.compactMap { $0["outcome"] as? String }.allSatisfy { $0 == "good" })
            #expect(steps.compactMap { $0["step"] as? String }.contains("TLS"))
        }
    }
}
