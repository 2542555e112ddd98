import ArgumentParser
import OMERO
import OMEROServer

/// `blitz demo`: a server, a gateway, and the life of a session.
struct DemoCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "See everything once: starts a server of its own and walks through the life of a session.",
        discussion: """
            Needs no server and leaves nothing behind: the server runs inside the command, with sample data in memory, on \
            a free port of this machine. Ends by itself, with an exit code other than 0 if a step fails.
            """
    )
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let started = ContinuousClock.now
        var configuration = ServerConfiguration.testing
        configuration.doors.tcp = nil
        configuration.sampleData = true
        var stage = DemoStage(console: console)
        let server = try await stage.step(
            "An OMERO server inside this process, with sample data",
            """
            var configuration = ServerConfiguration.testing
            configuration.sampleData = true
            try await OMEROServer.withServer(configuration) { server in … }
            """
        ) {
            let server = try await OMEROServer.start(configuration)
            return (server, ["OMERO \(OMEROServer.omeroVersion) on 127.0.0.1:\(server.sslPort ?? 0), with TLS"])
        }
        let running = Task { try await server.run() }
        do {
            try await CuttablePath.with(to: server.sslPort ?? 0) { path in
                try await Walk(server: server, path: path).walk(&stage)
            }
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        running.cancel()
        _ = await running.result
        guard !console.json else { return }
        let seconds = ((ContinuousClock.now - started).milliseconds / 100).rounded() / 10
        try console.line("\(stage.count) steps in \(seconds) s, all as they should be.")
        try Self.next(console).forEach { try console.line($0) }
    }

    private static func next(_ console: Console) -> [String] {
        func head(_ text: String) -> String { console.out.terminal.styled(text, .bold) }
        return [
            "",
            head("How to go on"),
            "  A server that stays, with the same data, in another terminal:",
            "     blitz serve --data ~/omero-data --sample-data",
            "  Log in, and look around (the password is leader-1):",
            "     blitz login sample-leader@localhost",
            "     blitz whoami; blitz ls --group all; blitz doctor",
            "  omero-py sees the same server, and the same session:",
            "     omero sessions list",
            "     omero login sample-member@localhost -w member-2",
            "  Your own code, in Package.swift:",
            "     .product(name: \"OMERO\", package: \"swift-omero\")",
            "  and then:",
            "     import OMERO",
            "     let configuration = try GatewayConfiguration(\"localhost\", .password(user: name, password))",
            "     try await BlitzGateway.withConnection(configuration) { gateway in",
            "         print(try await gateway.whoAmI().userName)",
            "     }",
        ]
    }
}
