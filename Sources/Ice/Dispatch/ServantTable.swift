import IceEncoding

/// Which servant answers for which object.
struct ServantTable: Sendable {
    enum Lookup {
        case found(any Servant)
        case noObject
        case noFacet
    }

    private var servants: [Identity: [String: any Servant]] = [:]
    private var defaults: [String: any Servant] = [:]

    /// False if there is one already.
    mutating func add(_ servant: any Servant, _ identity: Identity, facet: String) -> Bool {
        guard servants[identity]?[facet] == nil else { return false }
        servants[identity, default: [:]][facet] = servant
        return true
    }

    mutating func addDefault(_ servant: any Servant, category: String) -> Bool {
        guard defaults[category] == nil else { return false }
        defaults[category] = servant
        return true
    }

    mutating func remove(_ identity: Identity, facet: String) -> (any Servant)? {
        let servant = servants[identity]?.removeValue(forKey: facet)
        if servants[identity]?.isEmpty == true { servants[identity] = nil }
        return servant
    }

    mutating func removeDefault(category: String) -> (any Servant)? { defaults.removeValue(forKey: category) }

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
