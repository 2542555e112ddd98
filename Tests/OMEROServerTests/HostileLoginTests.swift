import Foundation
import Glacier2
import Ice
import OMEROAPI
import OMEROServer
import Testing

@Suite("Hostile input: log-ins", .serialized)
struct HostileLoginTests {
    static let megabyte = String(repeating: "x", count: 1 << 20)

    struct Case: Sendable {
        let name: String
        let user: String
        let password: String
    }

    static let wrong: [Case] = [
        Case(name: "a name of 1 MB", user: megabyte, password: "omero"),
        Case(name: "a password of 1 MB", user: "root", password: megabyte),
        Case(name: "both of 1 MB and alike, as a session's key", user: megabyte, password: megabyte),
        Case(name: "no name", user: "", password: "omero"),
        Case(name: "zero bytes in the name", user: "root\0", password: "omero"),
        Case(name: "SQL that is always true", user: "' OR '1'='1", password: "' OR '1'='1"),
        Case(name: "SQL that drops a table", user: "root'; DROP TABLE experimenter; --", password: "omero"),
        Case(name: "a key that is none", user: String(repeating: "-", count: 36), password: "omero"),
        Case(name: "a wildcard", user: "ro%", password: "omero"),
    ]

    @Test("a log-in that cannot be right is denied, and the next one is let in")
    func denied() async throws {
        try await withServer { server, ice in
            for input in Self.wrong {
                let error = await expectRefusal(PermissionDeniedException.self, input.name) {
                    _ = try await TestClient(ice, server, user: input.user, password: input.password)
                }
                #expect((error?.reason.utf8.count ?? 0) < 1000, "\(input.name)")
                expectEqual(server.sessionCount, 0)
                let client = try await TestClient(ice, server)
                let isAnswered = try await client.isAnswered()
                #expect(isAnswered, "\(input.name)")
                try await client.logOut()
                try await expectEventually { server.sessionCount == 0 }
            }
        }
    }

    static let contexts: [(String, String)] = [
        ("omero.client.uuid", ""), ("omero.client.uuid", megabyte), ("omero.agent", megabyte),
        ("omero.group", megabyte), ("omero.group", "no such group"), ("omero.group", "'; DROP TABLE session; --"),
        ("omero.event", "no such type"), ("omero.event", "' OR ''='"),
    ]

    @Test("a log-in with rubbish in its context is refused by name, and leaves no session")
    func context() async throws {
        try await withServer { server, ice in
            for (key, value) in Self.contexts {
                let what = "\(key)=\(value.prefix(40))"
                let error = await expectRefusal(WrappedCreateSessionException.self, what) {
                    _ = try await TestClient(ice, server, context: [key: value])
                }
                #expect((error?.reason.utf8.count ?? 0) < 1000, "\(what)")
                expectEqual(server.sessionCount, 0)
                expectEqual(server.servantCount, 0)
            }
            try await TestClient(ice, server).logOut()
        }
    }

    @Test("many wrong log-ins at once don't hold up those who know the password")
    func guessing() async throws {
        try await withServer { server, ice in
            // The first log-in pays for the password's hash.
            try await TestClient(ice, server).logOut()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        await expectRefusal(PermissionDeniedException.self) {
                            _ = try await TestClient(ice, server, user: "guess\(number)", password: "wrong")
                        }
                    }
                }
                let client = try await TestClient(ice, server)
                let isAnswered = try await client.isAnswered()
                #expect(isAnswered)
                try await client.logOut()
                try await group.waitForAll()
            }
            try await expectEventually { server.sessionCount == 0 }
        }
    }

    @Test("a second log-in on one connection is refused and leaves the first")
    func twice() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            await expectRefusal(CannotCreateSessionException.self) {
                _ = try await client.router.createSession(
                    userID: "root", password: "omero",
                    options: CallOptions(context: ["omero.client.uuid": "other"]))
            }
            let isAnswered = try await client.isAnswered()
            #expect(isAnswered)
            expectEqual(server.sessionCount, 1)
            try await client.logOut()
        }
    }
}
