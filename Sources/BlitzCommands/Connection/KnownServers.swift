import Ice
import OMERO

/// The user's file of known servers, which says so when it learns of a new one.
struct AnnouncingKnownServers: KnownServersStore {
    let file: KnownServersFile
    /// Called on an event loop.
    let announce: @Sendable (String) -> Void

    init(environment: [String: String], announce: @escaping @Sendable (String) -> Void) {
        file = KnownServersFile(path: GatewayConfiguration.knownServersPath(environment: environment))
        self.announce = announce
    }

    func fingerprint(host: String, port: Int) throws -> CertificateFingerprint? {
        try file.fingerprint(host: host, port: port)
    }

    func remember(_ fingerprint: CertificateFingerprint, host: String, port: Int) throws -> CertificateFingerprint {
        let kept = try file.remember(fingerprint, host: host, port: port)
        if kept == fingerprint {
            announce(
                "First connection to \(host.onOneLine):\(port): its certificate is trusted from now on.\n"
                    + "  SHA-256 \(fingerprint)\n  remembered in \(file.path)")
        }
        return kept
    }

    func forget(host: String, port: Int) throws { try file.forget(host: host, port: port) }
}
