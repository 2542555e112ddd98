import Ice
import IceEncoding
import NIOCore
import OMEROAPI
import OMEROModel
import OMEROStore
import Synchronization

/// `omero.api.RawFileStore`: the bytes of one original file, the one that `setFileId` chose.
struct RawFileStoreService: RawFileStoreServant, StatefulService {
    /// The file that is chosen.
    final class Memory: Sendable {
        let file = Mutex<OpenFile?>(nil)
    }

    let call: Call
    let servantName: String
    private let memory: Memory

    init(_ call: Call, servantName: String, memory: Memory) {
        self.call = call
        self.servantName = servantName
        self.memory = memory
    }

    static func makeMemory() -> Memory { Memory() }
    static func requirement(_ operation: String) -> Requirement { .user }

    private var files: BinaryFiles { call.core.files }

    private func chosen() throws -> OpenFile {
        guard let file = memory.file.withLock({ $0 }) else {
            throw ApiUsageException("no file is chosen: call setFileId first")
        }
        return file
    }

    private func chosenToWrite() throws -> OpenFile {
        let file = try chosen()
        guard file.mayWrite else { throw SecurityViolation("Updating OriginalFile:\(file.id) not allowed.") }
        return file
    }

    private func chosenToRead() throws -> OpenFile {
        let file = try chosen()
        guard file.mayRead else { throw SecurityViolation("Download is restricted for OriginalFile:\(file.id)") }
        return file
    }

    /// Another write may have chosen another file meanwhile: of that nothing is said.
    private func setModified(_ isModified: Bool, _ id: Int64) {
        memory.file.withLock { file in if file?.id == id { file?.isModified = isModified } }
    }

    // MARK: Operations

    /// What was written to the file before is saved first.
    func setFileId(fileId: Int64, current: Current) async throws {
        try await finish()
        let file = try await call.openFile(fileId)
        memory.file.withLock { $0 = file }
    }

    func getFileId(current: Current) async throws -> Int64? { memory.file.withLock { $0?.id } }
    func exists(current: Current) async throws -> Bool { try await files.exists(chosen().id) }
    func size(current: Current) async throws -> Int64 { try await files.size(of: chosen().id) }

    func read(position: Int64, length: Int32, current: Current) async throws -> ByteBuffer {
        try await files.read(chosenToRead().id, at: position, length: length)
    }

    func write(buf: ByteBuffer, position: Int64, length: Int32, current: Current) async throws {
        let id = try chosenToWrite().id
        guard let bytes = buf.getSlice(at: buf.readerIndex, length: Int(length)) else {
            throw ApiUsageException("there are \(buf.readableBytes) bytes, not \(length)")
        }
        // Before: of a write that fails half-way something may be there.
        setModified(true, id)
        try await files.write(bytes, to: id, at: position)
    }

    func truncate(length: Int64, current: Current) async throws -> Bool {
        let id = try chosenToWrite().id
        guard try await files.truncate(id, to: length) else { return false }
        setModified(true, id)
        return true
    }

    /// Nil if nothing was written since the last time.
    func save(current: Current) async throws -> OriginalFile? { try await seal() }

    func finish() async throws { _ = try await seal() }

    /// Brings size and checksum of the file's row to what was written.
    private func seal() async throws -> OriginalFile? {
        guard let file = memory.file.withLock({ $0 }), file.isModified else { return nil }
        setModified(false, file.id)
        do {
            return try await call.seal(file.id)
        } catch {
            setModified(true, file.id)
            throw error
        }
    }
}

extension Call {
    /// Sets size and checksum of an original file to those of its bytes, by the file's own algorithm where it has one
    /// that is known here.
    fileprivate func seal(_ id: Int64) async throws -> OriginalFile? {
        let kind = try await core.store.read { try $0.checksumKind(ofFile: id) }
        let (size, hash) = try await core.files.seal(id, kind)
        return try await change("OriginalFile", id) { object in
            guard let file: OriginalFile = object.cast() else { return object }
            return IObject(
                file.edited { draft in
                    draft.size = size
                    draft.hash = hash
                    draft.hasher = ChecksumAlgorithm.make { $0.value = kind.rawValue }
                })
        }?.cast()
    }
}

extension ReadTransaction {
    fileprivate func checksumKind(ofFile id: Int64) throws -> ChecksumKind {
        let query = try ObjectQuery("select h.value from OriginalFile f join f.hasher h where f.id = :id")
        guard case .text(let name)? = try run(query, ["id": .long(id)]).rows.first?.first else { return .sha1 }
        return ChecksumKind(rawValue: name) ?? .sha1
    }
}
