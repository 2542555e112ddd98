import OMEROModel

@testable import OMEROStore

/// What a path leads to in one row of `from`.
enum Reached {
    /// A row, or a pair; nil where an outer join found nothing.
    case element(Binding.Element?, Entity?)
    case details(PlainRow?, Entity)
    case reference(Plain, Entity)
    case value(Plain)
    case collection(PlainRow?, Property)
    /// An object on the way is null, or not visible.
    case broken
}

extension PlainQuery {
    func isBroken(_ path: [String], _ binding: Binding) throws -> Bool {
        guard case .broken = try reach(path, binding) else { return false }
        return true
    }

    func reach(_ path: [String], _ binding: Binding) throws -> Reached {
        var rest = path[...]
        var reached: Reached
        if let (holder, place) = binding.find(path[0]) {
            reached = .element(holder.elements[place], holder.sources[place].entity)
            rest = rest.dropFirst()
        } else if let (element, entity) = root(with: path[0], binding) {
            reached = .element(element, entity)
        } else if let entity = DataModel.queryEntity(path.joined(separator: ".")) {
            return .value(Plain(entity.logName))
        } else {
            throw Unevaluated("path \(path)")
        }
        for name in rest {
            reached = try step(name, reached)
            if case .broken = reached { return .broken }
        }
        return reached
    }

    /// The first root of the innermost query that has such a property.
    private func root(with name: String, _ binding: Binding) -> (Binding.Element?, Entity)? {
        if let source = binding.sources.first, source.isRoot, let entity = source.entity,
            ["id", "class", "details"].contains(name) || entity.property(name)?.isMapped == true
        {
            return (binding.elements[0], entity)
        }
        return binding.parent.flatMap { root(with: name, $0) }
    }

    private func step(_ name: String, _ reached: Reached) throws -> Reached {
        switch reached {
        case .broken: return .broken
        case .element(.pair(let pair)?, _):
            switch name {
            case "name": return .value(Plain(pair.name))
            case "value": return .value(Plain(pair.value))
            case "index": return .value(.int(pair.index))
            default: throw Unevaluated(name)
            }
        case .element(nil, nil): return .value(.null)
        case .element(.row(let row)?, let entity): return try property(name, row, entity ?? row.entity)
        case .element(nil, let entity?): return try property(name, nil, entity)
        case .details(let row, let entity):
            guard let property = DetailsProperty(rawValue: name) else { throw Unevaluated("details.\(name)") }
            let id = row?.details[name].map { Plain.int($0) } ?? .null
            guard let type = property.type.flatMap(DataModel.entity) else { return .value(id) }
            guard entity.root.detailsColumns[property] != nil else { throw Unevaluated("details.\(name)") }
            return .reference(id, type)
        case .reference(let id, let target):
            if name == "id" { return .value(id) }
            guard case .int(let id) = id, let row = rows.row(target, id), visibility.sees(row) else { return .broken }
            return try property(name, row, target)
        case .value(.quantity(let number, let unit)):
            switch name {
            case "value": return .value(.double(number))
            case "unit", "symbol": return .value(Plain(unit))
            default: throw Unevaluated(name)
            }
        case .value(.null): return .value(.null)
        case .value, .collection: throw Unevaluated("\(name) of a value")
        }
    }

    private func property(_ name: String, _ row: PlainRow?, _ entity: Entity) throws -> Reached {
        switch name {
        case "id": return .value(row.map { .int($0.id) } ?? .null)
        case "class": return .value(row.map { Plain($0.entity.logName) } ?? .null)
        case "details": return .details(row, entity)
        default: break
        }
        let declared =
            entity.property(name) ?? entity.family.lazy.flatMap(\.properties).first { $0.name == name }
        guard let property = declared else { throw Unevaluated("\(entity).\(name)") }
        switch property.content {
        case .collection, .map: return .collection(row, property)
        case .reference(let type, _, _):
            guard let target = DataModel.entity(type) else { throw Unevaluated(type) }
            return .reference(row?.values[name] ?? .null, target)
        case .value, .quantity: return .value(row.map { visibility.value(name, of: $0) } ?? .null)
        }
    }

    func value(ofPath path: [String], _ binding: Binding) throws -> Plain {
        switch try reach(path, binding) {
        case .element(.row(let row)?, _): .int(row.id)
        case .element(nil, _), .broken: .null
        case .reference(let id, _): id
        case .value(let value): value
        case .element(.pair, _), .details, .collection: throw Unevaluated("\(path) is no value")
        }
    }

    /// The elements of the collection at a path.
    func elements(_ expression: OMEROStore.Expression, _ binding: Binding) throws -> [Binding.Element] {
        guard case .path(let path) = expression.kind,
            case .collection(let holder, let property) = try reach(path, binding)
        else { throw Unevaluated("no collection") }
        guard let holder else { return [] }
        if case .map = property.content { return holder.maps[property.name]?.map { .pair($0) } ?? [] }
        return try elements(of: holder, property).map { .row($0) }
    }
}

extension OMEROStore.Expression {
    /// The paths that it goes along itself: those of sub-queries are theirs.
    var paths: [[String]] {
        if case .path(let names) = kind { return [names] }
        return parts.flatMap(\.paths)
    }

    /// Whether it is about a group of rows.
    var isAggregate: Bool {
        if case .function(let name, _, _) = kind, ["count", "sum", "avg", "min", "max"].contains(name) { return true }
        return parts.contains(where: \.isAggregate)
    }

    var pathAlone: [String]? {
        guard case .path(let names) = kind else { return nil }
        return names
    }

    private var parts: [OMEROStore.Expression] {
        switch kind {
        case .path, .parameter, .string, .int, .double, .bool, .null, .exists, .query: []
        case .negative(let operand), .not(let operand), .isNull(let operand), .isEmpty(let operand),
            .existsElements(let operand), .elements(let operand), .cast(let operand, _), .extract(_, let operand),
            .inQuery(let operand, _):
            [operand]
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right): [left, right]
        case .all(let terms), .any(let terms): terms
        case .between(let operand, let low, let high): [operand, low, high]
        case .like(let operand, let pattern, _, let escape): [operand, pattern] + (escape.map { [$0] } ?? [])
        case .member(let operand, let collection): [operand, collection]
        case .inList(let operand, let values): [operand] + values
        case .function(_, let arguments, _): arguments
        case .cases(let branches, let otherwise):
            branches.flatMap { [$0.condition, $0.value] } + (otherwise.map { [$0] } ?? [])
        }
    }
}
