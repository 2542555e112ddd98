import NIOSSL

/// Why TLS could not be established: which check failed.
public struct TLSFailure: Error, Sendable, CustomStringConvertible {
    /// Which check failed.
    public enum Reason: Sendable, Hashable {
        // Settings
        /// A certificate or key of this side can't be read, or they don't belong together.
        case invalidSettings(String)
        /// The host is no name that TLS can send.
        case invalidHost(String)

        // The peer's certificate
        /// The server's certificate is none of those that are pinned.
        case fingerprintMismatch(expected: Set<CertificateFingerprint>, found: CertificateFingerprint)
        /// The server shows another certificate than it did the first time.
        case serverChanged(known: CertificateFingerprint, found: CertificateFingerprint)
        /// The certificate's validity has ended; seconds since 1970.
        case expired(at: Int)
        /// The certificate's validity has not begun; seconds since 1970.
        case notYetValid(before: Int)
        /// The certificate is for other names than this host.
        case hostnameMismatch(host: String)
        /// No trusted authority has signed the certificate.
        case unknownAuthority
        /// The peer showed no certificate.
        case noCertificate

        // The peer's refusal
        /// Both sides have no cipher or curve in common. Servers that offer anonymous ciphers only, as OMERO's do until
        /// they have a certificate, end here.
        case noCommonCipher
        /// Both sides have no version of TLS in common.
        case protocolVersion
        /// The server wants a certificate of this client, and none was given.
        case clientCertificateRequired
        /// The server doesn't accept this client's certificate.
        case clientCertificateRefused(String)

        // Others
        /// The peer doesn't speak TLS.
        case notTLS
        /// The connection ended during the handshake.
        case closed
        /// The store of known servers failed.
        case knownServers(String)
        /// Anything else, as this text says.
        case other(String)
    }

    /// Which check failed.
    public var reason: Reason
    /// The fingerprint of the certificate that the peer showed, if it came so far.
    public var peerFingerprint: CertificateFingerprint?
    /// What the library underneath said.
    public var cause: (any Error)?

    public init(_ reason: Reason, peerFingerprint: CertificateFingerprint? = nil, cause: (any Error)? = nil) {
        self.reason = reason
        self.peerFingerprint = peerFingerprint
        self.cause = cause
    }

    public var description: String {
        switch reason {
        case .invalidSettings(let text): "the TLS settings can't be used: \(text)"
        case .invalidHost(let host): "'\(host)' is no host name that TLS can use"
        case .fingerprintMismatch(let expected, let found):
            "the server's certificate has the fingerprint \(found), expected was "
                + expected.map(\.description).sorted().joined(separator: " or ")
        case .serverChanged(let known, let found):
            "the server's certificate has the fingerprint \(found), but at first it had \(known)"
        case .expired: "the peer's certificate has expired"
        case .notYetValid: "the peer's certificate is not valid yet"
        case .hostnameMismatch(let host): "the server's certificate is not for \(host)"
        case .unknownAuthority: "no trusted authority has signed the peer's certificate"
        case .noCertificate: "the peer showed no certificate"
        case .noCommonCipher: "no cipher is common to both sides; the server may offer anonymous ones only"
        case .protocolVersion: "no version of TLS is common to both sides"
        case .clientCertificateRequired: "the server wants a client certificate"
        case .clientCertificateRefused(let alert): "the server refused the client certificate (\(alert))"
        case .notTLS: "the peer doesn't speak TLS"
        case .closed: "the peer closed the connection during the TLS handshake"
        case .knownServers(let text): "the store of known servers failed: \(text)"
        case .other(let text): "TLS failed: \(text)"
        }
    }
}

extension TLSFailure {
    /// Says in this module's words what NIOSSL reports during a handshake.
    ///
    /// - Parameters:
    ///   - certificate: what the peer showed, if it came so far.
    ///   - now: seconds since 1970.
    init(_ error: any Error, host: String, certificate: NIOSSLCertificate?, isClient: Bool, now: Int) {
        let fingerprint = certificate.flatMap { try? CertificateFingerprint(ofCertificate: $0.toDERBytes()) }
        let reason: Reason
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            reason = .hostnameMismatch(host: host)
        case NIOSSLError.noCertificateToValidate:
            reason = .noCertificate
        case NIOSSLError.handshakeFailed(let underlying):
            reason = Self.reason(of: underlying, certificate: certificate, isClient: isClient, now: now)
        case NIOSSLError.uncleanShutdown:
            reason = .closed
        default:
            reason = .other("\(error)")
        }
        self.init(reason, peerFingerprint: fingerprint, cause: error)
    }

    private static func reason(
        of error: BoringSSLError,
        certificate: NIOSSLCertificate?,
        isClient: Bool,
        now: Int
    ) -> Reason {
        let stack: NIOBoringSSLErrorStack
        switch error {
        case .sslError(let errors), .unknownError(let errors): stack = errors
        case .syscallError, .zeroReturn: return .closed
        default: return .other("\(error)")
        }
        // BoringSSL gives its reasons as words at the end of a text.
        let texts = stack.map(\.description)
        func says(_ words: String...) -> Bool { texts.contains { text in words.contains { text.contains($0) } } }
        if says("EOF during handshake") { return .closed }
        if says("CERTIFICATE_VERIFY_FAILED") {
            if let certificate {
                // Only the leaf's dates can be looked at; those of its authorities count as unknown.
                if Int(certificate.notValidAfter) < now { return .expired(at: Int(certificate.notValidAfter)) }
                if Int(certificate.notValidBefore) > now {
                    return .notYetValid(before: Int(certificate.notValidBefore))
                }
            }
            return .unknownAuthority
        }
        if says("PEER_DID_NOT_RETURN_A_CERTIFICATE") { return .noCertificate }
        if says("CERTIFICATE_REQUIRED") { return .clientCertificateRequired }
        if says("ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "WRONG_VERSION_ON_EARLY_DATA") {
            return .protocolVersion
        }
        if says(
            "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNEXPECTED_RECORD", "UNEXPECTED_MESSAGE")
        {
            return .notTLS
        }
        if says(
            "ALERT_HANDSHAKE_FAILURE", "HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "NO_SHARED_GROUP",
            "UNKNOWN_CIPHER_RETURNED",
            "WRONG_CIPHER_RETURNED", "NO_CIPHERS_AVAILABLE")
        {
            return .noCommonCipher
        }
        for alert in [
            "ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_EXPIRED", "ALERT_CERTIFICATE_REVOKED",
            "ALERT_CERTIFICATE_UNKNOWN", "ALERT_UNSUPPORTED_CERTIFICATE", "ALERT_ACCESS_DENIED",
        ]
        where says(alert) {
            let words = alert.dropFirst(6).lowercased().split(separator: "_").joined(separator: " ")
            return isClient ? .clientCertificateRefused(words) : .other("the client refused the certificate: \(words)")
        }
        return .other(texts.joined(separator: "; "))
    }
}
