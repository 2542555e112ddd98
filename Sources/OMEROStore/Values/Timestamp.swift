#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif
internal import OMEROModel

/// A time as the store keeps it: whole milliseconds since 1970, UTC. That is what OMERO's `rtime` carries, so nothing
/// is lost or rounded on the way, and times compare in SQL as the integers they are.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Since 1970, UTC.
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// A time that is out of range becomes the nearest that isn't: clients send what they like.
    public init(_ date: Date) { milliseconds = date.omeroMilliseconds }

    /// By the clock of this machine.
    public static var now: Timestamp { Timestamp(Date()) }

    /// The same time, as Foundation has it.
    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}
