import OMEROModel

@testable import OMEROStore

extension QueryGenerator {
    /// A value of a kind.
    mutating func value(_ kind: Catalogue.Kind, _ depth: Int, _ aliases: [Alias]) -> String {
        if depth <= 0 || !random.once(in: 3) {
            if !random.once(in: 8), let path = path(kind, aliases) { return path }
            if kind == .quantity { return path(.double, aliases) ?? literal(.double) }
            return literal(kind)
        }
        switch kind {
        case .int: return int(depth - 1, aliases)
        case .double: return double(depth - 1, aliases)
        case .string: return string(depth - 1, aliases)
        case .bool: return choice(.bool, depth - 1, aliases)
        case .time: return choice(.time, depth - 1, aliases)
        case .quantity, .object: return value(kind, 0, aliases)
        }
    }

    /// Kinds of which every one can be given.
    private mutating func choice(_ kind: Catalogue.Kind, _ depth: Int, _ aliases: [Alias]) -> String {
        let first = value(kind, depth, aliases)
        let second = value(kind, depth, aliases)
        switch random.number(0...3) {
        case 0: return "coalesce(\(first), \(second))"
        case 1: return "nullif(\(first), \(second))"
        case 2 where allowsJoins:
            let other = random.once(in: 2) ? " else \(second)" : ""
            return "case when \(condition(0, aliases).text) then \(first)\(other) end"
        default:
            let operand = value(.int, 0, aliases)
            return "case \(operand) when 1 then \(first) when 2 then \(second) else \(first) end"
        }
    }

    private mutating func int(_ depth: Int, _ aliases: [Alias]) -> String {
        switch random.number(0...10) {
        case 0: return "length(\(value(.string, depth, aliases)))"
        case 1:
            let alias = random.pick(aliases)
            let collections = alias.entity.map { Catalogue.of($0).collections } ?? []
            guard !collections.isEmpty else { return value(.int, 0, aliases) }
            return "size(\(alias.name).\(random.pick(collections).name))"
        case 2, 3:
            // Not of products: they might be too large.
            let symbol = random.pick(["+", "-", "/", "%"])
            return "(\(value(.int, 0, aliases)) \(symbol) \(value(.int, 0, aliases)))"
        case 4: return "(\(value(.int, 0, aliases)) * \(random.number(-3...3)))"
        case 5: return "abs(\(value(.int, 0, aliases)))"
        case 6: return "mod(\(value(.int, 0, aliases)), \(value(.int, 0, aliases)))"
        case 7: return "cast(\(value(random.pick([.string, .double]), 0, aliases)) as \(random.pick(["int", "long"])))"
        case 8:
            let field = random.pick(["year", "month", "day", "hour", "minute"])
            let time = value(.time, 0, aliases)
            return random.once(in: 2) ? "\(field)(\(time))" : "extract(\(field) from \(time))"
        case 9:
            guard allowsJoins, let (query, _) = scalar(aliases) else { return value(.int, 0, aliases) }
            return query
        default: return choice(.int, depth, aliases)
        }
    }

    /// A sub-query with one answer.
    private mutating func scalar(_ aliases: [Alias]) -> (String, Alias)? {
        let alias = random.pick(aliases)
        let collections = (alias.entity.map { Catalogue.of($0).collections } ?? []).filter { collection in
            collection.element.map { rows.all($0).count <= 80 } ?? false
        }
        guard !collections.isEmpty else { return nil }
        let collection = random.pick(collections)
        guard let element = collection.element else { return nil }
        let inner = Alias(name: name(), entity: element)
        let function = random.pick(["count", "min", "max"])
        let condition = random.once(in: 3) ? " and \(condition(0, [inner]).text)" : ""
        let text =
            "(select \(function)(\(inner.name).id) from \(element.name) \(inner.name)"
            + " where \(inner.name).\(collection.inverse)\(random.pick(["", ".id"])) = \(alias.name).id\(condition))"
        return (text, inner)
    }

    private mutating func double(_ depth: Int, _ aliases: [Alias]) -> String {
        switch random.number(0...5) {
        case 0, 1:
            let symbol = random.pick(["+", "-", "*", "/"])
            return "(\(value(.double, 0, aliases)) \(symbol) \(value(random.pick([.double, .int]), 0, aliases)))"
        case 2: return "cast(\(value(random.pick([.int, .string]), 0, aliases)) as double)"
        case 3: return "abs(\(value(.double, 0, aliases)))"
        case 4: return "-\(value(.double, 0, aliases))"
        default: return choice(.double, depth, aliases)
        }
    }

    private mutating func string(_ depth: Int, _ aliases: [Alias]) -> String {
        switch random.number(0...8) {
        case 0: return "lower(\(value(.string, depth, aliases)))"
        case 1: return "upper(\(value(.string, depth, aliases)))"
        case 2: return "(\(value(.string, depth, aliases)) || \(value(random.pick([.string, .int]), 0, aliases)))"
        case 3: return "concat(\(value(.string, depth, aliases)), \(value(.string, 0, aliases)))"
        case 4: return "trim(\(value(.string, depth, aliases)))"
        case 5:
            let count = random.once(in: 2) ? "" : ", \(random.number(0...3))"
            return "substring(\(value(.string, depth, aliases)), \(random.number(-2...3))\(count))"
        case 6: return "str(\(value(.int, 0, aliases)))"
        case 7: return "cast(\(value(random.pick([.int, .bool]), 0, aliases)) as string)"
        default: return choice(.string, depth, aliases)
        }
    }
}
