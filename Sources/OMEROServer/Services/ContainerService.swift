import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore

/// `omero.api.IContainer`
struct ContainerService: IContainerServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    static func requirement(_ operation: String) -> Requirement { .user }

    // MARK: Hierarchies

    func loadContainerHierarchy(
        rootType: String, rootIds: [Int64], options: QueryParameters?, current: Current
    ) async throws -> [IObject?] {
        let root = try ContainerRoot(rootType)
        let filter = options?.theFilter
        let wishes = options?.theOptions
        return try await call.find { finder in
            try finder.hierarchy(root, rootIds, filter, wishes)
        }
    }

    func findContainerHierarchies(
        rootType: String, imageIds: [Int64], options: QueryParameters?, current: Current
    ) async throws -> [IObject?] {
        guard DataModel.queryEntity(rootType)?.name == "Project" else {
            throw ApiUsageException(
                "Class parameter for findContainerHierarchies() must be in {Project}, not \(rootType.prefix(100))")
        }
        let filter = options?.theFilter
        return try await call.find { finder in try finder.hierarchies(above: imageIds, filter) }
    }

    func getCollectionCount(
        type: String, property: String, ids: [Int64], options: QueryParameters?, current: Current
    ) async throws -> [Int64: Int64] {
        guard let entity = DataModel.queryEntity(type) else {
            throw ApiUsageException("\(type.prefix(100)) is an unknown type.")
        }
        // A name can come with the class, as the constants of OMERO's Java classes have it.
        let name = property.split(separator: "_").last.map(String.init) ?? ""
        guard let collection = entity.property(name), collection.isCollection else {
            throw ApiUsageException(
                "\(entity.name).\(property.prefix(100)) is an unknown property on type \(entity.name)")
        }
        return try await call.find { finder in
            let found = try finder.rows(
                "x.id, count(e.id)", entity.name, joins: "left outer join x.\(name) e", .ids(ids),
                order: "x.id", groupedBy: "x.id")
            return Dictionary(found.map { ($0[0], $0[1]) }) { first, _ in first }
        }
    }

    func retrieveCollection(
        obj: IObject?, collectionName: String, options: QueryParameters?, current: Current
    ) async throws -> [IObject?] {
        guard let obj, let id = obj.id, let entity = DataModel.entity(obj.typeID) else {
            throw ApiUsageException("an object with an id is needed")
        }
        let name = collectionName.split(separator: "_").last.map(String.init) ?? ""
        guard case .collection(let element, _, _, _, _)? = entity.property(name)?.content else {
            throw ApiUsageException("\(entity.name) has no collection \(collectionName.prefix(100))")
        }
        return try await call.find { finder in
            let found = try finder.rows("e.id", entity.name, joins: "join x.\(name) e", .ids([id]), order: "e.id")
            return try finder.load(element, found.compactMap(\.first))
        }
    }

    // MARK: Images

    func getImages(
        rootType: String, rootIds: [Int64], options: QueryParameters?, current: Current
    ) async throws -> [Image?] {
        guard let (path, joins) = ImageQueries.paths[DataModel.queryEntity(rootType)?.name ?? ""] else {
            throw ApiUsageException("Query not implemented for \(rootType.prefix(100))")
        }
        let filter = options?.theFilter
        let wishes = options?.theOptions
        return try await call.find { finder in
            var conditions = ObjectFinder.Conditions(filter)
            conditions.addIDs(rootIds, of: path)
            conditions.addTimes(filter)
            let ids = try finder.ids("Image", joins: joins, conditions, page: QueryPage(filter))
            return try finder.images(ids, wishes)
        }
    }

    func getImagesByOptions(options: QueryParameters?, current: Current) async throws -> [Image?] {
        let filter = options?.theFilter
        guard filter?.startTime != nil || filter?.endTime != nil else {
            throw ApiUsageException("start or end time option is required for getImagesByOptions().")
        }
        return try await images(filter, options?.theOptions)
    }

    func getUserImages(options: QueryParameters?, current: Current) async throws -> [Image?] {
        let filter = options?.theFilter
        guard filter?.ownerId != nil || filter?.groupId != nil else {
            throw ApiUsageException("experimenter or group option is required for getUserImages().")
        }
        return try await images(filter, options?.theOptions)
    }

    private func images(_ filter: QueryFilter?, _ wishes: QueryOptions?) async throws -> [Image?] {
        try await call.find { finder in
            var conditions = ObjectFinder.Conditions(filter)
            conditions.addTimes(filter)
            return try finder.images(try finder.ids("Image", conditions, page: QueryPage(filter)), wishes)
        }
    }

    func getImagesBySplitFilesets(
        included: [String: [Int64]], options: QueryParameters?, current: Current
    ) async throws -> [Int64: [Bool: [Int64]]] {
        try await call.find { finder in try finder.splitFilesets(included) }
    }

    // MARK: Saving

    func createDataObject(obj: IObject?, options: QueryParameters?, current: Current) async throws -> IObject? {
        try await call.saveAndReturn([obj]).first ?? nil
    }

    func createDataObjects(
        dataObjects: [IObject?], options: QueryParameters?, current: Current
    ) async throws -> [IObject?] {
        try await call.saveAndReturn(dataObjects)
    }

    func updateDataObject(obj: IObject?, options: QueryParameters?, current: Current) async throws -> IObject? {
        try await call.saveAndReturn([obj]).first ?? nil
    }

    func updateDataObjects(objs: [IObject?], options: QueryParameters?, current: Current) async throws -> [IObject?] {
        try await call.saveAndReturn(objs)
    }

    func link(links: [IObject?], options: QueryParameters?, current: Current) async throws -> [IObject?] {
        try check(links)
        return try await call.saveAndReturn(links)
    }

    func unlink(links: [IObject?], options: QueryParameters?, current: Current) async throws {
        try check(links)
        try await call.delete(links)
    }

    private func check(_ links: [IObject?]) throws {
        guard links.allSatisfy({ $0.flatMap { DataModel.entity($0.typeID) }?.kind == .link }) else {
            throw ApiUsageException("only links are linked and unlinked")
        }
    }
}
