import Foundation
import OMEROModel

@testable import OMEROStore

extension QueryGenerator {
    mutating func condition(_ depth: Int, _ aliases: [Alias]) -> RandomQuery.Clause {
        if depth > 0, random.once(in: 3) {
            let terms = (0..<random.number(2...3)).map { _ in condition(depth - 1, aliases) }
            return random.once(in: 2) ? .all(terms) : .any(terms)
        }
        if depth > 0, random.once(in: 6) { return .not(condition(depth - 1, aliases)) }
        return .leaf("(\(leaf(depth, aliases)))")
    }

    private mutating func leaf(_ depth: Int, _ aliases: [Alias]) -> String {
        let kinds: [Catalogue.Kind] = [.int, .int, .double, .string, .string, .bool, .time, .quantity]
        let kind = random.pick(kinds)
        let not = random.once(in: 4) ? "not " : ""
        switch random.number(0...13) {
        case 0, 1, 2: return comparison(kind, depth, aliases)
        case 3:
            let list = (0..<random.number(1...4)).map { _ in literal(kind) }
            guard kind != .quantity else { return comparison(.double, depth, aliases) }
            return "\(value(kind, depth - 1, aliases)) \(not)in (\(list.joined(separator: ", ")))"
        case 4:
            let name = parameter(.list((0..<random.number(0...4)).map { _ in single(kind) }))
            let list = random.once(in: 2) ? ":\(name)" : "(:\(name))"
            return "\(value(kind, depth - 1, aliases)) \(not)in \(list)"
        case 5:
            let kind = kind == .bool ? Catalogue.Kind.int : kind
            return "\(value(kind, depth - 1, aliases)) \(not)between \(literal(kind)) and \(literal(kind))"
        case 6:
            let like = random.pick(["like", "ilike"])
            let escape = random.once(in: 5) ? " escape '!'" : ""
            return "\(value(.string, depth - 1, aliases)) \(not)\(like) \(pattern())\(escape)"
        case 7, 8: return "\(path(nil, aliases) ?? value(kind, 0, aliases)) is \(not)null"
        case 9: return object(depth, aliases) ?? comparison(kind, depth, aliases)
        case 10, 11: return collection(depth, aliases) ?? comparison(kind, depth, aliases)
        case 12:
            guard depth > 0, allowsJoins, let (query, _) = subquery(kind == .quantity ? .double : kind, aliases)
            else { return comparison(kind, depth, aliases) }
            return "\(value(kind == .quantity ? .double : kind, 0, aliases)) \(not)in \(query)"
        default:
            guard let path = path(.string, aliases.filter { $0.entity != nil }) else {
                return comparison(kind, depth, aliases)
            }
            let type = entity(upTo: 400)?.name ?? "Image"
            let alias = path.split(separator: ".")[0]
            return "\(alias).class \(random.pick(["=", "<>", "!="])) \(type)"
        }
    }

    private mutating func comparison(_ kind: Catalogue.Kind, _ depth: Int, _ aliases: [Alias]) -> String {
        let left = value(kind, depth, aliases)
        if kind == .double, random.once(in: 4) { return "\(left) < \(literal(.int))" }
        let right =
            random.once(in: 3)
            ? value(kind, depth - 1, aliases)
            : kind == .int && random.once(in: 8) ? "'\(random.number(-2...7))'" : literal(kind)
        return "\(left) \(random.pick(["=", "=", "<>", "!=", "<", "<=", ">", ">="])) \(right)"
    }

    /// Objects are compared with objects and with ids.
    private mutating func object(_ depth: Int, _ aliases: [Alias]) -> String? {
        let alias = random.pick(aliases)
        guard let entity = alias.entity else { return nil }
        let objects = Catalogue.of(entity).objects.filter { $0.path.joins == 0 }
        guard !objects.isEmpty else { return nil }
        let chosen = random.pick(objects)
        let path = "\(alias.name).\(chosen.path.text)"
        let others = aliases.filter { $0.entity?.root === chosen.entity.root }
        switch random.number(0...2) {
        case 0: return "\(path) is \(random.once(in: 2) ? "" : "not ")null"
        case 1 where !others.isEmpty:
            return "\(path) \(random.pick(["=", "<>"])) \(random.pick(others).name)\(random.pick(["", ".id"]))"
        default:
            let ids = rows.all(chosen.entity).map(\.id)
            return "\(path) = \(ids.isEmpty ? 0 : random.pick(ids))"
        }
    }

    private mutating func collection(_ depth: Int, _ aliases: [Alias]) -> String? {
        let alias = random.pick(aliases)
        guard let entity = alias.entity else { return nil }
        let collections = Catalogue.of(entity).collections
        guard !collections.isEmpty else { return nil }
        let collection = random.pick(collections)
        let path = "\(alias.name).\(collection.name)"
        let not = random.once(in: 3) ? "not " : ""
        switch random.number(0...4) {
        case 0: return "\(path) is \(not)empty"
        case 1: return "\(not)exists elements(\(path))"
        case 2: return "size(\(path)) \(random.pick(["=", ">", "<"])) \(random.number(0...2))"
        case 3:
            guard let element = collection.element else { return nil }
            let others = aliases.filter { $0.entity?.root === element.root }
            let operand =
                others.isEmpty
                ? "\(rows.all(element).isEmpty ? 0 : random.pick(rows.all(element)).id)" : random.pick(others).name
            return random.once(in: 2) ? "\(operand) \(not)member of \(path)" : "\(operand) \(not)in elements(\(path))"
        default:
            guard depth > 0, let element = collection.element, rows.all(element).count <= 80 else { return nil }
            let inner = Alias(name: name(), entity: element)
            let extra = allowsJoins ? " and \(condition(depth - 1, [inner, inner, alias]).text)" : ""
            return "\(not)exists (select \(inner.name)\(random.pick(["", ".id"])) from \(element.name) \(inner.name)"
                + " where \(inner.name).\(collection.inverse) = \(alias.name)\(extra))"
        }
    }

    /// A query for values of a kind, and its alias.
    mutating func subquery(_ kind: Catalogue.Kind, _ aliases: [Alias]) -> (text: String, Alias)? {
        guard let type = entity(upTo: 80) else { return nil }
        let inner = Alias(name: name(), entity: type)
        guard let path = path(kind, [inner]) else { return nil }
        let condition = random.once(in: 2) ? " where \(condition(0, [inner, inner] + aliases).text)" : ""
        return ("(select \(path) from \(type.name) \(inner.name)\(condition))", inner)
    }

    // MARK: Literals

    mutating func literal(_ kind: Catalogue.Kind) -> String {
        if kind == .time || random.once(in: 3) { return ":\(parameter(single(kind)))" }
        switch kind {
        case .int, .object, .time: return "\(random.pick(RandomRows.numbers + [4, 5, 6]))"
        case .double, .quantity:
            return "\(random.pick(RandomRows.fractions))"
        case .string: return quoted(random.pick(RandomRows.texts + ["Hg", "owner", "ome.model.core.Image"]))
        case .bool: return random.once(in: 2) ? "true" : "false"
        }
    }

    private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    mutating func pattern() -> String {
        let pieces = ["%", "_", "a", "A", "ä", "b", "\\%", "\\_", "\\\\", "!%", "ß", "日", "1", "'"]
        return quoted((0..<random.number(1...4)).map { _ in random.pick(pieces) }.joined())
    }

    private mutating func single(_ kind: Catalogue.Kind) -> RValue {
        switch kind {
        case .int, .object:
            let number = random.pick(RandomRows.numbers)
            return random.once(in: 2) ? .long(number) : .int(Int32(clamping: number))
        case .double, .quantity: return .double(random.pick(RandomRows.fractions))
        case .string: return .string(random.pick(RandomRows.texts))
        case .bool: return .bool(random.once(in: 2))
        case .time: return .time(Timestamp(milliseconds: random.pick(RandomRows.times)).date)
        }
    }

    mutating func parameter(_ value: RValue) -> String {
        let name = "p\(parameters.count)"
        parameters[name] = value
        return name
    }
}
