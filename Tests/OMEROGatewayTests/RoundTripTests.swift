import OMERO
import OMEROServer
import Testing

/// What a distance to the server costs. Runs with the tests of time-outs: a machine that is busy with others would let
/// requests that are sent together go one by one.
@Suite struct RoundTripTests {
    @Test func `from the first byte to knowing who one is takes at most five round trips`() async throws {
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: server.tcpPort ?? 0) { path in
                // Far enough away that requests sent together are all under way before the first is answered.
                path.set(.delay(.milliseconds(100)))
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(transport: .tcp, host: "127.0.0.1", port: path.port)]
                configuration.acceptsCallbacks = false
                try await BlitzGateway.withConnection(configuration) { gateway in
                    // Connecting ends with the first answer to a call: the event context.
                    #expect((3...5).contains(path.roundTrips), "\(path.roundTrips)")
                    #expect(gateway.userName == "root")
                }
            }
        }
    }
}
