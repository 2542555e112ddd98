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
