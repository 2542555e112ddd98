internal import GRDB
internal import OMEROModel

// Conditions.
extension Translator {
    func condition(_ expression: Expression, _ context: QueryContext) throws(QueryError) -> SQLText {
        switch expression.kind {
        case .all(let terms): return try chain(terms, " AND ", context)
        case .any(let terms): return try chain(terms, " OR ", context)
        case .not(let operand): return SQLText("(NOT ") + (try condition(operand, context)) + SQLText(")")
        case .comparison(let symbol, let left, let right):
            return try comparison(symbol, left, right, context, at: expression.offset)
        case .between(let operand, let low, let high):
            let value = try value(operand, context)
            let low = try self.value(low, context)
            let high = try self.value(high, context)
            try check(value, low, at: expression.offset)
            try check(value, high, at: expression.offset)
            return SQLText("(") + value.sql + SQLText(" BETWEEN ") + low.sql + SQLText(" AND ") + high.sql
                + SQLText(")")
        case .like(let operand, let pattern, let ignoresCase, let escape):
            return try like(operand, pattern, ignoresCase, escape, context, at: expression.offset)
        case .isNull(let operand): return SQLText("(") + (try value(operand, context).sql) + SQLText(" IS NULL)")
        case .isEmpty(let collection):
            return SQLText("(NOT EXISTS ") + (try elements(collection, context, selecting: "1")) + SQLText(")")
        case .existsElements(let collection):
            return SQLText("(EXISTS ") + (try elements(collection, context, selecting: "1")) + SQLText(")")
        case .member(let operand, let collection):
            let value = try value(operand, context)
            let rows = try elements(collection, context, selecting: "1") { source in
                SQLText("\(source.alias).id = ") + value.sql
            }
            return SQLText("(EXISTS ") + rows + SQLText(")")
        case .inList(let operand, let values): return try membership(operand, values, context)
        case .inQuery(let operand, let query):
            let value = try value(operand, context)
            return SQLText("(") + value.sql + SQLText(" IN ") + (try subquery(query, context).sql) + SQLText(")")
        case .exists(let query):
            return SQLText("(EXISTS ") + (try subquery(query, context, exists: true).sql) + SQLText(")")
        default: break
        }
        let value = try value(expression, context)
        guard value.type == .bool || value.type == .any else {
            throw .at(expression.offset, .syntax, "a condition is expected")
        }
        return value.sql
    }

    private func chain(
        _ terms: [Expression], _ separator: String, _ context: QueryContext
    ) throws(QueryError) -> SQLText {
        var parts: [SQLText] = []
        for term in terms { parts.append(try condition(term, context)) }
        return SQLText("(") + .joined(parts, separator) + SQLText(")")
    }

    private func comparison(
        _ symbol: String, _ left: Expression, _ right: Expression, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> SQLText {
        var first = try value(left, context)
        var second = try value(right, context)
        // Clients write numbers as strings too: `i.id='5'`.
        if let number = number(right, like: first.type) { second = number }
        if let number = number(left, like: second.type) { first = number }
        try check(first, second, at: offset)
        return SQLText("(") + first.sql + SQLText(" \(symbol) ") + second.sql + SQLText(")")
    }

    private func number(_ expression: Expression, like type: QueryType) -> QueryValue? {
        guard case .string(let text) = expression.kind else { return nil }
        switch type {
        case .int, .long, .double, .entity: break
        default: return nil
        }
        if let number = Int64(text) { return QueryValue(SQLText("?", [number]), .long) }
        return Double(text).map { QueryValue(SQLText("?", [$0]), .double) }
    }

    /// SQLite compares everything with everything; PostgreSQL refuses it, and a silent "no" helps nobody.
    private func check(_ left: QueryValue, _ right: QueryValue, at offset: Int) throws(QueryError) {
        func group(_ type: QueryType) -> Int? {
            switch type {
            case .bool: 0
            case .int, .long, .double, .entity, .quantity: 1
            case .string: 2
            case .time: 3
            case .any: nil
            case .bytes, .strings, .unit, .permissions: 4
            }
        }
        guard let first = group(left.type), let second = group(right.type) else { return }
        guard first != 4, second != 4 else { throw .at(offset, .unsupported, "values of this kind can't be compared") }
        guard first == second else { throw .at(offset, .unsupported, "values of different types can't be compared") }
    }

    // MARK: Patterns

    private func like(
        _ operand: Expression, _ pattern: Expression, _ ignoresCase: Bool, _ escape: Expression?,
        _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> SQLText {
        let value = try value(operand, context)
        guard value.type == .string || value.type == .any else {
            throw .at(offset, .unsupported, "'like' compares strings only")
        }
        var mark = "\\"
        if let escape {
            guard case .string(let text) = escape.kind, text.unicodeScalars.count == 1 else {
                throw .at(escape.offset, .unsupported, "'escape' needs a string of one character")
            }
            mark = text
        }
        let form = try self.value(pattern, context)
        guard form.type == .string || form.type == .any else {
            throw .at(pattern.offset, .unsupported, "'like' needs a string")
        }
        return SQLText("omero_like(") + value.sql + SQLText(", ") + form.sql
            + SQLText(", ?, ?)", [mark, ignoresCase])
    }

    // MARK: Lists

    private func membership(
        _ operand: Expression, _ values: [Expression], _ context: QueryContext
    ) throws(QueryError) -> SQLText {
        let value = try value(operand, context)
        var parts: [SQLText] = []
        var ids: [Int64]? = []
        for expression in values {
            guard case .parameter(let name) = expression.kind else {
                let element = try self.value(expression, context)
                try check(value, element, at: expression.offset)
                parts.append(element.sql)
                ids = nil
                continue
            }
            for element in try list(name) {
                let bound = try bind(element, name)
                try check(value, bound, at: expression.offset)
                parts.append(bound.sql)
                if case .long(let id)? = element { ids?.append(id) } else { ids = nil }
            }
        }
        let start = SQLText("(") + value.sql + SQLText(" IN ")
        if let ids, !ids.isEmpty { return start + .list(ids) + SQLText(")") }
        guard parts.count <= 20_000 else {
            throw .at(operand.offset, .unsupported, "a list of more than 20000 values")
        }
        return start + SQLText("(") + .joined(parts, ", ") + SQLText("))")
    }

    /// A parameter's values; that of a single value is a list of it.
    private func list(_ name: String) throws(QueryError) -> [RValue?] {
        switch try parameter(name) {
        case .list(let values), .array(let values), .set(let values): values
        case let value: [value]
        }
    }

    // MARK: Parameters

    private func parameter(_ name: String) throws(QueryError) -> RValue {
        guard let value = parameters[name] ?? nil else { throw QueryError(.missingParameter, name) }
        return value
    }

    /// A parameter with one value.
    func bound(_ name: String, at offset: Int) throws(QueryError) -> QueryValue {
        switch try parameter(name) {
        case .list(let values), .array(let values), .set(let values):
            guard values.count == 1 else {
                throw .at(offset, .unsupported, "the parameter \(name) is a list: it needs 'in'")
            }
            return try bind(values[0], name)
        case let value: return try bind(value, name)
        }
    }

    private func bind(_ value: RValue?, _ name: String) throws(QueryError) -> QueryValue {
        switch value {
        case nil: return QueryValue(SQLText("NULL"), .any)
        case .bool(let value): return QueryValue(SQLText("?", [value]), .bool)
        case .int(let value): return QueryValue(SQLText("?", [value]), .int)
        case .long(let value): return QueryValue(SQLText("?", [value]), .long)
        case .float(let value): return QueryValue(SQLText("?", [Double(value)]), .double)
        case .double(let value): return QueryValue(SQLText("?", [value]), .double)
        case .string(let value): return QueryValue(SQLText("?", [value]), .string)
        case .time(let value): return QueryValue(SQLText("?", [value.omeroMilliseconds]), .time)
        case .className(let value):
            let name = DataModel.queryEntity(value)?.logName ?? value
            return QueryValue(SQLText("?", [name]), .string)
        case .object(let object):
            guard let id = object?.id else { throw QueryError(.unsupported, "the parameter \(name) has no id") }
            return QueryValue(SQLText("?", [id]), .long)
        case .internal, .array, .list, .set, .map:
            throw QueryError(.unsupported, "the parameter \(name) is of a type that queries don't take")
        }
    }
}
