#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore
import Synchronization

/// A submitted command and those who wait for it: what stands behind `omero.cmd.Handle`.
final class CommandHandle: Sendable {
    let request: Request
    let proxy: HandlePrx
    private let core: ServerCore
    private let state: Mutex<HandleState>
    private let callbacks = Mutex<[Identity: CmdCallbackPrx]>([:])

    /// How long `cancel` waits for the step that is being carried out (`omero.threads.cancel_timeout`).
    static let cancelTimeout = Duration.seconds(5)

    init(request: Request, proxy: HandlePrx, steps: Int, core: ServerCore) {
        self.request = request
        self.proxy = proxy
        self.core = core
        state = Mutex(HandleState(steps: steps, now: Timestamp.now.milliseconds))
    }

    var response: Response? { state.withLock { $0.response } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    var status: Status {
        let state = state.withLock { $0 }
        return Status.make { status in
            status.source = proxy
            status.category = request.typeID
            status.name = ""
            status.flags = state.flags
            status.currentStep = Int32(clamping: state.currentStep)
            status.steps = Int32(clamping: state.steps)
            status.startTime = state.started
            status.stepStartTimes = state.stepStarts
            status.stepStopTimes = state.stepStops
            status.stopTime = state.stopped
        }
    }

    // MARK: Running

    /// Carries the command out, step by step, and tells those who wait.
    func run(_ command: any Command, _ call: Call) async {
        var last: Response?
        for step in 0..<max(1, command.steps) {
            guard state.withLock({ $0.beginStep(now: Timestamp.now.milliseconds) }) else { break }
            do {
                last = try await command.run(step: step, call)
            } catch {
                return await end(failure(error, step: step), failed: true)
            }
            let (announces, done, total) = state.withLock { state in
                state.endStep(now: Timestamp.now.milliseconds)
                return (state.announcesStep, state.currentStep, state.steps)
            }
            if announces {
                await notify {
                    try await $0.step(
                        complete: Int32(clamping: done), total: Int32(clamping: total), timeout: .seconds(5))
                }
            }
        }
        if let last, state.withLock({ $0.phase == .running }) {
            await end(last, failed: false)
        } else {
            await end(error("cancel-called", [:]), failed: true)
        }
    }

    private func failure(_ failure: any Error, step: Int) -> ERR {
        if let failure = failure as? CommandError {
            return error(failure.name, failure.parameters, graphMessage: failure.graphMessage)
        }
        let refusal = core.refusal(for: failure)
        let message = (refusal as? any ServerErrorProtocol)?.message ?? "\(type(of: refusal))"
        return error("run-fail", ["message": message, "step": String(step)])
    }

    private func error(_ name: String, _ parameters: [String: String], graphMessage: String? = nil) -> ERR {
        if let graphMessage {
            return ERR(
                GraphException.make { error in
                    error.category = request.typeID
                    error.name = name
                    error.parameters = parameters
                    error.message = graphMessage
                })
        }
        return ERR.make { error in
            error.category = request.typeID
            error.name = name
            error.parameters = parameters
        }
    }

    private func end(_ response: some ResponseProtocol, failed: Bool) async {
        let response = Response(response)
        guard state.withLock({ $0.end(response, failed: failed, now: Timestamp.now.milliseconds) }) else { return }
        let status = status
        await notify { try await $0.finished(rsp: response, s: status, timeout: .seconds(5)) }
    }

    private func notify(_ body: @Sendable (CmdCallbackPrx) async throws -> Void) async {
        for callback in callbacks.withLock({ Array($0.values) }) {
            do {
                try await body(callback)
            } catch {
                // Oneway: whoever doesn't listen any more is not waited for.
                core.observer.backgroundFailed("tell a client of its command", error)
            }
        }
    }

    // MARK: Those who wait

    func add(_ callback: CmdCallbackPrx, on connection: Connection) {
        let proxy = connection.createProxy(callback.proxy.identity).oneway()
        callbacks.withLock { $0[callback.proxy.identity] = CmdCallbackPrx(proxy) }
    }

    func remove(_ callback: CmdCallbackPrx) {
        callbacks.withLock { _ = $0.removeValue(forKey: callback.proxy.identity) }
    }

    /// Whether the command ended without its work being done.
    ///
    /// - Throws: `LockTimeout` if the step that is being carried out takes too long.
    func cancel() async throws -> Bool {
        switch state.withLock({ $0.cancel() }) {
        case .already(let wasCancelled): return wasCancelled
        case .now:
            await end(error("cancel-called", [:]), failed: true)
            return true
        case .afterStep:
            let end = ContinuousClock.now + Self.cancelTimeout
            while ContinuousClock.now < end {
                if hasEnded { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw LockTimeout(
                message: "timed out while waiting on CANCELLED state",
                serverExceptionClass: "ome.conditions.LockTimeout",
                backOff: 5000,
                seconds: 5
            )
        }
    }
}

extension ServerCore {
    /// Takes a request up and answers with its handle; the work goes on by itself.
    ///
    /// - Throws: `OverUsageException` for too many servants.
    func submit(_ request: Request, _ call: Call) async throws -> HandlePrx {
        let command = Self.command(for: request)
        let session = call.session
        let name = "IHandle" + UUID().uuidString.lowercased()
        let identity = Identity(name: name, category: session.uuid)
        let handle = CommandHandle(
            request: request,
            proxy: HandlePrx(backend.createProxy(identity)),
            steps: command.steps,
            core: self
        )
        let servant = ServiceGuard<HandleService>(core: self, client: call.client) { call in
            HandleService(call: call, handle: handle, name: name)
        }
        _ = try addServant(named: name, .handle, to: session) { servant }
        background { await handle.run(command, call) }
        return handle.proxy
    }
}

/// `omero.cmd.Handle`
struct HandleService: HandleServant, CallService {
    let call: Call
    let handle: CommandHandle
    let name: String

    static func requirement(_ operation: String) -> Requirement { .anyone }

    func getRequest(current: Current) async throws -> Request? { handle.request }
    func getResponse(current: Current) async throws -> Response? { handle.response }
    func getStatus(current: Current) async throws -> Status? { handle.status }

    func addCallback(cb: CmdCallbackPrx?, current: Current) async throws {
        if let cb { handle.add(cb, on: current.connection) }
    }

    func removeCallback(cb: CmdCallbackPrx?, current: Current) async throws {
        if let cb { handle.remove(cb) }
    }

    func cancel(current: Current) async throws -> Bool { try await handle.cancel() }

    func close(current: Current) async throws {
        call.core.removeServant(name, of: call.session)
        if !handle.hasEnded { _ = try await handle.cancel() }
    }
}
