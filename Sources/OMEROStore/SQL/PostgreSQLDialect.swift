/// PostgreSQL's (version 12 or later), with the types that OMERO's own database has.
struct PostgreSQLDialect: SQLDialect {
    /// Places are numbered. Equal values share one, so that an expression that is written twice, as in `select` and
    /// `group by`, stays the same one.
    func statement(_ text: SQLText) -> SQLStatement {
        var result = ""
        var values: [SQLValue] = []
        var numbers: [SQLValue: Int] = [:]
        for (index, piece) in text.text.split(separator: "?", omittingEmptySubsequences: false).enumerated() {
            if index > 0 {
                let value = text.values[index - 1]
                let number = numbers[value] ?? values.count + 1
                if number > values.count {
                    values.append(value)
                    numbers[value] = number
                }
                result += "$\(number)"
            }
            result += piece
        }
        return SQLStatement(text: result, values: values)
    }

    func page(_ page: QueryPage) -> SQLText {
        let limit = page.limit.map { SQLText(" LIMIT ?", [.long(Int64($0))]) } ?? SQLText("")
        return limit + SQLText(" OFFSET ?", [.long(Int64(page.offset))])
    }

    func isIn(_ value: SQLText, _ list: SQLValue) -> SQLText { value + SQLText(" = ANY(?)", [list]) }

    func like(_ value: SQLText, _ pattern: SQLText, escape: Unicode.Scalar, ignoresCase: Bool) -> SQLText {
        var sql = SQLText("(") + value + SQLText(ignoresCase ? " ILIKE " : " LIKE ") + pattern
        if escape != "\\" { sql = sql + SQLText(" ESCAPE ?", [.text(String(escape))]) }
        return sql + SQLText(")")
    }

    func lower(_ text: SQLText) -> SQLText { .call("lower", [text]) }
    func upper(_ text: SQLText) -> SQLText { .call("upper", [text]) }

    func substring(_ text: SQLText, from start: SQLText, length: SQLText?) -> SQLText {
        let length = length.map { count in
            SQLText("CASE WHEN ") + count + SQLText(" >= 0 THEN ") + cast(count, from: .long, to: .int)
                + SQLText(" END")
        }
        return .call("substring", [text, cast(start, from: .long, to: .int)] + (length.map { [$0] } ?? []))
    }

    func position(of part: SQLText, in text: SQLText) -> SQLText { .call("strpos", [text, part]) }

    func arithmetic(_ symbol: String, _ left: SQLText, _ right: SQLText, _ type: QueryType) -> SQLText {
        let isDivision = symbol == "/" || symbol == "%"
        let right = isDivision ? SQLText.call("nullif", [right, SQLText("0")]) : right
        // Whole numbers of columns are smaller than those of SQLite: what they come to may need more room.
        let left = type == .int || type == .long ? SQLText("CAST(") + left + SQLText(" AS bigint)") : left
        return SQLText("(") + left + SQLText(" \(symbol) ") + right + SQLText(")")
    }

    /// That of whole numbers is a `numeric` otherwise.
    func sum(_ values: SQLText, _ type: QueryType) -> SQLText {
        let sum = SQLText.call("sum", [values])
        return type == .long ? cast(sum, from: .any, to: .long) : sum
    }

    func average(_ values: SQLText) -> SQLText { cast(.call("avg", [values]), from: .any, to: .double) }

    func absolute(_ value: SQLText) -> SQLText { .call("abs", [value]) }

    func cast(_ value: SQLText, from type: QueryType, to target: CastTarget) -> SQLText {
        let name =
            switch target {
            case .int: "integer"
            case .long: "bigint"
            case .double: "double precision"
            case .text: "text"
            }
        let cast = SQLText("CAST(") + value + SQLText(" AS \(name))")
        guard let condition = condition(on: value, type, target) else { return cast }
        return SQLText("CASE WHEN ") + condition + SQLText(" THEN ") + cast + SQLText(" END")
    }

    /// When a cast succeeds; nil if it always does.
    private func condition(on value: SQLText, _ type: QueryType, _ target: CastTarget) -> SQLText? {
        let isSmall = target == .int
        switch (type, target) {
        case (.string, .int), (.string, .long):
            return value + SQLText(" ~ '^\\s*[-+]{0,1}[0-9]{1,\(isSmall ? 9 : 18)}\\s*$'")
        case (.string, .double):
            return value
                + SQLText(
                    " ~ '^\\s*[-+]{0,1}([0-9]+[.]{0,1}[0-9]*|[.][0-9]+)([eE][-+]{0,1}[0-9]{1,2}){0,1}\\s*$'")
        case (.double, .int), (.quantity, .int), (.long, .int):
            return value + SQLText(" BETWEEN -2147483648 AND 2147483647")
        case (.double, .long), (.quantity, .long):
            return value + SQLText(" BETWEEN -9223372036854774784 AND 9223372036854774784")
        default: return nil
        }
    }

    func milliseconds(_ time: SQLText) -> SQLText {
        SQLText("CAST(round(extract(epoch FROM ") + time + SQLText(") * 1000) AS bigint)")
    }

    func part(_ part: TimePart, of time: SQLText) -> SQLText {
        let value = SQLText("extract(\(part.rawValue) FROM ") + time + SQLText(")")
        switch part {
        case .epoch: return cast(value, from: .any, to: .double)
        case .second: return cast(.call("floor", [value]), from: .any, to: .int)
        case .year, .month, .day, .hour, .minute: return cast(value, from: .any, to: .int)
        }
    }

    func beginning(of period: TimePeriod, _ time: SQLText) -> SQLText {
        SQLText("date_trunc('\(period.rawValue)', ") + time + SQLText(")")
    }

    // MARK: Tables

    func sequences(_ names: [String]) -> [String] { names.map { "CREATE SEQUENCE \($0.quoted)" } }

    func type(_ column: Table.Column) -> String {
        switch column.type {
        case .string: column.length.map { "varchar(\($0))" } ?? "varchar"
        case .text: "text"
        case .strings: "text[]"
        case .bool: "boolean"
        case .int, .positiveInt, .nonNegativeInt: "integer"
        case .long: "bigint"
        case .time: "timestamp"
        case .double, .fraction: "double precision"
        case .bytes: "bytea"
        }
    }

    /// OMERO's domains (OMERO5.4 schema, types).
    func check(_ column: Table.Column) -> String? {
        let name = column.name.quoted
        switch column.type {
        case .positiveInt: return "\(name) > 0"
        case .nonNegativeInt: return "\(name) >= 0"
        case .fraction: return "\(name) BETWEEN 0 AND 1"
        case .double: return column.domain.map { "\(name) \($0 == .positive ? ">" : ">=") 0" }
        case .string, .text, .strings, .bool, .int, .long, .time, .bytes: return nil
        }
    }

    func literal(_ defaultValue: String, _ column: Table.Column) -> String { defaultValue.quotedText }

    var tableOptions: String { "" }
    var countsLinks: Bool { false }
    var needsTargetsFirst: Bool { true }
}
