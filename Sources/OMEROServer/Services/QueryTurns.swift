import OMEROAPI
import Synchronization

/// How often at once each user looks into the database: the store has so many readers, and whoever asks for what takes
/// long is to wait for the own answers, not others for theirs.
final class QueryTurns: Sendable {
    /// Of a user at once; the store's ``StoreSetup`` has readers for several such users.
    static let perUser = 4
    /// Of a user waiting.
    static let queue = 200

    private enum Answer { case turn, full, cancelled }

    private struct Waiting {
        let number: UInt64
        let continuation: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var running: [Int64: Int] = [:]
        var waiting: [Int64: [Waiting]] = [:]
        var number: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Carries out `body` when it is the user's turn.
    ///
    /// - Throws: `OverUsageException` if too many are waiting, `CancellationError` for a task that is cancelled while it
    ///   waits, and what `body` throws.
    func take<Result>(
        _ userID: Int64, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async throws -> Result {
        try await enter(userID)
        defer { leave(userID) }
        return try await body()
    }

    private func enter(_ userID: Int64) async throws {
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Answer? = state.withLock { state in
                    if state.running[userID, default: 0] < Self.perUser {
                        state.running[userID, default: 0] += 1
                        return .turn
                    }
                    if Task.isCancelled { return .cancelled }
                    guard state.waiting[userID, default: []].count < Self.queue else { return .full }
                    state.waiting[userID, default: []].append(Waiting(number: number, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> Waiting? in
                guard let place = state.waiting[userID]?.firstIndex(where: { $0.number == number }) else { return nil }
                return state.waiting[userID]?.remove(at: place)
            }
            waiting?.continuation.resume(returning: .cancelled)
        }
        switch answer {
        case .turn: break
        case .full: throw OverUsageException("\(Self.queue) queries of this user are waiting already")
        case .cancelled: throw CancellationError()
        }
    }

    private func leave(_ userID: Int64) {
        let next = state.withLock { state -> Waiting? in
            // Whoever waits takes over the turn.
            if var waiting = state.waiting[userID], !waiting.isEmpty {
                let next = waiting.removeFirst()
                state.waiting[userID] = waiting.isEmpty ? nil : waiting
                return next
            }
            let left = state.running[userID, default: 1] - 1
            state.running[userID] = left > 0 ? left : nil
            return nil
        }
        next?.continuation.resume(returning: .turn)
    }
}
