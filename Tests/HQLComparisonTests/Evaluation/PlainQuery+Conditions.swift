import OMEROModel

@testable import OMEROStore

extension PlainQuery {
    /// Nil is neither true nor false.
    func condition(_ expression: OMEROStore.Expression, _ binding: Binding) throws -> Bool? {
        switch expression.kind {
        case .all(let terms):
            var result: Bool? = true
            for term in terms {
                let value = try condition(term, binding)
                if value == false { return false }
                if value == nil { result = nil }
            }
            return result
        case .any(let terms):
            var result: Bool? = false
            for term in terms {
                let value = try condition(term, binding)
                if value == true { return true }
                if value == nil { result = nil }
            }
            return result
        case .not(let operand): return try condition(operand, binding).map { !$0 }
        case .comparison(let symbol, let left, let right):
            return try compare(symbol, try value(left, binding), try value(right, binding))
        case .between(let operand, let low, let high):
            let value = try value(operand, binding)
            let isAbove = try compare(">=", value, try self.value(low, binding))
            let isBelow = try compare("<=", value, try self.value(high, binding))
            if isAbove == false || isBelow == false { return false }
            return isAbove == nil || isBelow == nil ? nil : true
        case .like(let operand, let pattern, let ignoresCase, let escape):
            let text = try value(operand, binding)
            let form = try value(pattern, binding)
            guard let text = text.string, let form = form.string else { return nil }
            var mark: Unicode.Scalar = "\\"
            if case .string(let text)? = escape?.kind { mark = text.unicodeScalars.first ?? mark }
            let fold = { (text: String) in ignoresCase ? PlainText.lower(text) : text }
            return PlainText.fits(Array(fold(text).unicodeScalars)[...], Array(fold(form).unicodeScalars)[...], mark)
        case .isNull(let operand): return try value(operand, binding).isNull
        case .isEmpty(let collection): return try elements(collection, binding).isEmpty
        case .existsElements(let collection): return try !elements(collection, binding).isEmpty
        case .member(let operand, let collection):
            let ids = try elements(collection, binding).map { element -> Plain in
                guard case .row(let row) = element else { throw Unevaluated("member of a map") }
                return .int(row.id)
            }
            return try isIn(try value(operand, binding), ids)
        case .inList(let operand, let values):
            var list: [Plain] = []
            for value in values {
                if case .parameter(let name) = value.kind {
                    list += try parameterList(name)
                } else {
                    list.append(try self.value(value, binding))
                }
            }
            return try isIn(try value(operand, binding), list)
        case .inQuery(let operand, let query):
            return try isIn(try value(operand, binding), try evaluate(query, in: binding).map { $0.cells[0] })
        case .exists(let query): return try !bindings(query, in: binding).isEmpty
        default:
            switch try value(expression, binding) {
            case .bool(let flag): return flag
            case .null: return nil
            default: throw Unevaluated("no condition")
            }
        }
    }

    func compare(_ symbol: String, _ left: Plain, _ right: Plain) throws -> Bool? {
        var (left, right) = (left, right)
        // Numbers are written as strings too.
        if left.number != nil, let text = right.string, let number = Double(text) { right = .double(number) }
        if right.number != nil, let text = left.string, let number = Double(text) { left = .double(number) }
        guard let order = try Plain.compare(left, right) else { return nil }
        switch symbol {
        case "=": return order == 0
        case "<>": return order != 0
        case "<": return order < 0
        case "<=": return order <= 0
        case ">": return order > 0
        case ">=": return order >= 0
        default: throw Unevaluated(symbol)
        }
    }

    private func isIn(_ value: Plain, _ list: [Plain]) throws -> Bool? {
        var result: Bool? = false
        for element in list {
            switch try compare("=", value, element) {
            case true: return true
            case nil: result = nil
            default: break
            }
        }
        return result
    }

    // MARK: Parameters

    func parameter(_ name: String) throws -> Plain {
        guard let value = parameters[name] ?? nil else { throw Unevaluated("no \(name)") }
        return try Self.plain(value)
    }

    private func parameterList(_ name: String) throws -> [Plain] {
        guard let value = parameters[name] ?? nil else { throw Unevaluated("no \(name)") }
        guard case .list(let values) = value else { return [try Self.plain(value)] }
        return try values.map { try Self.plain($0) }
    }

    private static func plain(_ value: RValue?) throws -> Plain {
        switch value {
        case nil: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(Int64(number))
        case .long(let number): .int(number)
        case .double(let number): .double(number)
        case .string(let text): Plain(text)
        case .time(let time): .time(time.omeroMilliseconds)
        default: throw Unevaluated("a parameter")
        }
    }
}
