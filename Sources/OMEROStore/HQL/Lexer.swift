/// A word of a query.
struct Token: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case identifier(String)
        /// `:name`
        case parameter(String)
        case string(String)
        case int(Int64, isLong: Bool)
        case double(Double)
        /// An operator or a bracket.
        case symbol(String)
        case end
    }

    let kind: Kind
    /// The first byte's.
    let offset: Int

    /// A word in lower case, to compare it with keywords.
    var word: String? {
        guard case .identifier(let name) = kind else { return nil }
        return name.lowercased()
    }

    /// As messages name it.
    var text: String {
        switch kind {
        case .identifier(let name): name
        case .parameter(let name): ":\(name)"
        case .string: "a string"
        case .int(let value, _): "\(value)"
        case .double(let value): "\(value)"
        case .symbol(let symbol): symbol
        case .end: "the end of the query"
        }
    }
}

/// Splits a query into words.
struct Lexer {
    private let bytes: [UInt8]
    private var position = 0

    static func tokens(_ text: String) throws(QueryError) -> [Token] {
        guard text.utf8.count <= QueryLimit.bytes else {
            throw QueryError(.unsupported, "the query is longer than \(QueryLimit.bytes) bytes")
        }
        var lexer = Lexer(text)
        var tokens: [Token] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(_ text: String) { bytes = Array(text.utf8) }

    private func byte(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private mutating func next() throws(QueryError) -> Token {
        while let byte = byte(), byte.isSpace { position += 1 }
        let start = position
        guard let first = byte() else { return Token(kind: .end, offset: start) }
        if first.isLetter { return Token(kind: .identifier(word()), offset: start) }
        if first.isDigit || (first == UInt8(ascii: ".") && byte(1)?.isDigit == true) {
            return Token(kind: try number(), offset: start)
        }
        switch first {
        case UInt8(ascii: "'"): return Token(kind: try string(), offset: start)
        case UInt8(ascii: ":"):
            position += 1
            let name = word()
            guard !name.isEmpty else { throw .at(start, .syntax, "a parameter's name is expected after ':'") }
            return Token(kind: .parameter(name), offset: start)
        default: break
        }
        for symbol in Self.symbols where bytes[position...].starts(with: symbol.utf8) {
            position += symbol.utf8.count
            return Token(kind: .symbol(symbol), offset: start)
        }
        if first == UInt8(ascii: "?") { throw .at(start, .unsupported, "parameters need names") }
        throw .at(start, .syntax, "unexpected character")
    }

    private static let symbols = [
        "<>", "!=", "<=", ">=", "||", "=", "<", ">", "(", ")", ",", ".", "+", "-", "*", "/", "%",
    ]

    private mutating func word() -> String {
        let start = position
        while let byte = byte(), byte.isLetter || byte.isDigit { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func number() throws(QueryError) -> Token.Kind {
        let start = position
        var isWhole = true
        while let byte = byte(), byte.isDigit { position += 1 }
        if byte() == UInt8(ascii: "."), byte(1)?.isDigit == true {
            isWhole = false
            position += 1
            while let byte = byte(), byte.isDigit { position += 1 }
        }
        if let mark = byte(), mark | 0x20 == UInt8(ascii: "e") {
            let sign = byte(1) == UInt8(ascii: "-") || byte(1) == UInt8(ascii: "+")
            if byte(sign ? 2 : 1)?.isDigit == true {
                isWhole = false
                position += sign ? 2 : 1
                while let byte = byte(), byte.isDigit { position += 1 }
            }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let suffix = byte().map { $0 | 0x20 }
        if suffix == UInt8(ascii: "l"), isWhole, let value = Int64(text) {
            position += 1
            try endNumber(start)
            return .int(value, isLong: true)
        }
        if suffix == UInt8(ascii: "f") || suffix == UInt8(ascii: "d") {
            position += 1
            isWhole = false
        }
        try endNumber(start)
        if isWhole, let value = Int64(text) { return .int(value, isLong: Int32(exactly: value) == nil) }
        guard !isWhole, let value = Double(text), value.isFinite else {
            throw .at(start, .syntax, "the number \(text.prefix(40)) is too large")
        }
        return .double(value)
    }

    private func endNumber(_ start: Int) throws(QueryError) {
        if let next = byte(), next.isLetter { throw .at(start, .syntax, "a number is followed by a letter") }
    }

    /// Two quotes in a string stand for one.
    private mutating func string() throws(QueryError) -> Token.Kind {
        let start = position
        position += 1
        var content: [UInt8] = []
        while let byte = byte() {
            position += 1
            if byte == UInt8(ascii: "'") {
                guard self.byte() == byte else { return .string(String(decoding: content, as: UTF8.self)) }
                position += 1
            }
            content.append(byte)
        }
        throw .at(start, .syntax, "a string has no end")
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    /// What names are of: names of other languages than English too.
    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) || self == UInt8(ascii: "_")
            || self == UInt8(ascii: "$") || self >= 0x80
    }
}
