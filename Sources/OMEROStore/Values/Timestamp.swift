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

extension Timestamp {
    /// A time as queries write it: `2024-02-29`, with a time of day (`12:30`, `12:30:15.5`) after a blank or a `T`, UTC.
    /// Nil for anything else, and for days that no month has.
    init?(literal text: String) {
        let parts = text.split(separator: text.contains("T") ? "T" : " ", maxSplits: 1)
        guard let first = parts.first, let day = Self.day(first) else { return nil }
        var time: Int64 = 0
        if parts.count > 1 {
            guard let found = Self.time(parts[1]) else { return nil }
            time = found
        }
        self.init(milliseconds: day * 86_400_000 + time)
    }

    /// Days since 1970 of `year-month-day`.
    private static func day(_ text: Substring) -> Int64? {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers[0].count == 4, let year = number(numbers[0]),
            let month = number(numbers[1]), let day = number(numbers[2]), year > 0, 1...12 ~= month
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard 1...lengths[month - 1] ~= day else { return nil }
        let before = year - 1
        let days = before * 365 + before / 4 - before / 100 + before / 400 + lengths[..<(month - 1)].reduce(0, +) + day
        return Int64(days - 719_163)
    }

    /// Milliseconds of `hours:minutes`, with seconds and their fraction where they are said.
    private static func time(_ text: Substring) -> Int64? {
        let numbers = text.split(separator: ":", omittingEmptySubsequences: false)
        guard 2...3 ~= numbers.count, let hours = number(numbers[0]), 0...23 ~= hours,
            let minutes = number(numbers[1]), 0...59 ~= minutes
        else { return nil }
        var milliseconds = Int64(hours * 60 + minutes) * 60_000
        guard numbers.count == 3 else { return milliseconds }
        let seconds = numbers[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = number(seconds[0]), 0...59 ~= whole else { return nil }
        milliseconds += Int64(whole) * 1000
        guard seconds.count == 2 else { return milliseconds }
        guard 1...6 ~= seconds[1].count, number(seconds[1]) != nil, let fraction = Double("0.\(seconds[1])") else {
            return nil
        }
        return milliseconds + Int64((fraction * 1000).rounded())
    }

    /// Digits only.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.count <= 6, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        return Int(text)
    }
}
