import Ice
import IceEncoding
public import OMEROAPI
import OMEROModel

/// How far a command has come on the server.
public struct CommandProgress: Sendable, Hashable {
    /// How many steps are done.
    public var step: Int
    /// Zero as long as the server does not know.
    public var steps: Int
}

// Background commands (`omero.cmd`): deleting, moving, giving away, and whatever else servers know.
extension GatewayContext {
    /// Has the server carry out a command, and waits for its answer.
    ///
    /// - Parameters:
    ///   - request: the command, one of the classes in `omero.cmd`.
    ///   - limit: how long to wait; then the command is cancelled, where it can be.
    ///   - progress: called as the command goes on.
    /// - Throws: ``GatewayError``, of kind ``GatewayError/Kind/serverError`` with what the command says of its
    ///   failure; `CancellationError`, after which the command is cancelled too.
    public func submit(
        _ request: some RequestProtocol,
        limit: Duration = .seconds(600),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> Response {
        let request = Request(request)
        let context = callContext.ice
        let handle = try await gateway.core.perform(repeatable: false) { link in
            try await link.factory.submit(req: request, context: context.map { link.merged($0) })
        }
        guard let handle else { throw GatewayError(.protocolError, "the server took no command", phase: .call) }
        do {
            let response = try await answer(of: handle, limit: limit, progress: progress)
            try? await handle.close()
            return try checked(response)
        } catch {
            // Also where this task was cancelled: the server should not go on for nobody.
            await Task.detached {
                _ = try? await handle.cancel(timeout: .seconds(5))
                try? await handle.close(timeout: .seconds(5))
            }.value
            throw error
        }
    }

    /// Asks until the command is done: often at first, then every half second.
    private func answer(
        of handle: HandlePrx,
        limit: Duration,
        progress: (CommandProgress) -> Void
    ) async throws -> Response {
        let end = ContinuousClock.now + limit
        var pause = Duration.milliseconds(2)
        var last: CommandProgress?
        while true {
            let response = try await gateway.core.perform(repeatable: true) { _ in try await handle.getResponse() }
            if let response { return response }
            if pause >= .milliseconds(50),
                let status = try await gateway.core.perform(repeatable: true, { _ in try await handle.getStatus() })
            {
                let now = CommandProgress(step: Int(status.currentStep), steps: Int(status.steps))
                if now != last { progress(now) }
                last = now
            }
            guard ContinuousClock.now < end else {
                throw GatewayError(
                    .timedOut, "the server's command was not done within \(limit.readable)", phase: .call,
                    mayHaveHappened: true)
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
    }

    private func checked(_ response: Response) throws -> Response {
        guard let failure = response.cast(to: ERR.self) else { return response }
        let parameters = failure.parameters
        let text = parameters["message"] ?? parameters["Error"] ?? parameters["stacktrace"]?.firstLine ?? failure.name
        let isRefusal =
            (parameters["type"] ?? failure.name + failure.category).contains("Security")
            || text.contains("SecurityViolation") || text.contains("not permitted")
            || parameters["stacktrace"]?.firstLine?.contains("SecurityViolation") == true
        let (kind, message) = Self.meaning(of: failure.name, text)
        throw GatewayError(
            isRefusal ? .noPermission : kind, "the command failed: \(message)", phase: .call,
            serverException: failure.name)
    }

    /// The names that servers give to failures of commands, with what they leave unsaid.
    private static func meaning(of name: String, _ text: String) -> (GatewayError.Kind, String) {
        switch name {
        case "not-in-group": (.notInGroup, text.shown)
        case "non-admin-disabling": (.noPermission, "only administrators may take away a session's limit")
        case "non-admin-increase": (.noPermission, "only administrators may set so long a limit of a session")
        // That there are none, or that they are not to be seen, is one answer.
        case _ where text.contains("cannot read all the specified objects"): (.notFound, text.shown)
        default: (.serverError, text.shown)
        }
    }
}

extension String {
    fileprivate var firstLine: String? { split(whereSeparator: \.isNewline).first.map(String.init) }
}

extension Link {
    /// A call's own context replaces the communicator's, which names this client.
    func merged(_ context: Context) -> Context {
        factory.proxy.communicator.configuration.implicitContext.merging(context) { $1 }
    }
}
