import Foundation
import Synchronization

/// A program that we did not write, as a child process. Ends with ``stop()`` at the latest.
public final class ForeignProcess: Sendable {
    private struct Output {
        var bytes: [UInt8] = []
        var ended = false
    }

    private let process: Process
    private let input: Pipe
    private let output = Mutex(Output())
    /// One start at a time: a child that is started between the making and the use of another's pipes inherits them,
    /// and whoever waits for their end waits for that child. Tests start programs only here.
    private static let starting = NSLock()

    public init(_ executable: String, _ arguments: [String] = []) throws {
        Self.starting.lock()
        defer { Self.starting.unlock() }
        process = Process()
        input = Pipe()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = input
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.standardError
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.output.withLock { output in
                output.bytes += data
                if data.isEmpty { output.ended = true }
            }
        }
        // The threads of the pool block most signals and a child inherits that, SIGTERM included.
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    /// What a program writes that ends by itself. No thread waits for it: there are few, and all tests share them.
    public static func output(
        of executable: String, _ arguments: [String] = [], within limit: Duration = .seconds(60)
    ) async throws -> String {
        try await ForeignProcess(executable, arguments).finish(within: limit)
    }

    public var text: String { output.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    /// The rest of the line that begins with `word`.
    public func line(_ word: String, within limit: Duration = .seconds(30)) async throws -> String {
        let end = ContinuousClock.now + limit
        while .now < end {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(word + " ") }) {
                return String(line.dropFirst(word.count + 1))
            }
            if output.withLock({ $0.ended }) { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw PeerFailure("no line \(word) within \(limit); output: \(text.suffix(500))")
    }

    /// Waits for its end and gives back what it wrote.
    public func finish(within limit: Duration) async throws -> String {
        let end = ContinuousClock.now + limit
        while !output.withLock({ $0.ended }) || process.isRunning {
            guard .now < end else {
                stop()
                throw PeerFailure("did not end within \(limit); output: \(text.suffix(500))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return text
    }

    /// Asks it to end by the end of its input, then by signal; in the end it is not asked.
    public func stop() {
        try? input.fileHandleForWriting.close()
        if endsWithin(5) { return }
        process.terminate()
        if endsWithin(5) { return }
        kill(process.processIdentifier, SIGKILL)
    }

    /// Ends a program that does not heed its input, without waiting for that.
    public func terminate() { process.terminate() }

    private func endsWithin(_ seconds: Double) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < end { usleep(10_000) }
        return !process.isRunning
    }
}

public struct PeerFailure: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
