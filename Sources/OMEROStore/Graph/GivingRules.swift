/// What is given to another owner along with what.
///
/// Nothing leaves its group, so links to what isn't given can remain where the group lets them be: between the
/// objects of two owners only where members write, to annotations where they see each other's.
struct GivingRules: GraphRules {
    let authority: GraphAuthority
    let ties = GraphTies.giving
    let targetFate = GraphFate.include
    let verb = "give"
    let needed = GraphRights.give
    let separates = false

    func considers(_ held: GraphObject, _ claim: GraphClaim) -> Bool {
        let level = authority.level(of: held)
        let isPassive = !level.annotates && !level.writes
        let isOwn = sameOwner(claim.holder, held)
        return switch claim.tie.claim {
        case .always: true
        case .ifAllowed: isOwn && rights(held).contains(.give)
        case .ifOwned: isOwn
        case .region: isOwn && isPassive
        case .jobFile: ownsFiles(claim.holder, held)
        case .annotation where isShared(held): isPassive && isOwn && rights(held).contains(.give)
        case .annotation: isPassive
        }
    }

    func fate(ofPart part: GraphObject, of holder: GraphObject, _ holderFate: GraphFate, _ tie: GraphTie)
        -> GraphDecision?
    {
        // Everybody has their own rendering settings and thumbnails, where others see the image.
        if part.entity.area == "display", holder.entity.name == "Pixels", authority.level(of: part).sees { return nil }
        return GraphDecision(fate: holderFate, isChecked: tie.isChecked)
    }

    func fate(ofContent content: GraphObject, _ claims: [GraphClaim]) -> GraphDecision? {
        let isOwn = claims.contains { sameOwner($0.holder, content) }
        let isPrivate = !authority.level(of: content).sees
        if claims.allSatisfy({ $0.holderFate == .delete }) {
            guard content.entity.isA("Annotation"), isOwn || isPrivate else { return nil }
            return GraphDecision(fate: .delete)
        }
        switch claims.first?.tie.claim {
        case .annotation? where !isOwn: return isPrivate ? GraphDecision(fate: .delete) : nil
        case .ifOwned? where !isOwn: return nil
        default: return isPrivate && !isOwn ? nil : GraphDecision(fate: .include)
        }
    }

    func fate(of link: GraphLink) throws -> GraphDecision? {
        if link.parentFate == .delete || link.childFate == .delete {
            return GraphDecision(fate: .delete, isChecked: false)
        }
        if link.parentFate == .include, link.childFate == .include {
            let isOwn = sameOwner(link.link, link.parent) || sameOwner(link.link, link.child)
            return isOwn ? GraphDecision(fate: .include) : nil
        }
        let level = authority.level(of: link.link)
        let mayCross = Self.containment.contains(link.link.entity.name) ? level.writes : level.sees
        if mayCross { return nil }
        return GraphDecision(fate: .delete, isChecked: false)
    }

    private static let containment: Set<String> = [
        "DatasetImageLink", "FolderImageLink", "FolderRoiLink", "ProjectDatasetLink", "ScreenPlateLink",
    ]

    func forbidsSplitting(_ object: GraphObject) -> Bool { !authority.level(of: object).sees }
}
