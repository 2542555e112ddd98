import OMERO
import OMEROServer
import Testing

/// The code of the articles about testing with the embedded server, and of the README.
@Suite("The code about the embedded server") struct EmbeddedSnippets {
    @Test func `a server in one line`() async throws {
        // snippet: with-server
        try await OMEROServer.withServer { server in
            // any OMERO client can log in here as root, password omero
            print(server.sslPort ?? 0)
        }
        // end
    }

    @Test func `code under test meets a server with data`() async throws {
        // snippet: sample-server
        var serverConfiguration = ServerConfiguration.testing
        serverConfiguration.sampleData = true
        let count = try await OMEROServer.withServer(serverConfiguration) { server in
            var configuration = GatewayConfiguration(
                addresses: [ServerAddress(host: "127.0.0.1", port: server.sslPort)],
                credentials: .password(user: "sample-member", "member-2"))
            configuration.trust = .trustOnFirstUse(InMemoryKnownServers())
            return try await BlitzGateway.withConnection(configuration) { gateway in
                try await gateway.inAllGroups.objects(Project.self).ownedBy(gateway.userID).count()
            }
        }
        // end
        #expect(count == 4)
    }

    @Test func `a session that times out`() async throws {
        // snippet: expiry
        var serverConfiguration = ServerConfiguration.testing
        serverConfiguration.sessions.timeToIdle = 1000  // milliseconds
        serverConfiguration.sessions.reapInterval = .milliseconds(50)
        let kind = try await OMEROServer.withServer(serverConfiguration) { server in
            var configuration = GatewayConfiguration(
                addresses: [ServerAddress(host: "127.0.0.1", port: server.sslPort)],
                credentials: .password(user: "root", "omero"))
            configuration.trust = .trustOnFirstUse(InMemoryKnownServers())
            configuration.keepAlive.isEnabled = false
            return try await BlitzGateway.withConnection(configuration) { gateway in
                while server.sessionCount > 0 { try await Task.sleep(for: .milliseconds(20)) }
                do {
                    _ = try await gateway.whoAmI()
                } catch let error as GatewayError {
                    return error.kind as GatewayError.Kind?
                }
                return nil
            }
        }
        // end
        #expect(kind == .sessionExpired)
    }
}
