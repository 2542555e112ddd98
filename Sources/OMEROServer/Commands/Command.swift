import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore

/// What a client submitted, being carried out for it.
protocol Command: Sendable {
    /// How many steps it has.
    var steps: Int { get }
    /// Carries out one step; the last one's answer is the command's.
    ///
    /// - Throws: ``CommandError`` for what the client has to be told by name; everything else becomes `run-fail`.
    func run(step: Int, _ call: Call) async throws -> Response
}

extension Command {
    var steps: Int { 1 }
}

/// A command that is done in one transaction of the store, by itself or along with others.
protocol StoreCommand: Command {
    /// Does all of it; what it did is undone if it throws, or something later in the transaction does.
    func run(_ call: Call, in transaction: WriteTransaction) throws -> Response
    /// Does what the transaction can't: it is committed.
    func committed(_ response: Response, _ call: Call) async
}

/// Becomes an `omero.cmd.ERR`.
struct CommandError: Error, Hashable {
    /// A short code, such as `no-session`.
    let name: String
    var parameters: [String: String] = [:]
    /// What a graph stands against; the error is an `omero.cmd.GraphException` then, whose message clients show.
    var graphMessage: String?
}

extension CommandError {
    init(graph message: String) {
        self.init(name: "graph-fail", parameters: ["message": message], graphMessage: message)
    }
}

extension ServerCore {
    /// What carries out a request; one that this server does not know is refused by name.
    static func command(for request: Request) -> any Command {
        if let request: UpdateSessionTimeoutRequest = request.cast() { return UpdateSessionTimeout(request: request) }
        if request.cast(to: CurrentSessionsRequest.self) != nil { return CurrentSessions() }
        if let request: ResetPasswordRequest = request.cast() { return ResetPassword(request: request) }
        if let request: DoAll = request.cast() { return DoAllCommand(request: request) }
        if let request: Chmod2 = request.cast() { return ChangePermissions(request: request) }
        if let command = ChangeGraph(request) { return command }
        if let command = FindInGraph(request) { return command }
        if let request: LegalGraphTargets = request.cast() { return LegalTargets(request: request) }
        if request.cast(to: ListRequests.self) != nil { return ListRequestsCommand() }
        if let request: OriginalMetadataRequest = request.cast() { return OriginalMetadata(request: request) }
        if let request: Timing = request.cast() { return TimingCommand(request: request) }
        if request.cast(to: SkipHead.self) != nil {
            return RefusedCommand(reason: CommandError(graph: "SkipHead needs a Delete2, Chgrp2 or Chown2 request"))
        }
        return RefusedCommand(
            reason: CommandError(
                name: "run-fail", parameters: ["message": "\(request.typeID) is not supported by this server"]))
    }
}
