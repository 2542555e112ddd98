import Testing

@testable import OMEROServer

@Suite("Failed log-ins are slowed")
struct LoginThrottleTests {
    private func throttle(_ change: (inout LoginThrottle.Limits) -> Void = { _ in }) -> LoginThrottle {
        var limits = LoginThrottle.Limits()
        limits.delay = .milliseconds(30)
        change(&limits)
        return LoginThrottle(limits: limits)
    }

    /// How long a failure has to wait for its answer.
    private func wait(_ throttle: LoginThrottle, _ user: String, _ address: String = "10.0.0.1") async throws
        -> Duration
    {
        let start = ContinuousClock.now
        let isAnswered = try await throttle.failed(user: user, address: address)
        #expect(isAnswered)
        return .now - start
    }

    @Test("by OMERO's defaults the first failure is answered at once, and others wait for three seconds")
    func defaults() {
        let limits = LoginThrottle.Limits()
        #expect(limits.free == 1)
        #expect(limits.delay == .seconds(3))
    }

    @Test("the second failure in a row waits, and whoever else fails for the first time does not")
    func perAccount() async throws {
        let throttle = throttle { $0.delay = .milliseconds(500) }
        #expect(try await wait(throttle, "ada") < .milliseconds(400))
        #expect(try await wait(throttle, "ada") >= .milliseconds(500))
        #expect(try await wait(throttle, "bob") < .milliseconds(400))
    }

    @Test("a success makes the account's next failure a first one")
    func success() async throws {
        let throttle = throttle { $0.delay = .milliseconds(500) }
        _ = try await wait(throttle, "ada")
        throttle.succeeded(user: "ada")
        #expect(try await wait(throttle, "ada") < .milliseconds(400))
    }

    @Test("a success is remembered for long names too")
    func longNames() async throws {
        let throttle = throttle { $0.delay = .milliseconds(500) }
        let name = String(repeating: "ä", count: 3000)
        _ = try await wait(throttle, name)
        throttle.succeeded(user: name)
        #expect(try await wait(throttle, name) < .milliseconds(400))
    }

    @Test("whoever tries many names from one address waits, other addresses don't")
    func perAddress() async throws {
        let throttle = throttle { $0.delay = .milliseconds(500) }
        for number in 0..<10 { #expect(try await wait(throttle, "name \(number)") < .milliseconds(400)) }
        #expect(try await wait(throttle, "one more") >= .milliseconds(500))
        #expect(try await wait(throttle, "and another", "10.0.0.2") < .milliseconds(400))
    }

    @Test("only so many wait for one address; more are refused at once")
    func waiting() async throws {
        let throttle = throttle {
            $0.delay = .seconds(3600)
            $0.waiting = 1
        }
        _ = try await throttle.failed(user: "ada", address: "a")
        let slow = Task { try await throttle.failed(user: "ada", address: "a") }
        while throttle.waitingCount == 0 { await Task.yield() }
        #expect(try await throttle.failed(user: "ada", address: "a") == false)
        slow.cancel()
        await #expect(throws: CancellationError.self) { try await slow.value }
        #expect(throttle.waitingCount == 0)
    }

    @Test("what is remembered is bounded, and the latest is kept")
    func bounded() async throws {
        let throttle = throttle {
            $0.delay = .zero
            $0.remembered = 10
        }
        for number in 0..<1000 { _ = try await throttle.failed(user: "name \(number)", address: "a \(number)") }
        #expect(throttle.rememberedCount <= 20)
        #expect(throttle.failures(user: "name 999") == 1)
        #expect(throttle.failures(user: "name 0") == 0)
    }
}
