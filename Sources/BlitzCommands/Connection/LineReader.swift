import Foundation
import OMEROServer

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Asks somebody at a terminal. Keys are read one by one, so that Ctrl-C leaves the terminal as it was, and so that
/// passwords do not show.
struct LineReader {
    /// What a key does to the line.
    enum Step: Hashable {
        case goOn
        case done
        /// Ctrl-C
        case interrupt
        /// Ctrl-D on an empty line, or nobody is there any more.
        case end
    }

    /// The line as far as it was typed. Knows no terminal.
    struct Editor {
        private(set) var bytes: [UInt8] = []
        /// No answer to any question is longer.
        static let limit = 4096

        var text: String { String(decoding: bytes, as: UTF8.self) }

        mutating func take(_ byte: UInt8) -> Step {
            switch byte {
            case 0x03: return .interrupt
            case 0x04: return bytes.isEmpty ? .end : .goOn
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return .done
            case 0x08, 0x7f:
                var characters = text
                if !characters.isEmpty { characters.removeLast() }
                bytes = Array(characters.utf8)
            case 0x15: bytes = []
            case 0..<0x20: break
            default: if bytes.count < Self.limit { bytes.append(byte) }
            }
            return .goOn
        }
    }

    let input: Int32
    let console: Console

    /// Nil if nobody could answer: standard input is no terminal, or questions can't be seen.
    init?(_ console: Console) {
        guard isatty(0) == 1, isatty(2) == 1 else { return nil }
        input = 0
        self.console = console
    }

    /// - Parameter hidden: whether the answer must not show.
    /// - Throws: ``Failure`` of ``ExitCause/interrupted`` for Ctrl-C and Ctrl-D.
    func ask(_ question: String, hidden: Bool = false) throws -> String {
        var before = termios()
        guard tcgetattr(input, &before) == 0 else {
            throw Failure(.setting, "the terminal can't be asked")
        }
        var raw = before
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        // What was typed before the question is no answer to a hidden one.
        tcsetattr(input, hidden ? TCSAFLUSH : TCSADRAIN, &raw)
        defer { tcsetattr(input, TCSADRAIN, &before) }
        try console.err.write(question)
        var editor = Editor()
        var shown = 0
        while true {
            // In short waits, so that a signal that cancels the command finds the terminal put back in order.
            var waiting = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, 200)
            if Task.isCancelled {
                console.note("")
                throw CancellationError()
            }
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            var byte: UInt8 = 0
            let count = read(input, &byte, 1)
            if count < 0, errno == EINTR { continue }
            switch count == 1 ? editor.take(byte) : .end {
            case .goOn: break
            case .done:
                console.note("")
                return editor.text
            case .interrupt, .end:
                console.note("")
                throw Failure(.interrupted, "interrupted")
            }
            guard !hidden, byte < 0x80 || String(validating: editor.bytes, as: UTF8.self) != nil else { continue }
            // Everything anew, as a character may take two columns, or none.
            let text = editor.text.onOneLine
            try console.err.write(String(repeating: "\u{8} \u{8}", count: shown) + text)
            shown = text.columns
        }
    }
}

extension Console {
    /// The answer to a question, or what is missing where nobody can be asked.
    func ask(_ question: String, hidden: Bool = false, orSay failure: @autoclosure () -> Failure) throws -> String {
        guard let reader = LineReader(self) else { throw failure() }
        return try reader.ask(question, hidden: hidden)
    }

    /// Whether somebody can be asked.
    var canAsk: Bool { LineReader(self) != nil }
}

/// A password's line on standard input, for `--password-stdin`.
func passwordFromInput(_ console: Console) throws -> String {
    if isatty(0) == 1 {
        // Else it would show.
        return try console.ask("Password: ", hidden: true, orSay: Failure(.setting, "no password on standard input"))
    }
    guard let line = readLine(strippingNewline: true), !line.isEmpty else {
        throw Failure(.setting, "there is no password on standard input", advice: "Pipe it in, on one line")
    }
    return line
}

/// The first line of a file that holds a password.
func firstLine(ofFile path: String) throws -> String { String(try textOfFile(path).prefix { !$0.isNewline }) }

/// The content of a file that an option names.
func textOfFile(_ path: String) throws -> String {
    do {
        return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
        throw Failure(
            .disk, "\(path.onOneLine) can't be read: \(systemReason(of: error))",
            advice: "Look at the path and at the file's permissions")
    }
}
