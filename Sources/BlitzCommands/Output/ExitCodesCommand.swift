import ArgumentParser

/// `blitz exit-codes`, and so `blitz help exit-codes`.
struct ExitCodesCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "exit-codes",
        abstract: "Explain the exit codes.",
        discussion: ExitCause.table
    )
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) throws {
        try console.results(ExitCause.allCases.map { ExitCodeRecord(exitCode: $0.rawValue, meaning: $0.meaning) })
    }
}

struct ExitCodeRecord: Record {
    var exitCode: Int32
    var meaning: String

    static let columns: [Column<Self>] = [
        Column("CODE") { String($0.exitCode) }, Column("MEANING", gives: true) { $0.meaning },
    ]
}
