import OMEROModel

@testable import OMEROStore

/// Evaluates queries by nested loops over rows in memory, with the logic of three values: slow, and nothing but what
/// HQL says.
///
/// It shares the parser and its syntax tree with the store, and nothing of the translation.
struct PlainQuery {
    struct Answer {
        let cells: [Plain]
        /// The values that it is ordered by.
        let keys: [Plain]
    }

    let rows: PlainRows
    let visibility: Visibility
    let parameters: [String: RValue?]

    /// All answers in order, before any paging.
    func answers(_ statement: SelectStatement) throws -> [Answer] {
        var answers = try evaluate(statement, in: nil)
        let isDescending = statement.orders.map(\.isDescending)
        let nullsFirst = statement.orders.map { $0.nullsFirst ?? $0.isDescending }
        // The sort is to be stable, and Swift's says so nowhere.
        let sorted = try answers.enumerated().sorted { first, second in
            for (place, pair) in zip(first.element.keys, second.element.keys).enumerated() {
                let order: Int
                switch pair {
                case (.null, .null): order = 0
                case (.null, _): order = nullsFirst[place] ? -1 : 1
                case (_, .null): order = nullsFirst[place] ? 1 : -1
                default: order = (try Plain.compare(pair.0, pair.1) ?? 0) * (isDescending[place] ? -1 : 1)
                }
                if order != 0 { return order < 0 }
            }
            return first.offset < second.offset
        }
        answers = sorted.map(\.element)
        // With collections fetched along, an object comes once.
        let fetches = Self.fetchesCollections(statement)
        var seen: Set<[Plain]> = []
        return answers.filter { answer in
            guard statement.isDistinct || (fetches && answer.cells.count == 1) else { return true }
            return seen.insert(answer.cells).inserted
        }
    }

    /// What is fetched is of the root.
    private static func fetchesCollections(_ statement: SelectStatement) -> Bool {
        let root = statement.roots.first.flatMap { DataModel.queryEntity($0.entity) }
        return statement.joins.contains { join in
            guard join.isFetch, let name = join.path.last, let property = root?.property(name) else { return false }
            if case .collection = property.content { return true }
            return false
        }
    }

    /// The answers, not in order.
    func evaluate(_ statement: SelectStatement, in parent: Binding?) throws -> [Answer] {
        let groups = try bindings(statement, in: parent)
        return try groups.map { binding in
            let cells: [Plain]
            if let items = statement.items {
                cells = try items.map { try value($0.expression, binding) }
            } else {
                cells = zip(binding.sources, binding.elements).compactMap { source, element in
                    guard !source.isFetched, source.entity != nil else { return nil }
                    guard case .row(let row)? = element else { return .null }
                    return .int(row.id)
                }
            }
            return Answer(
                cells: cells,
                keys: try statement.orders.map { try value(Self.ordering($0, statement, binding), binding) })
        }
    }

    /// What an order is by: the select clause may name it.
    private static func ordering(
        _ order: SelectStatement.Order, _ statement: SelectStatement, _ binding: Binding
    ) -> OMEROStore.Expression {
        guard case .path(let names) = order.expression.kind, names.count == 1,
            binding.find(names[0]) == nil,
            let item = statement.items?.first(where: { $0.alias == names[0] })
        else { return order.expression }
        return item.expression
    }

    /// The rows of `from` that pass `where`, or the groups of them that pass `having`.
    func bindings(_ statement: SelectStatement, in parent: Binding?) throws -> [Binding] {
        var found = [Binding(parent: parent)]
        var joins = statement.joins[...]
        for root in statement.roots {
            while joins.startIndex < root.joinsBefore, let join = joins.popFirst() {
                found = try found.flatMap { try self.join(join, $0) }
            }
            guard let entity = DataModel.queryEntity(root.entity) else { throw Unevaluated(root.entity) }
            let visible = rows.all(entity).filter(visibility.sees)
            let source = PlainSource(
                name: root.alias, entity: entity, isRoot: true, isFetched: false, isCollection: false)
            found = found.flatMap { binding in visible.map { binding.adding(source, .row($0)) } }
        }
        for join in joins { found = try found.flatMap { try self.join(join, $0) } }

        // Every path through an object is an inner join, wherever it is written.
        guard let sample = found.first else { return try groups(of: found, statement, in: parent) }
        let orders = statement.orders.map { Self.ordering($0, statement, sample) }
        let written =
            (statement.items?.map(\.expression) ?? []) + [statement.condition, statement.having].compactMap { $0 }
            + statement.groups + orders
        let paths = Set(written.flatMap(\.paths))
        // An object that is sent has to be there; within a sub-query it is only its id.
        let sent = parent == nil ? (statement.items ?? []).compactMap(\.expression.pathAlone) : []
        found = try found.filter { binding in
            for path in paths where try isBroken(path, binding) { return false }
            for path in sent {
                guard case .reference(let id, let target) = try reach(path, binding) else { continue }
                guard case .int(let id) = id, let row = rows.row(target, id), visibility.sees(row) else { return false }
            }
            guard let condition = statement.condition else { return true }
            return try self.condition(condition, binding) == true
        }

        return try groups(of: found, statement, in: parent)
    }

    /// The groups that pass `having`; the rows themselves where nothing is said of groups.
    private func groups(of found: [Binding], _ statement: SelectStatement, in parent: Binding?) throws -> [Binding] {
        let aggregated =
            (statement.items?.map(\.expression) ?? []) + [statement.having].compactMap { $0 }
            + statement.orders.map(\.expression)
        guard !statement.groups.isEmpty || aggregated.contains(where: \.isAggregate) else { return found }
        let groups = try allGroups(of: found, statement, in: parent)
        guard let having = statement.having else { return groups }
        return try groups.filter { try condition(having, $0) == true }
    }

    private func allGroups(of found: [Binding], _ statement: SelectStatement, in parent: Binding?) throws -> [Binding] {
        guard !statement.groups.isEmpty else {
            let whole = found.first?.adding(Self.nothing, nil) ?? Binding(parent: parent)
            whole.group = found
            return [whole]
        }
        var order: [[Plain]] = []
        var groups: [[Plain]: [Binding]] = [:]
        for binding in found {
            let key = try statement.groups.map { try value($0, binding) }
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(binding)
        }
        return order.compactMap { key in
            guard let members = groups[key] else { return nil }
            let first = members[0].adding(Self.nothing, nil)
            first.group = members
            return first
        }
    }

    /// So that a group is not one of its members.
    private static let nothing = PlainSource(
        name: nil, entity: nil, isRoot: false, isFetched: true, isCollection: false)

    // MARK: Joins

    private func join(_ join: SelectStatement.Join, _ binding: Binding) throws -> [Binding] {
        let (elements, source) = try joined(join, binding)
        var found: [Binding] = []
        for element in elements {
            let candidate = binding.adding(source, element)
            if let with = join.condition, try condition(with, candidate) != true { continue }
            found.append(candidate)
        }
        return found.isEmpty && join.kind == .left ? [binding.adding(source, nil)] : found
    }

    private func joined(
        _ join: SelectStatement.Join, _ binding: Binding
    ) throws -> (elements: [Binding.Element], PlainSource) {
        func source(_ entity: Entity?, _ isCollection: Bool) -> PlainSource {
            PlainSource(
                name: join.alias, entity: entity, isRoot: false, isFetched: join.isFetch, isCollection: isCollection)
        }
        switch try reach(join.path, binding) {
        case .reference(let id, let target):
            guard case .int(let id) = id, let row = rows.row(target, id), visibility.sees(row) else {
                return ([], source(target, false))
            }
            return ([.row(row)], source(target, false))
        case .collection(let holder, let property):
            if case .map = property.content {
                return (holder?.maps[property.name]?.map { .pair($0) } ?? [], source(nil, true))
            }
            let type = property.type.flatMap(DataModel.entity)
            guard let holder else { return ([], source(type, true)) }
            return (try elements(of: holder, property).map { .row($0) }, source(type, true))
        case .broken: return ([], source(try target(of: join.path, binding), false))
        case .element, .details, .value: throw Unevaluated("join \(join.path)")
        }
    }

    /// The type that a path leads to; nil of a map's pairs.
    private func target(of path: [String], _ binding: Binding) throws -> Entity? {
        guard let (holder, place) = binding.find(path[0]) else { throw Unevaluated("path \(path)") }
        var entity = holder.sources[place].entity
        for name in path.dropFirst() where name != "details" {
            let known = DetailsProperty(rawValue: name)?.type ?? entity?.property(name)?.type
            let below = entity?.family.lazy.compactMap { type in
                type.properties.first { $0.name == name }?.type
            }.first
            entity = (known ?? below).flatMap(DataModel.entity)
        }
        return entity
    }

    /// The elements of a collection that are visible.
    func elements(of holder: PlainRow, _ property: Property) throws -> [PlainRow] {
        guard case .collection(let type, let inverse, _, _, _) = property.content, let entity = DataModel.entity(type)
        else { throw Unevaluated(property.name) }
        return rows.elements(entity, inverse, of: holder.id).filter(visibility.sees)
    }
}
