import ArgumentParser
import OMERO
import OMEROModel

/// `blitz hql`
struct HQLCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "hql",
        abstract: "Ask in HQL, OMERO's query language.",
        discussion: """
            Every row is a line: columns of a table, or with --json a list. Whole objects stand with type, number and name.

            Example: blitz hql "select i.id, i.name from Image i where i.name like :name" --param "name=A%"
            """
    )
    @Argument(help: "The query.")
    var query: String
    @Option(
        name: .customLong("param"),
        help: "A value for a :name of the query, as name=value; whole numbers count as such.")
    var parameters: [QueryParameter] = []
    @Option(name: .shortAndLong, help: "The group, by name or number, or all; else that of the session.")
    var group: GroupScope?
    @Option(name: .shortAndLong, help: "At most so many rows.")
    var limit: Int?
    @Option(help: "Leave out so many rows at first.")
    var offset = 0
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit takes a number, 1 or more.") }
        if offset < 0 { throw ValidationError("--offset takes a number, 0 or more.") }
    }

    func perform(on console: Console) async throws {
        let values = Dictionary(grouping: parameters, by: \.name).mapValues { given -> RValue? in
            given.count == 1 ? given[0].value : .list(given.map(\.value))
        }
        let rows = try await server.withGateway(on: console) { gateway in
            try await gateway.scoped(to: group).projection(query, values, limit: limit, offset: offset)
        }.map { $0.map(JSONValue.init) }
        if console.json {
            for row in rows { try console.line(Console.encode(row)) }
        } else if rows.isEmpty {
            console.note("No rows.")
        } else {
            let count = rows.map(\.count).max() ?? 0
            let table = Table(
                titles: (1...max(1, count)).map(String.init), gives: Array(repeating: true, count: count),
                cells: rows.map { $0.map(\.text) })
            try table.lines(on: console.out.terminal).forEach { try console.line($0) }
        }
    }
}

/// `name=value`
struct QueryParameter: ExpressibleByArgument, Sendable {
    let name: String
    let value: RValue?

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        name = String(argument[..<equals])
        let text = String(argument[argument.index(after: equals)...])
        value = Int64(text).map { .long($0) } ?? .string(text)
    }
}
