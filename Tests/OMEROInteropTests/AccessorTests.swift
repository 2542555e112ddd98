import Foundation
import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import Testing

extension OMEROPeerTests {
    /// What Python says of an instance, by path: `_details.owner` leads from one instance to the next.
    private struct Facts {
        private let values: [Substring: Substring]

        init(_ text: String) {
            let pairs = text.split(separator: "\n").map {
                $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            }
            values = Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
        }

        /// The value at the end of a path of members, such as `_parent _name _val`.
        subscript(_ path: String) -> String? {
            var current: Substring = "#1"
            for member in path.split(separator: " ") { current = values["\(current.dropFirst()).\(member)"] ?? "#0" }
            return current == "#0" ? nil : String(current)
        }

        func string(_ path: String) -> String? {
            self[path].map { $0.replacing("\\n", with: "\n").replacing("\\\\", with: "\\") }
        }
        func long(_ path: String) -> Int64? { self[path].flatMap { Int64($0) } }
        func int(_ path: String) -> Int32? { self[path].flatMap { Int32($0) } }
        func bool(_ path: String) -> Bool? { self[path].map { $0 == "true" } }
        func double(_ path: String) -> Double? {
            self[path].flatMap { UInt64($0, radix: 16) }.map(Double.init(bitPattern:))
        }
        func date(_ path: String) -> Date? { long(path).map(Date.init(omeroMilliseconds:)) }
        func count(_ path: String) -> Int? { self[path].flatMap { Int($0.prefix { $0 != " " }) } }
    }

    /// The round trip goes by descriptors; here are the names that users see.
    @Suite("Typed properties have the values that omero-py has put there")
    struct AccessorTests {
        private func get<Class: SliceClass>(_ type: Class.Type, _ how: String, _ judge: Judge) async throws -> (
            Class, Facts
        ) {
            let (object, text) = try await judge.build("\(Class.descriptor.typeID) \(how)")
            return (try #require(object?.cast(to: type)), Facts(text))
        }

        @Test("of containers, links, their details and collections")
        func containers() async throws {
            try await withJudge { judge, _ in
                let (project, facts) = try await get(Project.self, "full", judge)
                #expect(project.id == facts.long("_id _val"))
                #expect(project.isLoaded)
                let name = try project.name
                #expect(name == facts.string("_name _val"))
                let description = try project.description
                #expect(description == facts.string("_description _val"))
                let version = try project.version
                #expect(version == facts.int("_version _val"))
                let links = try project.datasetLinks
                #expect(links.count == 2 && project.isDatasetLinksLoaded)
                #expect(links[1].id == facts.long("_datasetLinksSeq[1] _id _val"))
                #expect(!links[1].isLoaded)
                #expect(throws: ModelError.self) { try links[1].parent }
                #expect(project.datasetLinksCountPerOwner.count == 2)
                for (owner, count) in project.datasetLinksCountPerOwner {
                    #expect(facts.long("_datasetLinksCountPerOwner{\(owner)}") == count)
                }
                let details = try #require(project.details)
                #expect(details.owner?.id == facts.long("_details _owner _id _val"))
                #expect(details.group?.id == facts.long("_details _group _id _val"))
                #expect(details.creationEvent?.id == facts.long("_details _creationEvent _id _val"))
                #expect(details.event?.sessionUuid == facts.string("_details _event sessionUuid"))
                #expect(details.event?.memberOfGroups.count == 2)
                let permissions = try #require(details.permissions)
                #expect(permissions.rawValue == facts.long("_details _permissions _perm1"))
                #expect(permissions.restrictions == [true, true])
                #expect(
                    permissions.extendedRestrictions.last
                        == facts.string("_details _permissions _extendedRestrictions[1]"))
            }
        }

        @Test("in a cycle, which comes back to where it began")
        func cycle() async throws {
            try await withJudge { judge, _ in
                let (link, facts) = try await get(ProjectDatasetLink.self, "cyclic", judge)
                let parent = try link.parent
                let name = try parent.name
                #expect(name == facts.string("_parent _name _val"))
                let first = try parent.datasetLinks.first
                #expect(first?.object == link.object)
                let child = try link.child
                let childLinks = try child.projectLinks
                #expect(childLinks.map(\.object) == [link.object, link.object])
            }
        }

        @Test("of images, pixels with quantities, wells and shapes")
        func images() async throws {
            try await withJudge { judge, _ in
                let (image, facts) = try await get(Image.self, "cyclic", judge)
                let date = try image.acquisitionDate
                #expect(date == facts.date("_acquisitionDate _val"))
                let archived = try image.archived
                #expect(archived == facts.bool("_archived _val"))
                let format = try image.format?.value
                #expect(format == facts.string("_format _value _val"))
                let pixels = try #require(try image.pixels.first)
                let sizeX = try pixels.sizeX
                #expect(sizeX == facts.int("_pixelsSeq[0] _sizeX _val"))
                let physical = try #require(try pixels.physicalSizeX)
                #expect(physical.value == facts.double("_pixelsSeq[0] _physicalSizeX _value"))
                #expect(physical.unit.rawValue == facts.int("_pixelsSeq[0] _physicalSizeX _unit"))
                let increment = try #require(try pixels.timeIncrement)
                #expect(increment.unit.rawValue == facts.int("_pixelsSeq[0] _timeIncrement _unit"))
                let back = try pixels.image
                #expect(back.object == image.object)

                let (well, wellFacts) = try await get(Well.self, "full", judge)
                let row = try well.row
                #expect(row == wellFacts.int("_row _val"))
                let plate = try well.plate
                #expect(plate.id == wellFacts.long("_plate _id _val"))

                let (rectangle, rectangleFacts) = try await get(Rectangle.self, "full", judge)
                let width = try rectangle.width
                #expect(width == rectangleFacts.double("_width _val"))
                let roi = try rectangle.roi
                #expect(roi.id == rectangleFacts.long("_roi _id _val"))
            }
        }

        @Test("of people, files, annotations")
        func others() async throws {
            try await withJudge { judge, _ in
                let (user, facts) = try await get(Experimenter.self, "full", judge)
                let omeName = try user.omeName
                #expect(omeName == facts.string("_omeName _val"))
                let isFromLDAP = try user.ldap
                #expect(isFromLDAP == facts.bool("_ldap _val"))
                let config = try user.config
                #expect(config.map(\.name) == [0, 1].map { facts.string("_config[\($0)] name") })

                let (annotation, mapFacts) = try await get(MapAnnotation.self, "full", judge)
                let values = try annotation.mapValue
                #expect(values.map(\.value) == [0, 1].map { mapFacts.string("_mapValue[\($0)] value") })
                let namespace = try annotation.ns
                #expect(namespace == mapFacts.string("_ns _val"))

                let (file, fileFacts) = try await get(OriginalFile.self, "full", judge)
                let size = try file.size
                #expect(size == fileFacts.long("_size _val"))
                let path = try file.path
                #expect(path == fileFacts.string("_path _val"))
                let modified = try file.mtime
                #expect(modified == fileFacts.date("_mtime _val"))
            }
        }

        @Test("of nothing: null, empty, not loaded")
        func nothing() async throws {
            try await withJudge { judge, _ in
                let (project, _) = try await get(Project.self, "null", judge)
                #expect(project.id == nil && project.details == nil && !project.isLoaded)
                #expect(throws: ModelError.self) { try project.name }
                let (details, _) = try await get(Details.self, "null", judge)
                #expect(details.owner == nil && details.permissions == nil && details.call.isEmpty)
                let (image, facts) = try await get(Image.self, "unloaded", judge)
                #expect(image.id == facts.long("_id _val"))
                #expect(throws: ModelError.self) { try image.pixels }
            }
        }

        @Test("of parameters and commands")
        func commands() async throws {
            try await withJudge { judge, _ in
                let (parameters, facts) = try await get(QueryParameters.self, "full", judge)
                #expect(parameters.map.count == facts.count("map"))
                let limit = try #require(parameters.theFilter?.limit)
                #expect(limit == facts.int("theFilter limit _val"))
                #expect(parameters.theFilter?.startTime == facts.date("theFilter startTime _val"))
                let (delete, deleteFacts) = try await get(Delete2.self, "full", judge)
                #expect(delete.dryRun)
                #expect(delete.targetObjects.count == deleteFacts.count("targetObjects"))
                #expect(delete.typesToIgnore.first == deleteFacts.string("typesToIgnore[0]"))
                let options = delete.childOptions.map { $0?.includeType }
                #expect(options.first??.first == deleteFacts.string("childOptions[0] includeType[0]"))
            }
        }
    }
}
