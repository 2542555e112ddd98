/// Something goes with what holds it: always, or with its last holder.
struct GraphTie: Sendable {
    enum Strength: Sendable {
        /// Belongs to its holder alone, and goes with it.
        case part
        /// Goes with its last holder.
        case content
        /// Content that can't go while something holds it.
        case guarded
        /// The same, and it can't stay when a holder goes: it goes with all that hold it, or they stay too.
        case bound
    }

    /// Under which condition content is thought of when a holder goes.
    enum Claim: Sendable {
        case always
        /// If the caller may do to it what is done.
        case ifAllowed
        /// It depends on the kind of the annotation.
        case annotation
        /// Regions of an image.
        case region
        /// Files of jobs that the server itself made for somebody's data.
        case jobFile
        /// Only if it has the holder's owner, where owners matter.
        case ifOwned
    }

    let edge: GraphEdge
    let strength: Strength
    var claim = Claim.always
    /// Whether the caller must be allowed to do it.
    var isChecked = true
}

/// OMERO's rules of what goes with what (omero-blitz, blitz-delete-rules, blitz-chgrp-rules, blitz-chown-rules), said
/// of the model's properties.
enum GraphTies {
    static let deletion =
        parts
        + ties(.part, "Pixels.settings", "Pixels.thumbnails", isChecked: false)
        + ties(.part, "LogicalChannel.channels")
        + pointing(.part, "FileAnnotation.file", isChecked: false)
        + contents + annotations
        + ties(.guarded, "WellSample.image", claim: .ifAllowed)
        + ties(.content, "Image.rois", claim: .ifAllowed)
        + ties(.content, "Image.imagingEnvironment", "Image.instrument", "Image.stageLabel")
        + ties(.content, "Image.experiment", claim: .ifAllowed)
        + ties(.content, "Channel.logicalChannel", "Shape.transform")
        + ties(.content, "Channel.statsInfo", isChecked: false)
        + ties(.content, "FileAnnotation.file", "Pixels.pixelsFileMaps", "Roi.source", isChecked: false)
        + ties(.guarded, "FilesetEntry.originalFile", isChecked: false)
        + ties(.content, "Job.originalFileLinks", claim: .jobFile, isChecked: false)

    static let moving =
        change + ties(.part, "Pixels.settings", "Pixels.thumbnails")
        + ties(.bound, "Image.experiment") + ties(.bound, "Channel.statsInfo", isChecked: false)

    static let giving =
        change + ties(.part, "Pixels.settings", "Pixels.thumbnails")
        + ties(.bound, "Image.experiment", "Channel.statsInfo", claim: .ifOwned)

    /// What a move between groups and one between owners have in common: nothing is torn apart that can't be.
    private static let change =
        parts + contents + annotations
        + ties(.part, "Shape.transform")
        + ties(.bound, "WellSample.image")
        + ties(.content, "Image.rois", claim: .region)
        + ties(.bound, "Image.imagingEnvironment", "Image.instrument", "Image.stageLabel", "Channel.logicalChannel")
        + ties(.bound, "FileAnnotation.file", "FilesetEntry.originalFile", "Pixels.pixelsFileMaps", "Roi.source")
        + ties(.bound, "Job.originalFileLinks", claim: .jobFile)

    private static let parts =
        ties(.part, "Image.pixels", "Pixels.channels", "Pixels.planeInfo")
        + ties(.part, "RenderingDef.projections", "RenderingDef.quantization", "RenderingDef.waveRendering")
        + ties(.part, "ChannelBinding.spatialDomainEnhancement")
        + ties(
            .part, "Instrument.detector", "Instrument.dichroic", "Instrument.filter", "Instrument.filterSet",
            "Instrument.lightSource", "Instrument.microscope", "Instrument.objective", "Instrument.otf")
        + ties(.part, "Filter.transmittanceRange", "FilterSet.dichroic", "Laser.pump", "OTF.filterSet", "OTF.objective")
        + pointing(.part, "DetectorSettings.detector", "LightSettings.lightSource", "ObjectiveSettings.objective")
        + ties(.part, "Experiment.microbeamManipulation")
        + ties(.part, "Fileset.images", "Fileset.usedFiles", "Fileset.jobLinks")
        + ties(.part, "Roi.shapes")
        + ties(.part, "Plate.wells", "Plate.plateAcquisitions", "PlateAcquisition.wellSample", "Well.wellSamples")

    private static let contents =
        ties(
            .content, "Project.datasetLinks", "Dataset.imageLinks", "Folder.imageLinks", "Folder.roiLinks",
            "Folder.childFolders", "Screen.plateLinks", "Screen.reagents", "Well.reagentLinks", claim: .ifAllowed)
        + ties(.content, "LogicalChannel.lightPath")
        // The images of a fileset go together or not at all.
        + ties(.bound, "Image.fileset")

    private static let annotations = DataModel.entities.filter { entity in
        entity.properties.contains { $0.name == "annotationLinks" && $0.isCollection }
    }.flatMap { ties(.content, "\($0.name).annotationLinks", claim: .annotation) }

    private static func ties(
        _ strength: GraphTie.Strength, _ paths: String..., claim: GraphTie.Claim = .always, isChecked: Bool = true
    ) -> [GraphTie] {
        paths.compactMap { path in
            let edge = GraphEdge.leading(path)
            assert(edge != nil, "the model has no \(path)")
            return edge.map { GraphTie(edge: $0, strength: strength, claim: claim, isChecked: isChecked) }
        }
    }

    /// Here it is the one that refers to the other that goes with it.
    private static func pointing(_ strength: GraphTie.Strength, _ paths: String..., isChecked: Bool = true)
        -> [GraphTie]
    {
        paths.compactMap { path in
            let edge = GraphEdge.pointing(path)
            assert(edge != nil, "the model has no \(path)")
            return edge.map { GraphTie(edge: $0, strength: strength, isChecked: isChecked) }
        }
    }
}
