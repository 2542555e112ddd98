import ArgumentParser
import Foundation
import Testing

@testable import BlitzCommands

@Suite("blitz serve: its options")
struct ServeCommandTests {
    private func parse(_ arguments: String...) throws -> ServeCommand {
        try #require(try BlitzCommand.parseAsRoot(["serve", "--data", "folder"] + arguments) as? ServeCommand)
    }

    private func message(_ arguments: String...) -> String {
        do {
            _ = try BlitzCommand.parseAsRoot(["serve", "--data", "folder"] + arguments)
            return ""
        } catch {
            return BlitzCommand.message(for: error)
        }
    }

    @Test("OMERO's ports, at this machine only, unless others are given")
    func defaults() throws {
        let command = try parse()
        #expect((command.port, command.insecurePort.port, command.host) == (4064, 4063, "127.0.0.1"))
        #expect((command.wsPort, command.wssPort) == (nil, nil))
    }

    @Test("the door without encryption can be closed")
    func off() throws {
        #expect(try parse("--insecure-port", "off").insecurePort.port == nil)
        #expect(try parse("--insecure-port", "0").insecurePort.port == 0)
        #expect(OptionalPort(argument: "of") == nil)
    }

    @Test("a data folder is needed")
    func noFolder() { #expect(throws: (any Error).self) { try BlitzCommand.parseAsRoot(["serve"]) } }

    @Test(
        "numbers that are no ports are refused by name",
        arguments: [
            ("--port", "65536"), ("--port", "-1"), ("--insecure-port", "70000"), ("--ws-port", "99999"),
            ("--wss-port", "-5"),
        ])
    func ports(option: String, value: String) {
        #expect(message("\(option)=\(value)").contains("\(value) is not a port."))
    }

    @Test("certificate and key are given together")
    func certificate() throws {
        #expect(message("--certificate", "a.pem").contains("belong together"))
        #expect(message("--private-key", "a.key").contains("belong together"))
        #expect(try parse("--certificate", "a.pem", "--private-key", "a.key").certificate == "a.pem")
    }

    @Test("levels of logging are known by name")
    func logLevel() throws {
        #expect(message("--log-level", "loud").contains("loud is not a log level."))
        #expect(try parse("--log-level", "debug").logLevel == "debug")
    }
}

@Suite("Files with configuration values")
struct PropertiesFileTests {
    private func read(_ text: String) throws -> [String: String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).properties")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try PropertiesFile.read(file.path)
    }

    @Test("a line is a key and a value, blanks around them don't count, and values may hold anything")
    func lines() throws {
        let values = try read("a=1\n  b =  zwei = 2 ☃ \n\n# c=3\n   # d=4\ne=\n")
        #expect(values == ["a": "1", "b": "zwei = 2 ☃", "e": ""])
    }

    @Test("the last of several values of a key counts, and files of Windows are read too")
    func windows() throws { #expect(try read("a=1\r\n\r\n#x\r\na=2\r\n") == ["a": "2"]) }

    @Test("an empty file has no values")
    func empty() throws { #expect(try read("") == [:]) }

    @Test("a line without a value is refused with its number")
    func wrong() {
        let error = #expect(throws: Failure.self) { try read("a=1\n\nrubbish\n") }
        #expect(error?.message.hasSuffix("line 3 is no setting") == true)
    }

    @Test("a file that is not there is refused")
    func missing() { #expect(throws: (any Error).self) { try PropertiesFile.read("/no/such/file") } }
}
