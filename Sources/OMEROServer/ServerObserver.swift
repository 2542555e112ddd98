import Logging
import Metrics

/// What operators see of the server: log lines with a stable set of keys, and counters. Sessions are named by their
/// number, never by their key; names of users are in debug lines only.
struct ServerObserver: Sendable {
    let logger: Logger?
    private let logins = Counter(label: "omero.server.logins")
    private let joins = Counter(label: "omero.server.joins")
    private let refusals = Counter(label: "omero.server.logins.refused")
    private let ends = Counter(label: "omero.server.sessions.ended")
    private let failures = Counter(label: "omero.server.calls.failed")
    private let sessions = Gauge(label: "omero.server.sessions")

    init(logger: Logger?) { self.logger = logger }

    private static let sessionKey = "omero.session.id"
    private static let userKey = "omero.user.id"
    private static let reasonKey = "omero.reason"

    func loggedIn(session: Int64, user: Int64, joined: Bool, total: Int) {
        (joined ? joins : logins).increment()
        sessions.record(total)
        logger?.info(
            joined ? "session joined" : "session begun",
            metadata: [Self.sessionKey: "\(session)", Self.userKey: "\(user)"]
        )
    }

    func refusedLogin(from address: String) {
        refusals.increment()
        logger?.notice("log-in refused", metadata: ["omero.client.address": "\(address)"])
    }

    func ended(session: Int64, reason: String, total: Int) {
        ends.increment()
        sessions.record(total)
        logger?.info("session ended", metadata: [Self.sessionKey: "\(session)", Self.reasonKey: "\(reason)"])
    }

    /// What there was when no call was under way any more.
    func stopped(sessions: Int, clients: Int, servants: Int) {
        logger?.info(
            "server stopped",
            metadata: [
                "omero.sessions": "\(sessions)", "omero.clients": "\(clients)", "omero.servants": "\(servants)",
            ]
        )
    }

    func callFailed(_ error: any Error) {
        failures.increment()
        logger?.error("call failed", metadata: [Self.reasonKey: "\(String(reflecting: error))"])
    }

    func backgroundFailed(_ what: String, _ error: any Error) {
        logger?.error("background work failed", metadata: ["omero.work": "\(what)", Self.reasonKey: "\(error)"])
    }
}
