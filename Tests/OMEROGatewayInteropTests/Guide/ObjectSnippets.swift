import OMERO
import Testing

// What hangs on what, and what is loaded with it.
extension GuideTests {
    static func relatives(_ guide: Guide) async throws {
        try await guide.withMember { gateway in
            let known = try await gateway.objects(Image.self).ownedBy(gateway.userID).named("Zelle_1-1.tif").first()
            let image = try #require(known)
            // snippet: ancestry
            for way in try await gateway.ancestry(of: image) {
                print(way.map { "\($0.typeID) \($0.id ?? 0)" })  // the dataset, then the project
            }
            let datasets = try await gateway.parents(of: image, as: Dataset.self)
            // end
            #expect(datasets.count == 1)
            let project = try #require(try await gateway.parents(of: datasets[0], as: Project.self).first)
            // snippet: descendants
            let inProject = try await gateway.children(of: project)  // of every kind, here datasets
            let images = gateway.objects(Image.self).inside(project)  // over as many steps as it takes
            let counts = try await gateway.counts(of: Image.self, in: Dataset.self, ids: inProject.compactMap(\.id))
            // end
            #expect(try await images.count() == 6)
            #expect(Array(counts.values) == [3, 3])
            let imageID = try #require(image.id)
            // snippet: load-paths
            let whole = try await gateway.object(
                Image.self, id: imageID, loading: \.pixels.pixelsType, \.datasetLinks.parent)
            print(try whole.pixels.first?.pixelsType.value ?? "")  // uint16
            // end
            #expect(try whole.datasetLinks.first?.parent == datasets[0])
            // snippet: object-facts
            print(image.ownerName ?? "", image.groupName ?? "", image.permissions?.description ?? "")
            if let made = image.createdAt, image.canEdit { print("mine to change, since", made) }
            // end
            #expect(image.canEdit)
            // snippet: by-attributes
            let people = try await gateway.objects(Experimenter.self).matching(["lastName": "Mehrere"]).all()
            let again = try await gateway.objects(Image.self).ids([imageID]).all()  // in the order of the numbers
            // end
            #expect(people.count == 1 && again == [image])
        }
    }
}
