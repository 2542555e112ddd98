@testable import Ice
import NIOCore
import NIOSSL
import Testing

@Suite("TLS over loopback")
struct TLSTests {
    static let server = TLSSettings(identity: TLSTest.identity("server"))
    static let trustsCA = TLSTrust.roots([TLSTest.file("ca.pem")])

    @Test("a server of a trusted authority is accepted, by name and by address", arguments: ["localhost", "127.0.0.1"])
    func roots(host: String) async throws {
        let outcome = try await TLSTest.connect(
            client: .init(trust: Self.trustsCA), server: Self.server, host: host, talk: true)
        let info = try outcome.client.get()
        #expect(info.version == .v1_3)
        #expect(info.fingerprint == (try TLSTest.fingerprint("server")))
        #expect(info.certificate?.isEmpty == false)
        #expect(try outcome.server.get().fingerprint == nil)
        #expect(try outcome.afterwards?.get().readableBytes == 1)
    }

    @Test("roots may be given as bytes")
    func rootBytes() async throws {
        let settings = TLSSettings(
            trust: .roots([.bytes(try TLSTest.bytes("stranger-ca.pem")), TLSTest.file("ca.pem")]))
        #expect(try await TLSTest.connect(client: settings, server: Self.server).clientFailure == nil)
    }

    @Test(
        "the error names the check that failed",
        arguments: [
            ("wronghost", "localhost", TLSFailure.Reason.hostnameMismatch(host: "localhost")),
            ("server", "example.org", .hostnameMismatch(host: "example.org")),
            ("stranger", "localhost", .unknownAuthority),
            ("expired", "localhost", .expired(at: 1_580_515_200)),
            ("future", "localhost", .notYetValid(before: 253_339_228_800)),
        ])
    func refused(identity: String, host: String, reason: TLSFailure.Reason) async throws {
        let server = TLSSettings(identity: TLSTest.identity(identity))
        let outcome = try await TLSTest.connect(client: .init(trust: Self.trustsCA), server: server, host: host)
        #expect(outcome.clientFailure == reason)
        if case .failure(let error as TLSFailure) = outcome.client {
            #expect(error.peerFingerprint == (try TLSTest.fingerprint(identity)))
        }
    }

    @Test("no authority of the system has signed the tests' certificates")
    func systemRoots() async throws {
        let outcome = try await TLSTest.connect(client: .init(), server: Self.server, host: "localhost")
        #expect(outcome.clientFailure == .unknownAuthority)
    }

    @Test("without the check of the host's name any certificate of the authority does")
    func anyHost() async throws {
        let client = TLSSettings(trust: Self.trustsCA, verifiesHostname: false)
        let server = TLSSettings(identity: TLSTest.identity("wronghost"))
        #expect(try await TLSTest.connect(client: client, server: server, host: "localhost").clientFailure == nil)
    }

    @Test(
        "a pinned certificate is accepted whatever else is wrong with it",
        arguments: ["stranger", "expired", "wronghost"])
    func pinned(identity: String) async throws {
        let found = try TLSTest.fingerprint(identity)
        let client = TLSSettings(trust: .pinned([try TLSTest.fingerprint("other"), found]))
        let outcome = try await TLSTest.connect(
            client: client, server: .init(identity: TLSTest.identity(identity)), talk: true)
        #expect(try outcome.client.get().fingerprint == found)
        #expect(try outcome.afterwards?.get().readableBytes == 1)
    }

    @Test("another certificate than the pinned one is refused, with both fingerprints")
    func notPinned() async throws {
        let expected: Set = [try TLSTest.fingerprint("other")]
        let outcome = try await TLSTest.connect(client: .init(trust: .pinned(expected)), server: Self.server)
        let found = try TLSTest.fingerprint("server")
        #expect(outcome.clientFailure == .fingerprintMismatch(expected: expected, found: found))
        #expect(throws: (any Error).self) { try outcome.server.get() }
    }

    @Test("a pinned certificate may have to be for the host, too")
    func pinnedAndNamed() async throws {
        let pins = TLSTrust.pinned([try TLSTest.fingerprint("wronghost")])
        let client = TLSSettings(trust: pins, verifiesHostname: true)
        let server = TLSSettings(identity: TLSTest.identity("wronghost"))
        let outcome = try await TLSTest.connect(client: client, server: server, host: "localhost")
        #expect(outcome.clientFailure == .hostnameMismatch(host: "localhost"))
    }

    @Test("the first certificate is remembered, and another one refused")
    func firstUse() async throws {
        let store = FixedPortServers()
        let client = TLSSettings(trust: .trustOnFirstUse(store))
        for _ in 0..<2 {
            #expect(try await TLSTest.connect(client: client, server: Self.server).clientFailure == nil)
        }
        let known = try TLSTest.fingerprint("server")
        #expect(store.inner.fingerprint(host: "127.0.0.1", port: 0) == known)
        let other = TLSSettings(identity: TLSTest.identity("other"))
        let outcome = try await TLSTest.connect(client: client, server: other)
        #expect(outcome.clientFailure == .serverChanged(known: known, found: try TLSTest.fingerprint("other")))
        #expect(store.inner.fingerprint(host: "127.0.0.1", port: 0) == known)
    }

    @Test("a store that can't be read refuses the server")
    func brokenStore() async throws {
        let client = TLSSettings(trust: .trustOnFirstUse(KnownServersFile(path: "/dev/null/known_servers")))
        let outcome = try await TLSTest.connect(client: client, server: Self.server)
        guard case .knownServers = outcome.clientFailure else {
            Issue.record("\(outcome.client)")
            return
        }
    }

    @Test("with no trust required anyone is accepted, and the fingerprint known")
    func noTrust() async throws {
        let server = TLSSettings(identity: TLSTest.identity("stranger"))
        let outcome = try await TLSTest.connect(client: .init(trust: .none), server: server, host: "localhost")
        #expect(try outcome.client.get().fingerprint == (try TLSTest.fingerprint("stranger")))
    }

    @Test("the versions are kept to")
    func versions() async throws {
        let old = TLSSettings(trust: Self.trustsCA, maximumVersion: .v1_2)
        #expect(try await TLSTest.connect(client: old, server: Self.server).client.get().version == .v1_2)
        let new = TLSSettings(minimumVersion: .v1_3, identity: TLSTest.identity("server"))
        #expect(try await TLSTest.connect(client: old, server: new).clientFailure == .protocolVersion)
        #expect(throws: TLSFailure.self) {
            try TLSSettings(minimumVersion: .v1_3, maximumVersion: .v1_2).makeClientContext()
        }
    }

    @Test(
        "a server sees the certificate of its client",
        arguments: [
            TLSTest.identity("client"),
            .pkcs12(TLSTest.file("client.p12"), passphrase: "password"),
            .pem(chain: TLSTest.file("client.pem"), key: TLSTest.file("client-encrypted.key"), passphrase: "password"),
        ])
    func client(identity: TLSIdentity) async throws {
        let client = TLSSettings(trust: Self.trustsCA, identity: identity)
        for asked in [
            TLSClientCertificates.required(roots: [TLSTest.file("ca.pem")]), .optional(roots: [TLSTest.file("ca.pem")]),
        ] {
            let server = TLSSettings(identity: TLSTest.identity("server"), clientCertificates: asked)
            let outcome = try await TLSTest.connect(client: client, server: server, talk: true)
            #expect(try outcome.server.get().fingerprint == (try TLSTest.fingerprint("client")))
            #expect(try outcome.afterwards?.get().readableBytes == 1)
        }
    }

    @Test(
        "a client without a certificate is refused where one is required, in both versions",
        arguments: TLSProtocolVersion.allCases)
    func clientRequired(version: TLSProtocolVersion) async throws {
        let client = TLSSettings(trust: Self.trustsCA, maximumVersion: version)
        let server = TLSSettings(
            identity: TLSTest.identity("server"),
            clientCertificates: .required(roots: [TLSTest.file("ca.pem")])
        )
        let outcome = try await TLSTest.connect(client: client, server: server, talk: true)
        guard case .failure(let failure as TLSFailure) = outcome.server else {
            Issue.record("\(outcome.server)")
            return
        }
        #expect(failure.reason == .noCertificate)
        if version == .v1_3 {
            // The client's handshake is complete by then; the refusal comes as an error afterwards.
            guard case .failure(let late as TLSFailure)? = outcome.afterwards else {
                Issue.record("\(String(describing: outcome.afterwards))")
                return
            }
            #expect(late.reason == .clientCertificateRequired)
        } else {
            #expect(throws: TLSFailure.self) { try outcome.client.get() }
        }
    }

    @Test("a client's certificate of a stranger is refused")
    func clientStranger() async throws {
        let client = TLSSettings(trust: Self.trustsCA, identity: TLSTest.identity("stranger"))
        let server = TLSSettings(
            identity: TLSTest.identity("server"),
            clientCertificates: .optional(roots: [TLSTest.file("ca.pem")])
        )
        let outcome = try await TLSTest.connect(client: client, server: server, talk: true)
        guard case .failure(let failure as TLSFailure) = outcome.server, failure.reason == .unknownAuthority else {
            Issue.record("\(outcome.server)")
            return
        }
    }

    @Test(
        "servers that don't speak TLS, or not with us, are told apart",
        arguments: [
            ([0x49, 0x63, 0x65, 0x50, 1, 0, 1, 0, 3, 0, 14, 0, 0, 0], TLSFailure.Reason.notTLS),
            (Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), .notTLS),
            ([], .closed),
            // The alert handshake_failure, which a server with anonymous ciphers only sends.
            ([0x15, 3, 3, 0, 2, 2, 40], .noCommonCipher),
            ([0x15, 3, 3, 0, 2, 2, 70], .protocolVersion),
        ])
    func strangeServers(bytes: [UInt8], reason: TLSFailure.Reason) async throws {
        #expect(try await TLSTest.connect(toServerSaying: bytes) == reason)
    }

    @Test(
        "names of certificates match hosts label by label",
        arguments: [
            ("localhost", "LOCALHOST", true), ("a.example.org", "a.example.org.", true),
            ("*.example.org", "a.example.org", true),
            ("*.example.org", "a.b.example.org", false), ("*.example.org", "example.org", false),
            ("*.org", "example.org", false),
            ("*", "localhost", false), ("a*.example.org", "ab.example.org", false), ("", "", false),
            ("a..b", "a..b", false),
            ("a.example.org", "b.example.org", false), ("*.example.org", "*.example.org", true),
        ])
    func names(name: String, host: String, matches: Bool) {
        #expect(TLSHostname.matches(name, host: host) == matches)
    }

    @Test("settings that can't be used say why")
    func settings() throws {
        let key = TLSTest.file("client-encrypted.key")
        let chain = TLSTest.file("client.pem")
        let unusable: [TLSSettings] = [
            .init(trust: .roots([.file("/nonexistent.pem")])),
            .init(trust: .roots([.bytes([1, 2, 3])])),
            .init(trust: .roots([])),
            .init(trust: .none, identity: .pem(chain: chain, key: key)),
            .init(trust: .none, identity: .pem(chain: chain, key: key, passphrase: "wrong")),
            .init(trust: .none, identity: .pem(chain: chain, key: TLSTest.file("server.key"))),
            .init(trust: .none, identity: .pkcs12(TLSTest.file("client.p12"), passphrase: "wrong")),
        ]
        for settings in unusable {
            do throws(TLSFailure) {
                _ = try settings.makeClientContext()
                Issue.record("\(settings)")
            } catch {
                guard case .invalidSettings = error.reason else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        #expect(throws: TLSFailure.self) { try TLSSettings().makeServerContext() }
        let text = String(
            reflecting: TLSSettings(identity: .pem(chain: chain, key: .bytes([77]), passphrase: "secret")))
        #expect(!text.contains("secret") && !text.contains("77"))
    }
}

/// A store that looks away from the port, which loopback servers have anew each time.
struct FixedPortServers: KnownServersStore {
    let inner = InMemoryKnownServers()
    func fingerprint(host: String, port: Int) -> CertificateFingerprint? { inner.fingerprint(host: host, port: 0) }
    func remember(_ fingerprint: CertificateFingerprint, host: String, port: Int) -> CertificateFingerprint {
        inner.remember(fingerprint, host: host, port: 0)
    }
    func forget(host: String, port: Int) { inner.forget(host: host, port: 0) }
}
