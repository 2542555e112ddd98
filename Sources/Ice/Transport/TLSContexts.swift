import NIOCore
import NIOSSL

extension TLSSettings {
    /// Reads certificates and key and makes what all client connections with these settings share. Costly with the
    /// system's authorities: make it once, not on an event loop.
    func makeClientContext() throws(TLSFailure) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = checksHostname ? .fullVerification : .noHostnameVerification
        switch trust {
        case .systemRoots: configuration.trustRoots = .default
        case .roots(let sources): configuration.trustRoots = .certificates(try Self.certificates(sources))
        // The callback decides alone; see TLSVerifier.
        case .pinned, .trustOnFirstUse, .none: configuration.trustRoots = .certificates([])
        }
        if let identity { try identity.apply(to: &configuration) }
        return try makeContext(&configuration)
    }

    /// The same for a server. It must have an ``identity``.
    func makeServerContext() throws(TLSFailure) -> NIOSSLContext {
        guard let identity else { throw TLSFailure(.invalidSettings("a server needs a certificate and key")) }
        // Which side a connection is on is decided by its handler; all that differs is set here.
        var configuration = TLSConfiguration.makeClientConfiguration()
        try identity.apply(to: &configuration)
        switch clientCertificates {
        case .notRequested:
            configuration.certificateVerification = .none
            configuration.trustRoots = .certificates([])
        case .optional(let roots):
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = .certificates(try Self.certificates(roots))
        case .required(let roots):
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(try Self.certificates(roots))
        }
        return try makeContext(&configuration)
    }

    /// Whether the certificate must be for the host.
    var checksHostname: Bool {
        if let verifiesHostname { return verifiesHostname }
        return switch trust {
        case .systemRoots, .roots: true
        case .pinned, .trustOnFirstUse, .none: false
        }
    }

    private func makeContext(_ configuration: inout TLSConfiguration) throws(TLSFailure) -> NIOSSLContext {
        guard maximumVersion.map({ $0 >= minimumVersion }) ?? true else {
            throw TLSFailure(.invalidSettings("the minimum version is above the maximum version"))
        }
        configuration.minimumTLSVersion = minimumVersion.library
        configuration.maximumTLSVersion = maximumVersion?.library
        // How long TLS waits for the peer's farewell: Ice has said its own before, and a silent peer must not hold up
        // an end that has a limit.
        configuration.shutdownTimeout = .seconds(1)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSFailure(.invalidSettings("\(error)"), cause: error)
        }
    }

    private static func certificates(_ sources: [TLSSource]) throws(TLSFailure) -> [NIOSSLCertificate] {
        var certificates: [NIOSSLCertificate] = []
        for source in sources { certificates += try source.certificates() }
        guard !certificates.isEmpty else { throw TLSFailure(.invalidSettings("there are no authorities to trust")) }
        return certificates
    }
}

extension TLSProtocolVersion {
    var library: TLSVersion {
        switch self {
        case .v1_2: .tlsv12
        case .v1_3: .tlsv13
        }
    }

    init?(_ version: TLSVersion) {
        switch version {
        case .tlsv12: self = .v1_2
        case .tlsv13: self = .v1_3
        default: return nil
        }
    }
}

extension TLSSource {
    fileprivate func certificates() throws(TLSFailure) -> [NIOSSLCertificate] {
        do {
            return switch self {
            case .file(let path): try NIOSSLCertificate.fromPEMFile(path)
            case .bytes(let bytes): try NIOSSLCertificate.fromPEMBytes(bytes)
            }
        } catch {
            throw TLSFailure(.invalidSettings("\(name) can't be read, or holds no certificate (PEM)"), cause: error)
        }
    }

    fileprivate var name: String {
        switch self {
        case .file(let path): path
        case .bytes: "what was given"
        }
    }
}

extension TLSIdentity {
    fileprivate func apply(to configuration: inout TLSConfiguration) throws(TLSFailure) {
        switch self {
        case .pem(let chain, let key, let passphrase):
            configuration.certificateChain = try chain.certificates().map { .certificate($0) }
            do {
                configuration.privateKey = .privateKey(try Self.key(key, passphrase))
            } catch {
                let text = "\(key.name) holds no key (PEM), or its passphrase is another"
                throw TLSFailure(.invalidSettings(text), cause: error)
            }
        case .pkcs12(let source, let passphrase):
            do {
                let bundle: NIOSSLPKCS12Bundle
                switch source {
                case .file(let path): bundle = try NIOSSLPKCS12Bundle(file: path, passphrase: passphrase?.utf8)
                case .bytes(let bytes): bundle = try NIOSSLPKCS12Bundle(buffer: bytes, passphrase: passphrase?.utf8)
                }
                configuration.certificateChain = bundle.certificateChain.map { .certificate($0) }
                configuration.privateKey = .privateKey(bundle.privateKey)
            } catch {
                let text = "\(source.name) holds no certificate with its key (PKCS #12), or its passphrase is another"
                throw TLSFailure(.invalidSettings(text), cause: error)
            }
        }
    }

    private static func key(_ source: TLSSource, _ passphrase: String?) throws -> NIOSSLPrivateKey {
        // Without a callback BoringSSL would ask on the terminal.
        let give: NIOSSLPassphraseCallback<[UInt8]> = { setter in setter(Array((passphrase ?? "").utf8)) }
        return switch source {
        case .file(let path): try NIOSSLPrivateKey(file: path, format: .pem, passphraseCallback: give)
        case .bytes(let bytes): try NIOSSLPrivateKey(bytes: bytes, format: .pem, passphraseCallback: give)
        }
    }
}
