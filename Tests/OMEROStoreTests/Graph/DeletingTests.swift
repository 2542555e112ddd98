import GRDB
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Deleting graphs")
struct DeletingTests {
    @Test("a project takes along what is only in it, down to the channels, and all links")
    func project() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let thumbnail = try lab.thumbnail(of: image, by: lab.bob)
            let dataset = try lab.dataset(image)
            let project = try lab.project(dataset)
            let plan = try lab.plan(.delete, ["Project": [project]], as: lab.ada)
            #expect(plan.included.isEmpty)
            #expect(
                plan.deleted.names == [
                    "Project", "ProjectDatasetLink", "Dataset", "DatasetImageLink", "Image", "Pixels", "Channel",
                    "LogicalChannel", "Thumbnail",
                ])
            #expect(plan.deleted["Thumbnail"] == [thumbnail])
            #expect(try lab.isThere("Image", image))
            try lab.carryOut(plan)
            for (type, id) in [("Project", project), ("Dataset", dataset), ("Image", image), ("Thumbnail", thumbnail)] {
                #expect(try !lab.isThere(type, id))
                #expect(try lab.transaction.logs(of: type, id: id).map(\.action) == ["INSERT", "DELETE"])
            }
        }
    }

    @Test("what something else holds stays, with all that is in it; its link goes")
    func sharedContent() async throws {
        try await GraphLab.run { lab in
            let shared = try lab.image()
            let inner = try lab.image()
            let mine = try lab.dataset(shared, inner)
            let outside = try lab.dataset(shared, by: lab.bob)
            let kept = try lab.dataset(try lab.image())
            let project = try lab.project(mine, kept)
            _ = try lab.project(kept)
            let plan = try lab.plan(.delete, ["Project": [project]])
            #expect(plan.deleted["Dataset"] == [mine])
            #expect(plan.deleted["Image"] == [inner])
            #expect(plan.deleted["DatasetImageLink"].count == 2)
            #expect(plan.deleted["ProjectDatasetLink"].count == 2)
            try lab.carryOut(plan)
            #expect(try lab.isThere("Image", shared))
            #expect(try lab.isThere("Dataset", outside))
            #expect(try lab.isThere("Dataset", kept))
        }
    }

    @Test("what is held twice by what goes itself goes too, also when that is found out only later")
    func heldByWhatGoes() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let first = try lab.dataset(image)
            let second = try lab.dataset(image)
            let project = try lab.project(second)
            // The image is first thought of because of one dataset, and free only when the project's goes.
            let plan = try lab.plan(.delete, ["Dataset": [first], "Project": [project]])
            #expect(plan.deleted["Image"] == [image])
            let inOne = try lab.plan(.delete, ["Dataset": [first, second]])
            #expect(inOne.deleted["Image"] == [image])
        }
    }

    @Test("options keep types or force them; the links of what is kept go")
    func options() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let dataset = try lab.dataset(image)
            let project = try lab.project(dataset)
            _ = try lab.dataset(image)
            let kept = try lab.plan(.delete, ["Project": [project]], options: [.excluding("Dataset")])
            #expect(kept.deleted.names == ["Project", "ProjectDatasetLink"])
            let forced = try lab.plan(.delete, ["Dataset": [dataset]], options: [.including("Image")])
            #expect(forced.deleted["Image"] == [image])
            #expect(forced.deleted["DatasetImageLink"].count == 2)
            let first = try lab.plan(
                .delete, ["Dataset": [dataset]], options: [.excluding("Image"), .including("Image")])
            #expect(first.deleted["Image"].isEmpty)
        }
    }

    @Test("comments and values go with the image, tags and files if they are its owner's; those with other uses stay")
    func annotations() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let other = try lab.image()
            let comment = try lab.annotation("CommentAnnotation", on: image, by: lab.bob)
            let map = try lab.annotation("MapAnnotation", on: image)
            let foreign = try lab.annotation("MapAnnotation", on: image, by: lab.bob)
            let tag = try lab.annotation("TagAnnotation", on: image)
            _ = try lab.annotation("TagAnnotation", on: image, by: lab.bob)
            let shared = try lab.annotation("TagAnnotation", on: image)
            try lab.link("ImageAnnotationLink", other, shared)
            let all = try lab.plan(.delete, ["Image": [image]], as: lab.ada)
            #expect(all.deleted["CommentAnnotation"] == [comment])
            #expect(all.deleted["MapAnnotation"] == [map])
            #expect(all.deleted["TagAnnotation"] == [tag])
            #expect(all.deleted["ImageAnnotationLink"].count == 6)
            let fewer = try lab.plan(
                .delete, ["Image": [image]], options: [.excluding("TagAnnotation", "FileAnnotation")])
            #expect(fewer.deleted["TagAnnotation"].isEmpty)
            #expect(fewer.deleted["MapAnnotation"] == [map, foreign])
        }
    }

    @Test("an option about namespaces speaks of no other annotations, and of none of the software's own by itself")
    func namespaces() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let mine = try lab.add("MapAnnotation", ["ns": "mine"])
            let companion = try lab.add("MapAnnotation", ["ns": "openmicroscopy.org/omero/import/companionFile"])
            for annotation in [mine, companion] { try lab.link("ImageAnnotationLink", image, annotation) }
            let kept = try lab.plan(.delete, ["Image": [image]], options: [.excluding("Annotation")])
            #expect(kept.deleted["MapAnnotation"] == [companion])
            var option = GraphOption.excluding("Annotation")
            option.namespaces = .only(["openmicroscopy.org/omero/import/companionFile"])
            let other = try lab.plan(.delete, ["Image": [image]], options: [option])
            #expect(other.deleted["MapAnnotation"] == [mine])
        }
    }

    @Test("a file annotation takes its file along unless that is used elsewhere")
    func files() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let single = try lab.file("a")
            let double = try lab.file("b")
            for file in [single, double] {
                let annotation = try lab.add("FileAnnotation", ["file": .reference(file)])
                try lab.link("ImageAnnotationLink", image, annotation)
            }
            _ = try lab.add("FileAnnotation", ["file": .reference(double)])
            let plan = try lab.plan(.delete, ["Image": [image]])
            #expect(plan.deleted["FileAnnotation"].count == 2)
            #expect(plan.deleted["OriginalFile"] == [single])
        }
    }

    @Test("the images of a fileset go with it and its files, or not at all")
    func filesets() async throws {
        try await GraphLab.run { lab in
            let (one, two, three) = (try lab.image(), try lab.image(), try lab.image())
            let fileset = try lab.fileset(one, two)
            let dataset = try lab.dataset(one, two, three)
            let plan = try lab.plan(.delete, ["Dataset": [dataset]])
            #expect(plan.deleted["Fileset"] == [fileset])
            #expect(plan.deleted["FilesetEntry"].count == 2)
            #expect(plan.deleted["OriginalFile"].count == 2)
            #expect(
                try lab.refusal(.delete, ["Image": [one]])
                    == "within Fileset[\(fileset)] may not delete Image[\(one)] while Image[\(two)] remains")
            let half = try lab.dataset(two)
            let rest = try lab.plan(.delete, ["Dataset": [dataset]])
            #expect(rest.deleted["Image"] == [three])
            #expect(try lab.plan(.delete, ["Fileset": [fileset]]).deleted["Image"] == [one, two])
            #expect(try lab.isThere("Dataset", half))
        }
    }

    @Test("a screen takes plates, wells and images; an image alone can't leave its well")
    func screens() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let plate = try lab.add("Plate", ["name": "p"])
            let well = try lab.add("Well", ["plate": .reference(plate)])
            let sample = try lab.add("WellSample", ["well": .reference(well), "image": .reference(image)])
            let screen = try lab.add("Screen", ["name": "s"])
            try lab.link("ScreenPlateLink", screen, plate)
            let plan = try lab.plan(.delete, ["Screen": [screen]])
            #expect(plan.deleted["Plate"] == [plate])
            #expect(plan.deleted["Well"] == [well])
            #expect(plan.deleted["WellSample"] == [sample])
            #expect(plan.deleted["Image"] == [image])
            #expect(
                try lab.refusal(.delete, ["Image": [image]])
                    == "may not delete Image[\(image)] while WellSample[\(sample)] remains")
            let kept = try lab.plan(.delete, ["Plate": [plate]], options: [.excluding("Image")])
            #expect(kept.deleted["Image"].isEmpty)
            #expect(kept.deleted["WellSample"] == [sample])
        }
    }

    @Test("content of others stays where the caller may not delete it; a target is refused by name")
    func rights() async throws {
        try await GraphLab.run { lab in
            let foreign = try lab.image(by: lab.bob)
            let dataset = try lab.dataset(foreign)
            let plan = try lab.plan(.delete, ["Dataset": [dataset]], as: lab.ada)
            #expect(plan.deleted.names == ["Dataset", "DatasetImageLink"])
            #expect(
                try lab.refusal(.delete, ["Image": [foreign]], as: lab.ada)?.hasPrefix("not permitted to delete ")
                    == true)
            #expect(
                try lab.refusal(.delete, ["Image": [10_000]])
                    == "cannot read all the specified objects of class Image: Image[10000]")
            let tag = try lab.annotation("TagAnnotation", on: foreign)
            #expect(
                try lab.refusal(.delete, ["Annotation": [tag]], as: lab.ada)
                    == "may not delete TagAnnotation[\(tag)] while Image[\(foreign)] remains")
        }
    }

    @Test("references that remain are cleared, if the caller may change what has them")
    func looseEnds() async throws {
        try await GraphLab.run { lab in
            let file = try lab.file("f")
            let image = try lab.image()
            let roi = try lab.add("Roi", ["image": .reference(image), "source": .reference(file)])
            let plan = try lab.plan(.delete, ["OriginalFile": [file]])
            try lab.carryOut(plan)
            #expect(try lab.isThere("Roi", roi))
            let source: [Int64?] = try lab.transaction.rows("SELECT source FROM roi WHERE id = ?", [roi]).map { $0[0] }
            #expect(source == [nil])
            let another = try lab.file("g")
            let foreign = try lab.add("Roi", ["source": .reference(another)], by: lab.bob)
            #expect(
                try lab.refusal(.delete, ["OriginalFile": [another]], as: lab.ada)
                    == "not permitted to update Roi[\(foreign)]")
        }
    }

    @Test("ignored types stay as they are and keep nothing")
    func ignored() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let dataset = try lab.dataset(image)
            let roi = try lab.add("Roi", ["image": .reference(image)])
            let plan = try lab.plan(
                .delete, ["Dataset": [dataset]], ignored: Set(["Roi"].compactMap(DataModel.entity)))
            #expect(plan.deleted["Image"] == [image])
            #expect(plan.deleted["Roi"].isEmpty)
            try lab.carryOut(plan)
            #expect(try lab.isThere("Roi", roi))
        }
    }

    @Test("objects of hierarchies leave all their tables, and their maps")
    func hierarchies() async throws {
        try await GraphLab.run { lab in
            let instrument = try lab.add("Instrument")
            let laser = try lab.add(
                "Laser",
                ["instrument": .reference(instrument), "type": .entry("Gas"), "laserMedium": .entry("CoumarinC30")])
            let image = try lab.image(["instrument": .reference(instrument)])
            let map = try lab.add("MapAnnotation", ["mapValue": .map([NamedValue("a", "b")])])
            try lab.link("ImageAnnotationLink", image, map)
            try lab.carryOut(try lab.plan(.delete, ["Image": [image]]))
            #expect(try !lab.isThere("Instrument", instrument))
            #expect(try !lab.isThere("LightSource", laser))
            for table in ["laser", "lightsource", "annotation_mapvalue"] {
                let rows: [Int] = try lab.transaction.values("SELECT count(*) FROM \(table)")
                #expect(rows == [0], "\(table)")
            }
        }
    }

    @Test("many objects take no more statements than few")
    func statements() async throws {
        func count(_ images: Int) async throws -> Int {
            try await GraphLab.run { lab in
                let dataset = try lab.dataset()
                for _ in 0..<images { try lab.link("DatasetImageLink", dataset, try lab.image()) }
                let counter = StatementCounter()
                lab.transaction.db.trace { _ in counter.count += 1 }
                defer { lab.transaction.db.trace(options: []) }
                let plan = try lab.plan(.delete, ["Dataset": [dataset]])
                #expect(plan.deleted["Image"].count == images)
                return counter.count
            }
        }
        let few = try await count(2)
        #expect(few > 10)
        #expect(try await count(300) == few)
    }
}

private final class StatementCounter { var count = 0 }
