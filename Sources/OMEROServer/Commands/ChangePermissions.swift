import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel

/// `omero.cmd.Chmod2`: other permissions for groups.
struct ChangePermissions: Command {
    let request: Chmod2

    func run(step: Int, _ call: Call) async throws -> Response {
        guard request.targetObjects.keys.allSatisfy({ $0.hasSuffix("ExperimenterGroup") }) else {
            throw failure("Only groups allowed")
        }
        guard let permissions = Permissions(request.permissions) else {
            throw failure("\(request.permissions) are no permissions")
        }
        let groups = request.targetObjects.values.flatMap(\.self)
        do {
            let service = AdminService(call)
            if !request.dryRun { try await service.changePermissions(of: groups, to: permissions) }
        } catch {
            let refusal = call.core.refusal(for: error)
            throw failure((refusal as? any ServerErrorProtocol)?.message ?? "\(type(of: refusal))")
        }
        return Response(
            Chmod2Response.make { $0.includedObjects = ["ome.model.meta.ExperimenterGroup": groups] }
        )
    }

    private func failure(_ message: String) -> CommandError {
        CommandError(graph: message)
    }
}
