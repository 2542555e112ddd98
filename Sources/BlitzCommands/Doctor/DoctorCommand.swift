import ArgumentParser
import OMERO

/// `blitz doctor`: the way to a server, step by step, each with its time and with advice where it fails.
struct DoctorCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Find out why a server can't be reached, step by step.",
        discussion: """
            Looks up the host's name, connects, checks TLS and shows the certificate's fingerprint, asks whether a router \
            of OMERO answers, logs in or joins the current session, and compares versions, clocks and limits. Nothing is \
            changed; a server that is new is remembered only if there is a log-in to make. The exit code is that of the \
            first step that failed.
            """
    )
    @Argument(help: "The server: [user@]host[:port], or a URL. Else OMERO_HOST, else that of the current session.")
    var target: String?
    @Option(name: .shortAndLong, help: "The user to log in as.")
    var user: String?
    @Flag(help: "Read the user's password from standard input; else OMERO_PASSWORD, or the stored session.")
    var passwordStdin = false
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let password = passwordStdin ? try passwordFromInput(console) : nil
        let settings = try console.settings(.init(host: target, user: user, password: password))
        guard let address = settings.address else {
            throw Failure(.setting, "no server is set", advice: "Name it: blitz doctor host")
        }
        try tell(
            Finding(
                step: "settings", outcome: .good, milliseconds: 0,
                found: "\(address.value.withoutUser) (\(address.origin))"), console)
        for note in settings.notes {
            try tell(Finding(step: "settings", outcome: .warning, milliseconds: 0, found: note), console)
        }
        let examination = Examination(
            address: address.value, settings: settings, console: console,
            tell: { try tell($0, console) })
        if let failure = try await examination.run() { throw ExitCode(failure.cause.rawValue) }
        if !console.json { console.note("All is well.") }
    }

    private func tell(_ finding: Finding, _ console: Console) throws {
        console.progressDone()
        try console.result(finding) { finding.lines(on: console.out.terminal) }
    }
}
