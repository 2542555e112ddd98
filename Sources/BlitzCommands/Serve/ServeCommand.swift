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

    @Option(name: .customLong("data"), help: "The folder for database, key and certificate.", completion: .directory)
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

    @Option(
        help: "A file with root's password for a new database. Else: the variable BLITZ_ROOT_PASSWORD.",
        completion: .file())
    var rootPasswordFile: String?

    @Flag(help: "Put groups, users and data to try out into a database that has none of them yet.")
    var sampleData = false

    @Option(help: "PEM file with the server's certificate; together with --private-key.", completion: .file())
    var certificate: String?

    @Option(help: "PEM file with the key of the certificate.", completion: .file())
    var privateKey: String?

    @Option(help: "A file with configuration values, one 'omero.key=value' per line.", completion: .file())
    var config: String?

    @Option(
        help: "How much is logged: trace, debug, info, notice, warning, error or critical.",
        completion: .list(Logger.Level.allCases.map(\.rawValue)))
    var logLevel: String = "notice"

    @OptionGroup var output: OutputOptions

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
        let console = Console(json: output.json)
        do {
            server = try await OMEROServer.start(try serverConfiguration())
        } catch {
            let failure = Failure(explaining: error)
            console.report(failure)
            throw ExitCode(failure.cause.rawValue)
        }
        var logger = Logger(label: "blitz.serve")
        logger.logLevel = .error
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: AnnouncedServer(server: server, host: host, console: console))],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
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
            return try firstLine(ofFile: rootPasswordFile)
        }
        return ProcessInfo.processInfo.environment["BLITZ_ROOT_PASSWORD"]
    }
}

/// Says that the server is ready once signals are listened to: whoever reads READY may send one.
private struct AnnouncedServer: Service {
    let server: OMEROServer
    let host: String
    let console: Console

    func run() async throws {
        try announce()
        try await server.run()
    }

    private func announce() throws {
        if console.json {
            return try console.result(ReadyReport(server, host: host)) { [] }
        }
        if let password = server.generatedRootPassword {
            try console.line("root's password, shown this once: \(password)")
        }
        try console.line("certificate SHA-256 \(server.certificateFingerprint)")
        try console.line(readyLine)
    }

    private var readyLine: String {
        func door(_ name: String, _ port: Int?) -> String { "\(name)=" + (port.map { "\(host):\($0)" } ?? "off") }
        return [
            "READY", door("ssl", server.sslPort), door("tcp", server.tcpPort), door("ws", server.wsPort),
            door("wss", server.wssPort),
        ].joined(separator: " ")
    }
}

/// Where clients find a server that has just started, with `--json`.
struct ReadyReport: Encodable {
    var host: String
    var ssl: Int?
    var tcp: Int?
    var ws: Int?
    var wss: Int?
    var certificateSHA256: String
    /// Only where this start made it: it is shown this once.
    var rootPassword: String?

    init(_ server: OMEROServer, host: String) {
        self.host = host
        ssl = server.sslPort
        tcp = server.tcpPort
        ws = server.wsPort
        wss = server.wssPort
        certificateSHA256 = server.certificateFingerprint
        rootPassword = server.generatedRootPassword
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
        let lines = try textOfFile(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "=") else {
                throw Failure(
                    .setting, "\(path.onOneLine), line \(number + 1) is no setting",
                    advice: "Write it like omero.key=value, or begin it with # if it is none")
            }
            let key = line[..<equals].trimmingCharacters(in: .whitespaces)
            values[key] = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        }
        return values
    }
}
