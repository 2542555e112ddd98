import Crypto

/// The SHA-256 of a certificate in DER.
public struct CertificateFingerprint: Sendable, Hashable, CustomStringConvertible, LosslessStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// The fingerprint of a certificate.
    public init(ofCertificate der: [UInt8]) { bytes = Array(SHA256.hash(data: der)) }

    /// Reads 64 hexadecimal digits, with or without colons between bytes and `sha256:` before them, as tools such as
    /// `openssl x509 -fingerprint -sha256` print them.
    public init?(_ text: String) {
        var digits = Array(text.utf8)
        for prefix in ["sha256:", "SHA256:"] where text.hasPrefix(prefix) { digits.removeFirst(prefix.utf8.count) }
        digits.removeAll { $0 == UInt8(ascii: ":") }
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Upper-case hexadecimal with colons between the bytes.
    public var description: String {
        bytes.map { byte in
            let text = String(byte, radix: 16, uppercase: true)
            return text.utf8.count < 2 ? "0\(text)" : text
        }.joined(separator: ":")
    }
}
