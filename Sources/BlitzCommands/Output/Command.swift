import ArgumentParser
import Foundation
import Synchronization
import UnixSignals

/// A command of `blitz` whose errors end the process with the code of their cause.
protocol Command: AsyncParsableCommand, Sendable {
    var output: OutputOptions { get }

    /// Does it.
    ///
    /// - Throws: anything; it is explained to the user.
    func perform(on console: Console) async throws
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Write results as JSON: one object per line. Errors too, on standard error.")
    var json = false
}

extension Command {
    func run() async throws {
        let console = Console(json: output.json)
        do {
            try await interruptible { try await perform(on: console) }
        } catch let code as ExitCode {
            throw code
        } catch let error as ValidationError {
            throw error
        } catch {
            let failure = Failure(explaining: error)
            if failure.cause != .interrupted { console.report(failure) }
            throw ExitCode(failure.cause.rawValue)
        }
    }
}

/// Ctrl-C, or SIGTERM, cancels what is under way, so that it can leave the server in an orderly way. A second one ends
/// the process at once, and so does a work that is not done within the time for an orderly close.
private func interruptible(_ body: @Sendable @escaping () async throws -> Void) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let isInterrupted = Mutex(false)
    // Not in one task tree: the signals go on being watched while the cancelled work comes to its end.
    let work = Task { try await body() }
    let watch = Task {
        for await _ in signals {
            if isInterrupted.withLock({ $0 }) { exit(ExitCause.interrupted.rawValue) }
            isInterrupted.withLock { $0 = true }
            work.cancel()
            // What waits for standard input does not notice.
            DispatchQueue.global().asyncAfter(deadline: .now() + 7) { exit(ExitCause.interrupted.rawValue) }
        }
    }
    defer { watch.cancel() }
    do {
        try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    } catch {
        if isInterrupted.withLock({ $0 }) { throw Failure(.interrupted, "interrupted") }
        throw error
    }
}
