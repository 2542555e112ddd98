import Ice
import OMERO
import OMEROServer
import Testing

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

extension PoolConfiguration {
    /// With so many gateways, and with waits that a busy machine needs.
    static func few(_ maximum: Int, _ change: (inout PoolConfiguration) -> Void = { _ in }) -> PoolConfiguration {
        var limits = PoolConfiguration()
        limits.maximum = maximum
        limits.waitLimit = .seconds(60)
        limits.shutdownLimit = .seconds(20)
        change(&limits)
        return limits
    }
}

/// Waits until it is so, but not for ever.
func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
    #expect(condition())
}
