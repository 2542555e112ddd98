/// A result that may stand among others: as an object of JSON, or as a row of a table.
protocol Record: Encodable, Sendable {
    static var columns: [Column<Self>] { get }
}

/// A column of a table.
struct Column<Row>: Sendable {
    var title: String
    /// Whether it may be cut where the terminal is narrow.
    var gives: Bool
    var text: @Sendable (Row) -> String

    init(_ title: String, gives: Bool = false, _ text: @escaping @Sendable (Row) -> String) {
        self.title = title
        self.gives = gives
        self.text = text
    }
}

/// Rows under titles, in columns as wide as they need to be.
struct Table {
    private var titles: [String]
    private var gives: [Bool]
    private var cells: [[String]]

    init<Row: Record>(_ rows: [Row]) {
        self.init(
            titles: Row.columns.map(\.title),
            gives: Row.columns.map(\.gives),
            cells: rows.map { row in Row.columns.map { $0.text(row) } })
    }

    /// - Parameter gives: which columns may be cut.
    init(titles: [String], gives: [Bool], cells: [[String]]) {
        self.titles = titles
        self.gives = gives
        self.cells = cells.map { $0.map(\.onOneLine) }
    }

    func lines(on terminal: Terminal) -> [String] {
        let widths = widths(within: terminal.columns)
        // Cut off rather than broken in two, where the terminal is too narrow even so.
        let limit = terminal.columns ?? .max
        let head = line(titles, widths).cut(to: limit)
        return [terminal.styled(head, .bold)] + cells.map { line($0, widths).cut(to: limit) }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = zip(cells, widths).map { $0.cut(to: $1).padded(to: $1) }.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }

    /// A text that is shorter says nothing.
    private static let least = 8

    /// The widths of the columns that are shown. Where all are too wide, the last ones are left out, if there are more
    /// than two; of the others the widest that give are made smaller.
    private func widths(within limit: Int?) -> [Int] {
        var widths = titles.indices.map { index in
            max(titles[index].columns, cells.map { index < $0.count ? $0[index].columns : 0 }.max() ?? 0)
        }
        guard let limit else { return widths }
        func sum(_ widths: [Int]) -> Int { widths.reduce(0, +) + 2 * (widths.count - 1) }
        func smallest() -> [Int] { widths.indices.map { gives[$0] ? min(Self.least, widths[$0]) : widths[$0] } }
        while widths.count > 2, sum(smallest()) > limit { widths.removeLast() }
        while sum(widths) > limit {
            let candidates = widths.indices.filter { gives[$0] && widths[$0] > Self.least }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }
}
