/// What moves into another group along with what, and what is left behind or deleted.
///
/// In a private group nobody sees the others' objects, so nothing there may depend on an object of another owner.
struct MovingRules: GraphRules {
    let authority: GraphAuthority
    let toPrivate: Bool
    let ties = GraphTies.moving
    let targetFate = GraphFate.include
    let verb = "move"
    let needed = GraphRights.move
    let separates = true

    func considers(_ held: GraphObject, _ claim: GraphClaim) -> Bool {
        let isOwn = sameOwner(claim.holder, held)
        let isFree = rights(held).contains(.delete) || rights(claim.holder).contains(.move)
        return switch claim.tie.claim {
        case .always, .region: true
        case .ifAllowed, .ifOwned: isOwn || (!toPrivate && isFree)
        case .jobFile: ownsFiles(claim.holder, held)
        case .annotation where isShared(held): isOwn && isFree
        case .annotation: true
        }
    }

    func fate(ofPart part: GraphObject, of holder: GraphObject, _ holderFate: GraphFate, _ tie: GraphTie)
        -> GraphDecision?
    {
        guard holderFate == .include, part.entity.area == "display", holder.entity.name == "Pixels",
            !sameOwner(part, holder)
        else { return GraphDecision(fate: holderFate, isChecked: tie.isChecked) }
        // Rendering settings and thumbnails of others, for the image.
        return GraphDecision(fate: toPrivate ? .delete : .include, isChecked: false)
    }

    func fate(ofContent content: GraphObject, _ claims: [GraphClaim]) -> GraphDecision? {
        let isOwn = claims.contains { sameOwner($0.holder, content) }
        let rights = rights(content)
        if claims.allSatisfy({ $0.holderFate == .delete }) {
            guard content.entity.isA("Annotation"), isOwn || isPersonal(content) else { return nil }
            return GraphDecision(fate: .delete, isChecked: !isPersonal(content))
        }
        switch claims.first?.tie.claim {
        case .annotation?: return fate(ofAnnotation: content, isOwn: isOwn)
        case .region?:
            if isOwn { return GraphDecision(fate: .include) }
            return GraphDecision(fate: toPrivate ? .delete : .include, isChecked: false)
        case .ifAllowed?:
            if rights.contains(.move) { return GraphDecision(fate: .include) }
            return !toPrivate && rights.contains(.delete) ? GraphDecision(fate: .include, isChecked: false) : nil
        default:
            if toPrivate, !isOwn { return nil }
            return GraphDecision(fate: .include, isChecked: claims.allSatisfy(\.tie.isChecked))
        }
    }

    private func fate(ofAnnotation annotation: GraphObject, isOwn: Bool) -> GraphDecision? {
        let mayDelete = rights(annotation).contains(.delete)
        if isOwn { return GraphDecision(fate: .include) }
        if isShared(annotation) { return nil }
        if !toPrivate, mayDelete { return GraphDecision(fate: .include, isChecked: false) }
        guard mayDelete || isPersonal(annotation) else { return nil }
        return GraphDecision(fate: .delete, isChecked: false)
    }

    func fate(of link: GraphLink) throws -> GraphDecision? {
        let file = link.child
        let isAboutServerFile =
            link.link.entity.name == "JobOriginalFileLink" && file.groupID == GroupRecord.userID
            && link.parentFate == .include
        if isAboutServerFile { return GraphDecision(fate: .include, isChecked: false) }
        if link.parentFate == .include, link.childFate == .include {
            let staysVisible = !toPrivate || sameOwner(link.parent, link.child)
            return GraphDecision(fate: staysVisible ? .include : .delete, isChecked: false)
        }
        if link.parentFate == nil, link.child.entity.isA("TagAnnotation"), link.childFate == .include,
            !rights(link.parent).contains(.delete)
        {
            throw GraphRefusal("may not move \(link.child.label) while used by \(link.parent.label)")
        }
        return GraphDecision(fate: .delete, isChecked: false)
    }

    func forbidsSplitting(_ object: GraphObject) -> Bool { true }
}
