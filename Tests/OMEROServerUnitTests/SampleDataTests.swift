import Foundation
import OMEROAccess
import OMEROModel
import OMEROStore
import Testing

@testable import OMEROServer

@Suite("Sample data")
struct SampleDataTests {
    private func count(_ type: String, _ server: OMEROServer) async throws -> Int {
        try await server.core.store.read { try $0.details(of: type, ids: Array(0..<5000)).count }
    }

    @Test("are there once, also after a restart that asks for them again")
    func once() async throws {
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path
            configuration.sampleData = true
            let first = try await OMEROServer.withServer(configuration) { server in
                let isNew = try await server.addSampleData()
                #expect(!isNew)
                return try await [count("Project", server), count("Image", server), count("Annotation", server)]
            }
            #expect(first.allSatisfy { $0 > 0 })
            let second = try await OMEROServer.withServer(configuration) { server in
                try await [count("Project", server), count("Image", server), count("Annotation", server)]
            }
            #expect(first == second)
        }
    }

    @Test("come by code into a server that runs, and are whole")
    func byCode() async throws {
        try await OMEROServer.withServer { server in
            let before = try await count("Project", server)
            #expect(before == 0)
            let isNew = try await server.addSampleData()
            #expect(isNew)
            // Of every member in every group other than `system`.
            let places = SampleData.users.flatMap(\.groups).count { $0 != "system" }
            let each = ["Project": 1, "Dataset": 3, "Image": 12, "Screen": 1, "Plate": 2, "Well": 6, "Annotation": 6]
            for (type, number) in each {
                let found = try await count(type, server)
                #expect(found == places * number, "\(type)")
            }
        }
    }

    @Test("every user has the password, groups and rights of the table")
    func users() async throws {
        try await OMEROServer.withServer { server in
            try await server.addSampleData()
            for user in SampleData.users {
                let check = try await server.core.store.checkPassword(
                    user.password, ofUserNamed: user.name, required: true)
                #expect(check.isAccepted, "\(user.name)")
                let known = try #require(try await server.core.directory.user(named: user.name))
                #expect(known.groups.map(\.name) == user.groups + (user.isActive ? ["user"] : []))
                #expect(known.account.leaderOf.ordered.count == user.leads.count)
                let isAdmin = user.groups.first == "system"
                let privileges = isAdmin ? user.privileges ?? allPrivileges : []
                #expect(Set(known.account.privileges.map(\.rawValue)) == privileges, "\(user.name)")
            }
        }
    }

    private var allPrivileges: Set<String> { Set(Privilege.all.map(\.rawValue)) }

    @Test("there is a group of every permission level, and eight users with the roles that matter")
    func roles() {
        #expect(Set(SampleData.groups.map(\.permissions)) == ["rw----", "rwr---", "rwra--", "rwrw--"])
        #expect(SampleData.users.count == 8)
        #expect(SampleData.users.contains { !$0.isActive })
        #expect(SampleData.users.contains { $0.privileges != nil })
        #expect(SampleData.users.contains { $0.groups.count > 1 && $0.leads.isEmpty })
        #expect(SampleData.users.contains { !$0.leads.isEmpty })
        let documented = try? String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("Documentation/SampleData.md"), encoding: .utf8)
        for user in SampleData.users {
            #expect(documented?.contains("| `\(user.name)` | `\(user.password)` |") == true, "\(user.name)")
        }
        for group in SampleData.groups {
            #expect(documented?.contains("| `\(group.name)` | `\(group.permissions)` |") == true, "\(group.name)")
        }
    }
}
