#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What an output can show: whether somebody is looking at it, in how many columns, in colours or not.
struct Terminal: Sendable, Hashable {
    /// Nil where it is no terminal: then nothing is cut.
    var columns: Int?
    var hasColours: Bool

    var isTerminal: Bool { columns != nil }

    static let file = Terminal(columns: nil, hasColours: false)

    /// - Parameter environment: `NO_COLOR`, `TERM` and `COLUMNS` are heeded.
    init(descriptor: Int32, environment: [String: String]) {
        guard isatty(descriptor) == 1 else {
            self = .file
            return
        }
        var size = winsize()
        let known = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
        self.init(
            columns: known > 0 ? known : environment["COLUMNS"].flatMap { Int($0) }.map { max(20, $0) } ?? 80,
            hasColours: environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb")
    }

    init(columns: Int?, hasColours: Bool) {
        self.columns = columns
        self.hasColours = hasColours
    }

    enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    func styled(_ text: String, _ style: Style) -> String {
        hasColours ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }
}

extension String {
    /// What comes from a server or a file, as it may reach a terminal: without control characters, which might move the
    /// cursor, and on one line.
    var onOneLine: String {
        String(
            map { character in
                if character.isNewline || character == "\t" { return " " }
                return character.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : character
            })
    }

    /// How many columns a terminal takes for it.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// Shortened to that many columns, with … at its end.
    func cut(to limit: Int) -> String {
        guard columns > limit else { return self }
        var text = ""
        var width = 0
        for character in self {
            guard width + character.columns <= limit - 1 else { break }
            text.append(character)
            width += character.columns
        }
        return limit > 0 ? text + "…" : ""
    }

    /// Filled with blanks to that many columns.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - columns)) }
}

extension Character {
    /// Two for the wide ones of East Asia and for pictures, none for what only joins others.
    var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.properties.isEmojiPresentation || unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        case 0x200B...0x200F, 0x0300...0x036F: return 0
        default: return 1
        }
    }
}
