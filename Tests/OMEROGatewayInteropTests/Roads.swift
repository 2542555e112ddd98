import Foundation
import InteropProcess
import OMERO
import OMEROServer
import Testing

/// The ways to an OMERO server on which the same tests must pass.
enum Road: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// The server in this process.
    case embedded
    /// `blitz serve`, a program of its own.
    case program
    /// The real glacier2router 3.7, and behind it a server on real Ice 3.6 with omero-py's servants.
    case realIce

    var testDescription: String {
        switch self {
        case .embedded: "the server in process"
        case .program: "blitz serve"
        case .realIce: "the real glacier2router before real Ice"
        }
    }

    /// Runs `body` with the port of a server that has the sample users.
    func with(_ body: @Sendable (ServerAtRoad) async throws -> Void) async throws {
        switch self {
        case .embedded:
            var configuration = ServerConfiguration.testing
            configuration.sampleData = true
            try await OMEROServer.withServer(configuration) { server in
                try await body(ServerAtRoad(port: try #require(server.sslPort)))
            }
        case .program:
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swift-omero-\(UUID())").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let process = try ForeignProcess(
                "/usr/bin/env",
                [
                    "BLITZ_ROOT_PASSWORD=omero", Peers.blitz, "serve", "--data", folder, "--port", "0",
                    "--insecure-port", "0", "--sample-data",
                ])
            defer { process.stop() }
            let ready = try await process.line("READY", within: .seconds(120))
            let port = try #require(
                ready.split(separator: " ").first { $0.hasPrefix("ssl=") }?.split(separator: ":").last)
            try await body(ServerAtRoad(port: try #require(Int(port))))
        case .realIce:
            let process = try ForeignProcess(
                Peers.python,
                [
                    "-W", "ignore", Peers.tests + "/Interop/Peers/glacier2/run_glacier2.py",
                    "--certs", Peers.certificates, "--session-timeout", "60",
                    "--backend", Peers.tests + "/Interop/Gateway/real_ice_server.py",
                ])
            defer { process.stop() }
            let router = try await process.line("READY", within: .seconds(60))
            let words = router.split(whereSeparator: \.isWhitespace)
            let index = try #require(words.firstIndex(of: "-p"))
            try await body(ServerAtRoad(port: try #require(Int(words[index + 1]))))
        }
    }
}

struct ServerAtRoad: Sendable {
    let port: Int

    func configuration(_ user: String, _ password: String) -> GatewayConfiguration {
        configuration(.password(user: user, password))
    }

    func configuration(_ credentials: Credentials) -> GatewayConfiguration {
        var configuration = GatewayConfiguration(
            addresses: [ServerAddress(host: "127.0.0.1", port: port)], credentials: credentials)
        configuration.trust = .trustOnFirstUse(InMemoryKnownServers())
        configuration.reconnect.firstDelay = .milliseconds(20)
        return configuration
    }

    func withUser(
        _ user: String, _ password: String,
        _ body: @Sendable (BlitzGateway) async throws -> Void
    ) async throws {
        try await BlitzGateway.withConnection(configuration(user, password)) { try await body($0) }
    }
}

/// What `scripts/peers` has prepared, and what the build has made.
enum Peers {
    private static func variable(_ name: String) -> String { ProcessInfo.processInfo.environment[name] ?? "" }
    static let python = variable("SWIFT_OMERO_PYTHON")
    static let certificates = variable("SWIFT_OMERO_CERTS")
    static let areReady = !python.isEmpty && !certificates.isEmpty
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    /// Beside the bundle of tests.
    static let blitz = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("blitz").path
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
