import IceEncoding
import OMEROAPI

// OMERO's exceptions as the server throws them: what its clients show is the message, what some of them compare is the
// name of the Java class.

extension ServerErrorProtocol {
    /// The name of OMERO's own class, such as `ome.conditions.ApiUsageException`.
    fileprivate static var javaName: String {
        "ome.conditions." + (typeID.split(separator: ":").last.map(String.init) ?? "")
    }
}

extension ApiUsageException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension QueryException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension ValidationException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension SecurityViolation {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension GroupSecurityViolation {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension ReadOnlyGroupSecurityViolation {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension OverUsageException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension InternalException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }

    /// What the server does not do (yet), by name.
    init(unsupported what: String) { self.init("\(what) is not supported by this server") }
}

extension RemovedSessionException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension SessionTimeoutException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension OptimisticLockException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName) }
}

extension DatabaseBusyException {
    init(_ message: String) { self.init(message: message, serverExceptionClass: Self.javaName, backOff: 5000) }
}
