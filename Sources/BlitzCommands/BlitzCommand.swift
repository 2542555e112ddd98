public import ArgumentParser

/// The command `blitz`.
public struct BlitzCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "blitz",
        abstract: "OMERO from the command line.",
        subcommands: [ServeCommand.self]
    )

    public init() {}
}

/// Runs the command with the arguments of the process, and ends the process with its exit code.
public func runBlitz() async { await BlitzCommand.main() }
