import Ice
import OMERO
import OMEROServer

extension OMEROServer {
    /// How to connect to this server over TLS.
    func gatewayConfiguration(_ credentials: Credentials) -> GatewayConfiguration {
        var configuration = GatewayConfiguration(
            addresses: [ServerAddress(host: "127.0.0.1", port: sslPort ?? 0)], credentials: credentials)
        configuration.trust = .trustOnFirstUse(InMemoryKnownServers())
        return configuration
    }

    /// A gateway of `root`'s.
    func withRoot<Result: Sendable>(
        _ change: (inout GatewayConfiguration) -> Void = { _ in },
        _ body: (BlitzGateway) async throws -> Result
    ) async throws -> Result {
        var configuration = gatewayConfiguration(.password(user: "root", "omero"))
        change(&configuration)
        return try await BlitzGateway.withConnection(configuration, body)
    }
}

extension ServerConfiguration {
    /// In memory, with the sample data.
    static var withSamples: ServerConfiguration {
        var configuration = ServerConfiguration.testing
        configuration.sampleData = true
        return configuration
    }
}

/// The error of a call that must fail.
func failure(_ body: () async throws -> Void) async -> GatewayError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? GatewayError
    }
}
