import OMERO
import OMEROServer

/// A server with the sample data, and how a user gets there.
func withSamples(_ body: @Sendable (OMEROServer) async throws -> Void) async throws {
    var configuration = ServerConfiguration.testing
    configuration.sampleData = true
    try await OMEROServer.withServer(configuration, body)
}

extension OMEROServer {
    func configuration(_ user: String, _ password: String) -> GatewayConfiguration {
        var configuration = GatewayConfiguration(
            addresses: [ServerAddress(host: "127.0.0.1", port: sslPort)],
            credentials: .password(user: user, password))
        // Keeps the certificates of tests out of the user's file of known servers.
        configuration.trust = .trustOnFirstUse(InMemoryKnownServers())
        return configuration
    }
}
