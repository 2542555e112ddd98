import OMEROAPI
import OMEROModel
import OMEROStore

/// A class whose objects can be annotated.
struct AnnotatedRoot: Sendable {
    let name: String
    var link: String { name + "AnnotationLink" }

    init(_ name: String) throws {
        guard let entity = DataModel.queryEntity(name),
            let root = entity.lineage.first(where: { DataModel.entity($0.name + "AnnotationLink") != nil })
        else { throw ApiUsageException("\(name.prefix(100)) is no class that can be annotated") }
        self.name = root.name
    }
}

/// Which annotations are wanted.
struct AnnotationQuery: Sendable {
    /// One of these; all if there is none.
    var types: [Entity] = []
    var ownerIDs: [Int64] = []
    /// The namespaces that are wanted, and those that are not; without any, all are.
    var include: [String] = []
    var exclude: [String] = []

    init() {}

    init(_ type: String, _ include: [String], _ exclude: [String], _ options: QueryParameters?) throws {
        types = [try Self.type(type)]
        self.include = include
        self.exclude = exclude
        if let owner = options?.theFilter?.ownerId { ownerIDs = [owner] }
    }

    static func type(_ name: String) throws -> Entity {
        guard let entity = DataModel.queryEntity(name), entity.isA("Annotation") else {
            throw ApiUsageException("\(name.prefix(100)) is no class of annotations")
        }
        return entity
    }

    /// The concrete classes that are wanted; nil for all.
    fileprivate var classes: Set<String>? { types.isEmpty ? nil : Set(types.flatMap(\.family).map(\.name)) }

    fileprivate var conditions: ObjectFinder.Conditions {
        var conditions = ObjectFinder.Conditions()
        if !ownerIDs.isEmpty {
            conditions.add("x.details.owner.id in (:owners)", "owners", .list(ownerIDs.map { .long($0) }))
        }
        if !include.isEmpty { conditions.add("x.ns in (:include)", "include", .list(include.map { .string($0) })) }
        if !exclude.isEmpty {
            conditions.add(
                "(x.ns is null or x.ns not in (:exclude))", "exclude", .list(exclude.map { .string($0) }))
        }
        return conditions
    }
}

extension ObjectFinder {
    /// With owners, and with the files of file annotations.
    func annotations(_ ids: [Int64]) throws -> [Annotation?] {
        try load("Annotation", Set(ids).sorted(), fetch: Self.annotation).map { Annotation(object: $0.object) }
    }

    private static let annotation: [FetchPath] = ["details.owner", "details.creationEvent", "file.hasher"]

    func ids(_ query: AnnotationQuery) throws -> [Int64] {
        guard let type = query.types.first else { return try ids("Annotation", query.conditions) }
        var conditions = query.conditions
        // Nothing can be done with a file annotation that has lost its file.
        if type.name == "FileAnnotation" { conditions.add("x.file is not null") }
        return try ids(type.name, conditions)
    }

    /// By the id of what they are linked to.
    func annotations(
        _ query: AnnotationQuery, linkedTo root: AnnotatedRoot, _ ids: [Int64]
    ) throws -> [Int64: [Annotation?]] {
        let links = try rows(
            "x.parent.id, x.child.id", root.link, .ids(ids, of: "x.parent.id"), order: "x.parent.id, x.child.id")
        var wanted = query.conditions
        wanted.addIDs(Set(links.map { $0[1] }).sorted())
        let found = try byID("Annotation", try self.ids("Annotation", wanted), fetch: Self.annotation)
        let classes = query.classes
        var result: [Int64: [Annotation?]] = [:]
        var seen: Set<[Int64]> = []
        for link in links where seen.insert(link).inserted {
            guard let annotation = found[link[1]], classes?.contains(annotation.entity.name) ?? true else { continue }
            result[link[0], default: []].append(Annotation(object: annotation.object.object))
        }
        return result
    }

    /// Annotations of others that a user has linked to something.
    func annotationsUsed(_ type: Entity, by user: Int64) throws -> [Int64] {
        var used: Set<Int64> = []
        for root in Self.taggedTypes {
            var conditions = Conditions()
            conditions.add("x.details.owner.id = :user", "user", .long(user))
            conditions.add("c.details.owner.id != :user")
            let found = try rows(
                "c.id", "\(root)AnnotationLink", joins: "join x.child c", conditions, order: "c.id")
            used.formUnion(found.compactMap(\.first))
        }
        return try ids(type.name, .ids(used.sorted()))
    }

    // MARK: Tags

    /// What tags are looked for on.
    static let taggedTypes = ["Image", "Dataset", "Project", "Screen", "Plate"]
    private static let tagSet = "openmicroscopy.org/omero/insight/tagset"

    /// Tag sets with their tags, and with orphans the tags that are in none of them.
    func tagSets(ownedBy owner: Int64?, withOrphans: Bool) throws -> [IObject?] {
        func owned(_ condition: String) -> Conditions {
            var conditions = Conditions()
            conditions.add(condition, "set", .string(Self.tagSet))
            if let owner { conditions.add("x.details.owner.id = :owner", "owner", .long(owner)) }
            return conditions
        }
        let sets = try ids("TagAnnotation", owned("x.ns = :set"))
        var requests = [
            LoadRequest(
                "TagAnnotation", sets,
                fetch: ["details.owner", "annotationLinks.child.details.owner", "annotationLinks.parent.details.owner"])
        ]
        if withOrphans {
            let inSets = try rows(
                "x.child.id", "AnnotationAnnotationLink", .ids(sets, of: "x.parent.id"), order: "x.child.id")
            let known = Set(inSets.compactMap(\.first))
            let tags = try ids("TagAnnotation", owned("(x.ns is null or x.ns != :set)"))
            requests.append(
                LoadRequest("TagAnnotation", tags.filter { !known.contains($0) }, fetch: ["details.owner"]))
        }
        return try load(requests).flatMap(\.self)
    }

    /// The objects that a tag is linked to.
    func tagged(by tag: Int64) throws -> [IObject?] {
        let links: [FetchPath] = [
            "annotationLinks.child.details.owner", "annotationLinksCountPerOwner", "details.owner",
        ]
        let others: [String: [FetchPath]] = [
            "Image": ["pixels.pixelsType"],
            "Project": ["details.creationEvent", "datasetLinks.child"],
            "Screen": ["details.creationEvent", "plateLinks.child"],
        ]
        let requests = try Self.taggedTypes.map { type in
            let found = try rows(
                "x.parent.id", "\(type)AnnotationLink", .ids([tag], of: "x.child.id"), order: "x.parent.id")
            return LoadRequest(
                type, Set(found.compactMap(\.first)).sorted(), fetch: links + (others[type] ?? []))
        }
        return try load(requests).flatMap(\.self)
    }
}

/// What is loaded with instruments and channels.
enum Acquisition {
    static let instrument: [FetchPath] = [
        "microscope.type", "objective.immersion", "objective.correction", "detector.type", "filter.type",
        "filter.transmittanceRange", "filterSet.dichroic", "dichroic", "otf.pixelsType", "otf.objective.immersion",
        "otf.objective.correction", "otf.filterSet", "lightSource.type", "lightSource.laserMedium", "lightSource.pulse",
    ]

    static let channel: [FetchPath] = {
        let filters = ["emissionFilterLink", "excitationFilterLink"].flatMap { link in
            ["filterSet.\(link)", "lightPath.\(link)"].flatMap { path in
                ["\(path).child.transmittanceRange", "\(path).child.type"]
            }
        }
        let others = [
            "mode", "illumination", "contrastMethod", "photometricInterpretation", "detectorSettings.detector.type",
            "detectorSettings.binning", "lightSourceSettings.microbeamManipulation",
            "lightSourceSettings.lightSource.instrument", "lightSourceSettings.lightSource.type",
            "lightSourceSettings.lightSource.laserMedium", "lightSourceSettings.lightSource.pulse",
            "lightSourceSettings.lightSource.pump.type", "otf.pixelsType", "otf.objective.immersion",
            "otf.objective.correction", "otf.filterSet.dichroic", "filterSet.dichroic", "lightPath.dichroic",
        ]
        return (others + filters).map { FetchPath($0) }
    }()
}
