import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Moving and giving graphs")
struct MovingTests {
    private func group(_ type: String, _ id: Int64, _ lab: GraphLab) throws -> Int64? {
        try lab.transaction.details(of: type, ids: [id]).first?.groupID
    }

    private func owner(_ type: String, _ id: Int64, _ lab: GraphLab) throws -> Int64? {
        try lab.transaction.details(of: type, ids: [id]).first?.ownerID
    }

    @Test("a project moves with what is only in it, and leaves behind what others hold, without the links")
    func project() async throws {
        try await GraphLab.run { lab in
            let (inner, shared) = (try lab.image(), try lab.image())
            let dataset = try lab.dataset(inner, shared)
            _ = try lab.dataset(shared)
            let project = try lab.project(dataset)
            let plan = try lab.plan(.move(toGroup: lab.other), ["Project": [project]], as: lab.ada)
            #expect(plan.included["Image"] == [inner])
            #expect(plan.included["DatasetImageLink"].count == 1)
            #expect(plan.deleted.names == ["DatasetImageLink"])
            try lab.carryOut(plan)
            #expect(try group("Project", project, lab) == lab.other)
            #expect(try group("Pixels", try lab.pixels(of: inner), lab) == lab.other)
            #expect(try group("Image", shared, lab) == lab.group)
            #expect(try lab.transaction.logs(of: "Image", id: inner).map(\.action) == ["INSERT", "UPDATE"])
        }
    }

    @Test("images that share an instrument or a fileset move together or not at all")
    func bound() async throws {
        try await GraphLab.run { lab in
            let instrument = try lab.add("Instrument")
            let (one, two) = (
                try lab.image(["instrument": .reference(instrument)]),
                try lab.image(["instrument": .reference(instrument)])
            )
            #expect(
                try lab.refusal(.move(toGroup: lab.other), ["Image": [one]])
                    == "within Instrument[\(instrument)] may not move Image[\(one)] while Image[\(two)] remains")
            let both = try lab.plan(.move(toGroup: lab.other), ["Image": [one, two]])
            #expect(both.included["Instrument"] == [instrument])
            // As content, what can't go stays.
            let dataset = try lab.dataset(one)
            #expect(try lab.plan(.move(toGroup: lab.other), ["Dataset": [dataset]]).included["Image"].isEmpty)
        }
    }

    @Test("what others have at an image moves along, but is deleted if the new group is private")
    func foreignParts() async throws {
        try await GraphLab.run(other: "rw----") { lab in
            let image = try lab.image()
            let mine = try lab.thumbnail(of: image)
            let theirs = try lab.thumbnail(of: image, by: lab.bob)
            let roi = try lab.add("Roi", ["image": .reference(image)], by: lab.bob)
            let comment = try lab.annotation("CommentAnnotation", on: image, by: lab.bob)
            let private_ = try lab.plan(.move(toGroup: lab.other), ["Image": [image]], as: lab.ada)
            #expect(private_.included["Thumbnail"] == [mine])
            #expect(private_.deleted["Thumbnail"] == [theirs])
            #expect(private_.deleted["Roi"] == [roi])
            #expect(private_.deleted["CommentAnnotation"] == [comment])
        }
        try await GraphLab.run(other: "rwr---") { lab in
            let image = try lab.image()
            let theirs = try lab.thumbnail(of: image, by: lab.bob)
            let roi = try lab.add("Roi", ["image": .reference(image)], by: lab.bob)
            let open = try lab.plan(.move(toGroup: lab.other), ["Image": [image]], as: lab.ada)
            #expect(open.included["Thumbnail"] == [theirs])
            #expect(open.included["Roi"] == [roi])
            #expect(open.deleted.isEmpty)
        }
    }

    @Test("a plate does not move without its images; objects of others are refused by name")
    func refusals() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let plate = try lab.add("Plate", ["name": "p"])
            let well = try lab.add("Well", ["plate": .reference(plate)])
            let sample = try lab.add("WellSample", ["well": .reference(well), "image": .reference(image)])
            let whole = try lab.plan(.move(toGroup: lab.other), ["Plate": [plate]])
            #expect(whole.included["Image"] == [image])
            #expect(
                try lab.refusal(.move(toGroup: lab.other), ["Plate": [plate]], options: [.excluding("Image")])
                    == "may not move WellSample[\(sample)] while Image[\(image)] remains")
            #expect(
                try lab.refusal(.move(toGroup: lab.other), ["Plate": [plate]], as: lab.bob)?
                    .hasPrefix("not permitted to move ") == true)
        }
    }

    @Test("a dataset is given with its images; links to what stays remain only where members write")
    func giving() async throws {
        for (permissions, deleted) in [("rwrw--", 0), ("rwra--", 1)] {
            try await GraphLab.run(group: permissions) { lab in
                let image = try lab.image()
                let dataset = try lab.dataset(image, try lab.image(by: lab.bob))
                let project = try lab.project(dataset)
                let tag = try lab.annotation("TagAnnotation", on: image)
                let thumbnail = try lab.thumbnail(of: image)
                let plan = try lab.plan(.give(toUser: lab.bob), ["Dataset": [dataset]])
                #expect(plan.included["Image"] == [image])
                #expect(plan.deleted["ProjectDatasetLink"].count == deleted)
                #expect(plan.deleted["DatasetImageLink"].count == deleted)
                try lab.carryOut(plan)
                #expect(try owner("Image", image, lab) == lab.bob)
                #expect(try owner("Project", project, lab) == lab.ada)
                #expect(try owner("TagAnnotation", tag, lab) == lab.ada)
                #expect(try owner("Thumbnail", thumbnail, lab) == lab.ada)
            }
        }
    }

    @Test("in a private group everything of the image is given, and nobody gets the same link twice")
    func givingInPrivateGroup() async throws {
        try await GraphLab.run(group: "rw----") { lab in
            let image = try lab.image()
            let tag = try lab.annotation("TagAnnotation", on: image)
            let thumbnail = try lab.thumbnail(of: image)
            let plan = try lab.plan(.give(toUser: lab.bob), ["Image": [image]])
            #expect(plan.included["TagAnnotation"] == [tag])
            #expect(plan.included["Thumbnail"] == [thumbnail])
            let dataset = try lab.dataset(try lab.image())
            try lab.link("ProjectDatasetLink", try lab.project(), dataset)
            let double = try lab.dataset(image)
            try lab.link("DatasetImageLink", double, image, by: lab.bob)
            let refusal = try lab.refusal(.give(toUser: lab.bob), ["Dataset": [double]])
            #expect(refusal?.contains("multiple identical links") == true)
        }
    }

    @Test("all that belongs to a user is found, by type")
    func ownedObjects() async throws {
        try await GraphLab.run { lab in
            let dataset = try lab.dataset(by: lab.bob)
            let tag = try lab.add("TagAnnotation", by: lab.bob)
            _ = try lab.dataset()
            let types = ["Dataset", "Annotation", "Project"].compactMap(DataModel.entity)
            let found = try lab.transaction.objects(of: types, ownedBy: [lab.bob])
            #expect(found == GraphLab.entities(["Dataset": [dataset], "Annotation": [tag]]))
            #expect(try lab.transaction.objects(of: types, ownedBy: [lab.bob], inGroups: [lab.other]).isEmpty)
        }
    }

    @Test("parents and children are found through all that lies between")
    func search() async throws {
        try await GraphLab.run { lab in
            let image = try lab.image()
            let project = try lab.project(try lab.dataset(image))
            func found(_ direction: GraphDirection, _ type: String, _ id: Int64, _ wanted: String, stop: [String] = [])
                throws -> [Int64]
            {
                try lab.transaction.search(
                    direction, of: GraphLab.entities([type: [id]]), for: Set([wanted].compactMap(DataModel.entity)),
                    stopBefore: Set(stop.compactMap(DataModel.entity)), lab.authority(lab.ada)
                )[wanted]
            }
            #expect(try found(.children, "Project", project, "Image") == [image])
            #expect(try found(.children, "Project", project, "Channel").count == 1)
            #expect(try found(.children, "Project", project, "Channel", stop: ["Dataset"]).isEmpty)
            #expect(try found(.parents, "Image", image, "Project") == [project])
            #expect(try found(.parents, "Pixels", try lab.pixels(of: image), "Project") == [project])
        }
    }

    @Test("every property that the rules name is in the model")
    func model() {
        #expect(GraphEdge.leading("Image.nothing") == nil)
        #expect(GraphEdge.leading("Image.name") == nil)
        // A name that is not there would stop a debug build in the tables.
        #expect(GraphTies.deletion.count > 60)
        #expect(GraphTies.moving.count > 60)
        #expect(GraphTies.giving.count > 60)
        let edge = GraphEdge.leading("Pixels.pixelsFileMaps")
        #expect(edge?.held.name == "OriginalFile")
        #expect(edge?.heldColumn == "parent")
    }
}
