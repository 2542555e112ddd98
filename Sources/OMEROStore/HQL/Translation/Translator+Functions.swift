extension Translator {
    func function(
        _ name: String, _ arguments: [Expression], _ isDistinct: Bool, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> QueryValue {
        func count(_ range: ClosedRange<Int>) throws(QueryError) {
            guard range.contains(arguments.count) else {
                throw .at(offset, .syntax, "\(name) does not take \(arguments.count) arguments")
            }
        }
        func call(_ function: String, _ type: QueryType) throws(QueryError) -> QueryValue {
            var values: [SQLText] = []
            for argument in arguments { values.append(try value(argument, context).sql) }
            return QueryValue(.call(function, values), type)
        }
        guard !isDistinct || ["count", "sum", "avg", "min", "max"].contains(name) else {
            throw .at(offset, .syntax, "\(name) takes no 'distinct'")
        }
        switch name {
        case "count":
            if arguments.isEmpty { return QueryValue(context.rowCount ?? SQLText("count(*)"), .long) }
            try count(1...1)
            if let rows = context.rowCount { return QueryValue(rows, .long) }
            let value = try value(arguments[0], context).sql
            return QueryValue(SQLText(isDistinct ? "count(DISTINCT " : "count(") + value + SQLText(")"), .long)
        case "sum", "avg", "min", "max":
            try count(1...1)
            return try aggregate(name, arguments[0], isDistinct, context)
        case "lower", "upper":
            try count(1...1)
            let text = try value(arguments[0], context).sql
            return QueryValue(name == "lower" ? dialect.lower(text) : dialect.upper(text), .string)
        case "length":
            try count(1...1)
            return try call("length", .int)
        case "trim":
            try count(1...1)
            return try call("trim", .string)
        case "substring", "substr":
            try count(2...3)
            var values: [SQLText] = []
            for argument in arguments { values.append(try value(argument, context).sql) }
            let length = values.count > 2 ? values[2] : nil
            return QueryValue(dialect.substring(values[0], from: values[1], length: length), .string)
        case "locate":
            try count(2...2)
            let part = try value(arguments[0], context).sql
            return QueryValue(dialect.position(of: part, in: try value(arguments[1], context).sql), .int)
        case "concat":
            try count(1...QueryLimit.terms)
            return try concatenation(arguments, context)
        case "str":
            try count(1...1)
            return QueryValue(try cast(arguments[0], to: .text, context), .string)
        case "abs":
            try count(1...1)
            let value = try value(arguments[0], context)
            return QueryValue(dialect.absolute(value.sql), value.type)
        case "mod":
            try count(2...2)
            return try value(Expression(offset, .arithmetic("%", arguments[0], arguments[1])), context)
        case "coalesce", "nullif":
            try count(name == "coalesce" ? 2...100 : 2...2)
            let (values, type) = try unified(arguments, context)
            return QueryValue(.call(name, values), type)
        case "size":
            try count(1...1)
            return QueryValue(try elements(arguments[0], context, selecting: { _ in "count(*)" }), .int)
        case "index", "minindex", "maxindex":
            try count(1...1)
            let column = try place(arguments[0], context)
            let function = name == "index" ? "" : String(name.prefix(3))
            return QueryValue(SQLText("\(function)(") + column + SQLText(")"), .int)
        case "type":
            try count(1...1)
            guard case .path(let names) = arguments[0].kind else { break }
            return try value(ofPath: names.last == "class" ? names : names + ["class"], context, at: offset)
        case "date_trunc":
            try count(2...2)
            return try beginning(arguments[0], arguments[1], context)
        case "object":
            try count(1...1)
            return try value(arguments[0], context)
        case "current_timestamp", "current_date", "now":
            try count(0...0)
            if let time = currentTime(name) { return time }
        case "day", "month", "year", "hour", "minute", "second":
            try count(1...1)
            return try value(Expression(offset, .extract(name, arguments[0])), context)
        default: break
        }
        throw .at(offset, .unsupported, "no function \(name.prefix(100))")
    }

    /// The time of the query, or the beginning of its day (UTC): functions that are written without brackets too.
    func currentTime(_ name: String) -> QueryValue? {
        let day: Int64 = 86_400_000
        switch name {
        case "current_timestamp", "now": return QueryValue(SQLText(.time(now.milliseconds)), .time)
        case "current_date":
            return QueryValue(SQLText(.time(now.milliseconds - now.milliseconds % day)), .time)
        default: return nil
        }
    }

    private func aggregate(
        _ name: String, _ argument: Expression, _ isDistinct: Bool, _ context: QueryContext
    ) throws(QueryError) -> QueryValue {
        let value = try value(argument, context)
        let type: QueryType
        switch (name, value.type) {
        case ("min", .string), ("max", .string), ("min", .time), ("max", .time): type = value.type
        case ("min", .entity), ("max", .entity): type = .long
        case (_, .int), (_, .long), (_, .double), (_, .any), (_, .quantity):
            if name == "avg" {
                type = .double
            } else if case .quantity = value.type {
                type = .double
            } else {
                type = name == "sum" && value.type == .int ? .long : value.type
            }
        default: throw .at(argument.offset, .unsupported, "no \(name) of such values")
        }
        let values = isDistinct ? SQLText("DISTINCT ") + value.sql : value.sql
        switch name {
        case "sum": return QueryValue(dialect.sum(values, type), type)
        case "avg": return QueryValue(dialect.average(values), type)
        default: return QueryValue(.call(name, [values]), type)
        }
    }

    /// The place of an element in the collection by which it was joined.
    private func place(_ argument: Expression, _ context: QueryContext) throws(QueryError) -> SQLText {
        guard case .path(let names) = argument.kind, names.count == 1, let source = context.source(named: names[0]),
            let index = source.indexColumn
        else {
            throw .at(argument.offset, .unsupported, "the alias of an element of an ordered collection is expected")
        }
        guard let entity = source.entity else { return SQLText("\(source.alias).\(index.quoted)") }
        let owner = entity.lineage.first { type in
            type.properties.contains { property in
                guard case .reference(_, _, let column) = property.content else { return false }
                return column == index
            }
        }
        return source.column(index, of: owner ?? entity.root)
    }
}
