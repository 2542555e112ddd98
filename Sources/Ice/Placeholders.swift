public struct TLSSettings: Sendable {}
public struct TLSPeerInfo: Sendable {}
final class TLSContextCache: Sendable {}
