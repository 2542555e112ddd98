/// Why something is refused, as OMERO refuses it: the kind of exception, and what it says.
public struct AccessRefusal: Error, Sendable, Hashable {
    /// OMERO's exceptions.
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// `omero.SecurityViolation`: the caller may not do that.
        case securityViolation
        /// `omero.GroupSecurityViolation`: groups do not fit together, or not the caller.
        case groupSecurityViolation
        /// Clients see a GroupSecurityViolation: OMERO maps the mismatch onto its base.
        case permissionMismatch
        /// `omero.ReadOnlyGroupSecurityViolation`: the group lets nothing be written.
        case readOnlyGroupSecurityViolation
        /// `omero.ApiUsageException`: the call makes no sense.
        case apiUsage
        /// `omero.ValidationException`: a value that can't be.
        case validation
        /// `omero.OptimisticLockException`: somebody else changed the object meanwhile.
        case optimisticLock
    }

    /// Which of OMERO's exceptions it is.
    public var kind: Kind
    /// What the client is told.
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
