/// What is deleted along with what.
struct DeletingRules: GraphRules {
    let authority: GraphAuthority
    let ties = GraphTies.deletion
    let targetFate = GraphFate.delete
    let verb = "delete"
    let needed = GraphRights.delete
    let separates = false

    func considers(_ held: GraphObject, _ claim: GraphClaim) -> Bool {
        switch claim.tie.claim {
        case .always: true
        case .ifAllowed, .region, .ifOwned: rights(held).contains(.delete)
        case .jobFile: ownsFiles(claim.holder, held)
        case .annotation where isPersonal(held): true
        case .annotation where isShared(held): sameOwner(claim.holder, held) && rights(held).contains(.delete)
        case .annotation: rights(held).contains(.delete)
        }
    }

    func fate(ofPart part: GraphObject, of holder: GraphObject, _ holderFate: GraphFate, _ tie: GraphTie)
        -> GraphDecision?
    {
        GraphDecision(fate: .delete, isChecked: tie.isChecked)
    }

    func fate(ofContent content: GraphObject, _ claims: [GraphClaim]) -> GraphDecision? {
        let isChecked = claims.allSatisfy(\.tie.isChecked) && !isPersonal(content)
        return GraphDecision(fate: .delete, isChecked: isChecked)
    }

    func fate(of link: GraphLink) throws -> GraphDecision? {
        if link.parentFate == nil, link.link.entity.isAnnotationLink, link.child.entity.isA("TagAnnotation"),
            !rights(link.parent).contains(.delete)
        {
            throw GraphRefusal("may not delete \(link.child.label) while \(link.parent.label) remains")
        }
        return GraphDecision(fate: .delete, isChecked: Self.checkedLinks.contains(link.link.entity.name))
    }

    /// Links that only who may delete them removes along with an end; all others go with it.
    private static let checkedLinks: Set<String> = [
        "FilesetJobLink", "FilterSetEmissionFilterLink", "FilterSetExcitationFilterLink",
        "LightPathEmissionFilterLink", "LightPathExcitationFilterLink", "PixelsOriginalFileMap",
    ]

    func forbidsSplitting(_ object: GraphObject) -> Bool { true }
}
