import IceEncoding
import OMEROAPI
import OMEROModel

/// The in- or outputs of a session (`ISession.setInput`), by key, up to a limit: they stay as long as the session, and
/// a value that is large only because it repeats itself would be sent whole to whoever asks for it.
struct SessionValues: Sendable {
    /// How many bytes the values of a session may take, roughly as they are sent.
    static let limit = 1 << 26

    private var entries: [String: (value: RValue, weight: Int)] = [:]
    private var weight = 0

    subscript(key: String) -> RValue? { entries[key]?.value }
    var keys: [String] { entries.keys.sorted() }
    var all: [String: RValue?] { entries.mapValues(\.value) }

    /// Sets a value; nil takes it away.
    ///
    /// - Throws: `OverUsageException` if the values would be over the limit; then the one that was there stays.
    mutating func set(_ value: RValue?, for key: String) throws {
        let former = entries[key]?.weight ?? 0
        guard let value else {
            entries[key] = nil
            weight -= former
            return
        }
        let new = key.utf8.count + value.weight
        guard weight - former + new <= Self.limit else {
            throw OverUsageException("the values that a session keeps may have \(Self.limit >> 20) MiB")
        }
        entries[key] = (value, new)
        weight += new - former
    }
}

extension RValue {
    /// The bytes that it takes when it is sent, roughly.
    var weight: Int {
        let own = 16
        switch self {
        case .string(let text), .className(let text): return own + text.utf8.count
        case .array(let values), .list(let values), .set(let values):
            return values.reduce(own) { $0 + ($1?.weight ?? 1) }
        case .map(let values):
            return values.reduce(own) { $0 + $1.key.utf8.count + ($1.value?.weight ?? 1) }
        // What instances refer to is kept, and sent, with them.
        case .object(let object): return own + (object?.object.graph.memoryFootprint ?? 0)
        case .internal(let object): return own + (object?.object.graph.memoryFootprint ?? 0)
        case .bool, .int, .long, .float, .double, .time: return own
        }
    }
}
