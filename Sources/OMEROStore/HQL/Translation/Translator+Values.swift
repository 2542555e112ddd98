internal import OMEROModel

// Values and functions.
extension Translator {
    func value(_ expression: Expression, _ context: QueryContext) throws(QueryError) -> QueryValue {
        let offset = expression.offset
        switch expression.kind {
        case .path(let names): return try value(ofPath: names, context, at: offset)
        case .parameter(let name): return try bound(name, at: offset)
        case .string(let text): return QueryValue(SQLText(.text(text)), .string)
        case .int(let number, let isLong):
            let isLong = isLong || Int32(exactly: number) == nil
            return QueryValue(SQLText(isLong ? .long(number) : .int(number)), isLong ? .long : .int)
        case .double(let number): return QueryValue(SQLText(.double(number)), .double)
        case .bool(let flag): return QueryValue(SQLText(.bool(flag)), .bool)
        case .null: return QueryValue(.null, .any)
        case .negative(let operand):
            let value = try number(operand, context)
            return QueryValue(SQLText("(- ") + value.sql + SQLText(")"), value.type)
        case .arithmetic(let symbol, let left, let right):
            return try arithmetic(symbol, left, right, context)
        case .query(let query): return try subquery(query, context)
        case .function(let name, let arguments, let isDistinct):
            return try function(name, arguments, isDistinct, context, at: offset)
        case .cast(let operand, let type): return try cast(operand, type, context, at: offset)
        case .extract(let field, let operand): return try extract(field, operand, context, at: offset)
        case .cases(let branches, let otherwise): return try cases(branches, otherwise, context)
        case .elements: throw .at(offset, .unsupported, "'elements' is supported after 'in' and 'exists' only")
        case .all, .any, .not, .comparison, .between, .like, .isNull, .isEmpty, .member, .inList, .inQuery, .exists,
            .existsElements:
            return QueryValue(try condition(expression, context), .bool)
        }
    }

    private func number(_ expression: Expression, _ context: QueryContext) throws(QueryError) -> QueryValue {
        let value = try value(expression, context)
        switch value.type {
        case .entity: return QueryValue(value.sql, .long)
        case .time: return QueryValue(dialect.milliseconds(value.sql), .long)
        case .quantity: return QueryValue(value.sql, .double)
        case let type where type.isNumber: return value
        default: throw .at(expression.offset, .unsupported, "a number is expected")
        }
    }

    private func arithmetic(
        _ symbol: String, _ left: Expression, _ right: Expression, _ context: QueryContext
    ) throws(QueryError) -> QueryValue {
        guard symbol != "||" else { return try concatenation([left, right], context) }
        let first = try number(left, context)
        let second = try number(right, context)
        let type = first.type.combined(with: second.type)
        guard symbol != "%" || type != .double else {
            throw .at(left.offset, .unsupported, "whole numbers are expected")
        }
        return QueryValue(dialect.arithmetic(symbol, first.sql, second.sql, type), type)
    }

    func concatenation(_ operands: [Expression], _ context: QueryContext) throws(QueryError) -> QueryValue {
        var parts: [SQLText] = []
        for operand in operands {
            let value = try value(operand, context)
            switch value.type {
            case .string, .any: parts.append(value.sql)
            case .int, .long, .entity: parts.append(dialect.cast(value.sql, from: value.type, to: .text))
            default: throw .at(operand.offset, .unsupported, "a string is expected")
            }
        }
        return QueryValue(SQLText("(") + .joined(parts, " || ") + SQLText(")"), .string)
    }

    private func cases(
        _ branches: [(condition: Expression, value: Expression)], _ otherwise: Expression?, _ context: QueryContext
    ) throws(QueryError) -> QueryValue {
        let (values, type) = try unified(branches.map(\.value) + (otherwise.map { [$0] } ?? []), context)
        var sql = SQLText("CASE")
        for (branch, value) in zip(branches, values) {
            sql = sql + SQLText(" WHEN ") + (try condition(branch.condition, context)) + SQLText(" THEN ") + value
        }
        if otherwise != nil, let last = values.last { sql = sql + SQLText(" ELSE ") + last }
        return QueryValue(sql + SQLText(" END"), type)
    }

    /// Values of which one is taken, all of one type: a whole number among fractions is no whole number any more, or
    /// dividing it would cut it off.
    func unified(
        _ expressions: [Expression], _ context: QueryContext
    ) throws(QueryError) -> (values: [SQLText], type: QueryType) {
        var values: [QueryValue] = []
        var type = QueryType.any
        for expression in expressions {
            let value = try value(expression, context)
            try check(QueryValue(.null, type), value, at: expression.offset)
            type = type.combined(with: value.type)
            values.append(value)
        }
        return (
            values.map { value in
                let isWhole = value.type == .int || value.type == .long
                return type == .double && isWhole ? dialect.cast(value.sql, from: value.type, to: .double) : value.sql
            }, type
        )
    }

    private func cast(
        _ operand: Expression, _ type: String, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> QueryValue {
        let (target, result): (CastTarget, QueryType)
        switch type {
        case "double", "float", "big_decimal": (target, result) = (.double, .double)
        case "int", "integer", "short": (target, result) = (.int, .int)
        case "long", "big_integer": (target, result) = (.long, .long)
        case "string", "text": (target, result) = (.text, .string)
        case "timestamp", "date": return try cast(operand, toTime: type == "date", context)
        default: throw .at(offset, .unsupported, "no cast to \(type.prefix(40))")
        }
        return QueryValue(try cast(operand, to: target, context), result)
    }

    func cast(
        _ operand: Expression, to target: CastTarget, _ context: QueryContext
    ) throws(QueryError) -> SQLText {
        let value = try value(operand, context)
        switch value.type {
        case .time, .bytes, .strings, .unit, .permissions:
            throw .at(operand.offset, .unsupported, "values of this kind can't be cast")
        case .bool, .int, .long, .double, .string, .entity, .quantity, .any: break
        }
        return dialect.cast(value.sql, from: value.type, to: target)
    }

    private func extract(
        _ field: String, _ operand: Expression, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> QueryValue {
        let value = try value(operand, context)
        guard value.type == .time || value.type == .any else {
            throw .at(operand.offset, .unsupported, "a time is expected")
        }
        guard let part = TimePart(rawValue: field) else {
            throw .at(offset, .unsupported, "no part \(field.prefix(40)) of a time")
        }
        return QueryValue(dialect.part(part, of: value.sql), part == .epoch ? .double : .int)
    }

    // MARK: Sub-queries

    /// A query for one column, in brackets.
    func subquery(
        _ statement: SelectStatement, _ context: QueryContext, exists: Bool = false
    ) throws(QueryError) -> QueryValue {
        guard !statement.isMap else { throw .at(statement.offset, .unsupported, "'new map' in a sub-query") }
        let (value, tail) = try select(statement, in: context) { inner throws(QueryError) in
            guard let items = statement.items else {
                guard let source = inner.written.first, let entity = source.entity else {
                    throw .at(statement.offset, .syntax, "'select' is expected")
                }
                return QueryValue(SQLText("\(source.alias).id"), .entity(entity))
            }
            guard items.count == 1 || exists else {
                throw .at(statement.offset, .unsupported, "a sub-query with more than one column")
            }
            // What is looked for among rows is found in any order: it says no more than that the rows are there.
            for order in statement.orders { _ = try self.value(self.named(order.expression, inner), inner) }
            return try self.value(items[0].expression, inner)
        }
        let start = SQLText(statement.isDistinct ? "(SELECT DISTINCT " : "(SELECT ")
        var sql = start + value.sql + tail
        sql = sql + SQLText(")")
        return QueryValue(sql, value.type)
    }
}
