/// Finds out what goes with what: from the targets on, what belongs to them, and then what nothing else holds any
/// more, until nothing is added.
///
/// Content is a candidate once something claims it. Of the candidates all go for which only that holds them which goes
/// itself; among candidates that hold each other, all go if nothing outside holds one of them.
struct GraphPlanner {
    private let request: GraphRequest
    private let rules: any GraphRules
    private let rows: GraphRows
    private let ignored: Set<Entity>
    private var decisions: [GraphKey: GraphDecision] = [:]
    private var news: [GraphObject] = []
    private var candidates: [GraphKey: Candidate] = [:]
    private var tiesByType: [Entity: [GraphTie]] = [:]

    private struct Candidate {
        var claims: [GraphClaim] = []
        /// What holds it; nil until that was looked up.
        var holders: [GraphRows.Pair]?
        /// What it can't go without.
        var needs: Set<GraphKey> = []
        var wasFollowed = false
    }

    init(_ request: GraphRequest, _ rules: any GraphRules, _ transaction: ReadTransaction) {
        self.request = request
        self.rules = rules
        rows = GraphRows(transaction)
        ignored = request.ignored
    }

    /// Decides about everything.
    ///
    /// - Throws: ``GraphRefusal``, `StoreError`.
    mutating func plan() throws -> GraphPlan {
        try spread()
        try decideLinks()
        try decideExternalInfo()
        let check = GraphCheck(request, rules, rows, decisions)
        try check.refuseSplits()
        try check.refuseWithoutRights()
        return GraphPlan(request.operation, decisions, rows, looseEnds: try check.looseEnds())
    }

    /// What would go along, whether the caller may do it or not.
    mutating func reach() throws -> [GraphObject] {
        try spread()
        return decisions.keys.compactMap(rows.known)
    }

    // MARK: Decisions

    private mutating func spread() throws {
        try takeTargets()
        repeat {
            while !news.isEmpty {
                let batch = news
                news = []
                try follow(batch)
            }
            try followCandidates()
        } while try resolve()
    }

    private mutating func takeTargets() throws {
        for (entity, ids) in request.targets.sorted(by: { $0.key.name < $1.key.name }) {
            let keys = ids.sorted().map { GraphKey(root: entity.root, id: $0) }
            let found = try rows.load(keys).filter {
                $0.entity.isA(entity.name) && rules.rights($0).contains(.see)
            }
            guard found.count == keys.count else {
                let missing = Set(keys.map(\.id)).subtracting(found.map(\.id)).sorted().map { "\(entity)[\($0)]" }
                throw GraphRefusal(
                    "cannot read all the specified objects of class \(entity): \(missing.joined(separator: ", "))")
            }
            for object in found { decide(object, GraphDecision(fate: rules.targetFate)) }
        }
    }

    /// Decides about an object, unless that has been done.
    private mutating func decide(_ object: GraphObject, _ decision: GraphDecision) {
        guard decisions[object.key] == nil else { return }
        decisions[object.key] = decision
        candidates[object.key] = nil
        news.append(object)
    }

    private func isIgnored(_ object: GraphObject) -> Bool {
        !ignored.isEmpty && object.entity.lineage.contains(where: ignored.contains)
    }

    // MARK: Following ties

    private mutating func follow(_ batch: [GraphObject]) throws {
        for (tie, holders) in byTie(batch) {
            for (holder, held) in try held(by: holders, tie) {
                guard decisions[held.key] == nil, let decision = decisions[holder.key] else { continue }
                if tie.strength == .part {
                    if let fate = rules.fate(ofPart: held, of: holder, decision.fate, tie) { decide(held, fate) }
                } else {
                    claim(held, GraphClaim(holder: holder, holderFate: decision.fate, tie: tie))
                }
            }
        }
        try followLinks(batch)
    }

    /// The annotations and reagents of links that are themselves deleted. Tags and files are for other objects too.
    private mutating func followLinks(_ batch: [GraphObject]) throws {
        for tie in rules.ties {
            guard let link = tie.edge.link, link.isAnnotationLink || link.name == "WellReagentLink" else { continue }
            let ids = batch.filter { $0.entity == link && decisions[$0.key]?.fate == .delete }.map(\.id)
            guard !ids.isEmpty else { continue }
            for row in try rows.links(link, "id", ids) {
                let holder = GraphKey(root: tie.edge.holder.root, id: row.parent)
                let held = GraphKey(root: tie.edge.held.root, id: row.child)
                guard decisions[held] == nil else { continue }
                _ = try rows.load([holder, held])
                guard let holder = rows.known(holder), let held = rows.known(held), !rules.isShared(held) else {
                    continue
                }
                claim(held, GraphClaim(holder: holder, holderFate: .delete, tie: tie))
            }
        }
    }

    /// What candidates are bound to has to go with them, so it's a candidate too.
    private mutating func followCandidates() throws {
        while true {
            let open = candidates.filter { !$0.value.wasFollowed }.keys
            guard !open.isEmpty else { return }
            for key in open { candidates[key]?.wasFollowed = true }
            for (tie, holders) in byTie(open.compactMap(rows.known)) where tie.strength == .bound {
                for (holder, held) in try held(by: holders, tie) {
                    candidates[holder.key]?.needs.insert(held.key)
                    if decisions[held.key] == nil { claim(held, GraphClaim(holder: holder, holderFate: nil, tie: tie)) }
                }
            }
        }
    }

    private mutating func claim(_ held: GraphObject, _ claim: GraphClaim) {
        guard !isIgnored(held), rules.considers(held, claim) else { return }
        candidates[held.key, default: Candidate()].claims.append(claim)
    }

    private func held(by holders: [GraphObject], _ tie: GraphTie) throws -> [(GraphObject, GraphObject)] {
        let pairs = try rows.held(by: holders.map(\.id), along: tie.edge)
        _ = try rows.load(pairs.map(\.held))
        return pairs.compactMap { pair in
            guard let holder = rows.known(pair.holder), let held = rows.known(pair.held) else { return nil }
            return (holder, held)
        }
    }

    /// The ties by which these objects hold others.
    private mutating func byTie(_ batch: [GraphObject]) -> [(GraphTie, [GraphObject])] {
        Dictionary(grouping: batch, by: \.entity).sorted { $0.key.name < $1.key.name }.flatMap { type, objects in
            if tiesByType[type] == nil { tiesByType[type] = rules.ties.filter { type.isA($0.edge.holder.name) } }
            return (tiesByType[type] ?? []).map { ($0, objects) }
        }
    }

    // MARK: Candidates

    /// Decides about candidates that nothing else holds; false if there are none.
    private mutating func resolve() throws -> Bool {
        guard !candidates.isEmpty else { return false }
        try lookUpHolders()
        var fates: [GraphKey: GraphDecision] = [:]
        var forced: Set<GraphKey> = []
        for (key, candidate) in candidates {
            guard let object = rows.known(key), let fate = rules.fate(ofContent: object, candidate.claims) else {
                continue
            }
            switch verdict(on: object) {
            case true?: forced.insert(key)
            case false?: continue
            case nil: break
            }
            fates[key] = fate
        }
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for key in fates.keys where !forced.contains(key) && !canGo(key, among: fates) {
                fates[key] = nil
                hasChanged = true
            }
        }
        for (key, fate) in fates.sorted(by: { ($0.key.root.name, $0.key.id) < ($1.key.root.name, $1.key.id) }) {
            if let object = rows.known(key) { decide(object, fate) }
        }
        return !fates.isEmpty
    }

    private func verdict(on object: GraphObject) -> Bool? {
        for option in request.options {
            switch option.verdict(on: object) {
            case true? where rules.rights(object).contains(rules.needed): return true
            case false?: return false
            default: continue
            }
        }
        return nil
    }

    private func canGo(_ key: GraphKey, among others: [GraphKey: GraphDecision]) -> Bool {
        func goes(_ key: GraphKey) -> Bool { decisions[key] != nil || others[key] != nil }
        guard let candidate = candidates[key] else { return false }
        return candidate.needs.allSatisfy(goes)
            && (candidate.holders ?? []).allSatisfy { pair in
                goes(pair.holder) || (pair.link.map { decisions[$0] != nil } ?? false)
                    || (rows.known(pair.holder).map(isIgnored) ?? false)
            }
    }

    private mutating func lookUpHolders() throws {
        let open = candidates.filter { $0.value.holders == nil }.keys.compactMap(rows.known)
        for object in open { candidates[object.key]?.holders = [] }
        for (type, objects) in Dictionary(grouping: open, by: \.entity) {
            for tie in rules.ties where tie.strength != .part && type.isA(tie.edge.held.name) {
                let pairs = try rows.holders(of: objects.map(\.id), along: tie.edge)
                if !ignored.isEmpty { _ = try rows.load(pairs.map(\.holder)) }
                for pair in pairs { candidates[pair.held]?.holders?.append(pair) }
            }
        }
    }

    // MARK: What comes last

    /// Links go when an end does.
    private mutating func decideLinks() throws {
        let gone = Dictionary(grouping: decisions.keys, by: \.root).mapValues { $0.map(\.id) }
        for type in DataModel.entities where type.kind == .link && !type.isGlobal {
            guard let parent = type.root(of: "parent"), let child = type.root(of: "child") else { continue }
            var ends: [Int64: (parent: GraphKey, child: GraphKey)] = [:]
            for (end, root) in [("parent", parent), ("child", child)] {
                for row in try rows.links(type, end, gone[root] ?? []) {
                    ends[row.link] = (GraphKey(root: parent, id: row.parent), GraphKey(root: child, id: row.child))
                }
            }
            let links = try rows.load(ends.keys.sorted().map { GraphKey(root: type, id: $0) })
            _ = try rows.load(ends.values.flatMap { [$0.parent, $0.child] })
            for link in links where decisions[link.key] == nil && !isIgnored(link) {
                guard let row = ends[link.id], let parent = rows.known(row.parent),
                    let child = rows.known(row.child)
                else { continue }
                let described = GraphLink(
                    link: link, parent: parent, child: child, parentFate: decisions[row.parent]?.fate,
                    childFate: decisions[row.child]?.fate)
                if let decision = try rules.fate(of: described) { decisions[link.key] = decision }
            }
        }
    }

    /// What the world outside says of an object shares its fate.
    private mutating func decideExternalInfo() throws {
        guard let root = DataModel.entity("ExternalInfo") else { return }
        var fates: [GraphKey: GraphFate] = [:]
        for (key, decision) in decisions {
            guard let id = rows.known(key)?.externalID else { continue }
            fates[GraphKey(root: root, id: id)] = decision.fate
        }
        for info in try rows.load(fates.keys) where decisions[info.key] == nil {
            guard let fate = fates[info.key] else { continue }
            decisions[info.key] = GraphDecision(fate: fate, isChecked: false)
        }
    }
}

extension Entity {
    /// The hierarchy that a reference leads to.
    fileprivate func root(of reference: String) -> Entity? {
        property(reference)?.type.flatMap(DataModel.entity)?.root
    }
}

extension GraphPlan {
    fileprivate init(
        _ operation: GraphRequest.Operation, _ decisions: [GraphKey: GraphDecision], _ rows: GraphRows,
        looseEnds: [LooseEnd]
    ) {
        self.init(operation: operation)
        self.looseEnds = looseEnds
        for (key, decision) in decisions {
            guard let entity = rows.known(key)?.entity else { continue }
            switch decision.fate {
            case .include: included[entity, default: []].append(key.id)
            case .delete: deleted[entity, default: []].append(key.id)
            }
        }
        included = included.mapValues { $0.sorted() }
        deleted = deleted.mapValues { $0.sorted() }
    }
}
