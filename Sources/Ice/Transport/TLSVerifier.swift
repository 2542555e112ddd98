import NIOCore
import NIOSSL
import Synchronization

/// Decides about a server's certificate where no authority does, and remembers what it saw.
///
/// NIOSSL tells the outside only that verification failed; the reason is kept here until the handshake's end.
final class TLSVerifier: Sendable {
    private struct Verdict {
        var failure: TLSFailure.Reason?
        /// What the store should remember, once the server has proved that it holds the key.
        var firstSeen: CertificateFingerprint?
    }

    private let trust: TLSTrust
    private let host: String
    private let port: Int
    private let verdict = Mutex(Verdict())

    /// Nil where authorities decide.
    init?(trust: TLSTrust, host: String, port: Int) {
        switch trust {
        case .systemRoots, .roots: return nil
        case .pinned, .trustOnFirstUse, .none: break
        }
        self.trust = trust
        self.host = host
        self.port = port
    }

    /// Why the certificate was refused.
    var failure: TLSFailure.Reason? { verdict.withLock(\.failure) }

    /// The callback of NIOSSL: the chain, leaf first.
    func verify(_ chain: [NIOSSLCertificate], promise: EventLoopPromise<NIOSSLVerificationResult>) {
        let reason = refusal(chain)
        verdict.withLock { $0.failure = reason }
        promise.succeed(reason == nil ? .certificateVerified : .failed)
    }

    private func refusal(_ chain: [NIOSSLCertificate]) -> TLSFailure.Reason? {
        if case .none = trust, !chain.isEmpty { return nil }
        guard let leaf = chain.first, let der = try? leaf.toDERBytes() else { return .noCertificate }
        let found = CertificateFingerprint(ofCertificate: der)
        switch trust {
        case .systemRoots, .roots: return .unknownAuthority  // Not asked then; refusing is the safe answer.
        case .none: return nil
        case .pinned(let expected):
            return expected.contains(found) ? nil : .fingerprintMismatch(expected: expected, found: found)
        case .trustOnFirstUse(let store):
            do {
                guard let known = try store.fingerprint(host: host, port: port) else {
                    verdict.withLock { $0.firstSeen = found }
                    return nil
                }
                return known == found ? nil : .serverChanged(known: known, found: found)
            } catch {
                return .knownServers("\(error)")
            }
        }
    }

    /// Remembers a server's first certificate. Called once the handshake is complete: only then is it certain that the
    /// certificate is the server's own.
    func complete() throws(TLSFailure) {
        guard case .trustOnFirstUse(let store) = trust, let first = verdict.withLock(\.firstSeen) else { return }
        do {
            let kept = try store.remember(first, host: host, port: port)
            // Another connection to the same server may have come first.
            guard kept == first else {
                throw TLSFailure(.serverChanged(known: kept, found: first), peerFingerprint: first)
            }
        } catch let failure as TLSFailure {
            throw failure
        } catch {
            throw TLSFailure(.knownServers("\(error)"), peerFingerprint: first, cause: error)
        }
    }
}
