/// What happens to an object that goes.
enum GraphFate: Sendable, Hashable { case include, delete }

/// The fate of an object, and whether the caller must be allowed it.
struct GraphDecision: Sendable, Hashable {
    let fate: GraphFate
    var isChecked = true
}

/// Something that goes, or might, claims content of its own.
struct GraphClaim {
    let holder: GraphObject
    /// Nil if the holder is a candidate itself.
    let holderFate: GraphFate?
    let tie: GraphTie
}

/// A link and what becomes of its two ends.
struct GraphLink {
    let link: GraphObject
    let parent: GraphObject
    let child: GraphObject
    /// Nil for an end that stays.
    let parentFate: GraphFate?
    let childFate: GraphFate?
}

/// The rules of one operation: pure, of objects that are loaded.
protocol GraphRules {
    var ties: [GraphTie] { get }
    var authority: GraphAuthority { get }
    /// Of what the caller asked for.
    var targetFate: GraphFate { get }
    /// What the operation is called in refusals.
    var verb: String { get }
    /// What a caller needs for an object to be included.
    var needed: GraphRights { get }
    /// Whether a holder that goes makes content a candidate for going too.
    func considers(_ held: GraphObject, _ claim: GraphClaim) -> Bool
    /// The fate of a part; nil if it stays after all.
    func fate(ofPart part: GraphObject, of holder: GraphObject, _ holderFate: GraphFate, _ tie: GraphTie)
        -> GraphDecision?
    /// The fate of content without other holders; nil if it stays all the same.
    func fate(ofContent content: GraphObject, _ claims: [GraphClaim]) -> GraphDecision?
    /// The fate of a link with an end that goes; nil if it stays.
    func fate(of link: GraphLink) throws -> GraphDecision?
    /// Whether an object that goes can't leave behind what it is bound to.
    func forbidsSplitting(_ object: GraphObject) -> Bool
    /// Whether references between what is included and what stays are cut.
    var separates: Bool { get }
}

extension GraphRules {
    func rights(_ object: GraphObject) -> GraphRights { authority.rights(object) }

    /// Whether it is one of the kinds that are made for one object and not shared between many.
    func isPersonal(_ annotation: GraphObject) -> Bool {
        annotation.entity.isA("BasicAnnotation") || annotation.entity.isA("CommentAnnotation")
    }

    /// Files and tags belong to their owner first.
    func isShared(_ annotation: GraphObject) -> Bool {
        annotation.entity.isA("FileAnnotation") || annotation.entity.isA("TagAnnotation")
    }

    func sameOwner(_ one: GraphObject, _ other: GraphObject) -> Bool { one.ownerID == other.ownerID }

    /// Jobs by which the server keeps data in order; scripts have files that are not only theirs.
    func ownsFiles(_ job: GraphObject, _ file: GraphObject) -> Bool {
        let kinds = ["IndexingJob", "MetadataImportJob", "PixelDataJob", "ThumbnailGenerationJob", "UploadJob"]
        return kinds.contains(job.entity.name) && sameOwner(job, file)
    }
}
