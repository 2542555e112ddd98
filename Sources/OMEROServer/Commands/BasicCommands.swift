import IceEncoding
import OMEROAPI
import OMEROStore

/// `omero.cmd.DoAll`: several requests, one after the other; the first that fails ends it.
///
/// If all are done in the store they are one transaction: all of them or none.
struct DoAllCommand: Command {
    let request: DoAll
    /// In how many others this one is. Requests can be in themselves, so there is a limit.
    var depth = 0

    func run(step: Int, _ call: Call) async throws -> Response {
        guard depth < 4 else {
            throw CommandError(name: "run-fail", parameters: ["message": "too many DoAll in one another"])
        }
        let commands = request.requests.compactMap(\.self).map { inner -> any Command in
            if let inner: DoAll = inner.cast() { return DoAllCommand(request: inner, depth: depth + 1) }
            return ServerCore.command(for: inner)
        }
        // Before anything was done.
        for case let refused as RefusedCommand in commands { throw refused.reason }
        let inStore = commands.compactMap { $0 as? any StoreCommand }
        if inStore.count == commands.count, inStore.count > 1 {
            let responses = try await call.core.store.write { transaction in
                try inStore.map { try $0.run(call, in: transaction) }
            }
            for (command, response) in zip(inStore, responses) { await command.committed(response, call) }
            return Response(DoAllRsp.make { $0.responses = responses })
        }
        var responses: [Response] = []
        for command in commands {
            var last = Response(OK.make())
            for step in 0..<max(1, command.steps) { last = try await command.run(step: step, call) }
            responses.append(last)
        }
        return Response(DoAllRsp.make { $0.responses = responses })
    }
}

/// A request that can't be carried out: its answer says why.
///
/// `submit` declares no exceptions, so that an exception would tell clients nothing.
struct RefusedCommand: Command {
    let reason: CommandError

    func run(step: Int, _ call: Call) async throws -> Response { throw reason }
}

/// `omero.cmd.ListRequests`: one empty request of every kind that the server carries out.
struct ListRequestsCommand: Command {
    func run(step: Int, _ call: Call) async throws -> Response {
        let list: [Request] = [
            Request(UpdateSessionTimeoutRequest.make()), Request(CurrentSessionsRequest.make()),
            Request(ResetPasswordRequest.make()), Request(DoAll.make()), Request(Chmod2.make()),
            Request(Delete2.make()), Request(Chgrp2.make()), Request(Chown2.make()), Request(SkipHead.make()),
            Request(FindParents.make()), Request(FindChildren.make()), Request(LegalGraphTargets.make()),
            Request(ListRequests.make()), Request(Timing.make()), Request(OriginalMetadataRequest.make()),
        ]
        return Response(ListRequestsRsp.make { $0.list = list })
    }
}

/// `omero.cmd.Timing`: waits, for tests of clients.
struct TimingCommand: Command {
    let request: Timing
    /// A request cannot keep the server waiting for longer.
    static let limit: Int64 = 5 * 60 * 1000

    var steps: Int { min(max(1, Int(request.steps)), 10_000) }

    func run(step: Int, _ call: Call) async throws -> Response {
        guard request.steps >= 1, request.millisPerStep >= 0,
            Int64(request.steps) * Int64(request.millisPerStep) <= Self.limit
        else {
            throw CommandError(name: "too-long", parameters: ["maximum": String(Self.limit)])
        }
        try await Task.sleep(for: .milliseconds(Int64(request.millisPerStep)))
        return Response(OK.make())
    }
}
