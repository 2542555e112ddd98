import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore

/// `omero.cmd.FindParents` and `FindChildren`: what objects are in, and what is in them.
struct FindInGraph: Command {
    private let direction: GraphDirection
    private let targets: [String: [Int64]]
    private let wanted: [String]
    private let stopBefore: [String]

    init?(_ request: Request) {
        if let find: FindParents = request.cast() {
            direction = .parents
            targets = find.targetObjects
            wanted = find.typesOfParents
            stopBefore = find.stopBefore
        } else if let find: FindChildren = request.cast() {
            direction = .children
            targets = find.targetObjects
            wanted = find.typesOfChildren
            stopBefore = find.stopBefore
        } else {
            return nil
        }
    }

    func run(step: Int, _ call: Call) async throws -> Response {
        guard !wanted.isEmpty else {
            throw CommandError(name: "bad-options", parameters: ["message": "no types to find"])
        }
        let targets = try GraphTargets.search.targets(targets)
        let wanted = try wanted.entities()
        let stopBefore = try stopBefore.entities()
        do {
            let found = try await call.core.look(for: call) { transaction in
                let authority = try GraphCaller(call, transaction).authority()
                return try transaction.search(direction, of: targets, for: wanted, stopBefore: stopBefore, authority)
            }
            return switch direction {
            case .parents: Response(FoundParents.make { $0.parents = found.byName })
            case .children: Response(FoundChildren.make { $0.children = found.byName })
            }
        } catch let refusal as GraphRefusal {
            throw CommandError(graph: refusal.description)
        }
    }
}
