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
            let low = try self.value(low, context, comparedWith: value, at: expression.offset)
            let high = try self.value(high, context, comparedWith: value, at: expression.offset)
            return SQLText("(") + value.sql + SQLText(" BETWEEN ") + low.sql + SQLText(" AND ") + high.sql
                + SQLText(")")
        case .like(let operand, let pattern, let ignoresCase, let escape):
            return try like(operand, pattern, ignoresCase, escape, context, at: expression.offset)
        case .isNull(let operand): return SQLText("(") + (try value(operand, context).sql) + SQLText(" IS NULL)")
        case .isEmpty(let collection):
            return SQLText("(NOT EXISTS ") + (try elements(collection, context)) + SQLText(")")
        case .existsElements(let collection):
            return SQLText("(EXISTS ") + (try elements(collection, context)) + SQLText(")")
        case .member(let operand, let collection):
            // Whether nothing is a member of something is not known.
            let value = try value(operand, context)
            let elements = try elements(collection, context) { source throws(QueryError) in
                guard let entity = source.entity else {
                    throw .at(collection.offset, .unsupported, "a collection of objects is expected")
                }
                try self.check(value, QueryValue(.null, .entity(entity)), at: expression.offset)
                return "\(source.alias).id"
            }
            return SQLText("(") + value.sql + SQLText(" IN ") + elements + SQLText(")")
        case .inList(let operand, let values): return try membership(operand, values, context)
        case .inQuery(let operand, let query):
            let value = try value(operand, context)
            let found = try subquery(query, context)
            try check(value, found, at: expression.offset)
            return SQLText("(") + value.sql + SQLText(" IN ") + found.sql + SQLText(")")
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

    /// The terms of a condition that have to hold all.
    ///
    /// Those that take the longer the more is in a row look at rows that the caller sees only: else the time would tell
    /// of others. In which order SQLite asks the terms of `AND` is its own affair; `CASE` asks one after the other.
    func terms(_ expression: Expression, _ context: QueryContext) throws(QueryError) -> [SQLText] {
        guard case .all(let operands) = expression.kind else {
            let term = try condition(expression, context)
            return [expression.dependsOnLength ? onlyOfSeenRows(term, context) : term]
        }
        var terms: [SQLText] = []
        for operand in operands { terms += try self.terms(operand, context) }
        return terms
    }

    private func onlyOfSeenRows(_ term: SQLText, _ context: QueryContext) -> SQLText {
        var conditions: [String: SQLText] = [:]
        for context in sequence(first: context, next: \.parent) {
            for source in context.sources + context.written where term.mentions(source.alias) {
                guard let entity = source.entity, let rows = scope.condition(entity, source.alias, dialect) else {
                    continue
                }
                // An outer join has no row where it finds none.
                let isLeft = source.join?.isLeft ?? false
                conditions[source.alias] =
                    isLeft ? SQLText("(\(source.alias).id IS NULL OR ") + rows + SQLText(")") : rows
            }
        }
        guard !conditions.isEmpty else { return term }
        let seen = SQLText.all(conditions.sorted { $0.key < $1.key }.map(\.value))
        return SQLText("CASE WHEN ") + seen + SQLText(" THEN ") + term + SQLText(" END")
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
        if let literal = literal(right, like: first.type) { second = literal }
        if let literal = literal(left, like: second.type) { first = literal }
        try check(first, second, at: offset)
        return SQLText("(") + first.sql + SQLText(" \(symbol) ") + second.sql + SQLText(")")
    }

    private func value(
        _ expression: Expression, _ context: QueryContext, comparedWith other: QueryValue, at offset: Int
    ) throws(QueryError) -> QueryValue {
        if let literal = literal(expression, like: other.type) { return literal }
        let value = try value(expression, context)
        try check(other, value, at: offset)
        return value
    }

    /// Clients write numbers and times as strings too, `i.id = '5'`, as the database behind OMERO reads them.
    private func literal(_ expression: Expression, like type: QueryType) -> QueryValue? {
        guard case .string(let text) = expression.kind else { return nil }
        switch type {
        case .int, .long, .double, .entity:
            if let number = Int64(text) { return QueryValue(SQLText(.long(number)), .long) }
            return Double(text).map { QueryValue(SQLText(.double($0)), .double) }
        case .time: return Timestamp(literal: text).map { QueryValue(SQLText(.time($0.milliseconds)), .time) }
        default: return nil
        }
    }

    /// SQLite compares everything with everything; PostgreSQL refuses it, and a silent "no" helps nobody.
    func check(_ left: QueryValue, _ right: QueryValue, at offset: Int) throws(QueryError) {
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
        var mark: Unicode.Scalar = "\\"
        if let escape {
            guard case .string(let text) = escape.kind, let first = text.unicodeScalars.first,
                text.unicodeScalars.count == 1
            else {
                throw .at(escape.offset, .unsupported, "'escape' needs a string of one character")
            }
            mark = first
        }
        let form = try self.value(pattern, context)
        guard form.type == .string || form.type == .any else {
            throw .at(pattern.offset, .unsupported, "'like' needs a string")
        }
        return dialect.like(value.sql, form.sql, escape: mark, ignoresCase: ignoresCase)
    }

    // MARK: Lists

    private func membership(
        _ operand: Expression, _ values: [Expression], _ context: QueryContext
    ) throws(QueryError) -> SQLText {
        let value = try value(operand, context)
        if values.count == 1, case .parameter(let name) = values[0].kind {
            let elements = try list(name)
            for element in elements { try check(value, try bind(element, name), at: values[0].offset) }
            if let list = SQLValue(list: elements, like: value.type) {
                return SQLText("(") + dialect.isIn(value.sql, list) + SQLText(")")
            }
        }
        var parts: [SQLText] = []
        for expression in values {
            guard case .parameter(let name) = expression.kind else {
                let element = try self.value(expression, context, comparedWith: value, at: expression.offset)
                parts.append(element.sql)
                continue
            }
            for element in try list(name) {
                let bound = try bind(element, name)
                try check(value, bound, at: expression.offset)
                parts.append(bound.sql)
            }
        }
        guard !parts.isEmpty else { return .never }
        guard parts.count <= 20_000 else {
            throw .at(operand.offset, .unsupported, "a list of more than 20000 values")
        }
        return SQLText("(") + value.sql + SQLText(" IN (") + .joined(parts, ", ") + SQLText("))")
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
        case nil: return QueryValue(.null, .any)
        case .bool(let value): return QueryValue(SQLText(.bool(value)), .bool)
        case .int(let value): return QueryValue(SQLText(.int(Int64(value))), .int)
        case .long(let value): return QueryValue(SQLText(.long(value)), .long)
        case .float(let value): return QueryValue(SQLText(.double(Double(value))), .double)
        case .double(let value): return QueryValue(SQLText(.double(value)), .double)
        case .string(let value): return QueryValue(SQLText(.text(value)), .string)
        case .time(let value): return QueryValue(SQLText(.time(value.omeroMilliseconds)), .time)
        case .className(let value):
            let name = DataModel.queryEntity(value)?.logName ?? value
            return QueryValue(SQLText(.text(name)), .string)
        case .object(let object):
            guard let id = object?.id else { throw QueryError(.unsupported, "the parameter \(name) has no id") }
            return QueryValue(SQLText(.long(id)), .long)
        case .internal, .array, .list, .set, .map:
            throw QueryError(.unsupported, "the parameter \(name) is of a type that queries don't take")
        }
    }
}

extension Expression {
    private static let readsTexts: Set = [
        "lower", "upper", "length", "trim", "substring", "substr", "locate", "concat", "str",
    ]

    /// Whether it takes the longer the more is in the texts that it looks at. Sub-queries see to their conditions
    /// themselves.
    fileprivate var dependsOnLength: Bool {
        switch kind {
        case .like, .cast, .arithmetic("||", _, _): return true
        case .function(let name, _, _):
            if Self.readsTexts.contains(name) { return true }
        default: break
        }
        return operands.contains(where: \.dependsOnLength)
    }
}

extension SQLValue {
    /// A list of values of one type; nil if they are none, so that each needs a place of its own. An empty one is of the
    /// type that it is compared with.
    fileprivate init?(list: [RValue?], like type: QueryType) {
        func all<Element>(_ value: (RValue) -> Element?) -> [Element]? {
            let elements = list.compactMap { $0.flatMap(value) }
            return elements.count == list.count ? elements : nil
        }
        switch type {
        case .string:
            guard let texts = all({ if case .string(let text) = $0 { text } else { nil } }) else { return nil }
            self = .texts(texts)
        case .time:
            guard let times = all({ if case .time(let time) = $0 { time.omeroMilliseconds } else { nil } })
            else { return nil }
            self = .times(times)
        case .int, .long, .double, .quantity, .entity, .any:
            let numbers = all { value -> Int64? in
                switch value {
                case .int(let number): Int64(number)
                case .long(let number): number
                case .object(let object): object?.id
                default: nil
                }
            }
            guard let numbers else { return nil }
            self = .longs(numbers)
        case .bool, .bytes, .strings, .unit, .permissions: return nil
        }
    }
}
