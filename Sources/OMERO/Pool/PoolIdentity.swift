import Crypto

/// On whose behalf gateways of a ``BlitzGatewayPools`` are opened: equal identities share them, others never do.
///
/// Holds neither names nor secrets, only a hash of them with a key that this process draws.
public struct PoolIdentity: Hashable, Sendable, CustomStringConvertible {
    private let code: [UInt8]

    private static let key = SymmetricKey(size: .bits256)

    /// The identity of that name, such as the number of a web application's user. **Who names an identity gets its
    /// gateways**: the program must have made sure before that it is this user, as the credentials are looked at only
    /// when a gateway is opened.
    public init(_ name: String) { self.init("name", name) }

    /// The identity that follows from the credentials: the user together with the password, or the session's key. Nil
    /// for ``Credentials/provider(_:)``, of which nothing is known before it is asked.
    public init?(_ credentials: Credentials) {
        switch credentials.form {
        case .password(let user, let password): self.init("password", user, password.value)
        case .sessionKey(let key): self.init("session", key.value)
        case .guest: self.init("guest")
        case .provider: return nil
        }
    }

    private init(_ parts: String...) {
        var hash = HMAC<SHA256>(key: Self.key)
        for part in parts {
            // With their lengths, so that no two lists of parts run into the same bytes.
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { hash.update(data: $0) }
            hash.update(data: Array(part.utf8))
        }
        code = Array(hash.finalize())
    }

    public var description: String { "identity" }
}
