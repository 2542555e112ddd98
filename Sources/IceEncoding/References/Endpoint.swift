public import NIOCore

/// Where an Ice object can be reached: one way among those that a proxy names.
public enum Endpoint: Hashable, Sendable {
    /// TCP.
    case tcp(IPEndpoint)
    /// TLS over TCP.
    case ssl(IPEndpoint)
    /// WebSocket over TCP; `resource` is the path of the HTTP request.
    case ws(IPEndpoint, resource: String)
    /// WebSocket over TLS.
    case wss(IPEndpoint, resource: String)
    /// Datagrams. Read and printed, never connected to.
    case udp(UDPEndpoint)
    /// An endpoint of a type that is not known; it survives a round trip.
    case opaque(OpaqueEndpoint)

    /// The number that stands for the type on the wire.
    public var type: Int16 {
        switch self {
        case .tcp: 1
        case .ssl: 2
        case .udp: 3
        case .ws: 4
        case .wss: 5
        case .opaque(let endpoint): endpoint.type
        }
    }

    /// Whether traffic to it is encrypted.
    public var isSecure: Bool {
        switch self {
        case .ssl, .wss: true
        case .tcp, .ws, .udp, .opaque: false
        }
    }

    /// The address of a stream endpoint that can be connected to.
    public var address: IPEndpoint? {
        switch self {
        case .tcp(let endpoint), .ssl(let endpoint), .ws(let endpoint, _), .wss(let endpoint, _): endpoint
        case .udp, .opaque: nil
        }
    }
}

/// Host, port and options of a stream endpoint.
public struct IPEndpoint: Hashable, Sendable {
    /// A name or a numeric IPv4 or IPv6 address; empty stands for every interface of a server.
    public var host: String
    /// 0…65535; 0 lets a server take a free one.
    public var port: Int32
    /// Milliseconds, or -1 for none. Ice 3.6 bounds connecting and writing by it.
    public var timeout: Int32
    /// Whether requests to this endpoint are compressed.
    public var compress: Bool
    /// The local address to connect from (`--sourceAddress`); stays out of the encoding.
    public var sourceAddress: String?

    /// What an endpoint has when its string names no time-out: 60 seconds (`Ice.Default.Timeout`).
    public static let defaultTimeout: Int32 = 60_000

    public init(
        host: String,
        port: Int32,
        timeout: Int32 = defaultTimeout,
        compress: Bool = false,
        sourceAddress: String? = nil
    ) {
        self.host = host
        self.port = port
        self.timeout = timeout
        self.compress = compress
        self.sourceAddress = sourceAddress
    }
}

/// Host, port and options of a datagram endpoint.
public struct UDPEndpoint: Hashable, Sendable {
    /// A name or an address.
    public var host: String
    /// 0 lets the system choose one.
    public var port: Int32
    /// Whether large messages are compressed.
    public var compress: Bool
    /// The interface for multicast; empty for the system's choice.
    public var multicastInterface: String
    /// How many routers a multicast passes; -1 for the system's default.
    public var multicastTTL: Int32
    /// Whether the socket is connected to the peer.
    public var connect: Bool

    public init(
        host: String,
        port: Int32,
        compress: Bool = false,
        multicastInterface: String = "",
        multicastTTL: Int32 = -1,
        connect: Bool = false
    ) {
        self.host = host
        self.port = port
        self.compress = compress
        self.multicastInterface = multicastInterface
        self.multicastTTL = multicastTTL
        self.connect = connect
    }
}

/// An endpoint of an unknown type: its bytes as they came.
public struct OpaqueEndpoint: Hashable, Sendable {
    /// The number of the type on the wire.
    public var type: Int16
    /// The encoding of ``bytes``.
    public var encoding: EncodingVersion
    /// The content, as it came.
    public var bytes: ByteBuffer

    public init(type: Int16, encoding: EncodingVersion, bytes: ByteBuffer) {
        self.type = type
        self.encoding = encoding
        self.bytes = bytes
    }
}

extension Endpoint: SliceCodable {
    public static var sliceType: SliceType { .proxy(nil) }
    /// A type, and an encapsulation without content.
    public static var minimumWireSize: Int { 8 }

    public init(from stream: inout IceInputStream) throws(MarshalError) {
        let type: Int16 = try stream.readInteger()
        let encapsulation = try stream.readEncapsulation()
        guard (1...5).contains(type), encapsulation.encoding.isSupported else {
            self = .opaque(.init(type: type, encoding: encapsulation.encoding, bytes: encapsulation.bytes))
            return
        }
        var content = try IceInputStream(encapsulation)
        switch type {
        case 3:
            let host = try content.readString()
            let port: Int32 = try content.readInteger()
            if encapsulation.encoding == .v1_0 {
                try content.skip(4)  // protocol and encoding versions, which encoding 1.1 moved into the proxy
            }
            self = .udp(UDPEndpoint(host: host, port: port, compress: try content.readBool()))
        default:
            let address = IPEndpoint(
                host: try content.readString(),
                port: try content.readInteger(),
                timeout: try content.readInteger(),
                compress: try content.readBool()
            )
            switch type {
            case 1: self = .tcp(address)
            case 2: self = .ssl(address)
            case 4: self = .ws(address, resource: try content.readString())
            default: self = .wss(address, resource: try content.readString())
            }
        }
    }

    public func write(to stream: inout IceOutputStream) {
        stream.write(type)
        if case .opaque(let endpoint) = self {
            stream.write(Encapsulation(encoding: endpoint.encoding, bytes: endpoint.bytes))
            return
        }
        let mark = stream.startEncapsulation()
        switch self {
        case .tcp(let address), .ssl(let address), .ws(let address, _), .wss(let address, _):
            stream.write(address.host)
            stream.write(address.port)
            stream.write(address.timeout)
            stream.write(address.compress)
        case .udp(let endpoint):
            stream.write(endpoint.host)
            stream.write(endpoint.port)
            if stream.encoding == .v1_0 {
                for byte: UInt8 in [1, 0, 1, 0] { stream.write(byte) }
            }
            stream.write(endpoint.compress)
        case .opaque:
            break
        }
        switch self {
        case .ws(_, let resource), .wss(_, let resource): stream.write(resource)
        default: break
        }
        stream.endEncapsulation(mark)
    }
}
