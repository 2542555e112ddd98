import IceEncoding
import OMEROAPI
import OMEROModel

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

/// Becomes an `omero.cmd.ERR`.
struct CommandError: Error, Hashable {
    /// A short code, such as `no-session`.
    let name: String
    var parameters: [String: String] = [:]
}

extension ServerCore {
    /// What carries out a request of that class; nil for one that this server does not know.
    static func command(for request: Request) -> (any Command)? {
        if let request: UpdateSessionTimeoutRequest = request.cast() { return UpdateSessionTimeout(request: request) }
        if request.cast(to: CurrentSessionsRequest.self) != nil { return CurrentSessions() }
        if let request: ResetPasswordRequest = request.cast() { return ResetPassword(request: request) }
        if let request: DoAll = request.cast() { return DoAllCommand(request: request) }
        if let request: Chmod2 = request.cast() { return ChangePermissions(request: request) }
        if request.cast(to: ListRequests.self) != nil { return ListRequestsCommand() }
        if let request: Timing = request.cast() { return TimingCommand(request: request) }
        return nil
    }

}
