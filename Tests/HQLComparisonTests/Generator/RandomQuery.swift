import OMEROModel

/// A query in parts, so that parts can be left out.
struct RandomQuery: Sendable {
    indirect enum Clause: Sendable {
        case leaf(String)
        case all([Clause])
        case any([Clause])
        case not(Clause)

        var text: String {
            switch self {
            case .leaf(let text): text
            case .all(let terms): "(" + terms.map(\.text).joined(separator: " and ") + ")"
            case .any(let terms): "(" + terms.map(\.text).joined(separator: " or ") + ")"
            case .not(let term): "not " + term.text
            }
        }

        /// What is left when a part is taken out.
        var smaller: [Clause] {
            switch self {
            case .leaf: []
            case .all(let terms): terms + Self.inside(terms).map { .all($0) }
            case .any(let terms): terms + Self.inside(terms).map { .any($0) }
            case .not(let term): [term] + term.smaller.map { .not($0) }
            }
        }

        private static func inside(_ terms: [Clause]) -> [[Clause]] {
            terms.indices.flatMap { place in
                terms[place].smaller.map { smaller in
                    var terms = terms
                    terms[place] = smaller
                    return terms
                }
            }
        }
    }

    struct Item: Sendable {
        let value: String
        var alias: String?
        var text: String { alias.map { "\(value) as \($0)" } ?? value }
    }

    var isDistinct = false
    var isMap = false
    /// Nil without `select`.
    var items: [Item]?
    var roots: [String] = []
    var joins: [String] = []
    var condition: Clause?
    var groups: [String] = []
    var having: Clause?
    var orders: [String] = []
    var offset = 0
    var limit: Int?
    var parameters: [String: RValue?] = [:]

    var text: String {
        var text = ""
        if let items {
            let list = items.map(\.text).joined(separator: ", ")
            text = "select \(isDistinct ? "distinct " : "")\(isMap ? "new map(\(list))" : list) "
        }
        text += "from " + roots.joined(separator: ", ")
        for join in joins { text += " " + join }
        if let condition { text += " where " + condition.text }
        if !groups.isEmpty { text += " group by " + groups.joined(separator: ", ") }
        if let having { text += " having " + having.text }
        if !orders.isEmpty { text += " order by " + orders.joined(separator: ", ") }
        return text
    }

    /// Queries with a part less; not all of them are any.
    var smaller: [RandomQuery] {
        var found: [RandomQuery] = []
        func add(_ change: (inout RandomQuery) -> Void) {
            var query = self
            change(&query)
            found.append(query)
        }
        if condition != nil { add { $0.condition = nil } }
        if having != nil { add { $0.having = nil } }
        for smaller in condition?.smaller ?? [] { add { $0.condition = smaller } }
        for smaller in having?.smaller ?? [] { add { $0.having = smaller } }
        for place in joins.indices { add { $0.joins.remove(at: place) } }
        if roots.count > 1 { for place in roots.indices { add { $0.roots.remove(at: place) } } }
        if let items, items.count > 1 { for place in items.indices { add { $0.items?.remove(at: place) } } }
        for place in groups.indices { add { $0.groups.remove(at: place) } }
        for place in orders.indices { add { $0.orders.remove(at: place) } }
        if isDistinct { add { $0.isDistinct = false } }
        if isMap { add { $0.isMap = false } }
        if limit != nil || offset > 0 {
            add {
                $0.limit = nil
                $0.offset = 0
            }
        }
        return found
    }
}
