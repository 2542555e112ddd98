import NIOCore
import NIOPosix
import OMERO
import OMEROServer
import Testing

/// What people get wrong at first, and how they are told.
@Suite struct FirstMistakesTests {
    @Test func `TLS at a port without it, and none at a port with it, are told apart from a server that is away`()
        async throws
    {
        try await OMEROServer.withServer { server in
            let ways = [
                // It hangs up, and greets as Ice does: which comes first is chance.
                (ServerAddress.Transport.ssl, server.tcpPort, [GatewayError.Kind.tls, .notAnOMEROServer]),
                (.tcp, server.sslPort, [.timedOut]),
            ]
            for (transport, port, kinds) in ways {
                let address = ServerAddress(transport: transport, host: "127.0.0.1", port: port)
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [address]
                configuration.timeouts.handshake = .milliseconds(200)
                let error = await failure { _ = try await BlitzGateway.connect(configuration) }
                #expect(kinds.contains { $0 == error?.kind })
                #expect(error?.advice?.contains("4064 with TLS (ssl://), 4063 without (tcp://)") == true)
            }
        }
    }

    @Test func `a connection that does not come about has a report of what was tried`() async throws {
        try await OMEROServer.withServer { server in
            var configuration = server.gatewayConfiguration(.password(user: "root", "wrong"))
            configuration.addresses.insert(ServerAddress(host: "127.0.0.1", port: 1), at: 0)
            let error = await failure { _ = try await BlitzGateway.connect(configuration) }
            #expect(error?.kind == .wrongUserOrPassword)
            #expect(error?.report?.steps.map(\.phase) == [.connect, .connect, .login])
            #expect(error?.report?.steps.map { $0.failure?.kind } == [.refused, nil, .wrongUserOrPassword])
        }
    }

    @Test func `a proxy that can't be reached is not taken for the server`() async throws {
        var configuration = try GatewayConfiguration("omero.example.org", .guest)
        for proxy in [
            NetworkProxy(.http, host: "127.0.0.1", port: 1), NetworkProxy(.socks5, host: "no-proxy.invalid", port: 1),
        ] {
            configuration.proxy = proxy
            let error = await failure { _ = try await BlitzGateway.connect(configuration) }
            #expect(error?.phase == .proxy)
            #expect(error?.advice?.hasPrefix("Check the proxy's address") == true)
        }
    }

    @Test(arguments: [("", 4064), ("h", 0), ("h", 70_000), ("a b", 4064), ("h\n", 4064)])
    func `an address that was put together wrongly is a setting, not a host that can't be found`(
        _ host: String, _ port: Int
    ) async {
        let configuration = GatewayConfiguration(
            addresses: [ServerAddress(host: host, port: port)], credentials: .guest)
        let error = await failure { _ = try await BlitzGateway.connect(configuration) }
        #expect(error?.kind == .badConfiguration)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func `limits of all time trap nowhere`() async throws {
        try await OMEROServer.withServer { server in
            let ever = Duration.seconds(Int64.max)
            var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
            configuration.timeouts.connect = ever
            configuration.timeouts.handshake = ever
            configuration.timeouts.login = ever
            configuration.timeouts.call = ever
            configuration.timeouts.close = ever
            configuration.keepAlive.interval = ever
            configuration.reconnect.limit = ever
            configuration.reconnect.callWait = ever
            configuration.reconnect.firstConnectionLimit = ever
            var limits = PoolConfiguration()
            limits.waitLimit = ever
            limits.checkLimit = ever
            limits.idleLimit = ever
            limits.lifeLimit = ever
            limits.firstRetryDelay = ever
            limits.checkAfter = .zero
            let pool = BlitzGatewayPool(configuration, limits: limits)
            for _ in 0..<2 {
                let name = try await pool.withGateway { try await $0.whoAmI().userName }
                #expect(name == "root")
            }
        }
    }

    @Test func `a provider of credentials that fails is no error of the server's`() async throws {
        struct Locked: Error {}
        try await OMEROServer.withServer { server in
            let configuration = server.gatewayConfiguration(.provider { throw Locked() })
            let error = await failure { _ = try await BlitzGateway.connect(configuration) }
            #expect(error?.kind == .badConfiguration)
            #expect(error?.phase == .configuration)
            #expect(error?.cause is Locked)
        }
    }

    @Test func `a server that does not answer the log-in takes its time once, not once more for closing`() async throws
    {
        // It greets as Ice does, and then says nothing.
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.execute {
                    let greeting = ByteBuffer(bytes: [0x49, 0x63, 0x65, 0x50, 1, 0, 1, 0, 3, 0, 14, 0, 0, 0])
                    channel.writeAndFlush(greeting, promise: nil)
                }
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var configuration = GatewayConfiguration(
            addresses: [ServerAddress(transport: .tcp, host: "127.0.0.1", port: listener.localAddress?.port ?? 0)],
            credentials: .password(user: "ami", "secret"))
        configuration.timeouts.login = .milliseconds(100)
        configuration.timeouts.close = .seconds(60)
        let begin = ContinuousClock.now
        let error = await failure { _ = try await BlitzGateway.connect(configuration) }
        #expect(error?.kind == .timedOut)
        #expect(error?.phase == .login)
        #expect(.now - begin < .seconds(30))
        try await listener.close()
    }

    @Test func `acting as nobody is not found, and not taken for the end of one's own session`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            try await server.withRoot { gateway in
                let noUser = await failure { _ = try await gateway.actingAs("nobody") }
                #expect(noUser?.kind == .notFound)
                #expect(noUser?.advice == nil)
                let noGroup = await failure { _ = try await gateway.actingAs("sample-member", group: "none") }
                #expect(noGroup?.kind == .notFound)
                let otherGroup = await failure {
                    _ = try await gateway.actingAs("sample-loner", group: "sample-read-write")
                }
                #expect(otherGroup?.kind == .notInGroup)
                #expect(gateway.state == .up)
            }
        }
    }

    @Test func `a group that does not exist is as one that the user is not in`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let member = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(member) { gateway in
                for group in [Int64(0), 424_242] {
                    let error = await failure { _ = try await gateway.inGroup(group).objects(Project.self).all() }
                    #expect(error?.kind == .notInGroup)
                }
                let unknown = await failure { _ = try await gateway.inGroup(named: "none") }
                #expect(unknown?.kind == .notFound)
                let name = try await gateway.inGroup(named: "sample-read-only").whoAmI().groupName
                #expect(name == "sample-read-only")
            }
        }
    }

    @Test func `what can't be deleted or moved is told by its kind`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let member = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(member) { gateway in
                let project = try await gateway.create(Project.self) { $0.name = "once" }
                try await gateway.delete(project)
                let again = await failure { try await gateway.delete(project) }
                #expect(again?.kind == .notFound)
                let kept = try await gateway.create(Project.self) { $0.name = "kept" }
                let moved = await failure { try await gateway.move(kept, toGroup: 0) }
                #expect(moved?.kind == .notInGroup)
            }
        }
    }

    @Test func `limits of a session that only administrators may set say so`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let member = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(member) { gateway in
                let never = await failure { try await gateway.setLimits(idle: .zero) }
                #expect(never?.kind == .noPermission)
                #expect(never?.message.contains("only administrators") == true)
                let negative = await failure { try await gateway.setLimits(life: .seconds(-1)) }
                #expect(negative?.kind == .invalidRequest)
            }
        }
    }

    @Test func `asking for projects inside a dataset is an error, not an empty answer`() async throws {
        try await OMEROServer.withServer { server in
            try await server.withRoot { gateway in
                let dataset = try await gateway.create(Dataset.self) { $0.name = "DS" }
                let query = gateway.objects(Project.self).inside(dataset)
                for error in [
                    await failure { _ = try await query.all() }, await failure { _ = try await query.count() },
                    await failure { _ = try await query.ids([1]).all() },
                    await failure { _ = try await gateway.children(of: dataset, as: Project.self) },
                ] {
                    #expect(error?.kind == .invalidRequest)
                    #expect(error?.message == "Project is never in Dataset")
                }
                let unsaved = Dataset.make { $0.name = "new" }
                let error = await failure { _ = try await gateway.objects(Image.self).inside(unsaved).all() }
                #expect(error?.message == "that Dataset was never saved")
            }
        }
    }

    @Test func `what comes out of a connection need not be sendable`() async throws {
        final class Names { var all: [String] = [] }
        try await OMEROServer.withServer { server in
            let configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
            let names = try await BlitzGateway.withConnection(configuration) { gateway in
                let names = Names()
                names.all.append(try await gateway.whoAmI().userName)
                names.all.append(try await gateway.withUser("root") { try await $0.whoAmI().userName })
                return names
            }
            #expect(names.all == ["root", "root"])
        }
    }

    @Test func `a connection that is lost says nothing of calls that may have happened`() async throws {
        try await withTroubledGateway { gateway, path, _ in
            let states = gateway.states
            path.cut()
            for await state in states {
                guard case .lost(let error) = state else { continue }
                #expect(!error.mayHaveHappened)
                break
            }
        }
    }
}
