import Foundation
import Glacier2
import Ice
import OMEROAPI
import Testing

@testable import OMERO

/// What users, logs and programs see of an error.
@Suite struct GatewayErrorTests {
    private static let key = "0d5b3a54-9e6f-4a4e-8f4c-0c1d2e3f4a5b"

    private func faces(_ error: GatewayError) -> [String] {
        var dumped = ""
        dump(error, to: &dumped)
        return ["\(error)", String(reflecting: error), dumped, error.errorDescription ?? ""]
    }

    @Test func `a server's words about a session show its key nowhere`() {
        let errors: [any Error] = [
            PermissionDeniedException(reason: "Password check failed for '\(Self.key)': []"),
            RemovedSessionException(message: "No session with uuid: \(Self.key)"),
            IceError(.objectNotExist, "there is no \(Self.key)/omero"),
        ]
        for error in errors {
            for face in faces(GatewayError(explaining: error, during: .login)) { #expect(!face.contains(Self.key)) }
        }
        #expect("a \(Self.key), b \(Self.key.uppercased())!".withoutUUIDs == "a •••, b •••!")
        #expect("0d5b3a54-9e6f-4a4e-8f4c-0c1d2e3f4a5x ü".withoutUUIDs == "0d5b3a54-9e6f-4a4e-8f4c-0c1d2e3f4a5x ü")
    }

    @Test func `errors that say the same are equal, whatever is underneath, and so are states`() {
        let one = GatewayError(.refused, "nobody listens", phase: .connect, cause: CancellationError())
        let other = GatewayError(.refused, "nobody listens", phase: .connect)
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != GatewayError(.refused, "nobody listens", phase: .login))
        #expect(ConnectionState.lost(one) == .lost(other))
        #expect(ConnectionState.up != .closed)
    }

    @Test func `Foundation shows the message, and the advice as a suggestion`() {
        let error: any Error = GatewayError(.refused, "nobody listens", advice: "Check the port", endpoint: "ssl://h:1")
        #expect(error.localizedDescription == "nobody listens [ssl://h:1]")
        #expect((error as? any LocalizedError)?.recoverySuggestion == "Check the port")
    }

    @Test(arguments: [IceError.Code.connectionLost, .connectionClosedByPeer])
    func `who hangs up after TLS is a server that stops, and no stranger`(_ code: IceError.Code) throws {
        let error = IceError(code, "the connection ended", phase: .validation)
        let encrypted = GatewayError(explaining: error, during: .connect, at: try ServerAddress("h"))
        #expect(encrypted.kind == .connectionLost)
        let plain = GatewayError(explaining: error, during: .connect, at: try ServerAddress("tcp://h"))
        #expect(plain.kind == .notAnOMEROServer)
        #expect(plain.advice?.contains("4064 with TLS (ssl://)") == true)
        // A pool tries again in both cases: a network that breaks in that moment must not refuse all who wait.
        let source = GatewaySource(
            configuration: try GatewayConfiguration("h", .guest), checkLimit: .seconds(1))
        #expect(!source.isFinal(encrypted))
        #expect(!source.isFinal(plain))
    }

    @Test func `only failures of TLS say which check of it failed`() throws {
        for reason in [TLSFailure.Reason.notTLS, .knownServers("line 1 is nothing"), .invalidSettings("no file")] {
            let error = IceError(.tlsFailure, "TLS failed", cause: TLSFailure(reason))
            #expect(GatewayError(explaining: error, during: .connect).tls == nil)
        }
        let closed = IceError(.tlsFailure, "TLS failed", cause: TLSFailure(.closed))
        let error = GatewayError(explaining: closed, during: .connect)
        #expect(error.tls == .handshake)
        #expect(error.advice?.contains("4063 without (tcp://)") == true)
    }

    @Test(arguments: [
        (Duration.milliseconds(8), "8.0 ms"), (.milliseconds(999), "999.0 ms"), (.seconds(30), "30 s"),
        (.milliseconds(1500), "1.5 s"), (.seconds(-1), "-1 s"),
    ])
    func `durations read well in messages`(_ duration: Duration, _ text: String) {
        #expect(duration.readable == text)
    }

    @Test func `waits without an end, and chances that are no numbers, trap nowhere`() {
        var policy = ReconnectPolicy()
        policy.firstDelay = .seconds(Int64.max)
        policy.longestDelay = .seconds(Int64.max)
        policy.limit = .seconds(Int64.max)
        policy.jitter = .nan
        var schedule = ReconnectSchedule(policy)
        for _ in 0..<30 {
            let delay = schedule.next(elapsed: .zero, chance: 1)
            #expect(delay.map { $0 <= Duration.longestWait * 2 } == true)
        }
    }

    @Test func `without a first delay it is not tried again without a pause for ever`() {
        var policy = ReconnectPolicy()
        policy.firstDelay = .zero
        var schedule = ReconnectSchedule(policy)
        let delays = (0..<3).map { _ in schedule.next(elapsed: .zero, chance: 0) }
        #expect(delays == [.zero, .zero, .milliseconds(10)])
    }
}
