import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore

/// `omero.cmd.Delete2`, `Chgrp2` and `Chown2`, each by itself or behind a `SkipHead`: objects with all that goes along.
///
/// Whatever the context of the call, it is in all groups.
struct ChangeGraph: StoreCommand {
    private enum Operation: Sendable {
        case delete(Delete2)
        case move(Chgrp2)
        case give(Chown2)
    }

    private let operation: Operation
    private let request: GraphModify2
    /// From whose targets on the search for this request's targets begins.
    private let head: SkipHead?

    init?(_ request: Request) {
        if let head: SkipHead = request.cast() {
            // Not another one, which could be this one again.
            guard let tail = head.request, tail.cast(to: SkipHead.self) == nil,
                let change = ChangeGraph(Request(tail))
            else { return nil }
            self.init(operation: change.operation, request: change.request, head: head)
        } else if let delete: Delete2 = request.cast() {
            self.init(operation: .delete(delete), request: GraphModify2(delete), head: nil)
        } else if let move: Chgrp2 = request.cast() {
            self.init(operation: .move(move), request: GraphModify2(move), head: nil)
        } else if let give: Chown2 = request.cast() {
            self.init(operation: .give(give), request: GraphModify2(give), head: nil)
        } else {
            return nil
        }
    }

    private init(operation: Operation, request: GraphModify2, head: SkipHead?) {
        self.operation = operation
        self.request = request
        self.head = head
    }

    private var isDryRun: Bool { request.dryRun || head?.dryRun == true }

    func run(step: Int, _ call: Call) async throws -> Response {
        do {
            let store = call.core.store
            if isDryRun { return try await call.core.look(for: call) { response(try plan(call, $0)) } }
            let done = try await store.write { try run(call, in: $0) }
            await committed(done, call)
            return done
        } catch let error as StoreError where error.isConstraintViolation {
            throw CommandError(graph: error.description)
        }
    }

    func run(_ call: Call, in transaction: WriteTransaction) throws -> Response {
        let plan = try plan(call, transaction)
        if !isDryRun { try transaction.carryOut(plan, by: AdminService(call).author) }
        return response(plan)
    }

    func committed(_ response: Response, _ call: Call) async {
        if !isDryRun { await call.core.removeBytes(deletedBy: response) }
    }

    // MARK: Planning

    private func plan(_ call: Call, _ transaction: ReadTransaction) throws -> GraphPlan {
        do {
            let rules = try GraphCaller(call, transaction)
            switch operation {
            case .delete(let delete):
                let ignored = try delete.typesToIgnore.entities()
                return try plan(.delete, .delete, rules.authority(), transaction, ignored: ignored)
            case .move(let move):
                try rules.checkMove(to: move.groupId)
                return try plan(.move(toGroup: move.groupId), .move, rules.authority(), transaction)
            case .give(let give):
                let authority = try rules.authority(toGiveTo: give.userId, from: give.targetUsers, transaction)
                let more = try rules.objects(of: give.targetUsers, transaction)
                return try plan(.give(toUser: give.userId), .give, authority, transaction, more: more)
            }
        } catch let refusal as GraphRefusal {
            throw CommandError(graph: refusal.description)
        }
    }

    private func plan(
        _ operation: GraphRequest.Operation, _ legal: GraphTargets, _ authority: GraphAuthority,
        _ transaction: ReadTransaction, ignored: Set<Entity> = [], more: [Entity: Set<Int64>] = [:]
    ) throws -> GraphPlan {
        var targets = try legal.targets(head?.targetObjects ?? request.targetObjects)
        if let head {
            let options = try head.childOptions.compactMap(\.self).map(GraphOption.init)
            let reached = try transaction.reach(
                of: GraphRequest(operation, targets, options: options, ignored: ignored), authority)
            let wanted = try head.startFrom.entities()
            targets = reached.filter { $0.key.lineage.contains(where: wanted.contains) }
        }
        targets.merge(more) { $0.union($1) }
        let options = try request.childOptions.compactMap(\.self).map(GraphOption.init)
        return try transaction.plan(
            GraphRequest(operation, targets, options: options, ignored: ignored), authority)
    }

    // MARK: Answers

    private func response(_ plan: GraphPlan) -> Response {
        let included = plan.included.byName
        let deleted = plan.deleted.byName
        return switch operation {
        case .delete: Response(Delete2Response.make { $0.deletedObjects = deleted })
        case .move:
            Response(
                Chgrp2Response.make {
                    $0.includedObjects = included
                    $0.deletedObjects = deleted
                })
        case .give:
            Response(
                Chown2Response.make {
                    $0.includedObjects = included
                    $0.deletedObjects = deleted
                })
        }
    }
}

extension [Entity: [Int64]] {
    /// By the name in OMERO's code, such as `ome.model.core.Image`.
    var byName: [String: [Int64]] {
        [String: [Int64]](uniqueKeysWithValues: map { ($0.key.logName, $0.value) })
    }
}

extension GraphOption {
    /// - Throws: ``CommandError`` for an option that says nothing, or two things at once.
    init(_ option: ChildOption) throws {
        let included = try option.includeType.entities()
        let excluded = try option.excludeType.entities()
        guard !included.isEmpty || !excluded.isEmpty else {
            throw CommandError(graph: "child option must include or exclude some type")
        }
        guard option.includeNs.isEmpty || option.excludeNs.isEmpty else {
            throw CommandError(graph: "child option may not both include and exclude namespace")
        }
        let namespaces: Namespaces? =
            if !option.includeNs.isEmpty {
                .only(Set(option.includeNs))
            } else if !option.excludeNs.isEmpty {
                .allBut(Set(option.excludeNs))
            } else {
                nil
            }
        self.init(includedTypes: included, excludedTypes: excluded, namespaces: namespaces)
    }
}
