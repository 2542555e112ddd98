import Foundation
import GRDB
import IceEncoding
import NIOCore
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Loading objects")
struct LoadingTests {
    /// The first object of a type, in a graph that is complete.
    private func load<Class: IObjectProtocol>(
        _ type: Class.Type,
        _ id: Int64,
        from store: Store,
        as name: String? = nil,
        fetch: [FetchPath] = []
    ) async throws -> Class {
        let entity = name ?? String(describing: Class.self)
        let object = try await store.read { transaction in
            try GraphBuilder.build { try transaction.load(entity, where: [id], fetch: fetch, into: $0).first }
        }
        return try #require(object?.cast(to: Class.self))
    }

    @Test("a user comes with the groups in order, the default group first; the groups' own members are not loaded")
    func user() async throws {
        let (store, user, group) = try await UserTests.store()
        try await store.write { transaction in
            try transaction.setUserConfig(user, [NamedValue("b", "2"), NamedValue("a", "1")], by: .server)
        }
        let loaded = try await load(Experimenter.self, user, from: store, fetch: .userWithGroups)
        #expect(loaded.id == user)
        #expect(try loaded.omeName == "ada")
        #expect(try loaded.middleName == nil)
        #expect(try loaded.ldap == false)
        #expect(try loaded.config.map(\.name) == ["b", "a"])
        #expect(!loaded.isAnnotationLinksLoaded)
        let maps = try loaded.groupExperimenterMap
        #expect(try maps.map { try $0.parent.id } == [group, 1])
        #expect(try maps[0].parent.name == "lab")
        #expect(try maps[0].parent.description == "ä")
        #expect(try !maps[0].parent.isGroupExperimenterMapLoaded)
        #expect(try maps[0].child.object == loaded.object)
        #expect(loaded.details?.permissions?.rawValue == 0)
        #expect(loaded.details?.owner == nil)
    }

    @Test("a group comes with its members; only the longer shape has their groups too")
    func group() async throws {
        let (store, user, group) = try await UserTests.store()
        let plain = try await load(ExperimenterGroup.self, group, from: store)
        #expect(!plain.isGroupExperimenterMapLoaded)
        #expect(plain.details?.permissions?.description == "rw----")
        let members = try await load(ExperimenterGroup.self, group, from: store, fetch: .groupWithMembers)
        let child = try #require(try members.groupExperimenterMap.first?.child)
        #expect(try child.omeName == "ada")
        #expect(!child.isGroupExperimenterMapLoaded)
        let all = try await load(ExperimenterGroup.self, 1, from: store, fetch: .groupWithMembersAndTheirGroups)
        let names = try all.groupExperimenterMap.map { map in
            try map.child.groupExperimenterMap.map { try $0.parent.name }
        }
        #expect(Set(names) == [["system", "user"], ["lab", "user"]])
        #expect(try all.groupExperimenterMap.contains { try $0.child.id == user })
    }

    @Test("what is not fetched is an id or not loaded; details are filled, with the group, and the owner if asked for")
    func unloaded() async throws {
        let (store, user, group) = try await UserTests.store()
        let id = try await store.write { transaction in
            let caller = Caller(userID: user, groupID: group, sessionID: 0)
            return try transaction.insertObject("Project", ["name": "日本", "description": "d"], by: caller)
        }
        let project = try await load(Project.self, id, from: store)
        #expect(try project.name == "日本")
        #expect(try project.version == 0)
        #expect(!project.isDatasetLinksLoaded)
        #expect(throws: ModelError.self) { try project.datasetLinks }
        let details = try #require(project.details)
        #expect(details.owner?.id == user)
        #expect(details.owner?.isLoaded == false)
        #expect(details.group?.id == group)
        #expect(try details.group?.name == "lab")
        #expect(details.group?.isGroupExperimenterMapLoaded == false)
        #expect(details.creationEvent?.isLoaded == false)
        #expect(details.updateEvent?.id == details.creationEvent?.id)
        #expect(details.permissions?.rawValue == -120)
        #expect(details.externalInfo == nil)
        let paths: [FetchPath] = .ownerAndCreation + ["datasetLinks", "annotationLinksCountPerOwner"]
        let more = try await load(Project.self, id, from: store, fetch: paths)
        #expect(try more.details?.owner?.omeName == "ada")
        #expect(try more.details?.creationEvent?.time.timeIntervalSinceNow ?? -1000 > -600)
        #expect(try more.datasetLinks.isEmpty)
        #expect(more.isDatasetLinksLoaded)
    }

    private static func image(_ transaction: WriteTransaction) throws -> Int64 {
        let image = try transaction.insertObject("Image", ["name": "i", "series": 3], by: .server)
        let pixels = try transaction.insertObject(
            "Pixels",
            [
                "image": .reference(image), "pixelsType": .entry("uint16"), "dimensionOrder": .entry("XYZCT"),
                "sizeX": 4, "sizeY": 5, "sizeZ": 1, "sizeC": 2, "sizeT": 1, "sha1": "x",
                "physicalSizeX": .quantity(0.25, "µm"),
            ],
            by: .server
        )
        for name in ["DAPI", "GFP", "RFP"] {
            let logical = try transaction.insertObject(
                "LogicalChannel",
                ["name": .text(name), "emissionWave": .quantity(520, "nm")],
                by: .server
            )
            try transaction.insertObject(
                "Channel",
                ["pixels": .reference(pixels), "logicalChannel": .reference(logical), "red": 255],
                by: .server
            )
        }
        return image
    }

    @Test("an image comes with its pixels and their channels in order, quantities and enumerations")
    func image() async throws {
        let store = try await TestStore.fresh()
        let id = try await store.write { try Self.image($0) }
        let paths: [FetchPath] = ["pixels.pixelsType", "pixels.channels.logicalChannel"]
        let image = try await load(Image.self, id, from: store, fetch: paths)
        #expect(try image.series == 3)
        let pixels = try #require(try image.pixels.first)
        #expect(try pixels.image.object == image.object)
        #expect(try pixels.sizeY == 5)
        #expect(try pixels.physicalSizeX == Length(0.25, .micrometer))
        #expect(try pixels.physicalSizeY == nil)
        #expect(try pixels.pixelsType.value == "uint16")
        #expect(try pixels.pixelsType.bitSize == 16)
        #expect(try !pixels.dimensionOrder.isLoaded)
        let channels = try pixels.channels
        #expect(try channels.map { try $0.logicalChannel.name } == ["DAPI", "GFP", "RFP"])
        #expect(try channels[2].logicalChannel.emissionWave == Length(520, .nanometer))
        #expect(try channels[1].red == 255)
        try await store.write { transaction in
            _ = try transaction.execute("UPDATE channel SET pixels_index = pixels_index + 10 WHERE id = 1")
        }
        let again = try await load(Image.self, id, from: store, fetch: paths)
        #expect(try again.pixels[0].channels.map(\.id) == [2, 3, 1])
    }

    @Test("annotations are of the class that their discriminator says, linked or by themselves")
    func annotations() async throws {
        let store = try await TestStore.fresh()
        let (project, ids) = try await store.write { transaction in
            let project = try transaction.insertObject("Project", ["name": "p"], by: .server)
            let file = try transaction.insertObject("OriginalFile", ["name": "f", "path": "/"], by: .server)
            let ids = try [
                transaction.insertObject("TagAnnotation", ["textValue": "tag", "ns": "n"], by: .server),
                transaction.insertObject("LongAnnotation", ["longValue": 7], by: .server),
                transaction.insertObject("FileAnnotation", ["file": .reference(file)], by: .server),
                transaction.insertObject(
                    "TimestampAnnotation", ["timeValue": .time(Timestamp(milliseconds: 1234))], by: .server),
                transaction.insertObject(
                    "MapAnnotation",
                    ["mapValue": .map([NamedValue("k", "1"), NamedValue("k", "ü")])],
                    by: .server
                ),
                transaction.insertObject("BooleanAnnotation", ["boolValue": true], by: .server),
            ]
            for id in ids {
                try transaction.insertObject(
                    "ProjectAnnotationLink",
                    ["parent": .reference(project), "child": .reference(id)],
                    by: .server
                )
            }
            return (project, ids)
        }
        let bare = try await load(Project.self, project, from: store, fetch: ["annotationLinks"])
        // The class of an annotation is in its row only: no link comes without it.
        let linked = try bare.annotationLinks.map { try $0.child }
        #expect(linked.map(\.typeID).first == "::omero::model::TagAnnotation")
        #expect(linked.map(\.id) == ids)
        #expect(try linked[0].cast(to: TagAnnotation.self)?.textValue == "tag")
        #expect(try linked[2].cast(to: FileAnnotation.self)?.file?.isLoaded == false)
        let paths: [FetchPath] = ["annotationLinks.child.file", "annotationLinksCountPerOwner"]
        let full = try await load(Project.self, project, from: store, fetch: paths)
        #expect(full.annotationLinksCountPerOwner == [0: 6])
        let children = try full.annotationLinks.map { try $0.child }
        #expect(try children[0].cast(to: TagAnnotation.self)?.textValue == "tag")
        #expect(try children[0].ns == "n")
        #expect(try children[1].cast(to: LongAnnotation.self)?.longValue == 7)
        #expect(try children[2].cast(to: FileAnnotation.self)?.file?.path == "/")
        #expect(try children[3].cast(to: TimestampAnnotation.self)?.timeValue == Date(omeroMilliseconds: 1234))
        #expect(try children[4].cast(to: MapAnnotation.self)?.mapValue == [NamedValue("k", "1"), NamedValue("k", "ü")])
        #expect(try children[5].cast(to: BooleanAnnotation.self)?.boolValue == true)
        // Asked for as what they are not, they aren't there.
        let found = try await store.read { transaction in
            try GraphBuilder.build { try transaction.load("TextAnnotation", where: ids + [99], into: $0) }
        }
        #expect(found.map(\.id) == [ids[0]])
    }

    @Test("shapes come in order, joined types with the columns of all their tables")
    func hierarchies() async throws {
        let store = try await TestStore.fresh()
        let (roi, laser, job) = try await store.write { transaction in
            let roi = try transaction.insertObject("Roi", ["name": "r"], by: .server)
            let transform = try transaction.insertObject(
                "AffineTransform", ["a00": 1, "a10": 0, "a01": 0, "a11": 1, "a02": 5.5, "a12": 6], by: .server)
            try transaction.insertObject(
                "Mask",
                [
                    "roi": .reference(roi), "x": 1.5, "bytes": .bytes([1, 2, 255]),
                    "strokeWidth": .quantity(2, "pixel"), "transform": .reference(transform),
                ],
                by: .server
            )
            try transaction.insertObject("Label", ["roi": .reference(roi), "textValue": "t", "theZ": 4], by: .server)
            let instrument = try transaction.insertObject("Instrument", [:], by: .server)
            let laser = try transaction.insertObject(
                "Laser",
                [
                    "manufacturer": "m", "type": .entry("Gas"), "laserMedium": .entry("Ar"), "tuneable": false,
                    "wavelength": .quantity(488, "nm"), "instrument": .reference(instrument),
                ],
                by: .server
            )
            try transaction.insertObject(
                "Filament",
                ["type": .entry("Halogen"), "instrument": .reference(instrument)],
                by: .server
            )
            let job = try transaction.insertObject(
                "UploadJob",
                [
                    "username": "u", "groupname": "g", "type": "t", "message": "m", "status": .entry("Running"),
                    "submitted": .time(Timestamp(milliseconds: 1)), "scheduledFor": .time(Timestamp(milliseconds: 2)),
                    "versionInfo": .map([NamedValue("v", "1")]),
                ],
                by: .server
            )
            return (roi, laser, job)
        }
        let loaded = try await load(Roi.self, roi, from: store, fetch: ["shapes"])
        let shapes = try loaded.shapes
        let mask = try #require(shapes[0].cast(to: Mask.self))
        #expect(try mask.bytes == ByteBuffer(bytes: [1, 2, 255]))
        #expect(try mask.strokeWidth == Length(2, .pixel))
        #expect(try mask.transform?.a02 == 5.5, "clients read it without asking for it")
        #expect(try shapes[1].cast(to: Label.self)?.theZ == 4)
        let source = try await load(
            Laser.self, laser, from: store, as: "LightSource", fetch: ["type", "instrument.lightSource.type"])
        #expect(try source.manufacturer == "m")
        #expect(try source.type.value == "Gas")
        #expect(try !source.laserMedium.isLoaded)
        #expect(try source.wavelength == Length(488, .nanometer))
        let sources = try source.instrument.lightSource
        #expect(sources.map(\.typeID) == ["::omero::model::Laser", "::omero::model::Filament"])
        #expect(try sources[1].cast(to: Filament.self)?.type.value == "Halogen")
        let upload = try await load(UploadJob.self, job, from: store, as: "Job")
        #expect(try upload.versionInfo == [NamedValue("v", "1")])
        #expect(try upload.scheduledFor == Date(omeroMilliseconds: 2))
    }

    @Test("every type can be planned and asked for", arguments: DataModel.entities)
    func everyType(_ entity: Entity) async throws {
        let store = try await TestStore.shared()
        // Every reference and every collection, so that each query is one that SQLite takes.
        let paths = entity.family.flatMap(\.allProperties).compactMap { $0.type == nil ? nil : FetchPath($0.name) }
        let count = try await store.read { transaction in
            try GraphBuilder.build {
                try transaction.load(entity.name, where: [0, 1, 2], fetch: paths, into: $0).count
            }
        }
        let expected = try await store.read { transaction -> Int in
            guard entity.family.count == 1, entity.base == nil else { return -1 }
            return try transaction.values("SELECT count(*) FROM \(entity.table.quoted) WHERE id < 3")[0]
        }
        if expected >= 0 { #expect(count == expected) }
    }

    @Test("the number of queries doesn't grow with the number of objects")
    func queries() async throws {
        let store = try await TestStore.fresh()
        try await store.write { transaction in for _ in 0..<20 { _ = try Self.image(transaction) } }
        func count(_ ids: [Int64]) async throws -> Int {
            try await store.read { transaction in
                let counter = Counter()
                transaction.db.trace { _ in counter.value += 1 }
                defer { transaction.db.trace(nil) }
                let paths: [FetchPath] = ["pixels.pixelsType", "pixels.channels.logicalChannel", "details.owner"]
                _ = try GraphBuilder.build { try transaction.load("Image", where: ids, fetch: paths, into: $0).count }
                return counter.value
            }
        }
        let one = try await count([1])
        #expect(one <= 9)
        #expect(try await count(Array(1...20)) == one)
    }

    private final class Counter { var value = 0 }

    @Test("what is visited can be changed before the graph is complete, and unknown names are refused")
    func visiting() async throws {
        let store = try await TestStore.fresh()
        let name = try await store.read { transaction in
            try GraphBuilder.build { builder in
                let field = try #require(DataModel.entity("Experimenter")?.field("omeName"))
                return try transaction.load("Experimenter", where: [0], into: builder) { loaded in
                    #expect(loaded.ownerID == nil)
                    builder[loaded.object][field] = Box("<hidden>")
                }.first
            }
        }
        #expect(try name?.cast(to: Experimenter.self)?.omeName == "<hidden>")
        for (entity, path) in [("Nothing", "a"), ("Image", "nothing"), ("Image", "details.nothing")] {
            await #expect(throws: StoreError.self) {
                try await store.read { transaction in
                    _ = try GraphBuilder.build {
                        try transaction.load(entity, where: [1], fetch: [FetchPath(path)], into: $0).count
                    }
                }
            }
        }
    }

    @Test("rows that the caller may not see are left out; a reference to one is only its id")
    func visibility() async throws {
        let (store, user, group) = try await UserTests.store()
        let caller = Caller(userID: user, groupID: group, sessionID: 0)
        let other = Caller(userID: 0, groupID: group, sessionID: 0)
        let (project, hidden) = try await store.write { transaction in
            let project = try transaction.insertObject("Project", ["name": "mine"], by: caller)
            for (name, owner, linker) in [("a", caller, caller), ("b", other, caller), ("c", caller, other)] {
                let dataset = try transaction.insertObject("Dataset", ["name": .text(name)], by: owner)
                try transaction.insertObject(
                    "ProjectDatasetLink",
                    ["parent": .reference(project), "child": .reference(dataset)],
                    by: linker
                )
            }
            return (project, try transaction.insertObject("Project", ["name": "theirs"], by: other))
        }
        let own = QueryScope(groups: .init(whole: [], own: [group], ownerID: user))
        let projects = try await store.read { transaction in
            try GraphBuilder.build { builder in
                try transaction.load(
                    "Project",
                    where: [hidden, project],
                    fetch: ["datasetLinks.child"],
                    scope: own,
                    into: builder
                )
            }
        }
        #expect(projects.map(\.id) == [project])
        let children = try #require(projects.first?.cast(to: Project.self)).datasetLinks.map { try $0.child }
        #expect(children.map(\.isLoaded) == [true, false])
        #expect(children.map(\.id) == [1, 2])
        let links = try await store.read { try $0.linksBetweenOwners(inGroup: group) }
        #expect(links == ["ProjectDatasetLink.child": 2, "ProjectDatasetLink.parent": 1])
        let details = try await store.read { try $0.details(of: "Project", ids: [hidden, 77]) }
        #expect(details.map(\.ownerID) == [0])
        #expect(details.first?.permissions == -120)
    }
}
