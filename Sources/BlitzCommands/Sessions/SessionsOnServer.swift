import ArgumentParser
import Foundation
import OMERO
import OMEROAPI
import OMEROModel

/// `blitz sessions who`
struct SessionsWhoCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "who",
        abstract: "List the sessions that are open on the server. Administrators see more of them than others."
    )
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let rows = try await server.withGateway(on: console) { gateway in
            let own = gateway.sessionKey
            return try await gateway.openSessions().map { OpenSessionRecord($0, own: own) }
        }
        try console.results(rows)
    }
}

/// A session on the server, as administrators and others see it.
struct OpenSessionRecord: Record {
    var userId: Int64
    var userName: String
    var groupId: Int64
    var groupName: String
    /// Nil for who may not see more.
    var started: Date?
    var agent: String?
    var idleSeconds: Int64?
    /// Whether it is the one that asks.
    var own: Bool

    init(_ session: OpenSession, own: String) {
        userId = session.userID
        userName = session.userName
        groupId = session.groupID
        groupName = session.groupName
        self.own = !own.isEmpty && session.details?.key == own
        started = session.details?.started
        agent = session.details?.agent
        idleSeconds = session.details.map { $0.limits.idle?.components.seconds ?? 0 }
    }

    static let columns: [Column<Self>] = [
        Column("") { $0.own ? "*" : " " },
        Column("USER", gives: true) { $0.userName },
        Column("GROUP", gives: true) { $0.groupName },
        Column("LOGGED IN") { $0.started.map(shortTime) ?? "–" },
        Column("PROGRAM", gives: true) { $0.agent ?? "–" },
        Column("ENDS AFTER") { $0.idleSeconds.map { $0 > 0 ? duration($0) : "never" } ?? "–" },
    ]
}

/// `blitz sessions group`
struct SessionsGroupCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Show the group of the current session, or move the session to another.",
        discussion: "All who have joined the session are moved with it."
    )
    @Argument(help: "The group, by name or number.")
    var group: String?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let now = try await server.withGateway(on: console) { gateway in
            if let group {
                let target = try await gateway.group(namedOrNumbered: group)
                try await gateway.switchSession(toGroup: target.id)
                if var stored = try? console.sessionFiles.find(key: gateway.sessionKey) {
                    stored.group = target.name
                    try console.sessionFiles.add(stored, makeCurrent: false)
                }
            }
            let me = try await gateway.with { $0.group = .session }.whoAmI()
            return NamedID(id: me.groupID, name: me.groupName)
        }
        try console.result(now) { ["\(now.name ?? "") (number \(now.id))".onOneLine] }
    }
}

/// `blitz sessions timeout`
struct SessionsTimeoutCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "timeout",
        abstract: "Show after how many seconds without a call the session ends, or change it."
    )
    @Argument(help: "The seconds; servers limit what users may ask for.")
    var seconds: Int?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let seconds, !(1...Int(Int32.max)).contains(seconds) {
            throw ValidationError("The timeout is in seconds, 1 or more.")
        }
    }

    func perform(on console: Console) async throws {
        let limits = try await server.withGateway(on: console) { gateway in
            if let seconds { try await gateway.setLimits(idle: .seconds(seconds)) }
            return try await gateway.session().limits
        }
        let report = LimitsReport(
            idleSeconds: limits.idle?.components.seconds, lifeSeconds: limits.life?.components.seconds)
        try console.result(report) {
            [
                "ends after \(report.idleSeconds.map(duration) ?? "no time") without a call"
                    + (report.lifeSeconds.map { ", and after \(duration($0)) in any case" } ?? "")
            ]
        }
    }
}

struct LimitsReport: Codable, Sendable {
    var idleSeconds: Int64?
    var lifeSeconds: Int64?
}

/// `blitz sessions keepalive`
struct SessionsKeepAliveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "keepalive",
        abstract: "Keep the session from ending as long as this command runs: until Ctrl-C, or --for is over."
    )
    @Option(help: ArgumentHelp("How often, in seconds; by itself often enough.", valueName: "seconds"))
    var every: Int?
    @Option(name: .customLong("for"), help: ArgumentHelp("How long, in seconds.", valueName: "seconds"))
    var length: Int?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        for seconds in [every, length].compactMap(\.self) where !(1...Int(Int32.max)).contains(seconds) {
            throw ValidationError("\(seconds) is no number of seconds.")
        }
    }

    func perform(on console: Console) async throws {
        let beats = try await server.withGateway(on: console) { gateway in
            let idle = gateway.sessionLimits.idle?.components.seconds ?? 600
            let pause = Int64(every ?? Int(max(1, min(idle / 3, 120))))
            console.note("Keeping the session of \(gateway.userName) alive, every \(duration(pause)). Ctrl-C ends it.")
            let end = length.map { ContinuousClock.now + .seconds($0) }
            var beats = 0
            while true {
                try await gateway.keepAlive()
                beats += 1
                let next = ContinuousClock.now + .seconds(pause)
                if let end, next > end {
                    try await Task.sleep(until: end)
                    return beats
                }
                try await Task.sleep(until: next)
            }
        }
        try console.result(["beats": beats]) { [] }
    }
}

/// `blitz sessions open`
struct SessionsOpenCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract:
            "Open a session for another user and print its key: for administrators, and leaders of the user's group.",
        discussion: "Who has the key acts as that user: blitz login HOST --key KEY"
    )
    @Argument(help: "The user's name.")
    var name: String
    @Argument(help: "The group to begin in; else the user's default group.")
    var group: String?
    @Option(help: ArgumentHelp("After so many seconds without a call the session ends.", valueName: "seconds"))
    var timeout = 600
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let key = try await server.withGateway(on: console) { gateway in
            let other = try await gateway.actingAs(name, group: group, idle: .seconds(timeout))
            let key = other.sessionKey
            await other.close(.leave)
            return key
        }
        try console.result(["sessionKey": key, "user": name]) { [key] }
    }
}

/// `blitz sessions close`
struct SessionsCloseCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "End sessions by their keys, for everyone who has joined them."
    )
    @Argument(help: "The keys.")
    var keys: [String]
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let ended = try await server.withGateway(on: console) { gateway in
            var ended = 0
            for key in keys where try await gateway.endSession(withKey: key) {
                ended += 1
                if let stored = try? console.sessionFiles.find(key: key) { try console.sessionFiles.remove(stored) }
            }
            return ended
        }
        guard ended == keys.count else {
            throw Failure(.notFound, "\(keys.count - ended) of \(keys.count) sessions were not there, or not yours")
        }
        try console.result(["ended": ended]) { ["\(ended) ended"] }
    }
}

/// `blitz sessions clear`
struct SessionsClearCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "End all stored sessions and forget them."
    )
    @Flag(help: "Only forget them: on the servers they go on until they end by themselves.")
    var forgetOnly = false
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let listing = try console.sessionFiles.all()
        for skipped in listing.skipped { console.note("warning: \(skipped.message)".onOneLine) }
        for session in listing.sessions {
            try Task.checkCancellation()
            if forgetOnly {
                try console.sessionFiles.remove(session)
            } else if case .unknown(let failure) = try await SessionEnding(console: console).end(session) {
                console.note("warning: \(session.target) could not be told: \(failure.message)")
            }
        }
        let count = listing.sessions.count
        try console.result(["cleared": count]) { ["\(count) \(count == 1 ? "session" : "sessions") cleared"] }
    }
}
