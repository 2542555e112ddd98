import Foundation

/// What PostgreSQL's functions on texts give.
enum PlainText {
    /// A letter becomes one letter, or stays: `upper('ß')` is `ß`.
    static func lower(_ text: String) -> String { map(text) { $0 == "İ" ? "i" : $0.properties.lowercaseMapping } }
    static func upper(_ text: String) -> String { map(text) { $0.properties.uppercaseMapping } }

    private static func map(_ text: String, _ change: (Unicode.Scalar) -> String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let changed = change(scalar).unicodeScalars
            result.append(changed.count == 1 ? changed[changed.startIndex] : scalar)
        }
        return String(result)
    }

    /// Whether a text fits a pattern, by trying everything.
    static func fits(
        _ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>, _ escape: Unicode.Scalar
    ) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == escape {
            // At the end it stands for nothing.
            guard let next = pattern.dropFirst().first else { return text.isEmpty }
            return text.first == next && fits(text.dropFirst(), pattern.dropFirst(2), escape)
        }
        switch first {
        case "%":
            return (text.startIndex...text.endIndex).contains { fits(text[$0...], pattern.dropFirst(), escape) }
        case "_": return !text.isEmpty && fits(text.dropFirst(), pattern.dropFirst(), escape)
        default: return text.first == first && fits(text.dropFirst(), pattern.dropFirst(), escape)
        }
    }

    /// `substring(text from start for count)`; a count below zero is null.
    static func substring(_ text: String, _ start: Int64, _ count: Int64?) -> String? {
        let scalars = Array(text.unicodeScalars)
        if let count, count < 0 { return nil }
        let end = count.map { min(start + $0 - 1, Int64(scalars.count)) } ?? Int64(scalars.count)
        let begin = max(start, 1)
        guard begin <= end else { return "" }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars[Int(begin - 1)..<Int(end)])
        return String(result)
    }

    /// The number that a text is, as a cast has it; nil if it is none.
    static func whole(_ text: String) -> Int64? {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        guard let first = trimmed.first, first.isNumber || trimmed.count > 1 else { return nil }
        return Int64(trimmed)
    }

    static func double(_ text: String) -> Double? {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        guard trimmed.allSatisfy({ "0123456789+-.eE".contains($0) }) else { return nil }
        return Double(trimmed)
    }

    /// Year, month and so on of a time, UTC.
    static func part(_ field: String, of milliseconds: Int64) -> Int64? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        switch field {
        case "year": return Int64(calendar.component(.year, from: date))
        case "month": return Int64(calendar.component(.month, from: date))
        case "day": return Int64(calendar.component(.day, from: date))
        case "hour": return Int64(calendar.component(.hour, from: date))
        case "minute": return Int64(calendar.component(.minute, from: date))
        default: return nil
        }
    }
}
