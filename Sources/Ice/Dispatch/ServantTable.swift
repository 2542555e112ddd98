import IceEncoding

/// Which servant answers for which object.
struct ServantTable: Sendable {
    enum Lookup {
        case found(FoundServant)
        case noObject
        case noFacet
    }

    private var servants: [Identity: [String: FoundServant]] = [:]
    private var defaults: [String: FoundServant] = [:]

    /// False if there is one already.
    mutating func add(_ servant: any Servant, _ identity: Identity, facet: String) -> Bool {
        guard servants[identity]?[facet] == nil else { return false }
        servants[identity, default: [:]][facet] = FoundServant(servant)
        return true
    }

    mutating func addDefault(_ servant: any Servant, category: String) -> Bool {
        guard defaults[category] == nil else { return false }
        defaults[category] = FoundServant(servant)
        return true
    }

    mutating func remove(_ identity: Identity, facet: String) -> (any Servant)? {
        let servant = servants[identity]?.removeValue(forKey: facet)?.servant
        if servants[identity]?.isEmpty == true { servants[identity] = nil }
        return servant
    }

    mutating func removeDefault(category: String) -> (any Servant)? { defaults.removeValue(forKey: category)?.servant }

    /// The servant of the object; else the default servant of its category; else the one of all categories.
    func find(_ identity: Identity, facet: String) -> Lookup {
        if let facets = servants[identity] {
            if let servant = facets[facet] { return .found(servant) }
            return .noFacet
        }
        if let servant = defaults[identity.category] ?? defaults[""] { return .found(servant) }
        return .noObject
    }

    var count: Int { servants.values.reduce(0) { $0 + $1.count } }
}

/// A servant, and whether it gets the operations of every object too: found out when it is added, as a cast costs as
/// much as finding the servant.
struct FoundServant: Sendable {
    let servant: any Servant
    let isRaw: Bool

    init(_ servant: any Servant) {
        self.servant = servant
        isRaw = servant is any RawServant
    }
}
