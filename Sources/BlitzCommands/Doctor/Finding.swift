/// What one step of `blitz doctor` found.
struct Finding: Record {
    enum Outcome: String, Codable, Sendable {
        case good
        /// It works, but somebody should know.
        case warning
        case bad
        /// Nothing could be found out.
        case skipped
    }

    var step: String
    var outcome: Outcome
    var milliseconds: Double
    var found: String
    var advice: String?

    static let columns: [Column<Self>] = [
        Column("STEP") { $0.step }, Column("", gives: false) { $0.outcome.rawValue },
        Column("MS") { String($0.milliseconds) }, Column("FOUND", gives: true) { $0.found },
    ]

    /// As a person reads it: a mark, the step, its time, what was found, and below it what to do.
    func lines(on terminal: Terminal) -> [String] {
        let mark =
            switch outcome {
            case .good: terminal.styled("ok  ", .green)
            case .warning: terminal.styled("look", .yellow)
            case .bad: terminal.styled("BAD ", .red)
            case .skipped: terminal.styled("–   ", .dim)
            }
        let time = outcome == .skipped ? "" : "\(milliseconds) ms"
        let width = terminal.columns.map { max(20, $0 - 29) }
        var lines = [
            "\(mark) \(step.padded(to: 10))\(String(repeating: " ", count: max(0, 11 - time.columns)))\(time)  "
        ]
        let indent = String(repeating: " ", count: 28)
        let texts = [found] + (advice.map { ["→ " + $0] } ?? [])
        for (index, text) in texts.flatMap({ $0.onOneLine.wrapped(to: width) }).enumerated() {
            if index == 0 { lines[0] += text } else { lines.append(indent + text) }
        }
        return lines
    }
}

extension String {
    /// Broken between words into lines of that many columns; a word that is longer stays whole.
    func wrapped(to width: Int?) -> [String] {
        guard let width, columns > width else { return [self] }
        var lines = [""]
        for word in split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.columns + 1 + String(word).columns <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension Duration {
    /// To a tenth.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return ((Double(seconds) * 1000 + Double(attoseconds) / 1e15) * 10).rounded() / 10
    }
}
