import ArgumentParser
import Foundation
import OMERO
import OMEROServer
import Synchronization
import Testing

@testable import BlitzCommands

/// Keeps what is written.
final class RecordedOutput: TextOutput {
    private let written = Mutex("")
    let terminal: Terminal

    init(_ terminal: Terminal = .file) { self.terminal = terminal }

    func write(_ text: String) { written.withLock { $0 += text } }

    var text: String { written.withLock { $0 } }
    var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// The lines as objects of JSON.
    func objects() throws -> [[String: Any]] {
        try lines.map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }
}

/// Somebody with a folder of their own for sessions and known servers.
final class Person: Sendable {
    let folder = FileManager.default.temporaryDirectory.path + "/swift-omero-person-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func console(
        json: Bool = true,
        _ variables: [String: String] = [:],
        columns: Int? = nil
    ) -> (console: Console, out: RecordedOutput, err: RecordedOutput) {
        let out = RecordedOutput(Terminal(columns: columns, hasColours: false))
        let err = RecordedOutput()
        let environment = ["OMERO_USERDIR": folder].merging(variables) { $1 }
        return (Console(json: json, out: out, err: err, environment: environment), out, err)
    }

    /// Runs a command in this process.
    @discardableResult
    func run(_ arguments: String..., variables: [String: String] = [:], json: Bool = true) async throws
        -> RecordedOutput
    {
        let command = try #require(try BlitzCommand.parseAsRoot(arguments) as? any Command)
        let (console, out, _) = console(json: json, variables)
        try await command.perform(on: console)
        return out
    }

    /// How a command fails.
    func failure(_ arguments: String..., variables: [String: String] = [:]) async throws -> Failure? {
        let command = try #require(try BlitzCommand.parseAsRoot(arguments) as? any Command)
        do {
            try await command.perform(on: console(json: true, variables).console)
            return nil
        } catch {
            return Failure(explaining: error)
        }
    }
}

/// A server with the sample data.
func withSamples(_ body: @Sendable (OMEROServer) async throws -> Void) async throws {
    var configuration = ServerConfiguration.testing
    configuration.sampleData = true
    try await OMEROServer.withServer(configuration, body)
}

extension OMEROServer {
    func at(_ user: String) -> String { "\(user)@127.0.0.1:\(sslPort ?? 0)" }
}

/// What the parser says of arguments that it does not take.
func refusal(_ arguments: String...) -> String? {
    do {
        _ = try BlitzCommand.parseAsRoot(arguments)
        return nil
    } catch {
        return BlitzCommand.message(for: error)
    }
}

func parsed<Wanted>(_ type: Wanted.Type, _ arguments: String...) throws -> Wanted {
    try #require(try BlitzCommand.parseAsRoot(arguments) as? Wanted)
}
