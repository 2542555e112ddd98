import Ice
import Testing

/// Expects an `IceError` of one code, and gives it back for a closer look.
@discardableResult
func expectError(
    _ code: IceError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> IceError? {
    do {
        try await body()
        Issue.record("expected \(code), nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as IceError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record("expected \(code), got \(error)", sourceLocation: sourceLocation)
    }
    return nil
}

/// Looks every 5 ms whether `condition` holds, for at most `limit`.
func expectEventually(
    within limit: Duration = .seconds(10),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while .now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    let holds = try await condition()
    #expect(holds, "did not come true within \(limit)", sourceLocation: sourceLocation)
}

/// `#expect(actual == expected)` for calls: inside closures the macro hides their `try` from the compiler.
func expectEqual<Value: Equatable>(
    _ actual: Value,
    _ expected: Value,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual == expected, sourceLocation: sourceLocation)
}
