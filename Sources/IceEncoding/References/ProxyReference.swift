/// What a proxy says about the object it stands for: everything that travels on the wire or stands in a string.
///
/// A reference alone calls nobody; the runtime binds it to a communicator.
public struct ProxyReference: Hashable, Sendable {
    /// How a proxy invokes.
    public enum Mode: UInt8, Sendable, Hashable, CaseIterable {
        /// Each request has a reply.
        case twoway = 0
        /// Requests without a reply.
        case oneway = 1
        /// Requests without a reply, sent together.
        case batchOneway = 2
        /// Requests without a reply, each in a datagram.
        case datagram = 3
        /// Requests without a reply, together in a datagram.
        case batchDatagram = 4
    }

    /// The name of the object.
    public var identity: Identity
    /// Which facet of the object; the default facet is empty.
    public var facet: String
    /// How it is called.
    public var mode: Mode
    /// Whether only secure endpoints may be used.
    public var secure: Bool
    /// The version of the Ice protocol that is spoken.
    public var protocolVersion: ProtocolVersion
    /// The encoding in which requests to the object are written.
    public var encoding: EncodingVersion
    /// Where the object is; empty for an indirect proxy.
    public var endpoints: [Endpoint]
    /// The object adapter's id in an indirect proxy; empty in a direct one and in a well-known one.
    public var adapterID: String

    public init(
        identity: Identity,
        facet: String = "",
        mode: Mode = .twoway,
        secure: Bool = false,
        protocolVersion: ProtocolVersion = .v1_0,
        encoding: EncodingVersion = .v1_1,
        endpoints: [Endpoint] = [],
        adapterID: String = ""
    ) {
        self.identity = identity
        self.facet = facet
        self.mode = mode
        self.secure = secure
        self.protocolVersion = protocolVersion
        self.encoding = encoding
        self.endpoints = endpoints
        self.adapterID = adapterID
    }
}

extension IceInputStream {
    /// A proxy, or nil for the null proxy.
    public mutating func readProxy() throws(MarshalError) -> ProxyReference? {
        let position = position
        let identity = try Identity(from: &self)
        if identity.name.isEmpty {
            // The null proxy is an identity with empty strings and nothing more.
            guard identity.category.isEmpty else { throw MarshalError(.invalidProxy, at: position) }
            return nil
        }
        // A facet travels as a sequence of at most one string.
        let facets = try [String](from: &self)
        guard facets.count <= 1 else { throw MarshalError(.invalidProxy, at: position) }
        guard let mode = ProxyReference.Mode(rawValue: try readByte()) else {
            throw MarshalError(.invalidProxy, at: position)
        }
        let secure = try readBool()
        var protocolVersion = ProtocolVersion.v1_0
        var encoding = EncodingVersion.v1_0
        if self.encoding != .v1_0 {
            protocolVersion = ProtocolVersion(major: try readByte(), minor: try readByte())
            encoding = EncodingVersion(major: try readByte(), minor: try readByte())
        }
        let endpoints = try [Endpoint](from: &self)
        let adapterID = endpoints.isEmpty ? try readString() : ""
        return ProxyReference(
            identity: identity,
            facet: facets.first ?? "",
            mode: mode,
            secure: secure,
            protocolVersion: protocolVersion,
            encoding: encoding,
            endpoints: endpoints,
            adapterID: adapterID
        )
    }
}

extension IceOutputStream {
    /// A proxy, or the null proxy.
    public mutating func write(_ proxy: ProxyReference?) {
        guard let proxy else {
            write("")
            write("")
            return
        }
        proxy.identity.write(to: &self)
        write(proxy.facet.isEmpty ? [] : [proxy.facet])
        write(proxy.mode.rawValue)
        write(proxy.secure)
        if encoding != .v1_0 {
            write(proxy.protocolVersion.major)
            write(proxy.protocolVersion.minor)
            write(proxy.encoding.major)
            write(proxy.encoding.minor)
        }
        write(proxy.endpoints)
        if proxy.endpoints.isEmpty {
            write(proxy.adapterID)
        }
    }

    /// Any value that knows how to write itself.
    @inlinable
    public mutating func write<Value: SliceCodable>(_ value: Value) { value.write(to: &self) }
}

extension ProxyReference: SliceNullable {
    public static var nullableSliceType: SliceType { .proxy(nil) }
    public static var minimumNullableWireSize: Int { 2 }
    public static func readNullable(from stream: inout IceInputStream) throws(MarshalError) -> ProxyReference? {
        try stream.readProxy()
    }
    public static func writeNullable(_ value: ProxyReference?, to stream: inout IceOutputStream) {
        stream.write(value)
    }
    public static func readNullable(graph reader: inout GraphReader) -> ProxyReference? { reader.proxy() }
    public static func storeNullable(_ value: ProxyReference?, in writer: inout GraphWriter) {
        writer.store(proxy: value)
    }
}
