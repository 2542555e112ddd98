// Times that are made of others.
extension Translator {
    /// `cast(… as timestamp)`, and `as date`, which is the beginning of the day.
    func cast(
        _ operand: Expression, toTime isDay: Bool, _ context: QueryContext
    ) throws(QueryError) -> QueryValue {
        let value =
            if case .string(let text) = operand.kind, let time = Timestamp(literal: text) {
                QueryValue(SQLText(.time(time.milliseconds)), .time)
            } else {
                try self.value(operand, context)
            }
        guard value.type == .time || value.type == .any else {
            throw .at(operand.offset, .unsupported, "a time, or a string with one, is expected")
        }
        return isDay ? QueryValue(dialect.beginning(of: .day, value.sql), .time) : QueryValue(value.sql, .time)
    }

    /// `date_trunc('month', time)`
    func beginning(
        _ period: Expression, _ operand: Expression, _ context: QueryContext
    ) throws(QueryError) -> QueryValue {
        guard case .string(let name) = period.kind, let period = TimePeriod(rawValue: name.lowercased()) else {
            throw .at(period.offset, .unsupported, "'year', 'month', 'week', 'day', 'hour', … is expected")
        }
        let value = try value(operand, context)
        guard value.type == .time || value.type == .any else {
            throw .at(operand.offset, .unsupported, "a time is expected")
        }
        return QueryValue(dialect.beginning(of: period, value.sql), .time)
    }
}
