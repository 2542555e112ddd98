import OMERO

/// Shows the steps of `blitz demo`: what is done, the Swift that does it, what came of it, how long it took.
struct DemoStage {
    let console: Console
    private(set) var count = 0

    init(console: Console) { self.console = console }

    /// One step.
    ///
    /// - Parameters:
    ///   - code: the lines of Swift that do it, as they would stand in a program.
    ///   - body: does it and gives back its value with the lines to show.
    mutating func step<Value>(
        _ title: String,
        _ code: String,
        _ body: () async throws -> (Value, [String])
    ) async throws -> Value {
        count += 1
        if !console.json {
            try console.line(console.out.terminal.styled("\(count). \(title)", .bold))
            for line in code.split(separator: "\n") {
                try console.line("     " + console.out.terminal.styled(String(line), .cyan))
            }
        }
        let started = ContinuousClock.now
        let (value, lines) = try await body()
        let milliseconds = (ContinuousClock.now - started).milliseconds
        if console.json {
            try console.line(
                Console.encode(
                    DemoRecord(
                        step: count, title: title, code: code, milliseconds: milliseconds,
                        lines: lines.map(\.onOneLine))))
        } else {
            let mark = console.out.terminal.styled("→", .green)
            for line in lines { try console.line("   \(mark) \(line.onOneLine)") }
            try console.line("   " + console.out.terminal.styled("\(milliseconds) ms", .dim))
            try console.line()
        }
        return value
    }
}

private struct DemoRecord: Encodable {
    var step: Int
    var title: String
    var code: String
    var milliseconds: Double
    var lines: [String]
}

/// What a step shows must be so; else the demo has failed.
func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    guard condition else { throw Failure(.failed, "the demo failed: \(what())") }
}
