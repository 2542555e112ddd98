import ArgumentParser
import Foundation
import OMEROServer

/// Where a command writes: results to one side, everything else to the other.
struct Console: Sendable {
    /// Whether results, and the error if there is one, are written as JSON.
    var json: Bool
    var out: any TextOutput
    var err: any TextOutput
    var environment: [String: String]

    /// The console of the process.
    init(json: Bool) {
        self.init(
            json: json,
            out: DescriptorOutput(descriptor: 1),
            err: DescriptorOutput(descriptor: 2),
            environment: ProcessInfo.processInfo.environment
        )
    }

    init(json: Bool, out: any TextOutput, err: any TextOutput, environment: [String: String]) {
        self.json = json
        self.out = out
        self.err = err
        self.environment = environment
    }

    // MARK: Results

    /// A line of a result.
    func line(_ text: String = "") throws { try out.write(text + "\n") }

    /// One result: an object of JSON on a line, or what `text` says.
    func result(_ value: some Encodable, text: () -> [String]) throws {
        if json { try line(Self.encode(value)) } else { try text().forEach { try line($0) } }
    }

    /// Several results: each an object of JSON on a line of its own, or the rows of a table.
    func results<Row: Record>(_ rows: [Row], ifNone: String = "None.") throws {
        if json {
            for row in rows { try line(Self.encode(row)) }
        } else if rows.isEmpty {
            note(ifNone)
        } else {
            try Table(rows).lines(on: out.terminal).forEach { try line($0) }
        }
    }

    /// Names of members in order, so that what is written does not depend on chance.
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    // MARK: Besides results

    /// Something worth knowing that is no result.
    func note(_ text: String) { try? err.write(text + "\n") }

    /// What is under way, on a terminal only; ``progressDone()`` takes it away again.
    func progress(_ text: String) {
        guard let columns = err.terminal.columns, !json else { return }
        try? err.write("\r\u{1b}[K" + err.terminal.styled(text.cut(to: columns - 1), .dim))
    }

    func progressDone() {
        guard err.terminal.isTerminal, !json else { return }
        try? err.write("\r\u{1b}[K")
    }

    func report(_ failure: Failure) {
        if json {
            let text = try? Self.encode(
                FailureRecord(error: failure.message, advice: failure.advice, exitCode: failure.cause.rawValue))
            note(text ?? failure.message)
        } else {
            var lines = failure.lines
            if lines[0].hasPrefix("error:") {
                lines[0] = err.terminal.styled("error:", .red) + lines[0].dropFirst("error:".count)
            }
            lines.forEach(note)
        }
    }
}

private struct FailureRecord: Encodable {
    var error: String
    var advice: String?
    var exitCode: Int32
}

/// Something that takes text.
protocol TextOutput: Sendable {
    var terminal: Terminal { get }
    func write(_ text: String) throws
}

/// A file descriptor of the process.
struct DescriptorOutput: TextOutput {
    let descriptor: Int32
    let terminal: Terminal

    init(descriptor: Int32) {
        self.descriptor = descriptor
        terminal = Terminal(descriptor: descriptor, environment: ProcessInfo.processInfo.environment)
    }

    /// - Throws: ``Failure``: a full disk must not pass for success. `ExitCode` where nobody reads any more, as in
    ///   `blitz ls | head`: that is no mistake, and shells give it the code of SIGPIPE.
    func write(_ text: String) throws {
        do {
            try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: Data(text.utf8))
        } catch {
            let reason = systemReason(of: error)
            guard reason != String(cString: strerror(EPIPE)) else { throw ExitCode(128 + SIGPIPE) }
            throw Failure(
                .disk, "the output can't be written: \(reason)",
                advice: "Make room on the disk, or write somewhere else")
        }
    }
}
