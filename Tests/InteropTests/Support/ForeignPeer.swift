import Foundation
import Ice
import InteropPeer
import InteropProcess
import InteropTypes
import Testing

/// A release of real Ice that judges ours.
enum ForeignPeer: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case python, cpp

    var testDescription: String { self == .python ? "Ice 3.6.5 for Python" : "Ice 3.7.8 for C++" }

    func start(_ role: String, _ arguments: [String]) throws -> ForeignProcess {
        switch self {
        case .python:
            try ForeignProcess(Peers.python, [Peers.folder + "/python/\(role).py"] + arguments)
        case .cpp:
            try ForeignProcess(Peers.binaries + "/" + role, arguments)
        }
    }
}

enum Transport: String, CaseIterable, Sendable { case tcp, ssl, ws, wss }

/// What `scripts/peers` has prepared.
enum Peers {
    private static func variable(_ name: String) -> String { ProcessInfo.processInfo.environment[name] ?? "" }
    static let python = variable("SWIFT_OMERO_PYTHON")
    static let binaries = variable("SWIFT_OMERO_PEERS")
    static let certificates = variable("SWIFT_OMERO_CERTS")
    static let areReady = !python.isEmpty && !binaries.isEmpty && !certificates.isEmpty

    /// Tests/Interop/Peers.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Interop/Peers").path

    static func tls(_ role: String) -> TLSSettings {
        TLSSettings(
            trust: .roots([.file(certificates + "/ca.pem")]),
            identity: .pem(
                chain: .file(certificates + "/\(role).pem"),
                key: .file(certificates + "/\(role).key")
            ),
            clientCertificates: .optional(roots: [.file(certificates + "/ca.pem")])
        )
    }

    static func configuration(_ role: String) -> CommunicatorConfiguration {
        var configuration = CommunicatorConfiguration()
        configuration.types = interopTypes
        configuration.messageSizeMax = 64 << 20
        configuration.nestingLimit = 1000
        configuration.tls = tls(role)
        return configuration
    }
}

extension Trait where Self == ConditionTrait {
    static var needsPeers: Self {
        .enabled(if: Peers.areReady, "real Ice is not prepared: eval \"$(scripts/peers)\"")
    }
}

/// Runs `body` with a proxy to a foreign server's `Peer` for every transport.
func withForeignServer(
    _ peer: ForeignPeer,
    _ transports: [Transport] = [.tcp],
    arguments: [String] = [],
    _ body: @Sendable (_ communicator: Communicator, _ proxies: [Transport: Proxy]) async throws -> Void
) async throws {
    let endpoints = transports.map { "\($0.rawValue) -h 127.0.0.1 -p 0" }.joined(separator: ":")
    let server = try peer.start("server", ["--endpoints", endpoints, "--certs", Peers.certificates] + arguments)
    defer { server.stop() }
    let published = try await server.line("READY")
    try await withCommunicator(Peers.configuration("client")) { communicator in
        let all = try communicator.proxy(published)
        var proxies: [Transport: Proxy] = [:]
        for endpoint in all.reference.endpoints {
            let transport: Transport? =
                switch endpoint {
                case .tcp: .tcp
                case .ssl: .ssl
                case .ws: .ws
                case .wss: .wss
                case .udp, .opaque: nil
                }
            if let transport { proxies[transport] = all.withEndpoints([endpoint]) }
        }
        #expect(proxies.count == transports.count)
        try await body(communicator, proxies)
    }
}

/// Runs `body` with our own server on every transport.
func withSwiftServer(
    _ transports: [Transport],
    _ body: @Sendable (_ proxies: [Transport: String]) async throws -> Void
) async throws {
    try await withCommunicator(Peers.configuration("server")) { communicator in
        let endpoints = transports.map { "\($0.rawValue) -h 127.0.0.1 -p 0" }.joined(separator: ":")
        let adapter = try communicator.createObjectAdapter("peer", endpoints: endpoints)
        let identity = Identity(name: "interop")
        let servant = PeerServant()
        try adapter.add(servant, identity: identity)
        try adapter.add(PeerServant(facet: "second"), identity: identity, facet: "second")
        try adapter.addDefaultServant(servant, category: "default")
        try await adapter.activate()
        var proxies: [Transport: String] = [:]
        for (transport, endpoint) in zip(transports, adapter.publishedEndpoints) {
            proxies[transport] = adapter.createProxy(identity).withEndpoints([endpoint]).description
        }
        try await body(proxies)
    }
}

/// Runs a foreign client and makes each of its failed checks one of ours.
///
/// - Parameter exceptions: the checks that have to fail, and why.
func expectSuccess(
    _ peer: ForeignPeer,
    client: String = "client",
    _ arguments: [String],
    exceptions: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let process = try peer.start(client, arguments)
    defer { process.stop() }
    let text = try await process.finish(within: .seconds(120))
    var passed = 0
    var excused: Set<String> = []
    for line in text.split(separator: "\n") {
        if line.hasPrefix("ok ") { passed += 1 }
        if line.hasPrefix("FAIL ") {
            let name = String(line.dropFirst("FAIL ".count).prefix { $0 != ":" })
            if exceptions[name] != nil {
                excused.insert(name)
                continue
            }
            Issue.record("\(peer) \(arguments.dropFirst(2)): \(line)", sourceLocation: sourceLocation)
        }
    }
    #expect(excused == Set(exceptions.keys), "checks that should fail do not", sourceLocation: sourceLocation)
    #expect(
        text.contains("DONE passed=\(passed) failed=\(excused.count)"),
        "\(text.suffix(300))",
        sourceLocation: sourceLocation
    )
    #expect(passed > 50, sourceLocation: sourceLocation)
}
