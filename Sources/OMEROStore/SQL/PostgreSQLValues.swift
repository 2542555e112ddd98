internal import Foundation

// Values as texts, as PostgreSQL takes and gives them.

extension SQLValue {
    /// The type of its place.
    var postgreSQLType: String {
        switch self {
        case .int: "integer"
        case .long: "bigint"
        case .double: "double precision"
        case .text: "text"
        case .bool: "boolean"
        case .time: "timestamp"
        case .longs: "bigint[]"
        case .doubles: "double precision[]"
        case .texts: "text[]"
        case .times: "timestamp[]"
        }
    }

    var postgreSQLText: String {
        switch self {
        case .int(let number), .long(let number): "\(number)"
        case .double(let number): "\(number)"
        case .text(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .time(let milliseconds): PostgreSQLTime.text(milliseconds)
        case .longs(let numbers): Self.array(numbers.map { "\($0)" })
        case .doubles(let numbers): Self.array(numbers.map { "\($0)" })
        case .texts(let texts): Self.array(texts)
        case .times(let times): Self.array(times.map(PostgreSQLTime.text))
        }
    }

    private static func array(_ elements: [String]) -> String {
        let quoted = elements.map { element in
            "\"" + element.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        return "{\(quoted.joined(separator: ","))}"
    }
}

/// A time as PostgreSQL writes it in ISO style: `2026-11-28 00:00:00.123`, and `0044-03-15 12:00:00 BC`.
enum PostgreSQLTime {
    private static let day: Int64 = 86_400_000

    static func text(_ milliseconds: Int64) -> String {
        var days = milliseconds / day
        var rest = milliseconds % day
        if rest < 0 { (days, rest) = (days - 1, rest + day) }
        let (year, month, dayOfMonth) = date(days)
        let second = rest % 60_000
        let date = "\(digits(year > 0 ? year : 1 - year, 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2))"
        let time = "\(digits(rest / 3_600_000, 2)):\(digits(rest / 60_000 % 60, 2)):\(digits(second / 1000, 2))"
        return "\(date) \(time).\(digits(second % 1000, 3))" + (year > 0 ? "" : " BC")
    }

    /// Nil if it is no time that was written so.
    static func milliseconds(_ text: String) -> Int64? {
        let isBeforeChrist = text.hasSuffix(" BC")
        let parts = (isBeforeChrist ? text.dropLast(3) : text[...]).split { "- :.".contains($0) }
        let numbers = parts.prefix(6).compactMap { Int64($0) }
        guard numbers.count == 6, parts.count <= 7 else { return nil }
        var fraction: Int64 = 0
        if parts.count == 7 {
            let digits = parts[6].prefix(3)
            guard let number = Int64(digits + String(repeating: "0", count: 3 - digits.count)) else { return nil }
            fraction = number
        }
        let year = isBeforeChrist ? 1 - numbers[0] : numbers[0]
        let time = ((numbers[3] * 60 + numbers[4]) * 60 + numbers[5]) * 1000 + fraction
        let (result, isTooFar) = days(year, numbers[1], numbers[2]).multipliedReportingOverflow(by: day)
        return isTooFar ? nil : result + time
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    // The calendar in eras of 400 years that begin in March, so that the leap day is the last of a year.

    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let year = yearOfEra + era * 400 + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, ofYear - (153 * month + 2) / 5 + 1)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }
}

extension CompiledQuery.Output {
    /// A cell of a row as PostgreSQL writes its values; nil is null.
    func cell(_ row: [String?]) -> QueryResult.Cell? {
        guard let text = row[place.position] else { return .null }
        if let unitPosition = place.unitPosition {
            guard let unit = row[unitPosition] else { return .null }
            return Double(text).map { .quantity($0, unit) }
        }
        switch column.type {
        case .bool: return .bool(text == "t")
        case .int, .long, .entity, .permissions: return Int64(text).map { .int($0) }
        case .double, .quantity: return Double(text).map { .double($0) }
        case .time: return PostgreSQLTime.milliseconds(text).map { .int($0) }
        case .string, .strings, .unit: return .text(text)
        case .bytes: return .bytes(text.utf8.dropFirst(2).chunksOfTwo.compactMap { UInt8($0, radix: 16) })
        case .any: return Int64(text).map { .int($0) } ?? Double(text).map { .double($0) } ?? .text(text)
        }
    }
}

extension Substring.UTF8View {
    /// `\x00ff07` without its beginning, as pairs of digits.
    fileprivate var chunksOfTwo: [Substring] {
        let text = Substring(self)
        return stride(from: 0, to: text.count - 1, by: 2).map { text.dropFirst($0).prefix(2) }
    }
}
