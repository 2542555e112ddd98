internal import GRDB
internal import OMEROModel

// Values and functions.
extension Translator {
    func value(_ expression: Expression, _ context: QueryContext) throws(QueryError) -> QueryValue {
        let offset = expression.offset
        switch expression.kind {
        case .path(let names): return try value(ofPath: names, context, at: offset)
        case .parameter(let name): return try bound(name, at: offset)
        case .string(let text): return QueryValue(SQLText("?", [text]), .string)
        case .int(let number, let isLong): return QueryValue(SQLText("?", [number]), isLong ? .long : .int)
        case .double(let number): return QueryValue(SQLText("?", [number]), .double)
        case .bool(let flag): return QueryValue(SQLText(flag ? "TRUE" : "FALSE"), .bool)
        case .null: return QueryValue(SQLText("NULL"), .any)
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
        case .time, .quantity: return QueryValue(value.sql, value.type == .time ? .long : .double)
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
        let sql = SQLText("(") + first.sql + SQLText(" \(symbol) ") + second.sql + SQLText(")")
        return QueryValue(sql, first.type.combined(with: second.type))
    }

    func concatenation(_ operands: [Expression], _ context: QueryContext) throws(QueryError) -> QueryValue {
        var parts: [SQLText] = []
        for operand in operands {
            let value = try value(operand, context)
            switch value.type {
            case .string, .int, .long, .any, .entity: parts.append(value.sql)
            default: throw .at(operand.offset, .unsupported, "a string is expected")
            }
        }
        return QueryValue(SQLText("(") + .joined(parts, " || ") + SQLText(")"), .string)
    }

    private func cases(
        _ branches: [(condition: Expression, value: Expression)], _ otherwise: Expression?, _ context: QueryContext
    ) throws(QueryError) -> QueryValue {
        var sql = SQLText("CASE")
        var type = QueryType.any
        for branch in branches {
            let value = try value(branch.value, context)
            sql = sql + SQLText(" WHEN ") + (try condition(branch.condition, context)) + SQLText(" THEN ") + value.sql
            type = type.combined(with: value.type)
        }
        if let otherwise {
            let value = try value(otherwise, context)
            sql = sql + SQLText(" ELSE ") + value.sql
            type = type.combined(with: value.type)
        }
        return QueryValue(sql + SQLText(" END"), type)
    }

    private func cast(
        _ operand: Expression, _ type: String, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> QueryValue {
        let value = try value(operand, context).sql
        let (name, result): (String, QueryType)
        switch type {
        case "double", "float", "big_decimal": (name, result) = ("REAL", .double)
        case "int", "integer", "short": (name, result) = ("INTEGER", .int)
        case "long", "big_integer": (name, result) = ("INTEGER", .long)
        case "string", "text": (name, result) = ("TEXT", .string)
        default: throw .at(offset, .unsupported, "no cast to \(type.prefix(40))")
        }
        return QueryValue(SQLText("CAST(") + value + SQLText(" AS \(name))"), result)
    }

    private func extract(
        _ field: String, _ operand: Expression, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> QueryValue {
        let value = try value(operand, context)
        guard value.type == .time || value.type == .any else {
            throw .at(operand.offset, .unsupported, "a time is expected")
        }
        if field == "epoch" { return QueryValue(SQLText("(") + value.sql + SQLText(" / 1000.0)"), .double) }
        let formats = ["year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"]
        guard let format = formats[field] else {
            throw .at(offset, .unsupported, "no part \(field.prefix(40)) of a time")
        }
        let sql =
            SQLText("CAST(strftime('\(format)', ") + value.sql + SQLText(" / 1000.0, 'unixepoch') AS INTEGER)")
        return QueryValue(sql, .int)
    }

    // MARK: Sub-queries

    /// A query for one column, in brackets.
    func subquery(
        _ statement: SelectStatement, _ context: QueryContext, exists: Bool = false
    ) throws(QueryError) -> QueryValue {
        guard !statement.isMap else { throw .at(statement.offset, .unsupported, "'new map' in a sub-query") }
        let masks = context.masks
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
            // What is sent is masked, what is compared is not.
            inner.masks = masks
            return try self.value(items[0].expression, inner)
        }
        let start = SQLText(statement.isDistinct ? "(SELECT DISTINCT " : "(SELECT ")
        var sql = start + value.sql + tail
        if !statement.orders.isEmpty { throw .at(statement.offset, .unsupported, "'order by' in a sub-query") }
        sql = sql + SQLText(")")
        return QueryValue(sql, value.type)
    }
}
