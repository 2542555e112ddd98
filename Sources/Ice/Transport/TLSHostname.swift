import NIOSSL

extension NIOSSLCertificate {
    /// Whether one of the certificate's DNS names is that of the host.
    ///
    /// NIOSSL also accepts a certificate for the address that the connection went to. For a client that was given a name
    /// that is too little: whoever bends the name to an address of his own could show a certificate for that address.
    /// ("The client MUST seek a match for its reference identifiers", RFC 6125, section 6.1; the name is the only one.)
    ///
    /// A certificate without any alternative names is left to NIOSSL, which then compares its common name.
    func hasName(_ host: String) -> Bool {
        var names: [String] = []
        for name in _subjectAlternativeNames() {
            let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
            names.append(name.nameType == .dnsName ? String(decoding: bytes, as: UTF8.self) : "")
        }
        return names.isEmpty || names.contains { TLSHostname.matches($0, host: host) }
    }
}

/// Names of hosts in certificates.
enum TLSHostname {
    /// Whether the name in a certificate, which may begin with `*.`, is that of the host.
    static func matches(_ name: String, host: String) -> Bool {
        let name = labels(name)
        let host = labels(host)
        guard name.count == host.count, !name.contains(where: \.isEmpty) else { return false }
        guard name[0] == "*" else { return name == host }
        // A wildcard stands for one whole label, and not for all of a top-level domain.
        return name.count > 2 && name[1...] == host[1...]
    }

    private static func labels(_ name: String) -> [Substring] {
        var labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false).map { $0 }
        // "example.org." is the absolute form of the same name.
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        return labels
    }
}
