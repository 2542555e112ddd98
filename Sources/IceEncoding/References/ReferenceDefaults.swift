/// The name of a protocol in the string of an endpoint.
public enum EndpointProtocol: String, Hashable, Sendable, CaseIterable {
    /// As strings of endpoints begin.
    case tcp, ssl, ws, wss, udp
}

/// What stands in for that which the string of a proxy or endpoint leaves out.
public struct ReferenceDefaults: Hashable, Sendable {
    /// What the protocol `default` means (`Ice.Default.Protocol`).
    public var endpointProtocol: EndpointProtocol
    /// The host of endpoints without `-h` (`Ice.Default.Host`).
    public var host: String
    /// The time-out of endpoints without `-t`: milliseconds, or -1 for none (`Ice.Default.Timeout`).
    public var timeout: Int32
    /// The address to connect from, unless `--sourceAddress` says it (`Ice.Default.SourceAddress`).
    public var sourceAddress: String?
    /// The encoding of proxies without `-e` (`Ice.Default.EncodingVersion`).
    public var encoding: EncodingVersion
    /// How calls write class instances (`Ice.Default.SlicedFormat`). No part of a string, but a default of each proxy.
    public var format: SliceFormat

    public init(
        endpointProtocol: EndpointProtocol = .tcp,
        host: String = "",
        timeout: Int32 = IPEndpoint.defaultTimeout,
        sourceAddress: String? = nil,
        encoding: EncodingVersion = .v1_1,
        format: SliceFormat = .compact
    ) {
        self.endpointProtocol = endpointProtocol
        self.host = host
        self.timeout = timeout
        self.sourceAddress = sourceAddress
        self.encoding = encoding
        self.format = format
    }
}
