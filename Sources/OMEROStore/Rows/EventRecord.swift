/// An event of this transaction: rows that it makes or changes say so.
public struct EventRecord: Sendable, Hashable {
    public let id: Int64
    public let time: Timestamp
}
