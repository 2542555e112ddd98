/// The version of the Slice encoding in which an encapsulation is written.
///
/// Ice knows two encodings; which one is used is said by each encapsulation and chosen by each proxy,
/// never guessed (Ice manual, "Data Encoding").
public struct EncodingVersion: Hashable, Sendable, CustomStringConvertible {
    /// The number before the point.
    public var major: UInt8
    /// The number behind the point.
    public var minor: UInt8

    @inlinable
    public init(major: UInt8, minor: UInt8) {
        self.major = major
        self.minor = minor
    }

    /// Encoding 1.0: enumerators by the range of their enumeration, class instances after the parameters.
    public static let v1_0 = EncodingVersion(major: 1, minor: 0)
    /// Encoding 1.1: tagged optionals, compact and sliced class instances.
    public static let v1_1 = EncodingVersion(major: 1, minor: 1)

    /// Whether this library reads and writes the version.
    @inlinable
    public var isSupported: Bool { major == 1 && minor <= 1 }

    public var description: String { "\(major).\(minor)" }
}

/// The version of the Ice protocol that a proxy speaks; only 1.0 exists.
public struct ProtocolVersion: Hashable, Sendable, CustomStringConvertible {
    /// The number before the point.
    public var major: UInt8
    /// The number behind the point.
    public var minor: UInt8

    public init(major: UInt8, minor: UInt8) {
        self.major = major
        self.minor = minor
    }

    /// The one that there is.
    public static let v1_0 = ProtocolVersion(major: 1, minor: 0)

    public var description: String { "\(major).\(minor)" }
}

/// How class instances and exceptions are written in encoding 1.1.
///
/// Encoding 1.0 always writes slices; the format has no effect there.
public enum SliceFormat: Sendable, Hashable {
    /// Type ids on the first slice only and no sizes; a receiver must know the class.
    case compact
    /// Each slice with its size and type id, so that a receiver can skip slices that it doesn't know.
    case sliced
}
