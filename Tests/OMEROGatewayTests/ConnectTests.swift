import OMERO
import OMEROServer
import Testing

@Suite struct ConnectTests {
    @Test func `a user connects over TLS, learns who it is, and leaves nothing behind`() async throws {
        try await OMEROServer.withServer { server in
            try await server.withRoot { gateway in
                let me = try await gateway.whoAmI()
                #expect(me.userName == "root")
                #expect(me.isAdmin)
                #expect(me.isFullAdmin)
                #expect(gateway.isConnected)
                #expect(gateway.isEncrypted)
                #expect(gateway.serverVersion == ServerVersion(OMEROServer.omeroVersion))
                #expect(gateway.report.steps.map(\.phase) == [.connect, .login, .session])
                #expect(server.sessionCount == 1)
            }
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `a wrong password is an error that says so, and is tried once`() async throws {
        try await OMEROServer.withServer { server in
            let configuration = server.gatewayConfiguration(.password(user: "root", "wrong"))
            let error = await failure { _ = try await BlitzGateway.connect(configuration) }
            #expect(error?.kind == .wrongUserOrPassword)
            #expect(error?.phase == .login)
            #expect(error?.description.contains("wrong\"") == false)
        }
    }

    @Test func `a session is joined by its key, and left as it was`() async throws {
        try await OMEROServer.withServer { server in
            try await server.withRoot { gateway in
                let joining = server.gatewayConfiguration(.sessionKey(gateway.sessionKey))
                try await BlitzGateway.withConnection(joining) { other in
                    #expect(other.sessionKey == gateway.sessionKey)
                    let count = try await other.referenceCount()
                    #expect(count == 2)
                }
                let name = try await gateway.whoAmI().userName
                #expect(name == "root")
            }
        }
    }

    @Test func `a gateway that is dropped ends its session by itself`() async throws {
        try await OMEROServer.withServer { server in
            var gateway: BlitzGateway? = try await BlitzGateway.connect(
                server.gatewayConfiguration(.password(user: "root", "omero")))
            #expect(gateway?.isConnected == true)
            gateway = nil
            for _ in 0..<200 where server.sessionCount > 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `a task that is cancelled within its connection leaves no session behind`() async throws {
        try await OMEROServer.withServer { server in
            let configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
            let (began, beginning) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await BlitzGateway.withConnection(configuration) { _ in
                    beginning.yield()
                    try await Task.sleep(for: .seconds(60))
                }
            }
            for await _ in began { break }
            #expect(server.sessionCount == 1)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(server.sessionCount == 0)
        }
    }
}
