import ArgumentParser
import OMERO

/// `blitz logout`: ends the current session, here and on the server.
struct LogoutCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "End the current session.",
        discussion: """
            The session ends on the server for everyone who has joined it, and is forgotten here. The server and the user \
            stay as the defaults for the next log-in.
            """
    )

    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        guard let session = try console.sessionFiles.current() else {
            throw Failure(.noSession, "nobody is logged in", advice: "See what is stored: blitz sessions list")
        }
        let outcome = try await SessionEnding(console: console).end(session)
        try console.result(LogoutReport(session, outcome)) { [] }
        guard !console.json else { return }
        switch outcome {
        case .ended: console.note("Logged out \(session.target).")
        case .wasOver: console.note("The session of \(session.target) was over already; it is forgotten.")
        case .unknown(let failure):
            console.note("The session of \(session.target) is forgotten here, but the server could not be told:")
            failure.lines.forEach(console.note)
        }
    }
}

struct LogoutReport: Codable, Sendable {
    var host: String
    var user: String
    /// Whether the server has ended it now.
    var ended: Bool
    /// Whether it was over before.
    var wasOver: Bool

    init(_ session: StoredSession, _ outcome: SessionEnding.Outcome) {
        host = session.host
        user = session.user
        ended = outcome == .ended
        wasOver = outcome == .wasOver
    }
}

/// Ends stored sessions on their servers and forgets them.
struct SessionEnding {
    enum Outcome: Hashable {
        case ended
        case wasOver
        /// The server could not be asked.
        case unknown(Failure)
    }

    let console: Console

    func end(_ session: StoredSession) async throws -> Outcome {
        let outcome: Outcome
        do {
            let settings = try ConnectionSettings(environment: console.environment)
            let connector = Connector(console: console)
            let gateway = try await connector.open(
                connector.configuration(session.address(), session.credentials, group: nil, settings))
            await gateway.close(.forEveryone)
            outcome = .ended
        } catch let error as GatewayError where error.saysThatSessionIsOver {
            outcome = .wasOver
        } catch let error as CancellationError {
            throw error
        } catch {
            outcome = .unknown(Failure(explaining: error))
        }
        try console.sessionFiles.remove(session)
        return outcome
    }
}
