/// How a program shows an OMERO server who it is.
///
/// Says nothing of passwords and keys in its description, and so neither in logs nor in errors.
public struct Credentials: Sendable, CustomStringConvertible, CustomReflectable {
    enum Form: Sendable {
        case password(user: String, Secret)
        case sessionKey(Secret)
        case guest
        case provider(@Sendable () async throws -> Credentials)
    }

    let form: Form

    /// A user's name and password.
    public static func password(user: String, _ password: String) -> Credentials {
        Credentials(form: .password(user: user, Secret(password)))
    }

    /// The key of a session that is open on the server (a UUID): that session is joined. Whoever has the key is the
    /// session's user.
    public static func sessionKey(_ key: String) -> Credentials { Credentials(form: .sessionKey(Secret(key))) }

    /// OMERO's account for visitors; what it may see is up to the server.
    public static let guest = Credentials(form: .guest)

    /// Asked whenever a log-in needs them, and not kept in between: a prompt, a vault, a key chain. What it throws is
    /// the ``GatewayError/cause`` of a ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration``.
    public static func provider(_ provide: @escaping @Sendable () async throws -> Credentials) -> Credentials {
        Credentials(form: .provider(provide))
    }

    /// The user's name, where it is known before the log-in.
    public var user: String? {
        switch form {
        case .password(let user, _): user
        case .guest: "guest"
        case .sessionKey, .provider: nil
        }
    }

    public var description: String {
        switch form {
        case .password(let user, _): "password of \(user)"
        case .sessionKey: "session key"
        case .guest: "guest"
        case .provider: "credentials on request"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A text that is not shown.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let value: String
    package init(_ value: String) { self.value = value }
    package var description: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
