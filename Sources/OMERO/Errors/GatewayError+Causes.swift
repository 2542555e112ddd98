import Glacier2
import Ice
import OMEROAPI
import OMEROModel

extension GatewayError {
    /// What an error from underneath means to a user. Cancellation stays what it is.
    static func explaining(
        _ error: any Error,
        during phase: Phase,
        at address: ServerAddress?
    ) -> any Error {
        if error is CancellationError { return error }
        return GatewayError(explaining: error, during: phase, at: address)
    }

    package init(explaining error: any Error, during phase: Phase, at address: ServerAddress? = nil) {
        let endpoint = address.map { "\($0.withoutUser)" }
        switch error {
        case let error as GatewayError:
            self = error
            if self.endpoint == nil { self.endpoint = endpoint }
        case let error as IceError:
            self.init(ice: error, during: phase, at: address)
        case let error as PermissionDeniedException:
            self.init(login: error, at: endpoint)
        case let error as WrappedCreateSessionException:
            self.init(refusedSession: error, at: endpoint)
        case let error as CannotCreateSessionException:
            self.init(
                .throttled, "the server opens no session: \(error.reason.shown)", endpoint: endpoint, phase: .login,
                cause: error)
        case let error as ModelError:
            self.init(
                .protocolError, "the server left out what was asked for: \(error)", endpoint: endpoint, phase: phase,
                cause: error)
        case let error as any ServerErrorProtocol:
            self.init(server: error, during: phase, at: endpoint)
        default:
            self.init(.serverError, "\(error)".shown, endpoint: endpoint, phase: phase, cause: error)
        }
    }

    private init(ice error: IceError, during phase: Phase, at address: ServerAddress?) {
        let kind: Kind
        var advice: String?
        var problem: TLSProblem?
        let host = address?.host ?? "the server"
        switch error.code {
        case .cannotResolve:
            kind = .cannotResolve
            advice = "Check the spelling of \(host)"
        case .connectionRefused:
            kind = .refused
            advice = address.map {
                "Check that the server runs and that \($0.port) is its port (OMERO's are 4064 with TLS, 4063 without)"
            }
        case .proxyFailure: kind = .unreachable
        case .unreachable:
            kind = .unreachable
            advice = "Check the network, and whether a VPN is needed"
        case .connectTimeout:
            kind = .timedOut
            advice = "A firewall may drop what is sent to that port"
        case .handshakeTimeout:
            kind = .timedOut
            // Who speaks another language waits for the other side to begin.
            advice = Self.otherDoor
        case .invocationTimeout, .peerSilent: kind = .timedOut
        case .tlsFailure:
            (kind, problem, advice) = Self.explain(error.cause as? TLSFailure)
        case .webSocketFailure:
            kind = .notAnOMEROServer
            advice =
                "Check the path of the WebSocket, and the port: ws:// and wss:// lead through a web server, OMERO's own "
                + "ports are 4064 (ssl://) and 4063 (tcp://)"
        case .protocolError, .messageTooLarge:
            kind = phase == .connect || phase == .router ? .notAnOMEROServer : .protocolError
            advice = kind == .notAnOMEROServer ? Self.otherDoor : nil
        case .objectNotExist, .facetNotExist, .operationNotExist:
            switch phase {
            case .connect, .router, .login: kind = .notAnOMEROServer
            default: kind = error.code == .objectNotExist ? .sessionExpired : .serverError
            }
        case .connectionLost, .connectionClosedByPeer, .connectionClosed, .shutDown:
            // Who spoke TLS and then hung up is not somebody else, but a server that stops, or a network that broke.
            let isUnknown = phase == .connect || phase == .router
            kind = isUnknown && address?.transport.isSecure != true ? .notAnOMEROServer : .connectionLost
            advice = kind == .notAnOMEROServer ? Self.otherDoor : nil
        case .noEndpoint, .illegalArgument: kind = .badConfiguration
        case .marshal: kind = .protocolError
        case .unknownLocalException, .unknownUserException, .unknownException: kind = .serverError
        case .system, .limitReached: kind = phase == .connect ? .unreachable : .serverError
        }
        if error.phase == .proxy { advice = "Check the proxy's address, who may use it, and where it may connect to" }
        self.init(
            kind,
            error.message.shown,
            advice: advice,
            endpoint: address.map { "\($0.withoutUser)" } ?? error.endpoint,
            phase: Phase(error.phase) ?? phase,
            tls: problem,
            mayHaveHappened: error.mayHaveBeenDispatched,
            cause: error
        )
    }

    /// TLS at a port without it, none at a port with it, or another service: each end sees only that it is not
    /// understood.
    private static let otherDoor =
        "That port may be meant for the other way, or belong to something else: OMERO's are 4064 with TLS (ssl://), 4063 "
        + "without (tcp://)"

    /// The TLS problem is nil for what is no failure of TLS.
    private static func explain(_ failure: TLSFailure?) -> (Kind, TLSProblem?, String?) {
        switch failure?.reason {
        case .noCommonCipher:
            (
                .tls, .anonymousOnly,
                "The server seems to have no certificate and offers only anonymous ciphers, which this client does not "
                    + "use. Its administrator can mend that: install omero-certificates, run 'omero certificates', restart"
            )
        case .protocolVersion:
            (
                .tls, .version,
                "The server speaks only versions of TLS that are no longer safe. Its administrator can allow TLS 1.2: "
                    + "'omero config set omero.glacier2.IceSSL.Protocols TLS1_2,TLS1_3'"
            )
        case .serverChanged, .fingerprintMismatch:
            (
                .tls, .changed,
                "If the server got a new certificate, ask its administrator for the fingerprint and forget the old one; "
                    + "else somebody may be in between"
            )
        case .hostnameMismatch:
            (.tls, .wrongHost, "Use the name that stands in the certificate, or pin its fingerprint")
        case .expired, .notYetValid:
            (.tls, .expired, "Check this machine's clock; else the server needs a new certificate")
        case .unknownAuthority, .noCertificate:
            (.tls, .untrusted, "Give the authority's certificate, pin the server's fingerprint, or trust on first use")
        case .notTLS:
            (.notAnOMEROServer, nil, "That port has no TLS: OMERO's are 4064 with TLS (ssl://), 4063 without (tcp://)")
        case .closed: (.tls, .handshake, otherDoor)
        case .knownServers:
            (
                .badConfiguration, nil,
                "Look at the permissions and at the free space there. A damaged file can be moved away, or another folder "
                    + "named in OMERO_USERDIR: then servers are remembered anew"
            )
        case .invalidSettings, .invalidHost: (.badConfiguration, nil, nil)
        default: (.tls, .handshake, nil)
        }
    }

    private init(login error: PermissionDeniedException, at endpoint: String?) {
        let reason = error.reason.shown
        if reason.contains("joinSession") {
            self.init(
                .wrongUserOrPassword, "the session's key must be given by itself, not as a password",
                advice: "Use Credentials.sessionKey", endpoint: endpoint, phase: .login, cause: error)
        } else if reason.lowercased().contains("too many") {
            self.init(
                .throttled, "the server refuses further log-ins for now: \(reason)",
                advice: "Wait some seconds, and check the password before the next try", endpoint: endpoint,
                phase: .login, cause: error)
        } else {
            self.init(
                .wrongUserOrPassword, "the server does not accept this user and password",
                advice: "Check both. After several failures the server answers more slowly", endpoint: endpoint,
                phase: .login, serverException: "Glacier2.PermissionDeniedException", cause: error)
        }
    }

    private init(refusedSession error: WrappedCreateSessionException, at endpoint: String?) {
        let reason = error.reason.shown
        let type = error.type.split(separator: ".").last ?? ""
        let kind: Kind
        var advice: String?
        if error.concurrency {
            kind = .throttled
            advice = error.backOff > 0 ? "Try again in \(error.backOff) ms" : "Try again later"
        } else if reason.contains("No such group") {
            kind = .notInGroup
            advice = "Check the group's name; without one the user's default group is taken"
        } else if reason.contains("Can't find default group") {
            kind = .inactiveUser
            advice = "An administrator has to put the account into a group"
        } else if type == "OverUsageException" {
            kind = .throttled
            advice = "Close sessions that are not needed any more"
        } else if type == "RemovedSessionException" || type == "SessionTimeoutException" {
            kind = .sessionExpired
        } else {
            kind = .serverError
        }
        self.init(
            kind, "the server opens no session: \(reason)", advice: advice, endpoint: endpoint, phase: .login,
            serverException: "omero.\(type)", cause: error)
    }

    private init(server error: any ServerErrorProtocol, during phase: Phase, at endpoint: String?) {
        let name = Swift.type(of: error).descriptor.typeID.split(separator: ":").joined(separator: ".")
        var text = error.message.shown
        if text.isEmpty { text = "the server gave no reason (\(name))" }
        let kind: Kind
        var advice: String?
        switch error {
        case is any SessionExceptionProtocol:
            kind = error is RemovedSessionException ? .sessionEnded : .sessionExpired
            advice = "Log in again"
        case is any SecurityViolationProtocol:
            if text.contains("is not a member of group") {
                kind = .notInGroup
            } else if text.contains("No matching roles found"), text.allowsRole("user") {
                kind = .inactiveUser
                text = "the account is there, but may not log in"
                advice = "An administrator can activate the account, by putting it into the group 'user'"
            } else {
                kind = .noPermission
            }
        case is OverUsageException: kind = .throttled
        case is any ApiUsageExceptionProtocol where text.hasPrefix("No such group: ") && phase == .call:
            kind = .notInGroup
        case is ValidationException, is any ApiUsageExceptionProtocol, is any ValidationExceptionProtocol:
            kind = .invalidRequest
        case is any ConcurrencyExceptionProtocol: kind = .serverError
        default: kind = .serverError
        }
        self.init(
            kind, text, advice: advice, endpoint: endpoint, phase: phase, serverException: name, cause: error)
    }
}

extension IceError.Code {
    /// Whether the connection was there, and is not any more.
    var isEndOfConnection: Bool {
        switch self {
        case .connectionLost, .connectionClosedByPeer, .connectionClosed, .shutDown: true
        default: false
        }
    }
}

extension GatewayError.Phase {
    init?(_ phase: IceError.Phase?) {
        switch phase {
        case .resolve: self = .resolve
        case .connect: self = .connect
        case .proxy: self = .proxy
        case .tls: self = .tls
        case .webSocket: self = .webSocket
        case .validation: self = .router
        case .invocation, .listen, nil: return nil
        case .close: self = .close
        }
    }
}

extension String {
    /// Whether a refusal lists that role, which every active user has, among those that may: `(allowed: [user])`.
    fileprivate func allowsRole(_ role: String) -> Bool {
        guard let range = firstRange(of: "(allowed: [") else { return false }
        return self[range.upperBound...].prefix { $0 != "]" }.split(separator: ",")
            .contains { $0.drop { $0 == " " } == role }
    }

    /// A server's text as it may be shown: without control characters, without keys of sessions, and with an end.
    var shown: String {
        let limit = 2000
        var text = String(
            prefix(limit).map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? " " : $0 })
        if text.utf8.count < utf8.count { text += "…" }
        text = text.withoutUUIDs
        while text.hasSuffix(".") || text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}

extension String {
    /// With dots in place of UUIDs: servers name sessions by their keys, and who has one is the session's user.
    var withoutUUIDs: String {
        guard utf8.count >= 36 else { return self }
        var bytes = Array(utf8)
        var start = 0
        while start + 36 <= bytes.count {
            let isUUID = (0..<36).allSatisfy { index in
                let byte = bytes[start + index]
                return [8, 13, 18, 23].contains(index)
                    ? byte == UInt8(ascii: "-") : Character(UnicodeScalar(byte)).isHexDigit
            }
            if isUUID { bytes.replaceSubrange(start..<start + 36, with: Array("•••".utf8)) }
            start += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ServerAddress {
    /// For errors: who logs in is nobody else's business.
    var withoutUser: ServerAddress {
        var address = self
        address.user = nil
        return address
    }
}
