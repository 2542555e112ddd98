import OMERO
import OMEROModel
import OMEROServer
import Synchronization
import Testing

/// What is in what: the sample data have a project with two datasets of three images each, and a screen with a plate of
/// six wells, five of them with an image, in one run.
@Suite struct RelativesTests {
    private func withMember(_ body: @Sendable (BlitzGateway) async throws -> Void) async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(configuration) { try await body($0) }
        }
    }

    private func names(_ objects: [IObject]) throws -> [String] {
        try objects.map { object in
            let name =
                try object.cast(to: Project.self)?.name ?? object.cast(to: Dataset.self)?.name
                ?? object.cast(to: Screen.self)?.name ?? object.cast(to: Plate.self)?.name
                ?? object.cast(to: Folder.self)?.name
            return name ?? String(object.typeID.split(separator: ":").last ?? "")
        }
    }

    @Test func `screens, plates, runs, wells and their images are found from above, over as many steps as there are`()
        async throws
    {
        try await withMember { gateway in
            let mine = gateway.ownedBy(gateway.userID)
            let screen = try #require(try await mine.objects(Screen.self).first())
            #expect(try screen.name == "Mia's Screen Ω")
            let plates = try await mine.objects(Plate.self).inside(screen).all()
            #expect(try plates.map { try $0.name } == ["Platte 1"])
            let plate = try #require(plates.first)
            let wells = try await mine.objects(Well.self).inside(plate).all()
            let places = try wells.map { [try $0.row, try $0.column] }
            #expect(places == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
            let runs = try await mine.objects(PlateAcquisition.self).inside(plate).all()
            #expect(try runs.map { try $0.name } == ["Lauf 1"])
            let inWell = try await mine.objects(Image.self).inside(wells[0]).all()
            #expect(try inWell.map { try $0.name } == ["Platte 1 [Well A1]"])
            let inPlate = try await mine.objects(Image.self).inside(plate).count()
            let inScreen = try await mine.objects(Image.self).inside(screen).count()
            #expect(inPlate == 5 && inScreen == 5)
            let loose = try await mine.objects(Plate.self).orphaned().all()
            #expect(try loose.map { try $0.name } == ["Platte ohne Screen"])
            let project = try #require(try await mine.objects(Project.self).first())
            let inProject = try await mine.objects(Image.self).inside(project).count()
            #expect(inProject == 6)
        }
    }

    @Test func `folders hold images, regions and folders, and an image in a folder only is an orphan`() async throws {
        try await withMember { gateway in
            let mine = gateway.ownedBy(gateway.userID)
            let outer = try await gateway.create(Folder.self) { $0.name = "outer" }
            let inner = try await gateway.create(Folder.self) { draft in
                draft.name = "inner"
                draft.parentFolder = outer
            }
            let image = try #require(try await mine.objects(Image.self).orphaned().first())
            try await gateway.link(image, into: inner)
            let region = try await gateway.create(Roi.self) { $0.image = image }
            try await gateway.link(region, into: inner)
            let folders = try await gateway.objects(Folder.self).inside(outer).all()
            #expect(folders == [inner])
            let top = try await gateway.objects(Folder.self).orphaned().all()
            #expect(top == [outer])
            let images = try await gateway.objects(Image.self).inside(inner).all()
            #expect(images == [image])
            let regions = try await gateway.objects(Roi.self).inside(inner).all()
            #expect(regions == [region])
            let orphans = try await mine.objects(Image.self).orphaned().all()
            #expect(orphans == [image])
            let children = try await gateway.children(of: inner)
            #expect(Set(children.map(\.typeID)) == ["::omero::model::Image", "::omero::model::Roi"])
            let ways = try await gateway.ancestry(of: region)
            #expect(try Set(ways.map(names)) == [["Image", "inner", "outer"], ["inner", "outer"]])
        }
    }

    @Test func `parents of every kind, the way up to the top, and children are functions of their own`() async throws {
        try await withMember { gateway in
            let mine = gateway.ownedBy(gateway.userID)
            let image = try #require(try await mine.objects(Image.self).named("Zelle_1-2.tif").first())
            #expect(try names(try await gateway.parents(of: image)) == ["Mitose – Übersicht"])
            let datasets = try await gateway.parents(of: image, as: Dataset.self)
            #expect(datasets.first?.ownerID == gateway.userID)
            let ways = try await gateway.ancestry(of: image)
            #expect(try ways.map(names) == [["Mitose – Übersicht", "Mia's Projekt ☃"]])
            let field = try #require(try await mine.objects(Image.self).named("Platte 1 [Well A1]").first())
            #expect(try await gateway.ancestry(of: field).map(names) == [["Well", "Platte 1", "Mia's Screen Ω"]])
            #expect(try await gateway.parents(of: field, as: Dataset.self).isEmpty)
            let project = try #require(try await mine.objects(Project.self).first())
            #expect(try await gateway.ancestry(of: project).isEmpty)
            #expect(try names(try await gateway.children(of: project)) == ["Mitose – Übersicht", "有糸分裂"])
            #expect(try await gateway.children(of: project, as: Image.self).count == 6)
            // Twice in the same project's datasets: two ways up.
            let other = try #require(try await gateway.children(of: project, as: Dataset.self).last)
            try await gateway.link(image, into: other)
            #expect(try await gateway.ancestry(of: image).count == 2)
            #expect(try await gateway.children(of: project, as: Image.self).count == 6)
        }
    }

    @Test func `what is in each of many containers is counted by one question`() async throws {
        try await withMember { gateway in
            let mine = gateway.ownedBy(gateway.userID)
            let datasets = try await mine.objects(Dataset.self).ordered(by: .name).all()
            let ids = datasets.compactMap(\.id)
            let counts = try await gateway.counts(of: Image.self, in: Dataset.self, ids: ids + [999_999])
            #expect(ids.map { counts[$0] } == [0, 3, 3])
            #expect(counts[999_999] == 0)
            let project = try #require(try await mine.objects(Project.self).first()?.id)
            #expect(try await gateway.counts(of: Image.self, in: Project.self, ids: [project]) == [project: 6])
            let plates = try await mine.objects(Plate.self).all().compactMap(\.id)
            let wells = try await gateway.counts(of: Well.self, in: Plate.self, ids: plates)
            #expect(plates.map { wells[$0] } == [6, 0])
            let never = await failure { _ = try await gateway.counts(of: Project.self, in: Image.self, ids: [1]) }
            #expect(never?.kind == .invalidRequest)
            #expect(try await gateway.counts(of: Image.self, in: Dataset.self, ids: []).isEmpty)
        }
    }

    @Test func `what a typed path leads to is loaded, and what none leads to is not`() async throws {
        try await withMember { gateway in
            let mine = gateway.ownedBy(gateway.userID)
            let bare = try #require(try await mine.objects(Image.self).named("Zelle_1-1.tif").first())
            #expect(throws: ModelError.self) { try bare.pixels }
            let query = mine.objects(Image.self).named("Zelle_1-1.tif")
                .loading(\.pixels.pixelsType, \.datasetLinks.parent.projectLinks.parent, \.details.updateEvent)
            let image = try #require(try await query.first())
            #expect(try image.pixels.first?.pixelsType.value == "uint16")
            let dataset = try #require(try image.datasetLinks.first?.parent)
            #expect(try dataset.projectLinks.first?.parent.name == "Mia's Projekt ☃")
            #expect(image.updatedAt != nil)
            #expect(throws: ModelError.self) { try image.rois }
            let id = try #require(image.id)
            let again = try await gateway.object(Image.self, id: id, loading: \.annotationLinks.child)
            #expect(try again.annotationLinks.count == 5)
            #expect(try again.annotationLinks.allSatisfy { try $0.child.id != nil })
        }
    }

    @Test func `attributes filter by all of their values, and nil finds those without one`() async throws {
        try await withMember { gateway in
            let found = try await gateway.objects(Experimenter.self)
                .matching(["omeName": "sample-member", "ldap": .bool(false)]).all()
            #expect(try found.map { try $0.lastName } == ["Mehrere"])
            let none = try await gateway.objects(Experimenter.self)
                .matching(["omeName": "sample-member", "lastName": "Other"]).count()
            #expect(none == 0)
            let datasets = gateway.objects(Dataset.self).ownedBy(gateway.userID)
            #expect(try await datasets.matching(["name": "Leer", "description": nil]).count() == 1)
            #expect(try await datasets.matching([:]).count() == 3)
        }
    }

    @Test func `tags of a tag set are inside it`() async throws {
        try await withMember { gateway in
            let set = try #require(
                try await gateway.objects(TagAnnotation.self).ownedBy(gateway.userID).named("Mia's Tags").first())
            let tags = try await gateway.objects(TagAnnotation.self).inside(set).ordered(by: .name).all()
            #expect(try tags.map { try $0.textValue } == ["mitosis", "prüfen ✔︎"])
            #expect(try await gateway.parents(of: tags[0], as: TagAnnotation.self) == [set])
        }
    }

    @Test func `moving, giving and deleting one object tell how far they are, in the object's own group`() async throws
    {
        try await OMEROServer.withServer(.withSamples) { server in
            try await server.withRoot { root in
                let member = try await root.user(named: "sample-member").id
                let other = try await root.user(named: "sample-leader").id
                let from = try await root.group(named: "sample-private").id
                let to = try await root.group(named: "sample-read-write").id
                let project = try #require(
                    try await root.inGroup(from).objects(Project.self).ownedBy(member).first())
                let id = try #require(project.id)
                let steps = Steps()
                let moved = try await root.move(project, toGroup: to) { steps.add($0) }
                #expect(moved.includedCount(of: "Image") == 6)
                let there = try await root.inAllGroups.object(Project.self, id: id)
                #expect(there.groupID == to)
                let given = try await root.give(there, toUser: other) { steps.add($0) }
                #expect(given.includedCount(of: "Dataset") == 2)
                let theirs = try await root.inGroup(to).object(Project.self, id: id)
                #expect(theirs.ownerID == other)
                let deleted = try await root.delete(theirs) { steps.add($0) }
                #expect(deleted.deletedCount(of: "Project") == 1)
                #expect(steps.all.allSatisfy { $0.step <= $0.steps || $0.steps == 0 })
                let gone = await failure { _ = try await root.inAllGroups.object(Project.self, id: id) }
                #expect(gone?.kind == .notFound)
            }
        }
    }
}

/// What a command told on its way.
private final class Steps: Sendable {
    private let told = Mutex<[CommandProgress]>([])
    var all: [CommandProgress] { told.withLock { $0 } }
    func add(_ progress: CommandProgress) { told.withLock { $0.append(progress) } }
}
