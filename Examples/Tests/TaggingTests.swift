import OMERO
import OMEROServer
import Testing

@testable import tag_images

@Suite struct TaggingTests {
    @Test func `every image of the dataset gets the tag, once`() async throws {
        try await withSamples { server in
            try await BlitzGateway.withConnection(server.configuration("sample-member", "member-2")) { gateway in
                let mine = try await gateway.inAllGroups.objects(Dataset.self).ownedBy(gateway.userID).all()
                var tagging = Tagging(tag: "checked", dataset: try #require(mine.first?.id), isDryRun: true)
                let planned = try await tagging.run(with: gateway)
                #expect(!planned.tagged.isEmpty && planned.hadItBefore == 0)
                tagging.isDryRun = false
                let done = try await tagging.run(with: gateway)
                #expect(done == planned)
                let again = try await tagging.run(with: gateway)
                #expect(again == Tagging.Report(hadItBefore: done.tagged.count))
            }
        }
    }

    @Test func `a dataset that is not there is an error that says so`() async throws {
        try await withSamples { server in
            try await BlitzGateway.withConnection(server.configuration("sample-member", "member-2")) { gateway in
                let error = await #expect(throws: GatewayError.self) {
                    try await Tagging(tag: "checked", dataset: 999_999).run(with: gateway)
                }
                #expect(error?.kind == .notFound)
            }
        }
    }
}
