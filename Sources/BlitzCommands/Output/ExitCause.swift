/// The exit codes of `blitz`: one per cause, so that a script can tell them apart. They are a promise.
enum ExitCause: Int32, CaseIterable, Sendable {
    case done = 0
    case failed = 1
    case setting = 2
    case unreachable = 3
    case notTrusted = 4
    case notOMERO = 5
    case refused = 6
    case notInGroup = 7
    case noSession = 8
    case connectionLost = 9
    case notAllowed = 10
    case notFound = 11
    case invalidRequest = 12
    case timedOut = 13
    case server = 14
    case disk = 15
    case portInUse = 16
    /// The code that the parser of arguments gives, after `sysexits.h`.
    case usage = 64
    /// What shells give to a program that SIGINT ended.
    case interrupted = 130

    /// What `blitz help exit-codes` says of it.
    var meaning: String {
        switch self {
        case .done: "Done."
        case .failed: "Something else went wrong."
        case .setting: "Something is missing or can't be used: a setting, an answer, a file."
        case .unreachable: "No server there: wrong host or port, server or network down."
        case .notTrusted: "TLS failed: the certificate is not trusted, or another one than before."
        case .notOMERO: "Something answers, but it is no OMERO server, or the other kind of port."
        case .refused: "The log-in was refused: password, inactive account, too many tries."
        case .notInGroup: "No member of that group, or there is none of that name."
        case .noSession: "There is no session, or it is over: log in."
        case .connectionLost: "The connection broke, and did not come back."
        case .notAllowed: "The user may not do that."
        case .notFound: "There is no such object, user or group, or the user may not see it."
        case .invalidRequest: "The server can't do that with these values."
        case .timedOut: "It took too long."
        case .server: "The server failed, or was not understood."
        case .disk: "A file can't be read or written here, or the disk is full."
        case .portInUse: "blitz serve: another program listens on the port."
        case .usage: "The command line was not understood."
        case .interrupted: "Ended with Ctrl-C."
        }
    }

    /// The codes as lines of a table, for the help.
    static var table: String {
        allCases.map { cause in
            let code = String(cause.rawValue)
            return String(repeating: " ", count: max(0, 5 - code.count)) + "\(code)  \(cause.meaning)"
        }.joined(separator: "\n")
    }
}
