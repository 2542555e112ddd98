import OMEROModel

@testable import OMEROStore

extension PlainQuery {
    func value(_ expression: OMEROStore.Expression, _ binding: Binding) throws -> Plain {
        switch expression.kind {
        case .path(let names): return try value(ofPath: names, binding)
        case .parameter(let name): return try parameter(name)
        case .string(let text): return Plain(text)
        case .int(let number, _): return .int(number)
        case .double(let number): return .double(number)
        case .bool(let flag): return .bool(flag)
        case .null: return .null
        case .negative(let operand): return try arithmetic("-", .int(0), try value(operand, binding))
        case .arithmetic("||", let left, let right): return try concatenation([left, right], binding)
        case .arithmetic(let symbol, let left, let right):
            return try arithmetic(symbol, try value(left, binding), try value(right, binding))
        case .query(let query):
            let answers = try evaluate(query, in: binding)
            guard answers.count <= 1 else { throw Unevaluated("a sub-query with several answers") }
            return answers.first?.cells[0] ?? .null
        case .function(let name, let arguments, let isDistinct):
            if ["count", "sum", "avg", "min", "max"].contains(name) {
                return try aggregate(name, arguments.first, isDistinct, binding)
            }
            return try function(name, arguments, binding)
        case .cast(let operand, let type): return try cast(try value(operand, binding), type)
        case .extract(let field, let operand):
            guard case .time(let time) = try value(operand, binding) else { return .null }
            if field == "epoch" { return .double(Double(time) / 1000) }
            guard let part = PlainText.part(field, of: time) else { throw Unevaluated(field) }
            return .int(part)
        case .cases(let branches, let otherwise):
            for branch in branches where try condition(branch.condition, binding) == true {
                return try value(branch.value, binding)
            }
            return try otherwise.map { try value($0, binding) } ?? .null
        case .elements: throw Unevaluated("elements")
        case .all, .any, .not, .comparison, .between, .like, .isNull, .isEmpty, .member, .inList, .inQuery, .exists,
            .existsElements:
            return try condition(expression, binding).map { .bool($0) } ?? .null
        }
    }

    /// A division by zero is null: see the store's `Translator.arithmetic`.
    private func arithmetic(_ symbol: String, _ left: Plain, _ right: Plain) throws -> Plain {
        switch (left, right) {
        case (.null, _), (_, .null): return .null
        case (.int(let left), .int(let right)):
            let (result, overflow): (Int64, Bool)
            switch symbol {
            case "+": (result, overflow) = left.addingReportingOverflow(right)
            case "-": (result, overflow) = left.subtractingReportingOverflow(right)
            case "*": (result, overflow) = left.multipliedReportingOverflow(by: right)
            case "/", "%":
                guard right != 0 else { return .null }
                (result, overflow) =
                    symbol == "/"
                    ? left.dividedReportingOverflow(by: right) : left.remainderReportingOverflow(dividingBy: right)
            default: throw Unevaluated(symbol)
            }
            guard !overflow else { throw Unevaluated("overflow") }
            return .int(result)
        default:
            guard let left = left.number, let right = right.number else { throw Unevaluated("\(left) \(symbol)") }
            switch symbol {
            case "+": return .double(left + right)
            case "-": return .double(left - right)
            case "*": return .double(left * right)
            case "/": return right == 0 ? .null : .double(left / right)
            default: throw Unevaluated(symbol)
            }
        }
    }

    private func concatenation(_ operands: [OMEROStore.Expression], _ binding: Binding) throws -> Plain {
        var bytes: [UInt8] = []
        for operand in operands {
            guard case .text(let text) = try cast(try value(operand, binding), "string") else { return .null }
            bytes += text
        }
        return .text(bytes)
    }

    private func cast(_ value: Plain, _ type: String) throws -> Plain {
        switch (value, type) {
        case (.null, _): return .null
        case (.int, "int"), (.int, "long"), (.double, "double"), (.text, "string"): return value
        case (.int(let number), "double"): return .double(Double(number))
        case (.int(let number), "string"): return Plain("\(number)")
        case (.bool(let flag), "string"): return Plain(flag ? "true" : "false")
        // To the nearest, and of two the even.
        case (.double(let number), "int"), (.double(let number), "long"):
            return Int64(exactly: number.rounded(.toNearestOrEven)).map { .int($0) } ?? .null
        case (.text, "int"), (.text, "long"): return value.string.flatMap(PlainText.whole).map { .int($0) } ?? .null
        case (.text, "double"): return value.string.flatMap(PlainText.double).map { .double($0) } ?? .null
        default: throw Unevaluated("cast of \(value) to \(type)")
        }
    }

    private func function(_ name: String, _ arguments: [OMEROStore.Expression], _ binding: Binding) throws -> Plain {
        switch name {
        case "size": return .int(Int64(try elements(arguments[0], binding).count))
        case "concat": return try concatenation(arguments, binding)
        case "type": return try value(ofPath: (arguments[0].pathAlone ?? []), binding)
        default: break
        }
        let values = try arguments.map { try value($0, binding) }
        switch name {
        case "coalesce": return values.first { !$0.isNull } ?? .null
        case "nullif": return try compare("=", values[0], values[1]) == true ? .null : values[0]
        case "str": return try cast(values[0], "string")
        case "mod": return try arithmetic("%", values[0], values[1])
        case "abs":
            switch values[0] {
            case .int(let number): return .int(abs(number))
            case .double(let number): return .double(abs(number))
            default: return .null
            }
        case "day", "month", "year", "hour", "minute":
            guard case .time(let time) = values[0] else { return .null }
            return PlainText.part(name, of: time).map { .int($0) } ?? .null
        default: break
        }
        guard let text = values[0].string else { return .null }
        switch name {
        case "lower": return Plain(PlainText.lower(text))
        case "upper": return Plain(PlainText.upper(text))
        case "length": return .int(Int64(text.unicodeScalars.count))
        case "trim":
            var bytes = Array(text.utf8)[...]
            while bytes.first == 0x20 { bytes.removeFirst() }
            while bytes.last == 0x20 { bytes.removeLast() }
            return .text(Array(bytes))
        case "substring":
            guard case .int(let start) = values[1] else { return .null }
            guard values.count > 2 else { return PlainText.substring(text, start, nil).map { Plain($0) } ?? .null }
            guard case .int(let count) = values[2] else { return .null }
            return PlainText.substring(text, start, count).map { Plain($0) } ?? .null
        default: throw Unevaluated(name)
        }
    }

    private func aggregate(
        _ name: String, _ argument: OMEROStore.Expression?, _ isDistinct: Bool, _ binding: Binding
    ) throws -> Plain {
        guard let group = binding.group else { throw Unevaluated("\(name) of no group") }
        guard let argument else { return .int(Int64(group.count)) }
        var values = try group.map { try value(argument, $0) }.filter { !$0.isNull }
        if isDistinct {
            var seen: Set<Plain> = []
            // Of quantities the numbers count.
            values = values.filter { value in
                if case .quantity(let number, _) = value { return seen.insert(.double(number)).inserted }
                return seen.insert(value).inserted
            }
        }
        if name == "count" { return .int(Int64(values.count)) }
        guard let first = values.first else { return .null }
        switch name {
        case "min", "max":
            let sign = name == "min" ? -1 : 1
            let best = try values.dropFirst().reduce(first) { best, value in
                (try Plain.compare(value, best) ?? 0) * sign > 0 ? value : best
            }
            if case .quantity(let number, _) = best { return .double(number) }
            return best
        case "avg": return .double(values.compactMap(\.number).reduce(0, +) / Double(values.count))
        case "sum":
            if case .int = first {
                return .int(
                    values.reduce(0) { sum, value in if case .int(let number) = value { sum + number } else { sum } })
            }
            return .double(values.compactMap(\.number).reduce(0, +))
        default: throw Unevaluated(name)
        }
    }
}
