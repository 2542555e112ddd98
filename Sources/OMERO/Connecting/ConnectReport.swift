/// What was done to connect: each step with its time, for log files and for asking administrators.
public struct ConnectReport: Sendable, Hashable, CustomStringConvertible {
    /// One step towards the server.
    public struct Step: Sendable, Hashable {
        /// The server, as a URL.
        public var endpoint: String
        /// How far this step came.
        public var phase: GatewayError.Phase
        /// How long it took.
        public var duration: Duration
        /// Nil if it succeeded.
        public var failure: GatewayError?
    }

    /// All steps in their order, those of addresses that failed among them.
    public var steps: [Step] = []
    /// The server that the connection leads to, as a URL; nil while there is none.
    public var endpoint: String?
    /// Such as `TLS 1.3`; nil for a connection that is not encrypted.
    public var tlsVersion: String?
    /// SHA-256 of the server's certificate, in hexadecimal.
    public var certificateFingerprint: String?
    /// What the server said of itself; nil as long as it has not.
    public var serverVersion: ServerVersion?

    /// The time of all steps.
    public var duration: Duration { steps.reduce(.zero) { $0 + $1.duration } }

    public var description: String {
        var lines = steps.map { step in
            "\(step.endpoint) \(step.phase.rawValue): \(step.duration.readable)"
                + (step.failure.map { " failed: \($0.message)" } ?? "")
        }
        if let tlsVersion { lines.append("encrypted with \(tlsVersion)") }
        if let certificateFingerprint { lines.append("certificate \(certificateFingerprint)") }
        if let serverVersion { lines.append("OMERO \(serverVersion)") }
        return lines.joined(separator: "\n")
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000_000_000
    }

    /// Such as `12.3 ms`, `1.5 s` or `30 s`.
    var readable: String {
        let (seconds, attoseconds) = components
        let value = Double(seconds) * 1000 + Double(attoseconds) / 1e15
        guard abs(value) >= 1000 else { return "\((value * 10).rounded() / 10) ms" }
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\((value / 100).rounded() / 10) s"
    }
}
