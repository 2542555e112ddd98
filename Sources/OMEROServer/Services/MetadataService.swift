import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore

/// `omero.api.IMetadata`
struct MetadataService: IMetadataServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    static func requirement(_ operation: String) -> Requirement { .user }

    // MARK: Annotations

    func loadAnnotation(annotationIds: [Int64], current: Current) async throws -> [Annotation?] {
        try await call.find { try $0.annotations(annotationIds) }
    }

    func loadAnnotations(
        rootType: String, rootIds: [Int64], annotationTypes: [String], annotatorIds: [Int64],
        options: QueryParameters?, current: Current
    ) async throws -> [Int64: [IObject?]] {
        let root = try AnnotatedRoot(rootType)
        let types = try annotationTypes.map(AnnotationQuery.type)
        return try await call.find { finder in
            var query = AnnotationQuery()
            query.ownerIDs = annotatorIds
            query.types = types
            let found = try finder.annotations(query, linkedTo: root, rootIds)
            let shown = try finder.ids(root.name, .ids(rootIds))
            return Dictionary(uniqueKeysWithValues: shown.map { ($0, (found[$0] ?? []).map { $0.map(IObject.init) }) })
        }
    }

    func loadSpecifiedAnnotations(
        annotationType: String, include: [String], exclude: [String], options: QueryParameters?, current: Current
    ) async throws -> [Annotation?] {
        let query = try AnnotationQuery(annotationType, include, exclude, options)
        return try await call.find { finder in try finder.annotations(try finder.ids(query)) }
    }

    func countSpecifiedAnnotations(
        annotationType: String, include: [String], exclude: [String], options: QueryParameters?, current: Current
    ) async throws -> Int64? {
        let query = try AnnotationQuery(annotationType, include, exclude, options)
        return try await call.find { Int64(try $0.ids(query).count) }
    }

    func loadSpecifiedAnnotationsLinkedTo(
        annotationType: String, include: [String], exclude: [String], rootNodeType: String, rootNodeIds: [Int64],
        options: QueryParameters?, current: Current
    ) async throws -> [Int64: [Annotation?]] {
        let query = try AnnotationQuery(annotationType, include, exclude, options)
        let root = try AnnotatedRoot(rootNodeType)
        return try await call.find { try $0.annotations(query, linkedTo: root, rootNodeIds) }
    }

    func loadAnnotationsUsedNotOwned(
        annotationType: String, userID: Int64, current: Current
    ) async throws -> [IObject?] {
        let type = try AnnotationQuery.type(annotationType)
        return try await call.find { finder in
            try finder.load(type.name, try finder.annotationsUsed(type, by: userID), fetch: ["details.owner"])
        }
    }

    func countAnnotationsUsedNotOwned(annotationType: String, userID: Int64, current: Current) async throws -> Int64? {
        let type = try AnnotationQuery.type(annotationType)
        return try await call.find { Int64(try $0.annotationsUsed(type, by: userID).count) }
    }

    // MARK: Tags

    func loadTagSets(options: QueryParameters?, current: Current) async throws -> [IObject?] {
        let owner = options?.theFilter?.ownerId
        let withOrphans = options?.theOptions?.orphan == true
        return try await call.find { try $0.tagSets(ownedBy: owner, withOrphans: withOrphans) }
    }

    func loadTagContent(
        ids: [Int64], options: QueryParameters?, current: Current
    ) async throws -> [Int64: [IObject?]] {
        try await call.find { finder in
            var content: [Int64: [IObject?]] = [:]
            for id in Set(ids) { content[id] = try finder.tagged(by: id) }
            return content
        }
    }

    func getTaggedObjectsCount(
        ids: [Int64], options: QueryParameters?, current: Current
    ) async throws -> [Int64: Int64] {
        try await call.find { finder in
            var counts = Dictionary(ids.map { ($0, Int64(0)) }) { first, _ in first }
            for type in ObjectFinder.taggedTypes {
                let found = try finder.rows(
                    "x.child.id, count(x.id)", "\(type)AnnotationLink", .ids(ids, of: "x.child.id"),
                    order: "x.child.id", groupedBy: "x.child.id")
                for row in found { counts[row[0], default: 0] += row[1] }
            }
            return counts
        }
    }

    // MARK: Acquisition

    func loadInstrument(id: Int64, current: Current) async throws -> Instrument? {
        try await call.find { finder in
            try finder.load("Instrument", [id], fetch: Acquisition.instrument).first.map {
                Instrument(object: $0.object)
            }
        }
    }

    func loadChannelAcquisitionData(ids: [Int64], current: Current) async throws -> [LogicalChannel?] {
        try await call.find { finder in
            try finder.load("LogicalChannel", Set(ids).sorted(), fetch: Acquisition.channel).map {
                LogicalChannel(object: $0.object)
            }
        }
    }

    // MARK: Import logs

    func loadLogFiles(rootType: String, ids: [Int64], current: Current) async throws -> [Int64: [IObject?]] {
        let type = DataModel.queryEntity(rootType)?.name ?? ""
        guard ["Fileset", "Image"].contains(type) else {
            throw ApiUsageException("can load log files only by Fileset or Image")
        }
        return try await call.find { finder in
            let pairs =
                type == "Fileset"
                ? ids.map { [$0, $0] }
                : try finder.rows("x.id, x.fileset.id", "Image", .ids(ids), order: "x.id")
            let filesets = Set(pairs.map { $0[1] })
            var conditions = ObjectFinder.Conditions.ids(filesets.sorted(), of: "x.parent.id")
            conditions.add(
                "o.mimetype = :mimetype", "mimetype", .string("application/omero-log-file"))
            let found = try finder.rows(
                "x.parent.id, o.id", "FilesetJobLink",
                joins: "join x.child j join j.originalFileLinks l join l.child o", conditions, order: "o.id")
            let files = try finder.byID("OriginalFile", Set(found.map { $0[1] }).sorted())
            var logs: [Int64: [IObject?]] = [:]
            for pair in pairs {
                for row in found where row[0] == pair[1] {
                    if let file = files[row[1]] { logs[pair[0], default: []].append(file.object) }
                }
            }
            return logs
        }
    }
}
