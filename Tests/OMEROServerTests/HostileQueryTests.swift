import Foundation
import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROServer
import Testing

@Suite("Hostile input: queries that take long", .serialized)
struct HostileQueryTests {
    /// A thousand times a thousand times more rows than can be counted.
    private static let endless =
        "select count(*) from " + (0..<9).map { "AdminPrivilege a\($0)" }.joined(separator: ", ")

    @Test("are stopped at their limit with a clear error", .timeLimit(.minutes(5)))
    func limited() async throws {
        try await withServer { server, ice in
            let root = try await TestClient(ice, server)
            let configuration = try await #require(root.factory.getConfigService())
            try await IConfigPrx(configuration.proxy.withRouter(root.router.router))
                .setConfigValue(key: "omero.query.timeout", value: "1")
            let query = try await root.query()
            // Twice as many as a user has turns.
            await withTaskGroup(of: Void.self) { tasks in
                for _ in 0..<8 {
                    tasks.addTask {
                        await expectRefusal(OverUsageException.self) {
                            _ = try await query.projection(query: Self.endless, params: nil)
                        }
                    }
                }
            }
            try await root.logOut()
        }
    }

    /// Asked a million times it would take far longer.
    @Test("are not made of one kind of object that is named a million times", .timeLimit(.minutes(1)))
    func repeatedKinds() async throws {
        try await withServer { server, ice in
            let root = try await TestClient(ice, server)
            let service = try await #require(root.factory.getTimelineService())
            let timeline = ITimelinePrx(service.proxy.withRouter(root.router.router))
            let kinds = [String](repeating: "Project", count: 1_000_000)
            #expect(try await timeline.countByPeriod(types: kinds, start: nil, end: nil, p: nil) == ["Project": 0])
            try await root.logOut()
        }
    }

    /// Nothing ends the queries but the server's own end, so whoever is answered is answered meanwhile.
    @Test("keep nobody else waiting, and do not hold up the server's end", .timeLimit(.minutes(5)))
    func othersAreAnswered() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swift-omero-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = ServerConfiguration.testing
        // On a file many can read at once.
        configuration.dataFolder = folder
        try await withServer(configuration) { server, ice in
            let root = try await TestClient(ice, server)
            let greedy = try await root.query()
            let admin = try await root.admin()
            let group = ExperimenterGroup.make { group in
                group.name = "lab"
                group.ldap = false
            }
            let groupID = try await admin.createGroup(group: group)
            _ = try await admin.createExperimenterWithPassword(
                user: Experimenter.named("ada"), password: "secret", defaultGroup: .unloaded(groupID),
                groups: [.unloaded(1)])
            let client = try await TestClient(ice, server, user: "ada", password: "secret")
            let query = try await client.query()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                // Twice as many as a user has turns.
                for _ in 0..<8 {
                    tasks.addTask { _ = try? await greedy.projection(query: Self.endless, params: nil) }
                }
                try await Task.sleep(for: .milliseconds(300))
                for _ in 0..<5 {
                    let rows = try await query.projection(query: "select e.id from Experimenter e", params: nil)
                    #expect(rows.count >= 3)
                }
                // The clients no longer wait; the server still looks.
                tasks.cancelAll()
            }
            try await client.logOut()
        }
    }
}
