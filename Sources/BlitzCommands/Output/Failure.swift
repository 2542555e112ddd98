import Ice
import OMERO
import OMEROServer
import OMEROStore

/// Why a command ends without having done what it was asked: one sentence, a next step, an exit code.
struct Failure: Error, Sendable, Hashable {
    var cause: ExitCause
    /// What happened, in one sentence without its full stop.
    var message: String
    /// What to do now; nil where there is nothing to advise.
    var advice: String?

    init(_ cause: ExitCause, _ message: String, advice: String? = nil) {
        self.cause = cause
        self.message = message
        self.advice = advice
    }

    /// What any error means to whoever typed the command.
    init(explaining error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as GatewayError: self.init(gateway: error)
        case let error as ServerError: self.init(server: error)
        case let error as StoreError: self.init(store: error)
        case let error as IceError: self.init(listening: error)
        case is CancellationError: self.init(.interrupted, "interrupted")
        default: self.init(.failed, "\(error)".onOneLine)
        }
    }

    private init(gateway error: GatewayError) {
        let place = error.endpoint.map { error.message.contains($0) ? "" : " [\($0)]" } ?? ""
        let maybe = error.mayHaveHappened ? "; it may have been carried out all the same" : ""
        self.init(
            ExitCause(error.kind, phase: error.phase), (error.message + place + maybe).onOneLine,
            advice: error.advice ?? Self.nextStep(error))
        switch (error.kind, error.tls) {
        case (.tls, .changed?):
            advice =
                "Ask the server's administrator for its fingerprint. If it is the new one, remove the server's line from "
                + "\(GatewayConfiguration.knownServersPath()); if not, somebody may be in between"
        // What a port without TLS does with the beginning of a handshake is to hang up; one with TLS waits for it.
        case (.tls, .handshake?) where error.hungUp: cause = .notOMERO
        case (.timedOut, _) where error.phase == .router: cause = .notOMERO
        case (.badConfiguration, _) where error.isAboutKnownServers: cause = .disk
        default: break
        }
    }

    /// For errors that come without advice, which the library gives where it knows something special.
    private static func nextStep(_ error: GatewayError) -> String? {
        switch error.kind {
        case .sessionExpired, .sessionEnded: "Log in again: blitz login"
        case .notFound: "Check the name or the number. What there is: blitz users, blitz groups, blitz ls --group all"
        case .noPermission: "See what this account may do: blitz whoami"
        case .notInGroup where error.phase == .login:
            "Check the group's name; without one the user's default group is taken"
        case .notInGroup: "See which groups there are: blitz whoami"
        case .unreachable, .connectionLost, .timedOut, .notAnOMEROServer: "Find out more: blitz doctor"
        case .serverError, .protocolError: "The server's administrator may find more in its log"
        default: nil
        }
    }

    private init(server error: ServerError) {
        switch error.reason {
        case .dataFolderInUse:
            self.init(.disk, error.description, advice: "Stop that server, or choose another folder with --data")
        case .file:
            self.init(
                .disk, error.description,
                advice: "Look at the permissions and at the free space there, or choose another folder with --data")
        case .setting:
            self.init(.setting, error.description, advice: "Correct the value in the file of --config")
        case .noDoor:
            self.init(.setting, error.description, advice: "Open a door, for example with --port 4064")
        }
    }

    private init(store error: StoreError) {
        let advice: String?
        switch error.reason {
        case .storageFailure: advice = "Make room on the disk, or choose another folder with --data"
        case .readOnly, .cannotOpen:
            advice = "Look at who owns the data folder and at its permissions, or choose another one with --data"
        case .busy: advice = "Another program uses the database: end it"
        case .damaged: advice = "Restore the data folder from a backup, or choose another one with --data"
        case .newerSchema: advice = "Use the newer version of blitz"
        default: advice = nil
        }
        self.init(advice == nil ? .failed : .disk, "the database: \("\(error)".onOneLine)", advice: advice)
    }

    /// Only servers meet these by themselves: a gateway explains them.
    private init(listening error: IceError) {
        let message = error.message.onOneLine
        if error.phase == .listen, message.contains(" is in use") {
            self.init(
                .portInUse, "\(message): another program listens there already",
                advice: "Stop it, or choose other ports with --port and --insecure-port; 0 takes a free one")
        } else if error.phase == .listen, message.contains("needs more rights") {
            self.init(
                .setting, "\(message) than this account has",
                advice: "Choose a port from 1024 on with --port, as OMERO's own 4064")
        } else if error.phase == .listen, message.contains("is not an address of this machine") {
            self.init(.setting, message, advice: "Name an address of this machine with --host, or 0.0.0.0 for all")
        } else {
            self.init(.failed, "\(error)".onOneLine)
        }
    }

    /// As it stands on standard error.
    var lines: [String] {
        ["error: \(message.sentence)"] + (advice.map { ["       \($0.sentence)"] } ?? [])
    }
}

extension ExitCause {
    init(_ kind: GatewayError.Kind, phase: GatewayError.Phase?) {
        self =
            switch kind {
            case .badConfiguration: .setting
            case .cannotResolve, .refused, .unreachable: .unreachable
            case .tls: .notTrusted
            case .notAnOMEROServer, .serverTooOld: .notOMERO
            case .wrongUserOrPassword, .inactiveUser, .throttled: .refused
            case .notInGroup: .notInGroup
            case .sessionExpired, .sessionEnded: .noSession
            case .connectionLost, .closed: .connectionLost
            case .noPermission: .notAllowed
            case .notFound: .notFound
            case .invalidRequest: .invalidRequest
            case .timedOut:
                switch phase {
                case .resolve, .connect, .tls, .webSocket, .router: .unreachable
                default: .timedOut
                }
            case .serverError, .protocolError: .server
            }
    }
}

extension String {
    /// With a full stop, unless it ends with a mark of its own or with something to copy.
    fileprivate var sentence: String {
        guard let last, !".!?…:".contains(last) else { return self }
        return last.isLetter || last.isNumber || "\"')]".contains(last) ? self + "." : self
    }
}

extension GatewayError {
    private var tlsReason: TLSFailure.Reason? { ((cause as? IceError)?.cause as? TLSFailure)?.reason }

    fileprivate var hungUp: Bool { tlsReason == .closed }

    /// Whether the file of known servers could not be read or written.
    fileprivate var isAboutKnownServers: Bool {
        if case .knownServers? = tlsReason { true } else { false }
    }
}
