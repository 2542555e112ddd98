import OMEROAPI
import OMEROModel
import OMEROStore

/// The containers that hierarchies begin with, and what is loaded with each.
enum ContainerRoot: String, Sendable {
    case project = "Project"
    case dataset = "Dataset"
    case screen = "Screen"
    case plate = "Plate"

    init(_ name: String) throws {
        guard let entity = DataModel.queryEntity(name), let root = ContainerRoot(rawValue: entity.name) else {
            throw ApiUsageException(
                "Class parameter for loadContainerHierarchy() must be in {Project, Dataset, Screen, Plate}, "
                    + "not \(name.prefix(100))")
        }
        self = root
    }

    /// What is in it and has to be in no such container to be an orphan: the type, and its links upwards.
    fileprivate var orphans: (root: ContainerRoot, links: String)? {
        switch self {
        case .project: (.dataset, "projectLinks")
        case .screen: (.plate, "screenLinks")
        case .dataset, .plate: nil
        }
    }

    fileprivate func paths(_ wishes: QueryOptions?) -> [FetchPath] {
        let leaves = wishes?.leaves == true
        var paths: [FetchPath] = ["details.owner", "details.creationEvent", "annotationLinksCountPerOwner"]
        var images: String?
        switch self {
        case .project:
            paths += ["datasetLinks.child.annotationLinksCountPerOwner", "datasetLinks.child.imageLinksCountPerOwner"]
            images = "datasetLinks.child.imageLinks.child"
        case .dataset:
            paths += ["imageLinksCountPerOwner"]
            images = "imageLinks.child"
        case .screen:
            paths += [
                "plateLinks.child.details.creationEvent", "plateLinks.child.details.updateEvent",
                "plateLinks.child.annotationLinksCountPerOwner",
                "plateLinks.child.plateAcquisitions.annotationLinksCountPerOwner",
            ]
            images = "plateLinks.child.plateAcquisitions.wellSample.image"
        case .plate:
            paths += ["plateAcquisitions.annotationLinksCountPerOwner"]
            images = "plateAcquisitions.wellSample.image"
        }
        guard leaves, let images else { return paths }
        return paths + ImageQueries.fetched(wishes).map { FetchPath("\(images).\($0)") }
    }
}

enum ImageQueries {
    /// By the type of a container: how to get from an image to it.
    static let paths: [String: (path: String, joins: String)] = [
        "Image": ("x.id", ""),
        "Dataset": ("l.parent.id", "join x.datasetLinks l"),
        "Project": ("p.parent.id", "join x.datasetLinks l join l.parent d join d.projectLinks p"),
    ]

    /// What is loaded with an image.
    static func fetched(_ wishes: QueryOptions?) -> [FetchPath] {
        var paths: [FetchPath] = [
            "details.owner", "details.creationEvent", "details.updateEvent", "pixels.pixelsType", "format",
            "annotationLinksCountPerOwner", "datasetLinksCountPerOwner",
        ]
        if wishes?.acquisitionData == true {
            paths += [
                "stageLabel", "imagingEnvironment", "objectiveSettings.medium", "objectiveSettings.objective.immersion",
                "objectiveSettings.objective.correction",
            ]
        }
        return paths
    }
}

extension ObjectFinder {
    func images(_ ids: [Int64], _ wishes: QueryOptions?) throws -> [Image?] {
        try load("Image", ids, fetch: ImageQueries.fetched(wishes)).map { Image(object: $0.object) }
    }

    /// Containers with what is in them; without ids all that the filter lets through, and what is in none of them if
    /// that is wished.
    func hierarchy(
        _ root: ContainerRoot, _ ids: [Int64], _ filter: QueryFilter?, _ wishes: QueryOptions?
    ) throws -> [IObject?] {
        func found(_ root: ContainerRoot, _ conditions: Conditions) throws -> LoadRequest {
            LoadRequest(root.rawValue, try self.ids(root.rawValue, conditions), fetch: root.paths(wishes))
        }
        var conditions = Conditions(filter)
        if !ids.isEmpty { conditions.addIDs(ids) }
        var requests = [try found(root, conditions)]
        if wishes?.orphan == true, ids.isEmpty, let (type, links) = root.orphans {
            var conditions = Conditions(filter)
            conditions.add("x.\(links) is empty")
            requests.append(try found(type, conditions))
        }
        return try load(requests).flatMap(\.self)
    }

    /// What leads from the top down to images, and nothing else: projects with their datasets, datasets that are in no
    /// project, and images that are in no dataset.
    func hierarchies(above images: [Int64], _ filter: QueryFilter?) throws -> [IObject?] {
        func elements(_ rows: [[Int64]]) -> Set<FetchedElement> {
            Set(rows.map { FetchedElement(holder: $0[0], element: $0[1]) })
        }
        guard !images.isEmpty else { return [] }
        let imageLinks = try rows(
            "x.parent.id, x.id, x.child.id", "DatasetImageLink", .ids(images, of: "x.child.id"), order: "x.id")
        let datasets = Set(imageLinks.map { $0[0] })
        var owned = Conditions(filter)
        owned.addIDs(datasets.sorted())
        let shown = Set(try ids("Dataset", owned))
        let projectLinks = try rows(
            "x.parent.id, x.id, x.child.id", "ProjectDatasetLink", .ids(shown.sorted(), of: "x.child.id"), order: "x.id"
        )
        var top = Conditions(filter)
        top.addIDs(Set(projectLinks.map { $0[0] }).sorted())
        let projects = try ids("Project", top)
        let inProjects = Set(projectLinks.filter { projects.contains($0[0]) }.map { $0[2] })
        let inDatasets = Set(imageLinks.filter { shown.contains($0[0]) }.map { $0[2] })
        let imagesBelow = elements(imageLinks)
        let requests = [
            LoadRequest(
                "Project", projects, fetch: ["datasetLinks.child.imageLinks.child"],
                only: ["datasetLinks": elements(projectLinks), "datasetLinks.child.imageLinks": imagesBelow]),
            LoadRequest(
                "Dataset", shown.subtracting(inProjects).sorted(), fetch: ["imageLinks.child"],
                only: ["imageLinks": imagesBelow]),
            LoadRequest("Image", images.filter { !inDatasets.contains($0) }),
        ]
        return try load(requests).flatMap(\.self)
    }

    /// Filesets of which some images are in these containers and some are not: which are (true), and which aren't.
    func splitFilesets(_ included: [String: [Int64]]) throws -> [Int64: [Bool: [Int64]]] {
        var ids: [String: Set<Int64>] = [:]
        for (name, found) in included {
            guard let entity = DataModel.queryEntity(name) else {
                throw ApiUsageException("Class not found: \(name.prefix(100))")
            }
            ids[entity.name, default: []].formUnion(found)
        }
        func add(_ to: String, _ columns: String, _ entity: String, by path: String, of from: String) throws {
            guard let known = ids[from], !known.isEmpty else { return }
            let found = try rows(columns, entity, .ids(known.sorted(), of: path), order: columns)
            ids[to, default: []].formUnion(found.compactMap(\.first))
        }
        try add("Dataset", "x.child.id", "ProjectDatasetLink", by: "x.parent.id", of: "Project")
        try add("Image", "x.child.id", "DatasetImageLink", by: "x.parent.id", of: "Dataset")
        try add("Plate", "x.child.id", "ScreenPlateLink", by: "x.parent.id", of: "Screen")
        try add("Well", "x.id", "Well", by: "x.plate.id", of: "Plate")
        try add("Image", "x.image.id", "WellSample", by: "x.well.id", of: "Well")
        try add("Image", "x.id", "Image", by: "x.fileset.id", of: "Fileset")
        // Folders are in folders; each is looked at once, so that this ends.
        var known = 0
        while let folders = ids["Folder"], folders.count > known {
            known = folders.count
            try add("Folder", "x.id", "Folder", by: "x.parentFolder.id", of: "Folder")
        }
        try add("Image", "x.child.id", "FolderImageLink", by: "x.parent.id", of: "Folder")
        try add("needed", "x.fileset.id", "Image", by: "x.id", of: "Image")
        let images = ids["Image"] ?? []
        let filesets = (ids["needed"] ?? []).subtracting(ids["Fileset"] ?? [])
        guard !filesets.isEmpty else { return [:] }
        var split: [Int64: [Bool: [Int64]]] = [:]
        let members = try rows(
            "x.fileset.id, x.id", "Image", .ids(filesets.sorted(), of: "x.fileset.id"), order: "x.id")
        for (fileset, rows) in Dictionary(grouping: members, by: { $0[0] }) {
            let inside = rows.map { $0[1] }.filter(images.contains)
            guard inside.count < rows.count else { continue }
            split[fileset] = [true: inside, false: rows.map { $0[1] }.filter { !images.contains($0) }]
        }
        return split
    }
}
