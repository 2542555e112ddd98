import ArgumentParser
import Foundation
import Ice
import OMERO
import Testing

@testable import BlitzCommands

@Suite struct ExitCauseTests {
    @Test func `every cause has a code of its own and stands in the help`() {
        #expect(Set(ExitCause.allCases.map(\.rawValue)).count == ExitCause.allCases.count)
        #expect(ExitCause.allCases.allSatisfy { (0...255).contains($0.rawValue) })
        let help = ExitCodesCommand.helpMessage()
        for cause in ExitCause.allCases { #expect(help.contains("\(cause.rawValue)  \(cause.meaning.prefix(12))")) }
    }

    @Test(arguments: [
        (GatewayError.Kind.badConfiguration, ExitCause.setting), (.cannotResolve, .unreachable),
        (.refused, .unreachable), (.unreachable, .unreachable), (.tls, .notTrusted), (.notAnOMEROServer, .notOMERO),
        (.wrongUserOrPassword, .refused), (.inactiveUser, .refused), (.throttled, .refused),
        (.notInGroup, .notInGroup), (.sessionExpired, .noSession), (.sessionEnded, .noSession),
        (.connectionLost, .connectionLost), (.noPermission, .notAllowed), (.notFound, .notFound),
        (.invalidRequest, .invalidRequest), (.timedOut, .timedOut), (.serverError, .server),
        (.protocolError, .server), (.serverTooOld, .notOMERO), (.closed, .connectionLost),
    ])
    func `the gateway's errors have the codes that are promised`(kind: GatewayError.Kind, cause: ExitCause) {
        #expect(Failure(explaining: GatewayError(kind, "it failed")).cause == cause)
    }

    @Test func `a connection that is late is a server that is not there`() {
        #expect(Failure(explaining: GatewayError(.timedOut, "late", phase: .connect)).cause == .unreachable)
        #expect(Failure(explaining: GatewayError(.timedOut, "late", phase: .call)).cause == .timedOut)
        // Something that says nothing, as a port with TLS does to who speaks without.
        #expect(Failure(explaining: GatewayError(.timedOut, "late", phase: .router)).cause == .notOMERO)
    }
}

@Suite struct FailureTests {
    @Test func `a failure is a sentence, and below it the next step`() {
        let error = GatewayError(
            .refused, "nobody listens", advice: "Check the port", endpoint: "ssl://host:4064", phase: .connect)
        #expect(
            Failure(explaining: error).lines == [
                "error: nobody listens [ssl://host:4064].", "       Check the port.",
            ])
        #expect(Failure(.failed, "it stopped…").lines == ["error: it stopped…"])
    }

    @Test func `a server's text can't move the cursor`() {
        let error = GatewayError(.serverError, "one\u{1b}[2Jtwo\nthree\u{7}")
        #expect(Failure(explaining: error).message == "one?[2Jtwo three?")
    }

    @Test func `a changed certificate names the file to look at`() {
        let failure = Failure(explaining: GatewayError(.tls, "another certificate", tls: .changed))
        #expect(failure.cause == .notTrusted)
        #expect(failure.advice?.contains("known_servers") == true)
    }

    @Test func `with --json a failure is an object too`() throws {
        let err = RecordedOutput()
        let console = Console(json: true, out: RecordedOutput(), err: err, environment: [:])
        console.report(Failure(.refused, "no", advice: "yes"))
        let object = try #require(err.objects().first)
        #expect(object["error"] as? String == "no")
        #expect(object["advice"] as? String == "yes")
        #expect(object["exitCode"] as? Int == 6)
    }
}

@Suite struct TableTests {
    private struct Row: Record {
        var id: Int
        var name: String
        static let columns: [Column<Self>] = [
            Column("ID") { String($0.id) }, Column("NAME", gives: true) { $0.name },
        ]
    }

    private func lines(_ rows: [Row], _ columns: Int?) -> [String] {
        Table(rows).lines(on: Terminal(columns: columns, hasColours: false))
    }

    @Test func `columns are as wide as they need to be`() {
        #expect(lines([Row(id: 1, name: "one"), Row(id: 100, name: "")], nil) == ["ID   NAME", "1    one", "100"])
    }

    @Test func `wide characters take two columns`() {
        #expect("漢字 🔬é".columns == 8)
        #expect("e\u{301}".columns == 1)
        #expect("漢字漢字".cut(to: 4) == "漢…")
        #expect("abc".cut(to: 3) == "abc")
        #expect("abcd".cut(to: 3) == "ab…")
    }

    @Test func `a narrow terminal cuts the columns that give, a file none`() {
        let row = Row(id: 1, name: String(repeating: "x", count: 60))
        #expect(lines([row], 20)[1] == "1   \(String(repeating: "x", count: 15))…")
        #expect(lines([row], nil)[1].count == 64)
        // Below eight columns a text says nothing, and the line is cut.
        #expect(lines([row], 9)[1] == "1   xxxx…")
        #expect(lines([row], 5)[1] == "1   …")
    }

    @Test func `names can't break a line or move the cursor`() {
        #expect(lines([Row(id: 1, name: "a\nb\u{1b}c")], nil)[1] == "1   a b?c")
    }

    @Test func `colours are for terminals that want them`() {
        #expect(Terminal(columns: 80, hasColours: true).styled("x", .bold) == "\u{1b}[1mx\u{1b}[0m")
        #expect(Terminal.file.styled("x", .bold) == "x")
        #expect("a bc def".wrapped(to: 4) == ["a bc", "def"])
    }
}

@Suite struct LineEditorTests {
    private func type(_ text: String) -> (LineReader.Step, String) {
        var editor = LineReader.Editor()
        var step = LineReader.Step.goOn
        for byte in text.utf8 where step == .goOn { step = editor.take(byte) }
        return (step, editor.text)
    }

    @Test func `return ends a line, ctrl-c and ctrl-d end the question`() {
        #expect(type("abc\r") == (.done, "abc"))
        #expect(type("abc\u{3}") == (.interrupt, "abc"))
        #expect(type("\u{4}") == (.end, ""))
        #expect(type("a\u{4}b\n") == (.done, "ab"))
    }

    @Test func `backspace takes a character, ctrl-u the line, and nothing takes what is not there`() {
        #expect(type("zoë🦁\u{7f}\n") == (.done, "zoë"))
        #expect(type("zoë\u{8}\u{8}\n") == (.done, "z"))
        #expect(type("abc\u{15}d\n") == (.done, "d"))
        #expect(type("\u{7f}\u{7f}a\n") == (.done, "a"))
    }

    @Test func `keys that write nothing are passed over, and a line has an end`() {
        #expect(type("a\u{1}\u{1b}b\n") == (.done, "ab"))
        #expect(type(String(repeating: "x", count: 5000) + "\n").1.count == LineReader.Editor.limit)
    }
}
