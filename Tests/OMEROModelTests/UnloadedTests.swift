import IceEncoding
import OMEROModel
import Testing

@Suite("What is not loaded, and says so")
struct UnloadedTests {
    private func reason<Value>(_ body: () throws -> Value) -> ModelError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? ModelError
        }
    }

    @Test("an unloaded object has its id, and names itself when asked for more")
    func object() {
        let project = Project.unloaded(5)
        #expect(project.id == 5)
        #expect(!project.isLoaded)
        #expect(project.details == nil)
        #expect(!project.isDatasetLinksLoaded)
        let expected = ModelError(
            .unloadedObject, className: "::omero::model::Project", objectID: 5, property: "description")
        #expect(reason { try project.description } == expected)
        #expect("\(expected)" == "Project:5.description is not loaded: fetch the Project first")
        // A collection's own flag does not matter if the object itself is not there.
        #expect(reason { try project.datasetLinks }?.reason == .unloadedObject)
        #expect(reason { try project.datasetLinks }?.property == "datasetLinks")
    }

    @Test("a collection that was not fetched is told from an empty one")
    func collection() throws {
        let project = Project.make { $0.id = 5 }
        let error = reason { try project.datasetLinks }
        #expect(error?.reason == .unloadedCollection)
        #expect(
            "\(try #require(error))" == "Project:5.datasetLinks is not loaded: fetch the Project with it (join fetch)")
        let empty = Project.make { $0.datasetLinks = [] }
        #expect(empty.isDatasetLinksLoaded)
        #expect(try empty.datasetLinks.isEmpty)
    }

    @Test("a value that every saved object has, but not this one, is an error")
    func missing() throws {
        let error = reason { try Project.make { $0.id = 7 }.name }
        #expect(error?.reason == .missingValue)
        #expect("\(try #require(error))" == "Project:7.name is required, but null")
        // An object that was never saved has no id to name.
        #expect("\(try #require(reason { try Project.make().name }))" == "Project.name is required, but null")
        #expect(try Project.make().description == nil)
    }

    @Test("a null in a collection is an error that names its place", arguments: WireForm.allCases)
    func nulls(form: WireForm) throws {
        let project = GraphBuilder.build { builder in
            let link = builder.add(ProjectDatasetLink.self)
            return builder.add(Project.self) { project in
                project.datasetLinks = [link]
                project[4] = [link, nil] as [ProjectDatasetLink?]
            }
        }
        let read = try #require(try form.roundTrip(Optional(project)))
        let error = reason { try read.datasetLinks }
        #expect(error?.reason == .nullElement(index: 1))
        #expect("\(try #require(error))" == "Project.datasetLinks has a null at index 1")
        let annotation = GraphBuilder.build { builder in
            builder.add(MapAnnotation.self) { $0[10] = [Box(NamedValue("a", "b")), Box<NamedValue>(nil)] }
        }
        #expect(reason { try annotation.mapValue }?.reason == .nullElement(index: 1))
    }

    @Test("loaded and unloaded are told apart after the wire too", arguments: WireForm.allCases)
    func wire(form: WireForm) throws {
        #expect(try form.roundTrip(Optional(Project.unloaded(5)))?.isLoaded == false)
        #expect(try form.roundTrip(Optional(Project.make()))?.isLoaded == true)
    }
}
