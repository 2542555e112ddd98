@testable import OMERO
import OMEROServer
import Testing

@Suite struct ServerFunctionsTests {
    @Test func `a session keeps values for everyone who is in it`() async throws {
        try await OMEROServer.withServer { server in
            try await server.withRoot { first in
                try await first.inputs.set(.long(51), for: "image")
                try await first.outputs.set(.list(["a", .double(0.5)]), for: "found")
                let joining = server.gatewayConfiguration(.sessionKey(first.sessionKey))
                try await BlitzGateway.withConnection(joining) { second in
                    let image = try await second.inputs.value(for: "image")
                    #expect(image == .long(51))
                    let found = try await second.outputs.values()
                    #expect(found == ["found": .list(["a", .double(0.5)])])
                    try await second.inputs.set(nil, for: "image")
                }
                let gone = try await first.inputs.value(for: "image")
                #expect(gone == nil)
                let names = (try await first.inputs.names(), try await first.outputs.names())
                #expect(names == ([], ["found"]))
            }
        }
    }

    @Test func `who is on the server: administrators see it whole, others their own sessions`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(configuration) { member in
                try await server.withRoot { root in
                    let seen = try await root.openSessions()
                    #expect(Set(seen.map(\.userName)) == ["root", "sample-member"])
                    #expect(seen.first { $0.userName == "sample-member" }?.details?.key == member.sessionKey)
                    let own = try await member.openSessions()
                    #expect(own.first { $0.userName == "root" }.map { $0.details == nil } == true)
                    #expect(own.first { $0.userName == "sample-member" }?.details?.agent == "swift-omero")
                }
                let services = try await member.openServices()
                #expect(!services.isEmpty && services.allSatisfy { $0.contains("omero.api.I") })
                let mode = try await member.serverMode()
                #expect(mode == .readWrite)
            }
        }
    }

    @Test(arguments: [
        ([:], ServerMode.readWrite), (["db": "false", "repo": "false"], .readWrite),
        (["db": "true", "repo": "true"], .readOnly), (["db": "true", "repo": "false"], .partlyReadOnly),
    ])
    func `a server's settings say whether it takes changes`(settings: [String: String], mode: ServerMode) {
        #expect(ServerMode(settings: settings) == mode)
    }

    @Test func `a gateway goes through a proxy, and one that refuses is no server's fault`() async throws {
        try await OMEROServer.withServer { server in
            // Not a proxy: what listens there speaks TLS.
            try await TroubledPath.with(to: try #require(server.sslPort)) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.proxy = NetworkProxy(
                    .http, host: "127.0.0.1", port: path.port, user: "a", password: "hush")
                let error = await failure { _ = try await BlitzGateway.connect(configuration) }
                #expect(error?.kind == .unreachable)
                #expect(error?.phase == .proxy)
                #expect(error?.advice?.contains("proxy") == true)
                #expect(!"\(String(describing: error))".contains("hush"))
            }
        }
    }
}
