import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel

/// `omero.cmd.OriginalMetadataRequest`: what the files say that an image was imported from.
///
/// Other images have none, nor has what the caller doesn't see: the answer is empty (omero-blitz,
/// OriginalMetadataRequestI). Files of images are not read here, so for imported ones it is refused.
struct OriginalMetadata: Command {
    let request: OriginalMetadataRequest

    private static let imported = """
        select i.id from Image i where i.id = :id and (i.fileset is not null or exists (select l.id from \
        ImageAnnotationLink l join l.child a where l.parent.id = i.id and \
        a.ns = 'openmicroscopy.org/omero/import/companionFile'))
        """

    func run(step: Int, _ call: Call) async throws -> Response {
        // OMERO looks in all groups, whichever the call is in.
        var caller = call.caller
        caller.group = .all
        let everywhere = Call(
            core: call.core, client: call.client, session: call.session, caller: caller, current: call.current)
        let id: [String: RValue?] = ["id": .long(request.imageId)]
        guard try await call.core.rows(Self.imported, id, for: everywhere).isEmpty else {
            throw CommandError(
                name: "run-fail",
                parameters: ["message": "reading the files of imported images is not supported by this server"])
        }
        return Response(OriginalMetadataResponse.make { _ in })
    }
}
