extension Duration {
    /// What can be waited for. The runtime's clock traps on more than it can count, and who wants no limit writes
    /// `.seconds(.max)`.
    static let longestWait = Duration.seconds(100 * 365 * 86_400)

    /// No longer than a hundred years.
    var waitable: Duration { min(self, .longestWait) }
}

/// Runs `body`, but no longer than `limit`.
///
/// - Throws: what `body` throws, or the error of `expired`.
func withLimit<Result: Sendable>(
    _ limit: Duration,
    expired: @Sendable @escaping () -> GatewayError,
    _ body: @Sendable @escaping () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit.waitable)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        guard let result = first else { throw expired() }
        return result
    }
}
