@testable import OMERO
import OMEROAPI
import OMEROServer
import Synchronization
import Testing

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}

/// What a gateway promises for each thing that happens to networks: which states it goes through, what becomes of a
/// call, and how long that takes. `withTroubledGateway` counts what is left afterwards.
@Suite(.serialized) struct GatewayFaultTests {
    /// What a busy machine may add to the times.
    private static let slack = Duration.seconds(8)

    /// Something that happens to the path, and ends by itself.
    struct Fault: CustomTestStringConvertible {
        let testDescription: String
        let begin: @Sendable (TroubledPath) -> Void
        var pause = Duration.zero
        var end: @Sendable (TroubledPath) -> Void = { _ in }

        static let passing = [
            Fault(testDescription: "a cut", begin: { $0.cut() }),
            Fault(
                testDescription: "a cut, and refusal for a while",
                begin: { path in
                    path.refuse(true)
                    path.cut()
                }, pause: .milliseconds(400), end: { $0.refuse(false) }),
            Fault(
                testDescription: "a black hole for a while", begin: { $0.set(.blackHole) }, pause: .seconds(1),
                end: { $0.set(.none) }),
            Fault(
                testDescription: "a peer that vanished without a word", begin: { $0.halfOpen() }, pause: .seconds(1),
                end: { $0.set(.none) }),
        ]

        static let lasting = [
            Fault(
                testDescription: "a cut, and refusal from then on",
                begin: { path in
                    path.refuse(true)
                    path.cut()
                }),
            Fault(testDescription: "a black hole", begin: { $0.set(.blackHole) }),
            Fault(testDescription: "a peer that is gone without a word", begin: { $0.halfOpen() }),
            Fault(
                testDescription: "a cut, and one byte in five seconds from then on",
                begin: { path in
                    path.set(.slowDrip(.seconds(5)))
                    path.cut()
                }),
        ]
    }

    @Test(arguments: Fault.passing)
    func `what passes is up, lost, retrying, up, and all calls are answered`(_ fault: Fault) async throws {
        try await withTroubledGateway { configuration in
            configuration.keepAlive.interval = .milliseconds(100)
            configuration.keepAlive.timeout = .milliseconds(200)
            configuration.timeouts.call = .seconds(3)
            configuration.timeouts.handshake = .seconds(2)
        } _: { gateway, path, server in
            let log = StateLog(gateway)
            let key = gateway.sessionKey
            let started = ContinuousClock.now
            fault.begin(path)
            try await withThrowingTaskGroup(of: String.self) { calls in
                for _ in 0..<20 { calls.addTask { try await gateway.whoAmI().userName } }
                try await Task.sleep(for: fault.pause)
                fault.end(path)
                for try await name in calls { #expect(name == "root") }
            }
            let course = await log.course(until: "up")
            #expect(course == ["up", "lost", "retrying", "up"])
            // The last attempt may have begun just before the end, and waits for its handshake.
            #expect(ContinuousClock.now - started < fault.pause + .seconds(3) + Self.slack)
            #expect(gateway.sessionKey == key)
            #expect(server.sessionCount == 1)
        }
    }

    // MARK: Resets in the middle of a message

    /// After so many bytes of one side; a header of Ice has 14, one of a TLS record 5.
    static let cuts: [(side: TroubledPath.Side, bytes: Int, encrypted: Bool)] =
        [TroubledPath.Side.client, .server].flatMap { side in
            [1, 13, 14, 15, 60].map { (side, $0, false) } + [1, 5, 6, 70].map { (side, $0, true) }
        }

    @Test(arguments: cuts)
    func `a reset in mid-message is a loss; what only reads is asked again, and answered`(
        _ cut: (side: TroubledPath.Side, bytes: Int, encrypted: Bool)
    ) async throws {
        try await withTroubledGateway(encrypted: cut.encrypted) { gateway, path, server in
            let log = StateLog(gateway)
            let started = ContinuousClock.now
            path.reset(after: cut.bytes, from: cut.side)
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
            let course = await log.course(until: "up")
            #expect(course == ["up", "lost", "retrying", "up"])
            #expect(ContinuousClock.now - started < .seconds(1) + Self.slack)
            #expect(server.sessionCount == 1)
        }
    }

    @Test(arguments: [TroubledPath.Side.client, .server])
    func `a reset under a call that changes something is an error that says it may have happened`(
        _ side: TroubledPath.Side
    ) async throws {
        // Without call-backs, whose lending in the background would be what the reset hits.
        try await withTroubledGateway({ $0.acceptsCallbacks = false }, encrypted: false) { gateway, path, _ in
            let log = StateLog(gateway)
            let calls = Counter()
            path.reset(after: 20, from: side)
            let error = await failure {
                try await gateway.withService(IAdminPrx.self) { admin in
                    calls.add()
                    _ = try await admin.getEventContext()
                }
            }
            #expect(error?.kind == .connectionLost)
            #expect(error?.mayHaveHappened == true)
            #expect(calls.value == 1)
            let course = await log.course(until: "up")
            #expect(course == ["up", "lost", "retrying", "up"])
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
        }
    }

    @Test(arguments: [1, 20, 200, 700])
    func `a reset while coming back costs one more attempt`(_ bytes: Int) async throws {
        try await withTroubledGateway { gateway, path, server in
            let log = StateLog(gateway)
            path.cut()
            path.reset(after: bytes, from: .server)
            let course = await log.course(until: "up")
            #expect(course == ["up", "lost", "retrying", "up"])
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
            #expect(server.sessionCount == 1)
        }
    }

    // MARK: What is slow, and what does not pass

    @Test(arguments: [
        TroubledPath.Trouble.drip, .slowDrip(.milliseconds(1)), .delay(.milliseconds(30)),
    ])
    func `a slow path is slow, not broken`(_ trouble: TroubledPath.Trouble) async throws {
        try await withTroubledGateway { gateway, path, _ in
            let log = StateLog(gateway)
            path.set(trouble)
            let me = try await gateway.whoAmI()
            #expect(me.userName == "root")
            path.set(.none)
            await gateway.close(.forEveryone)
            let course = await log.course(until: "closed")
            #expect(course == ["up", "closed"])
        }
    }

    @Test(arguments: [TroubledPath.Trouble.delay(.milliseconds(500)), .slowDrip(.milliseconds(5)), .blackHole])
    func `a call that takes too long is a time-out within its limit, and the connection stays`(
        _ trouble: TroubledPath.Trouble
    ) async throws {
        try await withTroubledGateway { configuration in
            configuration.keepAlive.isEnabled = false
            configuration.acceptsCallbacks = false
            configuration.timeouts.call = .milliseconds(400)
        } _: { gateway, path, _ in
            let log = StateLog(gateway)
            path.set(trouble)
            let started = ContinuousClock.now
            let error = await failure { _ = try await gateway.whoAmI() }
            #expect(error?.kind == .timedOut)
            #expect(error?.phase == .call)
            #expect(error?.attempts == 1)
            let took = ContinuousClock.now - started
            #expect(took >= .milliseconds(400) && took < .milliseconds(400) + Self.slack)
            if trouble != .blackHole {
                // What was under way comes late, and is nobody's answer.
                path.set(.none)
                let me = try await gateway.whoAmI()
                #expect(me.userName == "root")
            }
            await gateway.close(.forEveryone)
            let course = await log.course(until: "closed")
            #expect(course == ["up", "closed"])
        }
    }

    @Test(arguments: Fault.lasting)
    func `what lasts is up, lost, retrying, failed within the limit, and all calls say so`(_ fault: Fault) async throws
    {
        try await withTroubledGateway { configuration in
            configuration.keepAlive.interval = .milliseconds(100)
            configuration.keepAlive.timeout = .milliseconds(200)
            configuration.timeouts.handshake = .milliseconds(500)
            configuration.timeouts.login = .milliseconds(500)
            configuration.reconnect.limit = .milliseconds(800)
        } _: { gateway, path, _ in
            let log = StateLog(gateway)
            let started = ContinuousClock.now
            fault.begin(path)
            await withTaskGroup(of: GatewayError?.self) { calls in
                for _ in 0..<20 { calls.addTask { await failure { _ = try await gateway.whoAmI() } } }
                for await error in calls {
                    #expect(error?.kind == .connectionLost)
                    #expect((error?.attempts ?? 0) >= 1)
                }
            }
            let course = await log.course(until: "failed")
            #expect(course == ["up", "lost", "retrying", "failed"])
            // Two missed beats, the limit, and the last attempt, which may have begun just before it.
            #expect(ContinuousClock.now - started < .milliseconds(600 + 800 + 500) + Self.slack)
            let later = await failure { _ = try await gateway.whoAmI() }
            #expect(later?.kind == .connectionLost)
        }
    }

    @Test func `a session that somebody ended is ended, not expired, and says so at once`() async throws {
        try await withTroubledGateway { configuration in
            configuration.keepAlive.interval = .milliseconds(100)
        } _: { gateway, _, server in
            let log = StateLog(gateway)
            let key = gateway.sessionKey
            try await server.withRoot { other in
                let was = try await other.endSession(withKey: key)
                #expect(was)
            }
            let started = ContinuousClock.now
            let course = await log.course(until: "endedByServer")
            #expect(course == ["up", "endedByServer"])
            #expect(ContinuousClock.now - started < .milliseconds(100) + Self.slack)
            let error = await failure { _ = try await gateway.whoAmI() }
            #expect(error?.kind == .sessionEnded)
            #expect(server.sessionCount == 0)
        }
    }

    @Test func `a session whose time is over is expired, not ended`() async throws {
        var server = ServerConfiguration.testing
        server.sessions.reapInterval = .milliseconds(100)
        try await withTroubledGateway({ $0.keepAlive.isEnabled = false }, server: server) { gateway, _, _ in
            let log = StateLog(gateway)
            try await gateway.setLimits(idle: .seconds(2))
            let course = await log.course(until: "expired")
            #expect(course == ["up", "expired"])
            let error = await failure { _ = try await gateway.whoAmI() }
            #expect(error?.kind == .sessionExpired)
        }
    }

    // MARK: The first connection

    @Test func `a first connection waits for a server that is not there yet, where it is told to`() async throws {
        try await OMEROServer.withServer { server in
            try await TroubledPath.with(to: try #require(server.sslPort)) { path in
                var configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
                configuration.addresses = [ServerAddress(host: "127.0.0.1", port: path.port)]
                configuration.reconnect.firstDelay = .milliseconds(20)
                path.refuse(true)
                let once = await failure { _ = try await BlitzGateway.connect(configuration) }
                #expect(once?.attempts == 1)

                configuration.reconnect.firstConnectionLimit = .milliseconds(300)
                let started = ContinuousClock.now
                let never = await failure { _ = try await BlitzGateway.connect(configuration) }
                #expect((never?.attempts ?? 0) > 2)
                #expect(ContinuousClock.now - started < .milliseconds(300) + Self.slack)

                configuration.reconnect.firstConnectionLimit = .seconds(20)
                let patient = configuration
                async let connecting = BlitzGateway.connect(patient)
                try await Task.sleep(for: .milliseconds(200))
                path.refuse(false)
                let gateway = try await connecting
                #expect(gateway.report.steps.contains { $0.failure != nil })
                await gateway.close()

                // A refused log-in is not tried again.
                let before = path.accepted
                configuration.credentials = .password(user: "root", "wrong")
                let refused = await failure { _ = try await BlitzGateway.connect(configuration) }
                #expect(refused?.kind == .wrongUserOrPassword)
                #expect(refused?.attempts == 1)
                #expect(path.accepted == before + 1)
            }
        }
    }
}
