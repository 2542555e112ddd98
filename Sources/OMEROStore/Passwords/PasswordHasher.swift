internal import Crypto
internal import Dispatch
internal import Synchronization

/// Hashes and checks passwords: on threads of its own, because that takes long by design, and on no more of them than
/// there are processors, because each needs much memory.
///
/// A password that was right is remembered for the life of the process, as a keyed digest, so that the next log-ins
/// with it cost next to nothing; a wrong one always costs all there is to pay. The key is random and never leaves the
/// process, and the digest is over the stored hash too: it ends with a change of the password.
final class PasswordHasher: Sendable {
    private struct State {
        var nextQueue = 0
        var accepted: Set<[UInt8]> = []
    }

    /// How many digests are remembered; then all are forgotten.
    private static let rememberedLimit = 4096

    let cost: PasswordCost
    private let queues: [DispatchQueue]
    private let key = SymmetricKey(size: .bits256)
    private let state = Mutex(State())
    /// Checked in place of what isn't there, so that the time doesn't tell.
    private let decoy: ScryptHash

    init(cost: PasswordCost) {
        self.cost = cost
        queues = (0..<max(1, processorCount())).map { DispatchQueue(label: "omero.store.passwords.\($0)") }
        decoy = ScryptHash.decoy(cost)
    }

    /// What to store for a password.
    func hash(_ password: String) async throws -> String {
        let cost = cost
        return try await run { try ScryptHash(password, cost: cost).description }
    }

    /// Whether a password is the one that was stored for a user; where there is no hash, never, after the same time.
    func matches(_ form: StoredPassword.Form, _ password: String, userID: Int64) async throws -> Bool {
        switch form {
        case .scrypt(let hash):
            let digest = remembered(hash, password, userID)
            if state.withLock({ $0.accepted.contains(digest) }) { return true }
            guard try await run({ try hash.matches(password) }) else { return false }
            state.withLock { state in
                if state.accepted.count >= Self.rememberedLimit { state.accepted = [] }
                state.accepted.insert(digest)
            }
            return true
        case .md5(let digest):
            if OMERODigest.matches(digest, password, userID: userID) { return true }
        case .locked, .open, .unreadable: break
        }
        _ = try await run { [decoy] in try decoy.matches(password) }
        return false
    }

    private func remembered(_ hash: ScryptHash, _ password: String, _ userID: Int64) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array("\(userID) \(hash) ".utf8))
        code.update(data: Array(password.utf8))
        return Array(code.finalize())
    }

    private func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let queue = state.withLock { state in
            state.nextQueue = (state.nextQueue + 1) % queues.count
            return queues[state.nextQueue]
        }
        return try await offload(to: queue, body)
    }
}

/// Runs what blocks on a queue of its own, so that neither an event loop nor the tasks' threads wait for it.
func offload<Result: Sendable>(
    to queue: DispatchQueue,
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        queue.async { continuation.resume(with: Swift.Result { try body() }) }
    }
}
