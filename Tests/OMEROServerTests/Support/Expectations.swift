import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import Testing

/// Expects an error of one type, and gives it back for a closer look.
@discardableResult
func expectRefusal<Refusal>(
    _ type: Refusal.Type,
    _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> Refusal? {
    do {
        try await body()
        Issue.record("\(what): expected \(type), nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as Refusal {
        return error
    } catch {
        Issue.record(
            "\(what): expected \(type), got \(String(describing: error).prefix(500))", sourceLocation: sourceLocation)
    }
    return nil
}

/// Expects that an object does not exist for the caller.
func expectNothingThere(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let error = await expectRefusal(IceError.self, sourceLocation: sourceLocation, body)
    if let error { #expect(error.code == .objectNotExist, "\(error)", sourceLocation: sourceLocation) }
}

/// Looks every 10 ms whether `condition` holds, for at most `limit`.
func expectEventually(
    _ what: String = "",
    within limit: Duration = .seconds(20),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while .now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    let holds = try await condition()
    #expect(holds, "\(what) did not come true within \(limit)", sourceLocation: sourceLocation)
}

/// `#expect(actual == expected)` for calls: inside closures the macro hides their `try` from the compiler.
func expectEqual<Value: Equatable>(
    _ actual: Value,
    _ expected: Value,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual == expected, sourceLocation: sourceLocation)
}
