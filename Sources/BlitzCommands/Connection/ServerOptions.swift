import ArgumentParser
import Foundation
import OMERO

/// The options of every command that needs a server.
struct ServerOptions: ParsableArguments {
    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp(
            "The server: [user@]host[:port], or a URL with ssl, wss, ws or tcp. Else OMERO_HOST and OMERO_PORT, else that "
                + "of the current session.", valueName: "server"))
    var server: String?

    @Option(name: .shortAndLong, help: "The user. Else OMERO_USER, else that of the current session.")
    var user: String?

    @Flag(
        help: "Read the user's password from standard input. Else OMERO_PASSWORD, else the current session is joined.")
    var passwordStdin = false

    @Option(name: .shortAndLong, help: "The key of an open session to join, in place of user and password.")
    var key: String?

    /// What is set, by these options or elsewhere.
    func settings(on console: Console) throws -> ConnectionSettings {
        let password = passwordStdin ? try passwordFromInput(console) : nil
        return try console.settings(.init(host: server, user: user, password: password, sessionKey: key))
    }

    /// Runs `body` with a gateway, which is closed afterwards: a session that was joined goes on.
    func withGateway<Result: Sendable>(
        on console: Console,
        _ body: (BlitzGateway) async throws -> Result
    ) async throws -> Result {
        let connector = Connector(console: console)
        let gateway = try await connector.connect(settings(on: console))
        console.progressDone()
        do {
            let result = try await body(gateway)
            await gateway.close()
            return result
        } catch {
            await gateway.close()
            throw error
        }
    }
}

extension Console {
    /// What is set where the server, if one is named here, is an address: else the error speaks of what was typed.
    func settings(_ given: ConnectionSettings.Given = .init()) throws -> ConnectionSettings {
        if let host = given.host {
            do {
                _ = try ServerAddress(host)
            } catch {
                throw Failure(
                    .setting, error.message,
                    advice: error.advice
                        ?? "Write it like user@omero.example.org, with :port behind it if that is not 4064")
            }
        }
        return try ConnectionSettings(given, environment: environment, sessions: sessionFiles)
    }

    /// The sessions that this person has opened, with this program or with the `omero` command.
    var sessionFiles: SessionFiles { SessionFiles(environment: environment) }
}
