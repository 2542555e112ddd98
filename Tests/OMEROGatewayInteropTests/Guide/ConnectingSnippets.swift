import Foundation
import OMERO
import OMEROYAML
import Testing

// Connecting, staying connected, leaving.
extension GuideTests {
    static func connecting(_ guide: Guide) async throws {
        let (host, port, user, password) = (guide.host, guide.port, "sample-member", "member-2")
        // snippet: configuration
        var configuration = try GatewayConfiguration("\(host):\(port)", .password(user: user, password))
        configuration.group = .named("sample-read-only")  // else the user's default group
        // end
        configuration.trust = guide.trust
        // snippet: scope
        let name = try await BlitzGateway.withConnection(configuration) { gateway in
            try await gateway.whoAmI().groupName
        }
        // end
        #expect(name == "sample-read-only")
        configuration.group = .userDefault

        // snippet: readme
        try await BlitzGateway.withConnection(configuration) { gateway in
            let me = try await gateway.whoAmI()
            print(me.userName, "in", me.groupName)
            for try await project in gateway.inAllGroups.objects(Project.self).ownedBy(me.userID) {
                print(project.groupName ?? "", try project.name)
            }
        }
        // end
        // snippet: connect
        let gateway = try await BlitzGateway.connect(configuration)
        print(gateway.isConnected, gateway.isEncrypted)  // true true
        await gateway.close()
        print(gateway.isConnected)  // false
        // end
        #expect(!gateway.isConnected)

        // snippet: report
        try await BlitzGateway.withConnection(configuration) { gateway in
            print(gateway.report)  // each step with its time, TLS version, fingerprint, server version
        }
        // end
        let other = ServerAddress(host: host, port: 1)
        // snippet: addresses
        configuration.addresses = [other, try ServerAddress("\(host):\(port)")]  // tried in this order
        // end
        // snippet: agent
        configuration.agent = "cell counter 1.2"
        configuration.clientAddress = "192.0.2.7"  // of a web application's user
        // end
        try await BlitzGateway.withConnection(configuration) { gateway in
            #expect(gateway.report.tlsVersion == "TLS 1.3")
            #expect(gateway.report.steps.first?.failure?.kind == .refused)
            #expect(gateway.address?.port == port)
            let agent = try await gateway.session().agent
            #expect(agent == "cell counter 1.2")
        }
        // snippet: proxy
        configuration.proxy = NetworkProxy(.http, host: "proxy.example.org", port: 3128)  // or .socks5
        // end
        #expect(configuration.proxy?.description == "http://proxy.example.org:3128")
    }

    static func joining(_ guide: Guide) async throws {
        let address = guide.address
        var configuration = guide.server.configuration("sample-member", "member-2")
        // snippet: leave
        let gateway = try await BlitzGateway.connect(configuration)
        let key = gateway.sessionKey  // a secret: whoever has it is this user
        await gateway.close(.leave)  // the session stays on the server
        // end
        // snippet: join
        configuration = GatewayConfiguration(addresses: [address], credentials: .sessionKey(key))
        // end
        configuration.trust = guide.trust
        // snippet: end
        try await BlitzGateway.withConnection(configuration, closing: .forEveryone) { gateway in
            print(gateway.userName)
        }
        // end
        let joining = configuration
        let gone = await failure { _ = try await BlitzGateway.connect(joining) }
        #expect(gone != nil)
    }

    static func plainText(_ guide: Guide) async throws {
        var configuration = guide.server.configuration("sample-member", "member-2")
        // snippet: plain
        configuration.encryption = .loginOnlyThenPlainText  // everybody between can read along
        // end
        try await BlitzGateway.withConnection(configuration) { gateway in
            #expect(!gateway.isEncrypted)
            let me = try await gateway.whoAmI()
            #expect(me.userName == "sample-member")
        }
        guard let fingerprint = CertificateFingerprint(String(repeating: "AB", count: 32)) else {
            throw GatewayError(.badConfiguration, "no fingerprint")
        }
        // snippet: trust
        configuration.trust = .systemRoots  // authorities that the operating system knows
        configuration.trust = .roots([.file("/etc/omero/authority.pem")])
        configuration.trust = .pinned([fingerprint])  // SHA-256 of the one certificate
        // end
        let pinned = configuration
        let error = await failure { _ = try await BlitzGateway.connect(pinned) }
        #expect(error?.tls == .changed)
    }

    static func settings(_ guide: Guide) async throws {
        let environment = ["OMERO_HOST": "\(guide.host):\(guide.port)", "OMERO_PASSWORD": "member-2"]
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swift-omero-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("omero.yaml").path
        try Data("omero:\n  user: sample-member\n  group: sample-private\n".utf8).write(to: URL(fileURLWithPath: file))
        // snippet: settings
        let settings = try ConnectionSettings(
            .init(group: "sample-read-only"),  // what the program says itself comes first
            environment: environment,  // left out: the process's own OMERO_HOST, OMERO_USER, …
            yaml: file)
        for setting in settings.effective { print(setting) }
        // end
        #expect(settings.effective.contains { "\($0)" == "group: sample-read-only (the program)" })
        #expect(settings.user?.origin == .yaml(path: file, key: "omero.user"))
        // snippet: settings-configuration
        var configuration = try GatewayConfiguration(settings)
        // end
        configuration.trust = guide.trust
        try await BlitzGateway.withConnection(configuration) { gateway in
            let me = try await gateway.whoAmI()
            #expect(me.groupName == "sample-read-only")
        }

        let (root, host, port, user) = (
            folder.appendingPathComponent("sessions").path, guide.host, guide.port, "sample-member"
        )
        let gateway = try await BlitzGateway.connect(configuration)
        // snippet: session-files
        let files = SessionFiles(root: root)  // left out: where the omero command has them
        try files.add(StoredSession(host: host, user: user, key: gateway.sessionKey, port: port))
        await gateway.close(.leave)

        let stored = try files.current()  // what omero login or blitz login stored last
        // end
        let session = try #require(stored)
        configuration = GatewayConfiguration(addresses: [try session.address()], credentials: session.credentials)
        configuration.trust = guide.trust
        try await BlitzGateway.withConnection(configuration, closing: .forEveryone) { gateway in
            #expect(gateway.userName == user)
        }
    }

    static func refusals(_ guide: Guide) async throws {
        let configuration = guide.server.configuration("sample-member", "not the password")
        var kinds: [GatewayError.Kind] = []
        // snippet: errors
        do {
            try await BlitzGateway.withConnection(configuration) { gateway in
                _ = try await gateway.whoAmI()
            }
        } catch let error as GatewayError {
            switch error.kind {
            case .wrongUserOrPassword: print("Once more, please")
            case .refused, .unreachable, .timedOut: print("The server is not there: \(error)")
            case .tls where error.tls == .changed: print("Another certificate than last time!")
            default: print(error)  // what happened, where, what to do; no secret
            }
            kinds.append(error.kind)
        }
        // end
        #expect(kinds == [.wrongUserOrPassword])
    }

    static func limits(_ guide: Guide) async throws {
        var configuration = guide.server.configuration("sample-member", "member-2")
        // snippet: timeouts
        configuration.timeouts.connect = .seconds(5)
        configuration.timeouts.call = .seconds(30)  // each call; the default is a minute
        configuration.keepAlive.interval = .seconds(60)  // left out: a third of the session's idle limit
        configuration.reconnect.limit = .seconds(300)  // then the gateway has failed
        // end
        let gateway = try await BlitzGateway.connect(configuration)
        // snippet: states
        let watching = Task {
            for await state in gateway.states { print(state) }  // up, lost, retrying, up, …, closed
        }
        // end
        // snippet: limits
        try await gateway.setLimits(idle: .seconds(1200))
        print(gateway.sessionLimits.idle == .seconds(1200))  // true
        print(gateway.timeLeft.life == nil)  // true: no end in sight
        try await gateway.keepAlive()  // one beat by hand; they come by themselves
        // end
        #expect(gateway.sessionLimits.idle == .seconds(1200))
        #expect(gateway.timeLeft.life == nil)
        let other = try await BlitzGateway.connect(configuration)
        // snippet: sessions
        for session in try await gateway.mySessions() where session.key != gateway.sessionKey {
            print(session.started, session.agent ?? "")
            try await gateway.endSession(withKey: session.key)
        }
        // end
        let mine = try await gateway.mySessions()
        #expect(mine.map(\.key) == [gateway.sessionKey])
        await other.close()
        await gateway.close()
        await watching.value
    }
}
