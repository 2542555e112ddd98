import Dispatch
import Foundation
import Testing

/// The PostgreSQL server that scripts/lib/postgres.sh starts: reached through psql, so that nothing here needs its
/// library.
struct PostgreSQLServer: Sendable {
    /// What a statement came to.
    enum Answer: Sendable {
        case rows([[String?]])
        case error(String)
    }

    static let connection = ProcessInfo.processInfo.environment["SWIFT_OMERO_POSTGRES"]

    // Separators of fields, rows and answers, and null: no text of the tests has them.
    private static let field = "\u{1f}"
    private static let row = "\u{1e}"
    private static let answer = "\u{1d}"
    private static let null = "\u{2}"

    let database: String

    /// A new database, made of a script or of another database.
    init(_ database: String, template: String? = nil, script: String = "") async throws {
        self.database = database
        let copied = template.map { " TEMPLATE \($0)" } ?? ""
        let made = try await Self.psql("postgres", "CREATE DATABASE \(database)\(copied);\n" + Self.status)
        try #require(!Self.isError(made), "\(made)")
        guard !script.isEmpty else { return }
        let filled = try await Self.psql(database, "\\set ON_ERROR_STOP 1\n" + script + "\n" + Self.status)
        try #require(filled.contains(Self.answer), "the script stopped early")
    }

    /// The answers of statements in their order; each may have values for its places.
    func run(_ statements: [(sql: String, types: [String], values: [String])]) async throws -> [Answer] {
        var script = "SET statement_timeout = '30s';\n"
        for (sql, types, values) in statements {
            let list = types.isEmpty ? "" : " (\(types.joined(separator: ", ")))"
            let arguments = values.map { "'" + $0.replacing("'", with: "''") + "'" }.joined(separator: ", ")
            script += "PREPARE q\(list) AS \(sql);\n" + Self.status
            script += "EXECUTE q\(values.isEmpty ? "" : "(\(arguments))");\n" + Self.status + "DEALLOCATE q;\n"
        }
        let pieces = try await Self.psql(database, script).split(
            separator: Self.answer, omittingEmptySubsequences: false)
        try #require(pieces.count == statements.count * 2 + 1)
        return statements.indices.map { index in
            for piece in pieces[(index * 2 + 1)...(index * 2 + 2)] where Self.isError(piece) {
                return .error(String(piece.prefix { $0 != "\n" }.dropFirst(6)))
            }
            guard let end = pieces[index * 2 + 1].firstIndex(of: "\n") else { return .error("no answer") }
            let text = pieces[index * 2 + 1][end...].dropFirst()
            guard !text.isEmpty else { return .rows([]) }
            let rows = text.dropLast().split(separator: Self.row, omittingEmptySubsequences: false)
            return .rows(
                rows.map { row in
                    row.split(separator: Self.field, omittingEmptySubsequences: false).map {
                        $0 == Self.null ? nil : String($0)
                    }
                })
        }
    }

    private static let status = "\\echo '\\x1d' :ERROR :LAST_ERROR_MESSAGE\n"

    private static func isError(_ text: some StringProtocol) -> Bool {
        text.hasPrefix(" true") || text.hasPrefix(answer + " true")
    }

    private static func psql(_ database: String, _ script: String) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "omero-\(UUID().uuidString).sql")
        try Data(script.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let parts = [
            "timeout", "300", "psql", "-X", "-q", "-A", "-t", "-F", field, "-R", row, "-P", "null=\(null)", "-d",
            "\(try #require(connection)) dbname=\(database)", "-f", file.path(),
        ]
        // Errors are in the answers.
        let command = parts.map { "'\($0)'" }.joined(separator: " ") + " 2> /dev/null"
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try output(of: command) })
            }
        }
    }

    /// Waits for a command of the shell.
    private static func output(of command: String) throws -> String {
        guard let pipe = popen(command, "r") else { throw CocoaError(.executableLoad) }
        defer { pclose(pipe) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&part, 1, part.count, pipe), count > 0 { bytes += part[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
