import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROStore

/// What the requests about graphs take as their targets (omero-blitz, the targets of blitz-*-rules).
struct GraphTargets: Sendable {
    /// Types, each with all that derive from it.
    let types: [Entity]
    /// Whether it's all links from objects to annotations, too.
    let annotationLinks: Bool

    static let delete = GraphTargets(
        """
        DetectorSettings FilterSetEmissionFilterLink FilterSetExcitationFilterLink ImagingEnvironment Instrument \
        LightPathEmissionFilterLink LightPathExcitationFilterLink LightSettings Microscope ObjectiveSettings \
        StageLabel TransmittanceRange Annotation Dataset DatasetImageLink Project ProjectDatasetLink Folder \
        FolderImageLink FolderRoiLink Channel Image LogicalChannel OriginalFile PixelsOriginalFileMap ProjectionDef \
        RenderingDef Thumbnail Experiment MicrobeamManipulation Fileset FilesetJobLink Link Job JobOriginalFileLink \
        ExternalInfo AffineTransform Roi Shape Plate PlateAcquisition Reagent Screen ScreenPlateLink Well \
        WellReagentLink WellSample StatsInfo
        """, annotationLinks: true)

    static let move = GraphTargets(Caller.chgrpTargets)
    static let give = GraphTargets(Caller.chownTargets)

    static let search = GraphTargets(
        """
        Instrument Annotation Dataset DatasetImageLink Project ProjectDatasetLink Folder FolderImageLink \
        FolderRoiLink Channel Image LogicalChannel OriginalFile Pixels PixelsOriginalFileMap PlaneInfo \
        ChannelBinding CodomainMapContext ProjectionDef QuantumDef RenderingDef Thumbnail Experiment \
        MicrobeamManipulation Fileset FilesetEntry FilesetJobLink Link Job JobOriginalFileLink ExternalInfo \
        AffineTransform Roi Shape Plate PlateAcquisition Reagent Screen ScreenPlateLink Well WellReagentLink \
        WellSample StatsInfo
        """, annotationLinks: true)

    /// Those of a request of this class; nil if it takes none.
    static func of(_ request: Request) -> GraphTargets? {
        switch request.typeID {
        case "::omero::cmd::Delete2": delete
        case "::omero::cmd::Chgrp2": move
        case "::omero::cmd::Chown2": give
        case "::omero::cmd::Chmod2": GraphTargets(["ExperimenterGroup"])
        case "::omero::cmd::FindParents", "::omero::cmd::FindChildren": search
        default: nil
        }
    }

    private init(_ names: String, annotationLinks: Bool) {
        types = names.split(separator: " ").compactMap { DataModel.entity(String($0)) }
        self.annotationLinks = annotationLinks
    }

    private init(_ names: Set<String>) {
        types = names.sorted().compactMap(DataModel.entity)
        annotationLinks = names.contains(EntityKind.annotationLink)
    }

    /// The names in OMERO's code, as clients get them.
    var names: [String] { types.map(\.logName) + (annotationLinks ? ["ome.model.\(EntityKind.annotationLink)"] : []) }

    /// Whose types they are, each by itself.
    var all: [Entity] { types + (annotationLinks ? DataModel.entities.filter(\.isAnnotationLink) : []) }

    func contains(_ type: Entity) -> Bool {
        (annotationLinks && type.isAnnotationLink) || types.contains { type.isA($0.name) }
    }

    /// What a client names as targets.
    ///
    /// - Throws: ``CommandError`` for other types.
    func targets(_ targets: [String: [Int64]]) throws -> [Entity: Set<Int64>] {
        var found: [Entity: Set<Int64>] = [:]
        for (name, ids) in targets {
            guard let type = DataModel.entity(name), contains(type) else {
                throw CommandError(name: "bad-target", parameters: ["message": "cannot target \(name)"])
            }
            found[type, default: []].formUnion(ids)
        }
        return found
    }
}

extension Sequence<String> {
    /// Types that a client names.
    ///
    /// - Throws: ``CommandError`` for names that the model doesn't have.
    func entities() throws -> Set<Entity> {
        Set(
            try map { name in
                guard let entity = DataModel.entity(name) else {
                    throw CommandError(graph: "unknown model object class named: \(name)")
                }
                return entity
            })
    }
}

/// `omero.cmd.LegalGraphTargets`
struct LegalTargets: Command {
    let request: LegalGraphTargets

    func run(step: Int, _ call: Call) async throws -> Response {
        guard let query = request.request, let targets = GraphTargets.of(Request(query)) else {
            throw CommandError(name: "graph-no-targets", parameters: ["message": "no targets for such a request"])
        }
        return Response(LegalGraphTargetsResponse.make { $0.targets = targets.names })
    }
}
