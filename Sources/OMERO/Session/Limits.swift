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
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        guard let result = first else { throw expired() }
        return result
    }
}
