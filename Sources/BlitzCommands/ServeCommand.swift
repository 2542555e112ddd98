public import ArgumentParser
import Foundation
import Logging
import OMEROServer
import ServiceLifecycle
import UnixSignals

/// `blitz serve`: an OMERO server on an embedded database.
public struct ServeCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run an OMERO server.",
        discussion: """
            Prints one line READY ssl=HOST:PORT tcp=HOST:PORT|off … once clients can log in. SIGTERM and SIGINT stop \
            it in an orderly way. Sessions stay in the database: clients can join them after a restart.
            """
    )

    @Option(name: .customLong("data"), help: "The folder for database, key and certificate.")
    var dataFolder: String

    @Option(help: "The address to listen at.")
    var host = "127.0.0.1"

    @Option(help: "The port for TLS; 0 takes a free one.")
    var port = 4064

    @Option(help: "The port without encryption, or off; 0 takes a free one.")
    var insecurePort: OptionalPort = .init(argument: "4063")!

    @Option(help: "The port for WebSocket without encryption; off unless given.")
    var wsPort: Int?

    @Option(help: "The port for WebSocket with TLS; off unless given.")
    var wssPort: Int?

    @Option(help: "A file with root's password for a new database. Else: the variable BLITZ_ROOT_PASSWORD.")
    var rootPasswordFile: String?

    @Flag(help: "Put groups, users and data to try out into a database that has none of them yet.")
    var sampleData = false

    @Option(help: "PEM file with the server's certificate; together with --private-key.")
    var certificate: String?

    @Option(help: "PEM file with the key of the certificate.")
    var privateKey: String?

    @Option(help: "A file with configuration values, one 'omero.key=value' per line.")
    var config: String?

    @Option(help: "How much is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String = "notice"

    public init() {}

    public func validate() throws {
        for port in [port, insecurePort.port, wsPort, wssPort].compactMap(\.self) where !(0...65535).contains(port) {
            throw ValidationError("\(port) is not a port.")
        }
        if (certificate == nil) != (privateKey == nil) {
            throw ValidationError("--certificate and --private-key belong together.")
        }
        if Logger.Level(rawValue: logLevel) == nil { throw ValidationError("\(logLevel) is not a log level.") }
    }

    public func run() async throws {
        let server: OMEROServer
        do {
            server = try await OMEROServer.start(try serverConfiguration())
        } catch {
            FileHandle.standardError.write(Data("error: \(error)\n".utf8))
            throw ExitCode(1)
        }
        if let password = server.generatedRootPassword {
            print("root's password, shown this once: \(password)")
        }
        print("certificate SHA-256 \(server.certificateFingerprint)")
        print(readyLine(server))
        // Whoever waits for the line may read from a pipe.
        fflush(nil)
        var logger = Logger(label: "blitz.serve")
        logger.logLevel = .error
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }

    private func readyLine(_ server: OMEROServer) -> String {
        func door(_ name: String, _ port: Int?) -> String { "\(name)=" + (port.map { "\(host):\($0)" } ?? "off") }
        return [
            "READY", door("ssl", server.sslPort), door("tcp", server.tcpPort), door("ws", server.wsPort),
            door("wss", server.wssPort),
        ].joined(separator: " ")
    }

    private func serverConfiguration() throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.dataFolder = dataFolder
        configuration.doors.host = host
        configuration.doors.ssl = port
        configuration.doors.tcp = insecurePort.port
        configuration.doors.ws = wsPort
        configuration.doors.wss = wssPort
        configuration.rootPassword = try rootPassword()
        configuration.sampleData = sampleData
        if let certificate, let privateKey {
            configuration.certificate = .files(certificate: certificate, privateKey: privateKey)
        }
        if let config { configuration.properties = try PropertiesFile.read(config) }
        var logger = Logger(label: "omero.server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .notice
        configuration.logger = logger
        return configuration
    }

    private func rootPassword() throws -> String? {
        if let rootPasswordFile {
            let text = try String(contentsOfFile: rootPasswordFile, encoding: .utf8)
            return String(text.prefix { !$0.isNewline })
        }
        return ProcessInfo.processInfo.environment["BLITZ_ROOT_PASSWORD"]
    }
}

/// A port, or `off`.
struct OptionalPort: ExpressibleByArgument {
    let port: Int?

    init?(argument: String) {
        if argument == "off" {
            port = nil
        } else if let number = Int(argument) {
            port = number
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { port.map(String.init) ?? "off" }
}

/// Lines `key=value`; empty ones and those that begin with # are left out.
enum PropertiesFile {
    static func read(_ path: String) throws -> [String: String] {
        var values: [String: String] = [:]
        // A line of Windows ends with one character, which is another one than "\n".
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "=") else {
                throw ValidationError("\(path), line \(number + 1): expected key=value")
            }
            let key = line[..<equals].trimmingCharacters(in: .whitespaces)
            values[key] = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        }
        return values
    }
}
