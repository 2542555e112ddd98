/// How TLS connections are made and accepted: whom to trust, and who this side is.
public struct TLSSettings: Sendable {
    /// Which servers a client trusts.
    public var trust: TLSTrust
    /// Whether the server's certificate must be for its host name or address. Nil does what fits the trust: yes for
    /// authorities, no for certificates that are known by their fingerprint.
    public var verifiesHostname: Bool?
    /// The oldest version that is spoken.
    public var minimumVersion: TLSProtocolVersion
    /// Nil allows every version from the minimum on.
    public var maximumVersion: TLSProtocolVersion?
    /// The certificate and key of this side. A server must have one, a client may.
    public var identity: TLSIdentity?
    /// What a server asks of its clients.
    public var clientCertificates: TLSClientCertificates

    public init(
        trust: TLSTrust = .systemRoots,
        verifiesHostname: Bool? = nil,
        minimumVersion: TLSProtocolVersion = .v1_2,
        maximumVersion: TLSProtocolVersion? = nil,
        identity: TLSIdentity? = nil,
        clientCertificates: TLSClientCertificates = .notRequested
    ) {
        self.trust = trust
        self.verifiesHostname = verifiesHostname
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
        self.identity = identity
        self.clientCertificates = clientCertificates
    }
}

/// Which servers a client trusts.
public enum TLSTrust: Sendable {
    /// Those whose certificate an authority known to the operating system has signed.
    case systemRoots
    /// Those whose certificate one of these authorities has signed: PEM, any number of certificates each.
    case roots([TLSSource])
    /// Those with one of these certificates, whoever signed it and whatever name it bears.
    case pinned(Set<CertificateFingerprint>)
    /// A server's first certificate is remembered, and no other one accepted from then on.
    case trustOnFirstUse(any KnownServersStore)
    /// Anyone: the connection is secret, but from whom is not known. For tests and for closed networks.
    case none
}

/// The versions of TLS that are fit for use.
public enum TLSProtocolVersion: Int, Sendable, Hashable, Comparable, CaseIterable, CustomStringConvertible {
    /// Version 1.2.
    case v1_2 = 2
    /// Version 1.3.
    case v1_3 = 3

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public var description: String { "TLS 1.\(rawValue)" }
}

/// Certificates or keys: a file, or what would stand in it.
public enum TLSSource: Sendable, Hashable {
    /// The path of a file.
    case file(String)
    /// What would stand in the file.
    case bytes([UInt8])
}

/// A certificate and its private key.
public enum TLSIdentity: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// PEM: the certificate, followed by those between it and its authority; and the key.
    case pem(chain: TLSSource, key: TLSSource, passphrase: String? = nil)
    /// PKCS #12: both in one.
    case pkcs12(TLSSource, passphrase: String? = nil)

    /// Says nothing of key or passphrase, so that they don't get into logs.
    public var description: String {
        switch self {
        case .pem: "certificate and key (PEM)"
        case .pkcs12: "certificate and key (PKCS #12)"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whether a server asks its clients for certificates.
public enum TLSClientCertificates: Sendable, Hashable {
    /// Clients are not asked.
    case notRequested
    /// A client may show one; it must then be signed by one of these authorities.
    case optional(roots: [TLSSource])
    /// A client must show one that is signed by one of these authorities.
    case required(roots: [TLSSource])
}

/// What is known of the other side once TLS is established.
public struct TLSPeerInfo: Sendable, Hashable {
    /// The version that both sides agreed on.
    public var version: TLSProtocolVersion
    /// The fingerprint of the peer's certificate; nil if it showed none, as most clients don't.
    public var fingerprint: CertificateFingerprint?
    /// The peer's certificate, DER.
    public var certificate: [UInt8]?

    public init(version: TLSProtocolVersion, fingerprint: CertificateFingerprint?, certificate: [UInt8]?) {
        self.version = version
        self.fingerprint = fingerprint
        self.certificate = certificate
    }
}
