import Crypto
#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import SwiftASN1
import X509

/// A key and a certificate, as PEM.
struct ServerCertificate: Sendable {
    let certificatePEM: String
    let privateKeyPEM: String
    /// SHA-256 of the certificate, in hexadecimal with colons, as browsers show it.
    let fingerprint: String

    /// Takes PEM texts; the first certificate is the server's own.
    init(certificatePEM: String, privateKeyPEM: String) throws {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
        let document = try PEMDocument(pemString: certificatePEM)
        fingerprint = SHA256.hash(data: document.derBytes).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: ":")
    }

    /// A new key (P-256) and a certificate signed with it, for `localhost` and the host's name.
    static func selfSigned(host: String, now: Date) throws -> ServerCertificate {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName {
            OrganizationName("swift-omero")
            CommonName(host == "127.0.0.1" || host == "0.0.0.0" ? "localhost" : host)
        }
        var names: [GeneralName] = [.dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))]
        let numbers = host.split(separator: ".").compactMap { UInt8($0) }
        if numbers.count == 4 {
            names.append(.ipAddress(ASN1OctetString(contentBytes: numbers[...])))
        } else if host != "localhost", !host.contains(":") {
            names.append(.dnsName(host))
        }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(10 * 365 * 86_400),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                SubjectAlternativeNames(names)
            },
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        return try ServerCertificate(
            certificatePEM: try certificate.serializeAsPEM().pemString,
            privateKeyPEM: key.pemRepresentation
        )
    }
}
