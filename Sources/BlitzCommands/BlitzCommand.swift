public import ArgumentParser

/// The command `blitz`.
public struct BlitzCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "blitz",
        abstract: "OMERO from the command line.",
        discussion: """
            To begin: blitz login user@host asks for the password and keeps the session; blitz whoami shows who you \
            are; blitz ls shows what is there; blitz logout ends the session.
            Without a server of your own: blitz demo shows everything in a minute, and blitz serve --data DIR \
            --sample-data runs a server to try things with.
            If something does not work: blitz doctor host.

            Commands that need a server take what OMERO_HOST, OMERO_PORT, OMERO_USER, OMERO_PASSWORD and OMERO_GROUP \
            say, else the session of the last log-in, else they ask. Results go to standard output, everything else to \
            standard error; --json makes results fit for programs. blitz help exit-codes lists the exit codes.
            Completions for a shell: blitz --generate-completion-script bash, zsh or fish.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Sessions", subcommands: [LoginCommand.self, LogoutCommand.self, SessionsCommand.self]),
            CommandGroup(
                name: "People",
                subcommands: [
                    WhoAmICommand.self, UsersCommand.self, GroupsCommand.self, AdminsCommand.self,
                    PrivilegesCommand.self, UserCommand.self, GroupCommand.self,
                ]),
            CommandGroup(
                name: "Objects", subcommands: [ListCommand.self, GetCommand.self, HQLCommand.self]),
            CommandGroup(
                name: "Servers", subcommands: [DoctorCommand.self, ServeCommand.self, DemoCommand.self]),
            CommandGroup(name: "Help", subcommands: [ExitCodesCommand.self]),
        ]
    )

    public init() {}
}

/// Runs the command with the arguments of the process, and ends the process with its exit code.
public func runBlitz() async { await BlitzCommand.main() }
