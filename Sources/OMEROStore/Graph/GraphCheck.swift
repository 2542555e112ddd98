/// Looks over decisions before anything is done: whether what belongs together stays together, whether the caller may,
/// and which references are left over.
struct GraphCheck {
    private let request: GraphRequest
    private let rules: any GraphRules
    private let rows: GraphRows
    private let decisions: [GraphKey: GraphDecision]
    private let idsByRoot: [Entity: [Int64]]

    init(
        _ request: GraphRequest, _ rules: any GraphRules, _ rows: GraphRows,
        _ decisions: [GraphKey: GraphDecision]
    ) {
        self.request = request
        self.rules = rules
        self.rows = rows
        self.decisions = decisions
        idsByRoot = Dictionary(grouping: decisions.keys, by: \.root).mapValues { $0.map(\.id) }
    }

    private func going(_ fate: GraphFate, _ root: Entity) -> [Int64] {
        (idsByRoot[root] ?? []).filter { decisions[GraphKey(root: root, id: $0)]?.fate == fate }
    }

    private func isIgnored(_ object: GraphObject) -> Bool {
        !request.ignored.isEmpty && object.entity.lineage.contains(where: request.ignored.contains)
    }

    // MARK: What belongs together

    /// - Throws: ``GraphRefusal`` if something would go that something that stays holds on to, or the other way round.
    func refuseSplits() throws {
        for tie in rules.ties where tie.strength == .guarded || tie.strength == .bound {
            let content = going(rules.targetFate, tie.edge.held.root)
            try refuse(try rows.holders(of: content, along: tie.edge), tie) { going, staying in
                "may not \(rules.verb) \(going.label) while \(staying.label) remains"
            }
            guard tie.strength == .bound else { continue }
            let holders = going(rules.targetFate, tie.edge.holder.root)
            try refuse(try rows.held(by: holders, along: tie.edge), tie) { going, staying in
                try describe(going, without: staying, tie)
            }
        }
    }

    /// Refuses pairs of which one goes and the other stays.
    private func refuse(
        _ pairs: [GraphRows.Pair], _ tie: GraphTie,
        _ message: (_ going: GraphObject, _ staying: GraphObject) throws -> String
    ) throws {
        let split = pairs.filter { (decisions[$0.holder] == nil) != (decisions[$0.held] == nil) }
        _ = try rows.load(split.flatMap { [$0.holder, $0.held] })
        for pair in split {
            guard let holder = rows.known(pair.holder), let held = rows.known(pair.held),
                holder.entity.isA(tie.edge.holder.name), held.entity.isA(tie.edge.held.name)
            else { continue }
            let (going, staying) = decisions[pair.holder] == nil ? (held, holder) : (holder, held)
            // A script's file that is everybody's is no reason.
            let isServerFile = held.entity.name == "OriginalFile" && held.groupID == GroupRecord.userID
            guard rules.forbidsSplitting(going), !isIgnored(staying), !isServerFile else { continue }
            throw GraphRefusal(try message(going, staying))
        }
    }

    /// Names what else is bound to the same, for that's what has to go along.
    private func describe(_ going: GraphObject, without shared: GraphObject, _ tie: GraphTie) throws -> String {
        let others = try rows.holders(of: [shared.id], along: tie.edge).map(\.holder).filter { decisions[$0] == nil }
        guard let other = try rows.load(others.prefix(1)).first else {
            return "may not \(rules.verb) \(going.label) while \(shared.label) remains"
        }
        return "within \(shared.label) may not \(rules.verb) \(going.label) while \(other.label) remains"
    }

    // MARK: Rights

    /// - Throws: ``GraphRefusal`` that names what the caller may not do it to.
    func refuseWithoutRights() throws {
        var refused: [GraphFate: [GraphObject]] = [:]
        for (key, decision) in decisions where decision.isChecked {
            guard let object = rows.known(key) else { continue }
            let needed = decision.fate == .delete ? GraphRights.delete : rules.needed
            if !rules.rights(object).contains(needed) { refused[decision.fate, default: []].append(object) }
        }
        guard let (fate, objects) = refused.max(by: { $0.value.count < $1.value.count }) else { return }
        let verb = fate == .delete ? "delete" : rules.verb
        throw GraphRefusal("not permitted to \(verb) \(Self.list(objects))")
    }

    private static func list(_ objects: [GraphObject]) -> String {
        let sorted = objects.sorted { ($0.entity.name, $0.id) < ($1.entity.name, $1.id) }
        let more = sorted.count > 20 ? " and \(sorted.count - 20) more" : ""
        return sorted.prefix(20).map(\.label).joined(separator: ", ") + more
    }

    // MARK: Loose ends

    /// References that will be cleared, because they would lead from one side to the other.
    ///
    /// - Throws: ``GraphRefusal`` if one of them is required, or the caller may not change what refers.
    func looseEnds() throws -> [GraphPlan.LooseEnd] {
        var ends: [GraphPlan.LooseEnd] = []
        for reference in GraphReference.all {
            let target = reference.target.root
            var ids: Set<Int64> = []
            for (id, deleted) in try rows.references(reference, to: going(.delete, target)) {
                guard decisions[GraphKey(root: reference.entity.root, id: id)]?.fate != .delete else { continue }
                guard decisions[GraphKey(root: target, id: deleted)]?.fate == .delete else { continue }
                ids.insert(id)
            }
            if rules.separates { ids.formUnion(try crossings(reference)) }
            guard !ids.isEmpty else { continue }
            try refuse(reference, ids)
            ends.append(GraphPlan.LooseEnd(reference: reference, ids: ids.sorted()))
        }
        return ends
    }

    /// References between what is included and what stays, in either direction.
    private func crossings(_ reference: GraphReference) throws -> Set<Int64> {
        let (source, target) = (reference.entity.root, reference.target.root)
        let into = try rows.references(reference, to: going(.include, target)).filter { id, _ in
            decisions[GraphKey(root: source, id: id)] == nil
        }
        let out = try rows.references(reference, from: going(.include, source)).filter { _, id in
            decisions[GraphKey(root: target, id: id)] == nil
        }
        // What is in the group of all users can be referred to from everywhere.
        let far = try rows.load(out.map { GraphKey(root: target, id: $0.1) })
        let common = Set(far.filter { $0.groupID == GroupRecord.userID }.map(\.id))
        return Set(into.map(\.0)).union(out.filter { !common.contains($0.1) }.map(\.0))
    }

    private func refuse(_ reference: GraphReference, _ ids: Set<Int64>) throws {
        let objects = try rows.load(ids.map { GraphKey(root: reference.entity.root, id: $0) })
        if reference.isRequired {
            throw GraphRefusal("cannot null \(reference.label) of \(Self.list(objects))")
        }
        let fixed = objects.filter { decisions[$0.key]?.isChecked != false && !rules.rights($0).contains(.edit) }
        guard fixed.isEmpty else { throw GraphRefusal("not permitted to update \(Self.list(fixed))") }
    }
}
