/// Why a query of OMERO's language can't be answered.
public struct QueryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why a query fails.
    public enum Kind: Sendable, Hashable {
        /// The text is no query.
        case syntax
        /// The data model, or the query itself, has no such name.
        case unknownName
        /// It is a query, but more than this server understands.
        case unsupported
        /// It takes too long, or has too many rows.
        case tooExpensive
        /// A parameter of the query has no value.
        case missingParameter
    }

    /// Why this one fails.
    public let kind: Kind
    /// The parameter's name if that is what is missing, else what is wrong.
    public let message: String
    /// Counted from 1, in characters of the query; nil where no place is to blame.
    public let line: Int?
    /// Counted from 1, in characters of the line; nil where ``line`` is.
    public let column: Int?

    init(_ kind: Kind, _ message: String, line: Int? = nil, column: Int? = nil) {
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
    }

    public var description: String {
        let text = kind == .missingParameter ? "the parameter \(message) has no value" : message
        guard let line, let column else { return text }
        return "line \(line), column \(column): \(text)"
    }

    /// The same with the place in the text.
    func located(in text: String) -> QueryError {
        guard line == nil, let offset = column else { return self }
        var line = 1
        var start = 0
        let bytes = Array(text.utf8)
        let end = min(offset, bytes.count)
        for index in 0..<end where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            start = index + 1
        }
        let column = String(decoding: bytes[start..<end], as: UTF8.self).count + 1
        return QueryError(kind, message, line: line, column: column)
    }

    /// With the offset of a byte instead of a place: see ``located(in:)``.
    static func at(_ offset: Int, _ kind: Kind, _ message: String) -> QueryError {
        QueryError(kind, message, line: nil, column: offset)
    }
}
