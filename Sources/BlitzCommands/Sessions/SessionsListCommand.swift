import ArgumentParser
import Foundation
import OMERO

/// `blitz sessions list`: the stored sessions, and whether they are still there.
struct SessionsListCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the stored sessions; those that are over are forgotten.",
        discussion: """
            Every server is asked. Sessions of servers that do not answer stay. The current session is marked with *.
            """
    )
    @Flag(help: "Keep the files of sessions that are over, and list them.")
    var noPurge = false
    @Flag(help: "Ask no server.")
    var offline = false
    @Flag(help: "Show the sessions' keys, which are as good as passwords.")
    var showKeys = false
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let files = console.sessionFiles
        let listing = try files.all()
        for skipped in listing.skipped { console.note("warning: \(skipped.message)".onOneLine) }
        let current = try? files.current()
        var rows: [StoredSessionRecord] = []
        for session in listing.sessions {
            try Task.checkCancellation()
            var row = StoredSessionRecord(session, isCurrent: session.key == current?.key, showKey: showKeys)
            if !offline { try await ask(&row, session, console) }
            if row.state == .over, !noPurge {
                try files.remove(session)
                continue
            }
            rows.append(row)
        }
        try console.results(rows, ifNone: "No session is stored. Log in: blitz login user@host")
    }

    private func ask(_ row: inout StoredSessionRecord, _ session: StoredSession, _ console: Console) async throws {
        let connector = Connector(console: console)
        do {
            let settings = try ConnectionSettings(environment: console.environment)
            let gateway = try await connector.open(
                connector.configuration(session.address(), session.credentials, group: nil, settings))
            row.state = .open
            row.group = try? await gateway.whoAmI().groupName
            row.started = try? await gateway.session().started
            await gateway.close(.leave)
        } catch let error as GatewayError where error.saysThatSessionIsOver {
            row.state = .over
        } catch let error as GatewayError {
            row.state = .unknown
            row.problem = error.message
        }
    }
}

/// A stored session, as it is listed.
struct StoredSessionRecord: Record {
    enum State: String, Codable, Sendable {
        case open
        case over
        /// The server was not asked, or did not answer.
        case unknown
    }

    var host: String
    var port: Int?
    var user: String
    var current: Bool
    var state = State.unknown
    var group: String?
    var started: Date?
    /// The administrator who opened it.
    var sudo: String?
    /// Why the state is not known.
    var problem: String?
    var sessionKey: String?
    private var keyStart: String

    init(_ session: StoredSession, isCurrent: Bool, showKey: Bool) {
        host = session.host
        port = (try? session.address())?.port
        user = session.user
        current = isCurrent
        group = session.group
        sudo = session.sudo
        sessionKey = showKey ? session.key : nil
        keyStart = showKey ? session.key : session.key.prefix(4) + "…"
    }

    private enum CodingKeys: CodingKey {
        case host, port, user, current, state, group, started, sudo, problem, sessionKey
    }

    static let columns: [Column<Self>] = [
        Column("") { $0.current ? "*" : " " },
        Column("SERVER", gives: true) { row in
            row.host.contains("://") ? row.host : row.host + (row.port.map { ":\($0)" } ?? "")
        },
        Column("USER", gives: true) { $0.user + ($0.sudo.map { " (by \($0))" } ?? "") },
        Column("GROUP", gives: true) { $0.group ?? "–" },
        Column("STATE", gives: true) { $0.state == .unknown ? $0.problem ?? "not asked" : $0.state.rawValue },
        Column("STARTED") { $0.started.map(shortTime) ?? "–" },
        Column("KEY") { $0.keyStart },
    ]
}

/// Date and time of this place, to the second.
func shortTime(_ date: Date) -> String {
    let parts = Calendar(identifier: .gregorian)
        .dateComponents(in: .current, from: date)
    func two(_ number: Int?) -> String { String("0\(number ?? 0)".suffix(2)) }
    return "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day)) "
        + "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
}
