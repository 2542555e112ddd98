/// The bytes that separate words in the strings of proxies and endpoints.
@inline(__always)
func isReferenceSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
}

/// Writes a text in printable ASCII: control characters, quotation marks and backslashes as escapes, and every byte
/// of other characters' UTF-8 as three octal digits.
func escapeReferenceText(_ text: String, slash: Bool = false) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    func escape(_ byte: UInt8) {
        result.append(UInt8(ascii: "\\"))
        result.append(byte)
    }
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): escape(byte)
        case UInt8(ascii: "/") where slash: escape(byte)
        case 8: escape(UInt8(ascii: "b"))
        case 12: escape(UInt8(ascii: "f"))
        case UInt8(ascii: "\n"): escape(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): escape(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): escape(UInt8(ascii: "t"))
        case 32...126: result.append(byte)
        default:
            escape(UInt8(ascii: "0") + byte >> 6)
            result.append(UInt8(ascii: "0") + (byte >> 3) & 7)
            result.append(UInt8(ascii: "0") + byte & 7)
        }
    }
    return String(decoding: result, as: UTF8.self)
}

/// The reverse of ``escapeReferenceText(_:slash:)``: one to three octal digits are a byte, `\b`, `\f`, `\n`, `\r` and
/// `\t` the control characters, and a backslash before anything else printable vanishes.
///
/// The positions of errors are indices of `bytes`.
func unescapeReferenceText(
    _ bytes: ArraySlice<UInt8>,
    _ kind: ReferenceParseError.Kind
) throws(ReferenceParseError) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
        let start = index
        var byte = bytes[index]
        index += 1
        if byte == UInt8(ascii: "\\") {
            guard index < bytes.endIndex else { throw ReferenceParseError(kind, .trailingBackslash, at: start) }
            byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "b"): byte = 8
            case UInt8(ascii: "f"): byte = 12
            case UInt8(ascii: "n"): byte = UInt8(ascii: "\n")
            case UInt8(ascii: "r"): byte = UInt8(ascii: "\r")
            case UInt8(ascii: "t"): byte = UInt8(ascii: "\t")
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                var value = Int(byte - UInt8(ascii: "0"))
                var digits = 1
                while digits < 3, index < bytes.endIndex, (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(bytes[index])
                {
                    value = value * 8 + Int(bytes[index] - UInt8(ascii: "0"))
                    index += 1
                    digits += 1
                }
                guard let octal = UInt8(exactly: value) else {
                    throw ReferenceParseError(kind, .octalOutOfRange(value), at: start)
                }
                byte = octal
            case 32...126: break
            default: throw ReferenceParseError(kind, .unprintableByte(byte), at: index - 1)
            }
        } else if !(32...126).contains(byte) {
            throw ReferenceParseError(kind, .unprintableByte(byte), at: start)
        }
        result.append(byte)
    }
    guard let text = String(validating: result, as: UTF8.self) else {
        throw ReferenceParseError(kind, .invalidUTF8, at: bytes.startIndex)
    }
    return text
}

/// Puts an escaped text into quotation marks if it holds what would end it, or, as an argument, could be an option.
func quoteReferenceText(_ escaped: String, isArgument: Bool = false) -> String {
    let needsQuotes =
        escaped.utf8.contains { [UInt8(ascii: " "), UInt8(ascii: ":"), UInt8(ascii: "@")].contains($0) }
        || (isArgument && escaped.utf8.first == UInt8(ascii: "-"))
    guard needsQuotes else { return escaped }
    // Ice takes a quotation mark after any backslash for part of the text, so that the last backslash goes as octal.
    guard escaped.hasSuffix("\\\\") else { return "\"\(escaped)\"" }
    return "\"\(escaped.dropLast(2))\\134\""
}

/// The number that is the whole of a text, as C++ streams read it: white space and a sign may stand before it.
func parseReferenceNumber(_ text: String) -> Int32? {
    var digits = text.utf8.drop { $0 == 32 || (9...13).contains($0) }
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
    guard !digits.isEmpty else { return nil }
    var value: Int32 = 0
    for byte in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let digit = Int32(byte - UInt8(ascii: "0"))
        let (sum, overflow) = product.addingReportingOverflow(isNegative ? -digit : digit)
        if tooLarge || overflow { return nil }
        value = sum
    }
    return value
}

/// The two numbers of `1.1`: 1…255 and 0…255.
func parseReferenceVersion(_ text: String) -> (major: UInt8, minor: UInt8)? {
    guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")),
        let major = parseReferenceNumber(String(text[..<dot])).flatMap(UInt8.init(exactly:)), major >= 1,
        let minor = parseReferenceNumber(String(text[text.utf8.index(after: dot)...])).flatMap(UInt8.init(exactly:))
    else { return nil }
    return (major, minor)
}
