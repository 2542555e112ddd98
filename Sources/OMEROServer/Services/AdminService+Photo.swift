import Ice
import IceEncoding
import NIOCore
import OMEROAccess
import OMEROAPI
import OMEROModel
import OMEROStore

// The picture of a user: a file annotation of the user, in the group that all can see.
extension AdminService {
    private static let photoNamespace = "openmicroscopy.org/omero/experimenter/photo"

    /// A second photo takes the place of the first.
    func uploadMyUserPhoto(
        filename: String, format: String, data: ByteBuffer, current: Current
    ) async throws -> Int64 {
        guard !filename.isEmpty, !format.isEmpty, data.readableBytes > 0 else {
            throw ApiUsageException("a photo needs a name, a format and bytes")
        }
        var checksum = Checksum(.sha1)
        checksum.add(data)
        let hash = checksum.finish()
        let (call, files) = (call, core.files)
        return try await core.store.write { transaction in
            let id: Int64
            if let known = try transaction.photo(ofUser: call.session.owner.id, Self.photoNamespace) {
                id = known
                try call.save("OriginalFile", id, in: transaction) { object in
                    guard let file: OriginalFile = object.cast() else { return object }
                    return IObject(
                        file.edited { draft in
                            draft.name = filename
                            draft.mimetype = format
                            draft.size = Int64(data.readableBytes)
                            draft.hash = hash
                            draft.hasher = ChecksumAlgorithm.make { $0.value = ChecksumKind.sha1.rawValue }
                        })
                }
            } else {
                id = try transaction.insertPhoto(
                    [
                        "name": .text(filename), "path": .text(filename), "mimetype": .text(format),
                        "size": .int(Int64(data.readableBytes)), "hash": .text(hash),
                        "hasher": .entry(ChecksumKind.sha1.rawValue),
                    ], Self.photoNamespace, by: call.author)
            }
            try files.replaceNow(id, with: data)
            return id
        }
    }
}

extension ReadTransaction {
    /// The file of a user's photo.
    fileprivate func photo(ofUser user: Int64, _ namespace: String) throws -> Int64? {
        let query = try ObjectQuery(
            """
            select f.id from FileAnnotation a join a.file f where a.ns = :ns and a.id in \
            (select l.child.id from ExperimenterAnnotationLink l where l.parent.id = :user) order by f.id desc
            """
        )
        let result = try run(query, ["ns": .string(namespace), "user": .long(user)])
        guard case .int(let id)? = result.rows.first?.first else { return nil }
        return id
    }
}

extension WriteTransaction {
    /// A file that is the photo of the caller.
    fileprivate func insertPhoto(
        _ file: [String: StoreValue], _ namespace: String, by caller: Author
    ) throws -> Int64 {
        var caller = caller
        caller.groupID = BuiltIn.userGroup
        let id = try insertObject("OriginalFile", file, by: caller)
        let annotation = try insertObject(
            "FileAnnotation", ["ns": .text(namespace), "file": .reference(id)], by: caller)
        try insertObject(
            "ExperimenterAnnotationLink", ["parent": .reference(caller.userID), "child": .reference(annotation)],
            by: caller)
        return id
    }
}
