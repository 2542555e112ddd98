import Foundation
import Glacier2
import Ice
import IceEncoding
import NIOCore
import NIOPosix
import OMERO
import OMEROAPI

/// The steps of `blitz doctor`.
struct Examination {
    let address: ServerAddress
    let settings: ConnectionSettings
    let console: Console
    let tell: (Finding) throws -> Void

    /// - Returns: why the examination could not go on; nil if all steps were made.
    func run() async throws -> Failure? {
        if let failure = try await step("resolve", { try await resolve() }) { return failure }
        if let failure = try await step("connect", { try await connect() }) { return failure }
        if let failure = try await examineRouter() { return failure }
        return try await examineSession()
    }

    /// Makes a step and tells what came of it.
    private func step(_ name: String, _ body: () async throws -> (Finding.Outcome, String, String?)) async throws
        -> Failure?
    {
        console.progress("\(name) …")
        let started = ContinuousClock.now
        func finding(_ outcome: Finding.Outcome, _ found: String, _ advice: String?) -> Finding {
            Finding(
                step: name, outcome: outcome, milliseconds: (.now - started).milliseconds, found: found, advice: advice)
        }
        do {
            let (outcome, found, advice) = try await body()
            try tell(finding(outcome, found, advice))
            return nil
        } catch let error as CancellationError {
            throw error
        } catch {
            let failure = Failure(explaining: error)
            try tell(finding(.bad, failure.message, failure.advice))
            return failure
        }
    }

    // MARK: To the port

    private func resolve() async throws -> (Finding.Outcome, String, String?) {
        let (host, port) = (address.host, address.port)
        // Blocks a thread of its own for as long as the resolver likes.
        let found: [String]
        do {
            found = try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(host, port: port).ipAddress.map { [$0] } ?? []
            }
        } catch {
            throw GatewayError(
                .cannotResolve, "\(host.onOneLine) has no address",
                advice: "Check the spelling of \(host.onOneLine), and whether a VPN is needed", phase: .resolve)
        }
        return (.good, "\(host) is \(found.joined(separator: ", "))", nil)
    }

    private func connect() async throws -> (Finding.Outcome, String, String?) {
        let limit = TimeAmount.seconds(Int64(settings.connectSeconds?.value ?? 10))
        let channel: any NIOCore.Channel
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(limit)
                .connect(host: address.host, port: address.port).get()
        } catch {
            throw explained(error)
        }
        try await channel.close()
        return (.good, "something listens on port \(address.port)", nil)
    }

    private func explained(_ error: any Error) -> GatewayError {
        let errors = (error as? NIOConnectionError)?.connectionErrors.map(\.error) ?? [error]
        let isRefused = errors.contains { ($0 as? IOError)?.errnoCode == ECONNREFUSED }
        let isLate = errors.contains { if case .connectTimeout? = $0 as? ChannelError { true } else { false } }
        let ports = "OMERO's ports are 4064 with TLS and 4063 without"
        if isRefused {
            return GatewayError(
                .refused, "nobody listens on port \(address.port)",
                advice: "Check that the server runs, and the port: \(ports)", phase: .connect)
        }
        if isLate {
            return GatewayError(
                .timedOut, "port \(address.port) does not answer",
                advice: "A firewall may drop what is sent there. \(ports)", phase: .connect)
        }
        return GatewayError(
            .unreachable, "there is no way to \(address.host)",
            advice: "Check the network, and whether a VPN is needed",
            phase: .connect)
    }

    // MARK: Through TLS to the router

    private func examineRouter() async throws -> Failure? {
        var configuration = CommunicatorConfiguration()
        configuration.tls = TLSSettings(trust: trust)
        configuration.retry = .never
        let communicator = Communicator(configuration)
        let background = Task { await communicator.run() }
        defer { background.cancel() }
        let identity = Identity(name: "router", category: "OMERO.Glacier2")
        let proxy = communicator.proxy(ProxyReference(identity: identity, endpoints: [address.endpoint]))
        var connection: Connection?
        let name = address.transport.isSecure ? "TLS" : "protocol"
        let failure = try await step(name) {
            do {
                let made = try await proxy.connection()
                connection = made
                return tlsFinding(made)
            } catch {
                throw GatewayError(explaining: error, during: .connect, at: address)
            }
        }
        if let failure { return failure }
        guard let connection else { return nil }
        return try await step("router") {
            let router = Glacier2Router(identity, on: connection)
            do {
                let timeout = try await router.getSessionTimeout()
                return (
                    .good,
                    "a Glacier2 router of OMERO"
                        + (timeout.map {
                            ", which drops connections after \(duration($0.components.seconds)) of silence"
                        }
                            ?? ""),
                    nil
                )
            } catch {
                throw GatewayError(explaining: error, during: .router, at: address)
            }
        }
    }

    private func tlsFinding(_ connection: Connection) -> (Finding.Outcome, String, String?) {
        guard let tls = connection.tls else {
            return (
                .warning, "not encrypted: everybody between can read along, passwords too",
                "Use the port with TLS, usually 4064"
            )
        }
        let fingerprint = tls.fingerprint?.description ?? "none"
        let file = KnownServersFile(path: GatewayConfiguration.knownServersPath(environment: console.environment))
        let known = try? file.fingerprint(host: address.host, port: address.port)
        let standing =
            switch settings.trust?.value ?? .firstUse {
            case .firstUse: known == nil ? "new here: compare it with the server's own" : "the same as before"
            case .system, .authorities: "signed by an authority"
            case .anyone: "not checked, as OMERO_TRUST says"
            }
        return (.good, "\(tls.version); certificate SHA-256 \(fingerprint), \(standing)", nil)
    }

    /// As commands have it, but a new server is not remembered: looking is not trusting.
    private var trust: TLSTrust {
        switch settings.trust?.value ?? .firstUse {
        case .firstUse:
            .trustOnFirstUse(
                LookingKnownServers(
                    file: KnownServersFile(
                        path: GatewayConfiguration.knownServersPath(environment: console.environment))))
        case .system: .systemRoots
        case .anyone: .none
        case .authorities(let file): .roots([.file(file)])
        }
    }

    // MARK: Into a session

    private func examineSession() async throws -> Failure? {
        let plan = try ConnectionPlan(settings, sessions: console.sessionFiles)
        let connector = Connector(console: console)
        var opened: BlitzGateway?
        let failure: Failure?
        switch plan.way {
        case .ask:
            try tell(
                Finding(
                    step: "log-in", outcome: .skipped, milliseconds: 0,
                    found: "not tried: no session is stored for this server",
                    advice: "blitz login \(address.target), or blitz doctor user@host --password-stdin"))
            return nil
        case .stored(let sessions):
            failure = try await step("session") {
                let gateway = try await connector.join(sessions, plan, settings)
                opened = gateway
                return (.good, "joined the stored one of \(gateway.userName)", nil)
            }
        case .credentials(let credentials):
            failure = try await step("log-in") {
                let gateway = try await connector.open(
                    connector.configuration(address, credentials, group: plan.group, settings))
                opened = gateway
                return (.good, "\(credentials) accepted: \(gateway.userName)", nil)
            }
        }
        if let failure { return failure }
        guard let gateway = opened else { return nil }
        let later = try await examine(gateway)
        await gateway.close()
        return later
    }

    private func examine(_ gateway: BlitzGateway) async throws -> Failure? {
        let steps: [(String, () async throws -> (Finding.Outcome, String, String?))] = [
            ("version", { versions(of: gateway) }),
            ("group", { try await group(of: gateway) }),
            ("clock", { try await clock(of: gateway) }),
            ("limits", { try await limits(of: gateway) }),
            ("calls", { try await roundTrips(of: gateway) }),
        ]
        var first: Failure?
        for (name, body) in steps {
            let failure = try await step(name, body)
            first = first ?? failure
        }
        return first
    }
}

/// Knows what the user's file knows, and learns nothing.
private struct LookingKnownServers: KnownServersStore {
    let file: KnownServersFile

    func fingerprint(host: String, port: Int) throws -> CertificateFingerprint? {
        try file.fingerprint(host: host, port: port)
    }

    func remember(_ fingerprint: CertificateFingerprint, host: String, port: Int) -> CertificateFingerprint {
        fingerprint
    }
    func forget(host: String, port: Int) {}
}
