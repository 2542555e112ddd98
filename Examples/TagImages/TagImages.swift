import ArgumentParser
import OMERO

@main struct TagImages: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag-images",
        abstract: "Put a tag onto all images of a dataset.",
        discussion: "The server and the user are those of OMERO_HOST, OMERO_USER, …, else of the last log-in.")

    @Option(help: "The number of the dataset.") var dataset: Int64
    @Option(help: "The text of the tag.") var tag: String
    @Flag(help: "Say what would be tagged, and change nothing.") var dryRun = false

    func run() async throws {
        let settings = try ConnectionSettings(sessions: SessionFiles())
        let tagging = Tagging(tag: tag, dataset: dataset, isDryRun: dryRun)
        // A GatewayError that gets out is what the user is told: it says what happened, and what to do.
        let report = try await BlitzGateway.withConnection(GatewayConfiguration(settings)) { gateway in
            try await tagging.run(with: gateway)
        }
        for name in report.tagged { print(dryRun ? "would tag" : "tagged", name) }
        print("\(report.tagged.count) images; \(report.hadItBefore) had the tag before")
    }
}
