import ArgumentParser
import OMERO

/// `blitz whoami`
struct WhoAmICommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Show who you are: user, group, rights, server."
    )
    @Flag(help: "Show the session's key too, which is as good as the password.")
    var showKey = false
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let report = try await server.withGateway(on: console) { gateway in
            try await IdentityReport(of: gateway, showKey: showKey)
        }
        try console.result(report) { report.lines(on: console.out.terminal) }
    }
}
