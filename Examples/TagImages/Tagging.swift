import OMERO

/// Puts one tag onto all images of a dataset that do not have it.
struct Tagging {
    var tag: String
    var dataset: Int64
    /// Changes nothing.
    var isDryRun = false

    /// What was done, or would be.
    struct Report: Equatable {
        var tagged: [String] = []
        var hadItBefore = 0
    }

    /// - Throws: `GatewayError`, of kind `notFound` if there is no such dataset.
    func run(with gateway: BlitzGateway) async throws -> Report {
        // The dataset may be in any group of the user's; what happens to its images happens in its group.
        let dataset = try await gateway.inAllGroups.object(Dataset.self, id: dataset)
        let there = try gateway.inGroup(of: dataset)
        let images = there.objects(Image.self).inside(dataset)
        let known = Set(try await images.tagged(tag).all().map(\.id))
        var report = Report(hadItBefore: known.count)
        for try await image in images.ordered(by: .name) where !known.contains(image.id) {
            if !isDryRun { try await there.tag(image, tag) }
            report.tagged.append(try image.name)
        }
        return report
    }
}
