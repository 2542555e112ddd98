import GRDB
import OMEROModel

@testable import OMEROStore

/// Two users in two groups, and rows to try graphs out on.
struct GraphLab {
    let transaction: WriteTransaction
    let ada: Int64
    let bob: Int64
    /// A group whose members see each other's objects, unless it's said otherwise.
    let group: Int64
    let other: Int64
    private let groups: [Int64: Permissions]

    /// Runs a test in one transaction.
    static func run<Result: Sendable>(
        group: String = "rwrw--", other: String = "rwrw--",
        _ body: @escaping @Sendable (GraphLab) throws -> Result
    ) async throws -> Result {
        try await TestStore.fresh().write { try body(GraphLab($0, group, other)) }
    }

    private init(_ transaction: WriteTransaction, _ group: String, _ other: String) throws {
        self.transaction = transaction
        func make(_ name: String, _ permissions: String) throws -> Int64 {
            var new = NewGroup(name: name)
            new.permissions = (Permissions(permissions) ?? Permissions(rawValue: -120)).rawValue
            return try transaction.createGroup(new, by: .server)
        }
        self.group = try make("lab", group)
        self.other = try make("annex", other)
        ada = try transaction.createUser(UserTests.newUser, by: .server)
        bob = try transaction.createUser(NewUser(name: "bob", firstName: "Bob", lastName: "B"), by: .server)
        var groups: [Int64: Permissions] = [:]
        for group in try transaction.groups() { groups[group.id] = Permissions(rawValue: group.permissions) }
        self.groups = groups
    }

    // MARK: Rows

    func add(_ type: String, _ values: [String: StoreValue] = [:], by user: Int64? = nil) throws -> Int64 {
        let caller = Caller(userID: user ?? ada, groupID: group, sessionID: 0)
        return try transaction.insertObject(type, values, by: caller)
    }

    @discardableResult
    func link(_ type: String, _ parent: Int64, _ child: Int64, by user: Int64? = nil) throws -> Int64 {
        try add(type, ["parent": .reference(parent), "child": .reference(child)], by: user)
    }

    func project(_ datasets: Int64..., by user: Int64? = nil) throws -> Int64 {
        let project = try add("Project", ["name": "p"], by: user)
        for dataset in datasets { try link("ProjectDatasetLink", project, dataset, by: user) }
        return project
    }

    func dataset(_ images: Int64..., by user: Int64? = nil) throws -> Int64 {
        let dataset = try add("Dataset", ["name": "d"], by: user)
        for image in images { try link("DatasetImageLink", dataset, image, by: user) }
        return dataset
    }

    /// With pixels, a channel, rendering settings and a thumbnail.
    func image(_ values: [String: StoreValue] = [:], by user: Int64? = nil) throws -> Int64 {
        let image = try add("Image", values.merging(["name": "i"]) { $1 }, by: user)
        let pixels = try add(
            "Pixels",
            [
                "image": .reference(image), "pixelsType": .entry("uint8"), "dimensionOrder": .entry("XYZCT"),
                "sizeX": 1, "sizeY": 1, "sizeZ": 1, "sizeC": 1, "sizeT": 1, "sha1": "-",
            ], by: user)
        let logical = try add("LogicalChannel", by: user)
        _ = try add("Channel", ["pixels": .reference(pixels), "logicalChannel": .reference(logical)], by: user)
        return image
    }

    func pixels(of image: Int64) throws -> Int64 {
        try transaction.values("SELECT id FROM pixels WHERE image = ?", [image])[0]
    }

    func thumbnail(of image: Int64, by user: Int64? = nil) throws -> Int64 {
        try add(
            "Thumbnail",
            ["pixels": .reference(try pixels(of: image)), "mimeType": "image/png", "sizeX": 1, "sizeY": 1], by: user)
    }

    /// With a file for each image.
    func fileset(_ images: Int64...) throws -> Int64 {
        let fileset = try add("Fileset", ["templatePrefix": "x/"])
        for image in images {
            try transaction.execute("UPDATE image SET fileset = ? WHERE id = ?", [fileset, image])
            let file = try file("\(image).tif")
            _ = try add(
                "FilesetEntry",
                ["fileset": .reference(fileset), "originalFile": .reference(file), "clientPath": "a"])
        }
        return fileset
    }

    func file(_ name: String, by user: Int64? = nil) throws -> Int64 {
        try add("OriginalFile", ["name": .text(name), "path": "/", "size": 1], by: user)
    }

    func annotation(_ type: String, on image: Int64, by user: Int64? = nil) throws -> Int64 {
        let annotation = try add(type, by: user)
        try link("ImageAnnotationLink", image, annotation, by: user)
        return annotation
    }

    // MARK: Graphs

    /// - Parameter user: who asks: may do everything to the own objects, and see those of others. Nil for somebody who
    ///   may do everything.
    func plan(
        _ operation: GraphRequest.Operation, _ targets: [String: [Int64]], options: [GraphOption] = [],
        ignored: Set<Entity> = [], as user: Int64? = nil
    ) throws -> GraphPlan {
        try transaction.plan(
            GraphRequest(operation, Self.entities(targets), options: options, ignored: ignored), authority(user))
    }

    func refusal(
        _ operation: GraphRequest.Operation, _ targets: [String: [Int64]], options: [GraphOption] = [],
        as user: Int64? = nil
    ) throws -> String? {
        do {
            _ = try plan(operation, targets, options: options, as: user)
            return nil
        } catch let refusal as GraphRefusal {
            return refusal.description
        }
    }

    func carryOut(_ plan: GraphPlan) throws {
        try transaction.carryOut(plan, by: Caller(userID: ada, groupID: group, sessionID: 0))
    }

    func authority(_ user: Int64?) -> GraphAuthority {
        let levels = groups.mapValues {
            GraphAuthority.GroupLevel(
                sees: $0[.group, .read], annotates: $0[.group, .annotate], writes: $0[.group, .write])
        }
        return GraphAuthority(groups: levels) { object in
            user == nil || object.ownerID == user ? .all : .see
        }
    }

    static func entities(_ targets: [String: [Int64]]) -> [Entity: Set<Int64>] {
        var entities: [Entity: Set<Int64>] = [:]
        for (name, ids) in targets { if let entity = DataModel.entity(name) { entities[entity] = Set(ids) } }
        return entities
    }

    func isThere(_ type: String, _ id: Int64) throws -> Bool { try !transaction.details(of: type, ids: [id]).isEmpty }
}

extension [Entity: [Int64]] {
    subscript(_ name: String) -> [Int64] { first { $0.key.name == name }?.value ?? [] }
    var names: Set<String> { Set(keys.map(\.name)) }
}

extension GraphOption {
    static func excluding(_ names: String...) -> GraphOption {
        GraphOption(excludedTypes: Set(names.compactMap(DataModel.entity)))
    }

    static func including(_ names: String...) -> GraphOption {
        GraphOption(includedTypes: Set(names.compactMap(DataModel.entity)))
    }
}
