#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What went wrong between a program and an OMERO server: one set for connecting, calling and losing the connection.
///
/// The description is fit for a user: it says what happened, where, and what to do next, and holds no secret.
///
/// Two errors are equal that say the same; ``cause`` and ``report`` don't count.
public struct GatewayError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        // Before the log-in
        /// A setting that can't be used: an address, a file, a value.
        case badConfiguration
        /// The host's name has no address.
        case cannotResolve
        /// Nobody listens on the port.
        case refused
        /// No way leads to the host.
        case unreachable
        /// TLS failed; ``GatewayError/tls`` says which check.
        case tls
        /// Something answers, but it is no OMERO server.
        case notAnOMEROServer

        // The log-in
        /// The server does not know the user, or the password is another. It does not say which of the two.
        case wrongUserOrPassword
        /// The account exists but may not log in.
        case inactiveUser
        /// The user is no member of the group that was asked for, or there is no such group.
        case notInGroup
        /// Too many log-ins failed, or too many sessions are open; try later.
        case throttled
        /// The server's version is older than this client understands.
        case serverTooOld

        // The session
        /// The session's idle or life time is over, or its key was never that of a session.
        case sessionExpired
        /// Somebody ended the session.
        case sessionEnded
        /// The connection broke, and was not there again within the time for it.
        case connectionLost
        /// This gateway was closed.
        case closed

        // Calls
        /// The user may not do that.
        case noPermission
        /// There is no such object, or the user may not see it.
        case notFound
        /// The call can't be made with these values.
        case invalidRequest
        /// Something did not end within its time; ``GatewayError/phase`` says what.
        case timedOut
        /// The server answered with another of its exceptions; ``GatewayError/serverException`` names it.
        case serverError
        /// Server and client did not understand each other.
        case protocolError
    }

    /// How far a connection or a call had come.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// Reading settings, before anything was sent.
        case configuration
        /// Looking for the host's address.
        case resolve
        /// Making the TCP connection.
        case connect
        /// Having a proxy connect to the server.
        case proxy
        /// The handshake of TLS.
        case tls
        /// The upgrade to a WebSocket.
        case webSocket
        /// The first messages of the router.
        case router
        /// Logging in, or joining a session.
        case login
        /// Learning what the session is: user, group, limits, version.
        case session
        /// A call.
        case call
        /// Coming back after a loss.
        case reconnect
        /// Closing.
        case close
    }

    /// Which check of TLS failed.
    public enum TLSProblem: String, Sendable, Hashable, CaseIterable {
        /// The certificate is not that of an authority that is trusted.
        case untrusted
        /// The certificate is for another host.
        case wrongHost
        /// The certificate is out of its dates.
        case expired
        /// The server shows another certificate than the one that is known for it.
        case changed
        /// The server has no certificate: it offers only anonymous ciphers, as OMERO did before omero-certificates.
        case anonymousOnly
        /// No version of TLS that both sides accept.
        case version
        /// Another failure of the handshake.
        case handshake
    }

    /// What went wrong, for programs.
    public var kind: Kind
    /// What happened, in one sentence without its full stop.
    public var message: String
    /// What to do about it; nil where there is nothing to advise.
    public var advice: String?
    /// The server, as a URL; nil before one was chosen.
    public var endpoint: String?
    /// How far it had come; nil where that means nothing.
    public var phase: Phase?
    /// Which check of TLS failed; nil for other kinds.
    public var tls: TLSProblem?
    /// How often it was tried.
    public var attempts: Int
    /// Whether the call may have been carried out although no answer came. False means that repeating it is safe.
    public var mayHaveHappened: Bool
    /// The name of the server's exception, such as `omero.SecurityViolation`.
    public var serverException: String?
    /// The error underneath. What it says may be a server's own words, which are not made for users and logs.
    public var cause: (any Error)?
    /// What was tried, where no connection came about: each step at each address, with its time.
    public var report: ConnectReport? {
        get { if case .of(let report) = keptReport { report } else { nil } }
        set { keptReport = newValue.map(KeptReport.of) ?? .absent }
    }
    private var keptReport = KeptReport.absent

    /// Out of line: an error is a part of many frames and states, and hardly one has a report.
    private enum KeptReport: Sendable {
        case absent
        indirect case of(ConnectReport)
    }

    public init(
        _ kind: Kind,
        _ message: String,
        advice: String? = nil,
        endpoint: String? = nil,
        phase: Phase? = nil,
        tls: TLSProblem? = nil,
        attempts: Int = 1,
        mayHaveHappened: Bool = false,
        serverException: String? = nil,
        cause: (any Error)? = nil
    ) {
        self.kind = kind
        self.message = message
        self.advice = advice
        self.endpoint = endpoint
        self.phase = phase
        self.tls = tls
        self.attempts = attempts
        self.mayHaveHappened = mayHaveHappened
        self.serverException = serverException
        self.cause = cause
    }

    public var description: String {
        var text = message
        if let endpoint { text += " [\(endpoint)]" }
        if attempts > 1 { text += ", after \(attempts) attempts" }
        if mayHaveHappened { text += "; it may have been carried out" }
        if let advice { text += ". \(advice)" }
        return text
    }
}

extension GatewayError {
    private var said: [AnyHashable?] {
        [kind, message, advice, endpoint, phase, tls, attempts, mayHaveHappened, serverException]
    }

    public static func == (left: Self, right: Self) -> Bool { left.said == right.said }
    public func hash(into hasher: inout Hasher) { hasher.combine(said) }
}

extension GatewayError: CustomReflectable {
    /// The cause is named, not shown: a server's words may hold the key of a session.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "kind": kind, "message": message, "advice": advice as Any, "endpoint": endpoint as Any,
                "phase": phase as Any, "tls": tls as Any, "attempts": attempts, "mayHaveHappened": mayHaveHappened,
                "serverException": serverException as Any, "cause": cause.map { "\(type(of: $0))" } as Any,
                "report": report as Any,
            ])
    }
}

extension GatewayError: LocalizedError {
    /// What happened and where; ``recoverySuggestion`` has the advice.
    public var errorDescription: String? {
        var error = self
        error.advice = nil
        return error.description
    }
    /// ``advice``.
    public var recoverySuggestion: String? { advice }
}
