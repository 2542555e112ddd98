/// The version of an OMERO server, such as 5.6.17.
public struct ServerVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 5 in 5.6.17.
    public var major: Int
    /// 6 in 5.6.17.
    public var minor: Int
    /// 17 in 5.6.17; 0 where the text had none.
    public var patch: Int

    /// Reads `5.6.17`, `5.6` or `5.6.17-ice36-b9`: numbers first, whatever follows.
    public init?(_ text: String) {
        let numbers = text.prefix(64).split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
            .prefix(3).map { Int($0.prefix { $0.isASCII && $0.isNumber }) }
        guard let first = numbers.first, let major = first else { return nil }
        self.major = major
        minor = numbers.count > 1 ? numbers[1] ?? 0 : 0
        patch = numbers.count > 2 ? numbers[2] ?? 0 : 0
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    public var description: String { "\(major).\(minor).\(patch)" }
}
