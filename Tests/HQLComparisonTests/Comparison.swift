import OMEROModel

@testable import OMEROStore

/// One query, asked of the store and of the plain evaluation.
struct Comparison {
    /// How both differ.
    struct Difference: Error {
        let query: RandomQuery
        let asker: Asker
        let what: String
    }

    let world: World
    let visibility: Visibility

    init(_ world: World, _ asker: Asker) {
        self.world = world
        visibility = Visibility(world, asker)
    }

    /// Nil if they agree; how many answers there were.
    func compare(_ query: RandomQuery) async throws -> (difference: String?, answers: Int) {
        let parsed = try ObjectQuery(query.text)
        let scope = visibility.asker.scope
        let page = QueryPage(offset: query.offset, limit: query.limit)
        let found: QueryResult
        do {
            found = try await world.store.read { transaction in
                try transaction.run(parsed, query.parameters, page: page, scope: scope, timeout: .seconds(60))
            }
        } catch let error as QueryError {
            return ("the store refuses it: \(error)", 0)
        }
        let plain = PlainQuery(rows: world.rows, visibility: visibility, parameters: query.parameters)
        let expected: [PlainQuery.Answer]
        do {
            expected = try plain.answers(parsed.statement)
        } catch let error as Unevaluated {
            return ("the plain evaluation can't: \(error)", 0)
        }
        let answers = found.rows.map { row in zip(row, found.columns).map { Self.plain($0, $1.type) } }
        return (Self.differ(answers, expected, query), answers.count)
    }

    /// As sequences where the order says how, else as bags: answers with the same keys may change places, and where a
    /// page ends among them it may have any of them.
    private static func differ(
        _ answers: [[Plain]], _ expected: [PlainQuery.Answer], _ query: RandomQuery
    ) -> String? {
        let begin = min(query.offset, expected.count)
        let end = min(begin + (query.limit ?? expected.count), expected.count)
        guard answers.count == end - begin else {
            return
                "\(answers.count) answers instead of \(end - begin): \(list(answers)) instead of \(list(expected.map(\.cells)))"
        }
        var start = 0
        while start < expected.count {
            var stop = start + 1
            while stop < expected.count, expected[stop].keys == expected[start].keys { stop += 1 }
            var bag: [[Plain]: Int] = [:]
            for place in start..<stop { bag[rounded(expected[place].cells), default: 0] += 1 }
            for place in max(start, begin)..<max(max(start, begin), min(stop, end)) {
                let answer = rounded(answers[place - begin])
                guard let left = bag[answer], left > 0 else {
                    return
                        "answer \(place - begin) is \(answer): \(list(answers)) instead of \(list(expected.map(\.cells)))"
                }
                bag[answer] = left - 1
            }
            start = stop
        }
        return nil
    }

    private static func list(_ answers: [[Plain]]) -> String {
        "\(answers.prefix(12))\(answers.count > 12 ? " …" : "")"
    }

    /// Sums of numbers depend on their order in the last places.
    private static func rounded(_ cells: [Plain]) -> [Plain] {
        cells.map { cell in
            guard case .double(let number) = cell, number.isFinite, number != 0 else {
                return cell == .double(-0.0) ? .double(0) : cell
            }
            let scale = Double(sign: .plus, exponent: 40 - number.exponent, significand: 1)
            return .double((number * scale).rounded() / scale)
        }
    }

    private static func plain(_ cell: QueryResult.Cell, _ type: QueryType) -> Plain {
        switch cell {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): type == .time ? .time(number) : .int(number)
        case .double(let number): .double(number)
        case .text(let text): Plain(text)
        case .bytes(let bytes): .text(bytes)
        case .quantity(let number, let unit): .quantity(number, unit)
        }
    }

    /// The smallest query that still differs, by leaving out part after part.
    func shrink(_ query: RandomQuery, _ what: String) async throws -> (RandomQuery, String) {
        var (smallest, difference) = (query, what)
        let isRefusal = what.hasPrefix("the store refuses") || what.hasPrefix("the plain evaluation")
        var goesOn = true
        while goesOn {
            goesOn = false
            for candidate in smallest.smaller {
                guard let (found, _) = try? await compare(candidate), let found,
                    isRefusal
                        ? found == what : !found.hasPrefix("the store refuses") && !found.hasPrefix("the plain")
                else { continue }
                (smallest, difference) = (candidate, found)
                goesOn = true
                break
            }
        }
        return (smallest, difference)
    }
}
