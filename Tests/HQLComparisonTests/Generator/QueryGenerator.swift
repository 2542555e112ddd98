import OMEROModel

@testable import OMEROStore

/// Makes random queries that the language allows, about types that have rows.
struct QueryGenerator {
    /// A name of the `from` clause.
    struct Alias {
        let name: String
        /// Nil of a map's pairs.
        let entity: Entity?
    }

    var random: Seeded
    let rows: PlainRows
    var parameters: [String: RValue?] = [:]
    var nameCount = 0
    /// Whether paths may go through objects: not in `with`.
    var allowsJoins = true

    private let types: [Entity]
    private let enumerations: [Entity]

    init(_ rows: PlainRows, seed: UInt64) {
        random = Seeded(seed)
        self.rows = rows
        let all = DataModel.entities.filter { (1...400).contains(rows.all($0).count) && $0.name != "EventLog" }
        types = all.filter { $0.kind != .enumeration }
        enumerations = all.filter { $0.kind == .enumeration && rows.all($0).count < 12 }
    }

    mutating func name() -> String {
        nameCount += 1
        return "x\(nameCount)"
    }

    /// A type with no more rows than that.
    mutating func entity(upTo limit: Int) -> Entity? {
        let list = (random.once(in: 8) ? enumerations : types).filter { rows.all($0).count <= limit }
        return list.isEmpty ? nil : random.pick(list)
    }

    mutating func query() throws -> RandomQuery {
        parameters = [:]
        nameCount = 0
        var query = RandomQuery()
        guard let root = entity(upTo: 400) else { throw Unevaluated("no rows") }
        if random.once(in: 12) { return bare(root) }
        var aliases = [Alias(name: name(), entity: root)]
        query.roots = ["\(spelled(root)) \(random.once(in: 2) ? "as " : "")\(aliases[0].name)"]
        let isObjects = random.once(in: 4)
        while random.once(in: 2), query.joins.count < 3 { join(&query, &aliases, fetches: isObjects) }
        if random.once(in: 6), let other = entity(upTo: max(3, 2_000 / max(1, rows.all(root).count))) {
            let alias = Alias(name: name(), entity: other)
            // Roots after joins are legal too.
            query.roots.append("\(other.name) \(alias.name)")
            aliases.append(alias)
        }
        if !random.once(in: 3) { query.condition = condition(2, aliases) }
        if isObjects {
            objects(&query, aliases)
        } else if random.once(in: 4) {
            grouped(&query, aliases)
        } else if random.once(in: 8) {
            query.items = (0..<random.number(1...3)).map { _ in RandomQuery.Item(value: aggregate(aliases)) }
        } else {
            tuples(&query, aliases)
        }
        page(&query)
        query.parameters = parameters
        return query
    }

    private mutating func page(_ query: inout RandomQuery) {
        guard random.once(in: 3) else { return }
        query.offset = random.once(in: 2) ? 0 : random.number(0...6)
        query.limit = random.once(in: 5) ? nil : random.number(0...9)
    }

    private mutating func spelled(_ entity: Entity) -> String {
        random.once(in: 10) ? entity.logName : random.once(in: 20) ? entity.name + "I" : entity.name
    }

    /// A query without an alias: its paths begin with a property.
    private mutating func bare(_ root: Entity) -> RandomQuery {
        var query = RandomQuery()
        query.roots = [root.name]
        let catalogue = Catalogue.of(root)
        let paths = catalogue.paths.values.flatMap { $0 }.filter { path in
            guard case .object = path.kind else {
                // Where deriving types have it, there needs to be a name.
                return path.joins == 0 && (path.steps[0] == "details" || root.property(path.steps[0]) != nil)
            }
            return false
        }.sorted { $0.text < $1.text }
        if !paths.isEmpty, !random.once(in: 4) { query.items = [RandomQuery.Item(value: random.pick(paths).text)] }
        if !paths.isEmpty, random.once(in: 2) { query.condition = .leaf("\(random.pick(paths).text) is not null") }
        query.orders = ["id"]
        page(&query)
        return query
    }

    // MARK: From

    private mutating func join(_ query: inout RandomQuery, _ aliases: inout [Alias], fetches: Bool) {
        let from = random.pick(aliases)
        guard let entity = from.entity else { return }
        let catalogue = Catalogue.of(entity)
        let kind = random.pick(["join", "inner join", "left join", "left outer join"])
        let target: (path: String, entity: Entity?)
        if random.once(in: 2), !catalogue.collections.isEmpty {
            let collection = random.pick(catalogue.collections)
            target = (collection.name, collection.element)
        } else {
            let objects = catalogue.objects.filter { $0.path.joins < (random.once(in: 3) ? 2 : 1) }
            guard !objects.isEmpty else { return }
            let object = random.pick(objects)
            target = (object.path.text, object.entity)
        }
        let alias = Alias(name: name(), entity: target.entity)
        var text = "\(kind) "
        // What is fetched belongs to what is selected, which is the root.
        if fetches, random.once(in: 2), from.name == aliases[0].name, target.entity != nil, !target.path.contains(".") {
            text += "fetch "
        }
        text += "\(from.name).\(target.path) \(random.once(in: 2) ? "as " : "")\(alias.name)"
        aliases.append(alias)
        if random.once(in: 5) {
            allowsJoins = false
            text += " with \(condition(1, [alias, alias, from]).text)"
            allowsJoins = true
        }
        query.joins.append(text)
    }

    // MARK: Select

    private mutating func objects(_ query: inout RandomQuery, _ aliases: [Alias]) {
        let root = aliases[0].name
        let isFetching = query.joins.contains { $0.contains(" fetch ") }
        if random.once(in: 4) {
            query.items = nil
        } else if isFetching || random.once(in: 2) {
            query.items = [RandomQuery.Item(value: root)]
            query.isDistinct = random.once(in: 3)
        } else {
            let objects = aliases.filter { $0.entity != nil }
            query.items = (0..<random.number(1...2)).map { _ in
                let alias = random.pick(objects)
                let whole = RandomQuery.Item(value: alias.name)
                guard random.once(in: 2), let entity = alias.entity else { return whole }
                let paths = Catalogue.of(entity).objects.filter { $0.path.joins < 2 }
                guard !paths.isEmpty else { return whole }
                return RandomQuery.Item(value: "\(alias.name).\(random.pick(paths).path.text)")
            }
        }
        guard random.once(in: 2) else { return }
        query.orders = ["\(root).id\(random.pick(["", " desc", " asc"]))"]
        if !query.isDistinct, !isFetching, let path = path(nil, [aliases[0]]) {
            query.orders.insert("\(path)\(direction())", at: 0)
        }
    }

    private mutating func tuples(_ query: inout RandomQuery, _ aliases: [Alias]) {
        let kinds: [Catalogue.Kind?] = [nil, nil, .int, .double, .string, .bool, .time]
        query.items = (0..<random.number(1...4)).map { place in
            let kind = random.pick(kinds)
            return RandomQuery.Item(
                value: value(orPath: kind, 2, aliases), alias: random.once(in: 4) ? "c\(place)" : nil)
        }
        query.isDistinct = random.once(in: 4)
        query.isMap = !query.isDistinct && random.once(in: 6)
        if query.isMap {
            query.items = query.items?.enumerated().map { place, item in
                RandomQuery.Item(value: item.value, alias: item.alias ?? "c\(place)")
            }
        }
        guard random.once(in: 2), let items = query.items else { return }
        if query.isDistinct {
            // PostgreSQL orders what is distinct by what is selected only.
            let item = random.pick(items)
            query.orders = [(item.alias ?? item.value) + direction()]
        } else {
            query.orders = (0..<random.number(1...2)).map { _ in
                let kind = random.pick(kinds)
                return value(orPath: kind, 1, aliases) + direction()
            }
            query.orders += aliases.filter { $0.entity != nil }.map { "\($0.name).id" }
        }
    }

    /// A value of a kind; without one, any path.
    private mutating func value(orPath kind: Catalogue.Kind?, _ depth: Int, _ aliases: [Alias]) -> String {
        if let kind { return value(kind, depth, aliases) }
        return path(nil, aliases) ?? "\(aliases[0].name).id"
    }

    private mutating func grouped(_ query: inout RandomQuery, _ aliases: [Alias]) {
        let groups = (0..<random.number(1...2)).compactMap { _ in
            path(random.pick([.string, .int, .bool, .time, .double]), aliases)
        }
        guard !groups.isEmpty else {
            query.items = [RandomQuery.Item(value: aggregate(aliases))]
            return
        }
        query.groups = groups
        let aggregates = (0..<random.number(1...2)).map { _ in aggregate(aliases) }
        query.items = (groups + aggregates).map { RandomQuery.Item(value: $0) }
        if random.once(in: 3) {
            let count = "count(\(random.once(in: 2) ? "*" : "\(aliases[0].name).id"))"
            query.having = .leaf("\(count) \(random.pick([">", "<", "=", ">=", "<>"])) \(random.number(0...4))")
        }
        if random.once(in: 2) {
            query.orders = groups.map { $0 + direction() }
            if random.once(in: 2) { query.orders.insert(random.pick(aggregates) + direction(), at: 0) }
        }
    }

    mutating func direction() -> String {
        random.pick(["", "", " asc", " desc", " desc", " asc nulls first", " desc nulls last"])
    }

    mutating func aggregate(_ aliases: [Alias]) -> String {
        switch random.number(0...7) {
        case 0: return "count(*)"
        case 1: return "count(\(path(nil, aliases) ?? "\(aliases[0].name).id"))"
        case 2:
            return "count(distinct \(path(random.pick([.int, .string, .bool]), aliases) ?? "\(aliases[0].name).id"))"
        case 3: return "sum(\(path(.int, aliases) ?? "\(aliases[0].name).id"))"
        case 4: return "sum(\(path(.double, aliases) ?? "\(aliases[0].name).id"))"
        case 5: return "avg(\(path(random.pick([.int, .double]), aliases) ?? "\(aliases[0].name).id"))"
        default:
            let kind = random.pick([Catalogue.Kind.int, .double, .string, .time, .quantity])
            return "\(random.pick(["min", "max"]))(\(path(kind, aliases) ?? "\(aliases[0].name).id"))"
        }
    }

    /// A path to a value, or to one of any kind.
    mutating func path(_ kind: Catalogue.Kind?, _ aliases: [Alias]) -> String? {
        for _ in 0..<4 {
            let alias = random.pick(aliases)
            guard let entity = alias.entity else {
                switch kind {
                case .string: return "\(alias.name).\(random.pick(["name", "value"]))"
                case .int: return "\(alias.name).index"
                case nil: return "\(alias.name).value"
                default: continue
                }
            }
            let catalogue = Catalogue.of(entity)
            let known: [Catalogue.Kind] = [.int, .double, .string, .bool, .time, .quantity]
            let joins = !allowsJoins || !random.once(in: 4) ? 0 : 2
            let paths = (catalogue.paths[kind ?? random.pick(known)] ?? []).filter { $0.joins <= joins }
            if !paths.isEmpty { return "\(alias.name).\(random.pick(paths).text)" }
        }
        return nil
    }
}
