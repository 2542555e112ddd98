/// Why something is refused, as OMERO refuses it: the kind of exception, and what it says.
public struct AccessRefusal: Error, Sendable, Hashable {
    /// OMERO's exceptions.
    public enum Kind: Sendable, Hashable, CaseIterable {
        case securityViolation
        case groupSecurityViolation
        /// Clients see a GroupSecurityViolation: OMERO maps the mismatch onto its base.
        case permissionMismatch
        case readOnlyGroupSecurityViolation
        case apiUsage
        case validation
        case optimisticLock
    }

    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    static func securityViolation(_ message: String) -> Self { Self(.securityViolation, message) }
}

extension AccessRefusal: CustomStringConvertible {
    public var description: String { message }
}
