import Foundation
import IceEncoding
import OMEROModel
import Testing

@Suite("Objects that are built, to be saved")
struct DraftTests {
    @Test("what is set is read back before and after freezing")
    func properties() throws {
        let time = Date(omeroMilliseconds: 1_700_000_000_123)
        let builder = GraphBuilder()
        let image = builder.add(Image.self) { image in
            #expect(image.isLoaded)
            #expect(image.id == nil)
            #expect(image.name == nil)
            image.id = 5
            image.name = "a name"
            image.acquisitionDate = time
            image.archived = true
            image.series = 3
            #expect(image.id == 5)
            #expect(image.name == "a name")
            #expect(image.acquisitionDate == time)
            image.name = nil
            #expect(image.name == nil)
            image.name = "another"
        }
        let pixels = builder.add(Pixels.self) { pixels in
            pixels.physicalSizeX = Length(0.25, .micrometer)
            pixels.image = image
            #expect(pixels.physicalSizeX == Length(0.25, .micrometer))
            // Handles cannot be compared before the graph is complete, their instances can.
            #expect(pixels.image?.object == image.object)
        }
        builder.update(image) { $0.pixels = [pixels] }
        builder.freeze()
        #expect(image.id == 5)
        #expect(try image.name == "another")
        #expect(try image.acquisitionDate == time)
        #expect(try image.archived == true)
        #expect(try image.series == 3)
        #expect(try image.partial == nil)
        #expect(try image.pixels.map(\.object) == [pixels.object])
        #expect(try pixels.physicalSizeX == Length(0.25, .micrometer))
        #expect(try pixels.image.object == image.object)
    }

    @Test("a new object counts as loaded, with and without properties, in whatever way it is made")
    func new() {
        let (one, other) = GraphBuilder.build { ($0.add(Project.self), $0.add(Project.self) { $0.id = 1 }) }
        #expect(one.isLoaded && other.isLoaded)
        #expect(Project.make().isLoaded && Project.make { $0.id = 1 }.isLoaded)
        // A class that is no object of OMERO has nothing of the kind.
        #expect(GraphBuilder.build { $0.add(Details.self) }.owner == nil)
    }

    @Test("a collection counts as loaded once it is set")
    func collections() throws {
        let project = Project.make { project in
            #expect(!project.isDatasetLinksLoaded)
            project.datasetLinks = []
            #expect(project.isDatasetLinksLoaded)
            #expect(project.datasetLinks.isEmpty)
        }
        #expect(project.isDatasetLinksLoaded)
        #expect(!project.isAnnotationLinksLoaded)
    }

    @Test("values that are lists are set as a whole")
    func lists() throws {
        let values = [NamedValue("stain", "DAPI"), NamedValue("stain", "GFP")]
        let annotation = MapAnnotation.make { annotation in
            annotation.mapValue = values
            #expect(annotation.mapValue == values)
        }
        #expect(try annotation.mapValue == values)
    }

    @Test("unloaded objects are referred to by their id, in the same graph or from one of their own")
    func references() throws {
        let link = GraphBuilder.build { builder in
            let own = builder.add(unloaded: Project.self, id: 1)
            return builder.add(ProjectDatasetLink.self) { link in
                link.parent = own
                link.child = Dataset.unloaded(2)
                #expect(link.child?.object.graph == own.object.graph, "copied into this graph")
            }
        }
        #expect(try link.parent.id == 1)
        #expect(try link.child.id == 2)
        #expect(try !link.parent.isLoaded && !link.child.isLoaded)
    }

    @Test("an object that was read is changed by copying it, with all that it refers to")
    func copies() throws {
        let project = GraphBuilder.build { builder in
            let project = builder.add(Project.self) { project in
                project.id = 1
                project.name = "before"
            }
            let link = builder.add(ProjectDatasetLink.self) { $0.parent = project }
            builder.update(project) { $0.datasetLinks = [link] }
            return project
        }
        let builder = GraphBuilder()
        let copy = builder.copy(project)
        builder.update(copy) { draft in
            #expect(draft.name == "before")
            draft.name = "after"
        }
        builder.freeze()
        #expect(try copy.name == "after")
        #expect(try project.name == "before")
        #expect(copy == project, "one object of OMERO")
        #expect(try copy.datasetLinks[0].parent.object == copy.object, "the cycle is one of the copy")
    }

    @Test("details of a draft are set and read")
    func details() throws {
        let project = GraphBuilder.build { builder in
            let details = builder.add(Details.self) { details in
                details.permissions = Permissions("rwra--")
                details.owner = Experimenter.unloaded(3)
            }
            return builder.add(Project.self) { project in
                project.details = details
                #expect(project.details?.object == details.object)
            }
        }
        #expect(project.details?.permissions?.description == "rwra--")
        #expect(project.details?.owner?.id == 3)
        #expect(project.details?.group == nil)
    }

    @Test("values that are maps of any values are set and read", arguments: WireForm.allCases)
    func parameters(form: WireForm) throws {
        let values: [String: RValue?] = ["id": 5, "names": .list(["a", nil]), "none": nil]
        let parameters = GraphBuilder.build { builder in
            builder.add(QueryParameters.self) { parameters in
                parameters.map = values
                #expect(parameters.map == values)
            }
        }
        let read = try #require(try form.roundTrip(Optional(parameters)))
        #expect(read.map == values)
    }
}
