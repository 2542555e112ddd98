import Foundation
import Hummingbird
import HummingbirdTesting
import OMERO
import OMEROServer
import Testing

@testable import project_service

@Suite struct ProjectServiceTests {
    /// The web service in front of a server of its own.
    private func withService(
        _ body: @escaping @Sendable (any TestClientProtocol, OMEROServer) async throws -> Void
    ) async throws {
        try await withSamples { server in
            let service = ProjectService(server.configuration("nobody", "looks at this"))
            try await service.application(port: 0).test(.live) { client in try await body(client, server) }
            #expect(service.pools.count == 0, "the service closes its gateways when it stops")
            #expect(server.clientCount == 0)
        }
    }

    private func basic(_ user: String, _ password: String) -> HTTPFields {
        [.authorization: "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()]
    }

    @Test func `each user gets the projects that this user may see`() async throws {
        try await withService { client, _ in
            for (user, password) in [("sample-leader", "leader-1"), ("sample-loner", "loner-3")] {
                try await client.execute(uri: "/projects", method: .get, headers: basic(user, password)) { response in
                    #expect(response.status == .ok)
                    let projects = try JSONDecoder().decode([ProjectSummary].self, from: response.body)
                    #expect(projects.contains { $0.owner == user })
                    #expect((Set(projects.map(\.group)).count > 1) == (user == "sample-leader"))
                }
            }
        }
    }

    @Test func `one project comes with its datasets`() async throws {
        try await withService { client, _ in
            let headers = basic("sample-member", "member-2")
            let projects = try await client.execute(uri: "/projects", method: .get, headers: headers) { response in
                try JSONDecoder().decode([ProjectSummary].self, from: response.body)
            }
            let mine = try #require(projects.first { $0.owner == "sample-member" })
            try await client.execute(uri: "/projects/\(mine.id)", method: .get, headers: headers) { response in
                let details = try JSONDecoder().decode(ProjectDetails.self, from: response.body)
                #expect(details.project == mine)
                #expect(details.datasets.count == 2)
            }
        }
    }

    @Test func `failures are those of HTTP`() async throws {
        try await withService { client, _ in
            try await client.execute(uri: "/projects", method: .get) { #expect($0.status == .unauthorized) }
            try await client.execute(uri: "/projects", method: .get, headers: basic("sample-member", "wrong")) {
                #expect($0.status == .unauthorized)
                #expect($0.headers[.wwwAuthenticate] != nil)
            }
            try await client.execute(
                uri: "/projects/999999", method: .get, headers: basic("sample-member", "member-2")
            ) { #expect($0.status == .notFound) }
            try await client.execute(
                uri: "/projects/x", method: .get, headers: basic("sample-member", "member-2")
            ) { #expect($0.status == .badRequest) }
        }
    }

    @Test func `many requests of one user share two sessions`() async throws {
        try await withService { client, server in
            let before = server.sessionCount
            try await withThrowingTaskGroup { tasks in
                for _ in 0..<20 {
                    tasks.addTask {
                        try await client.execute(
                            uri: "/projects", method: .get, headers: basic("sample-member", "member-2")
                        ) { #expect($0.status == .ok) }
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(server.sessionCount - before <= 2)
            try await client.execute(uri: "/health", method: .get) { response in
                let health = try JSONDecoder().decode(Health.self, from: response.body)
                #expect((1...2).contains(health.gateways))
            }
        }
    }
}
