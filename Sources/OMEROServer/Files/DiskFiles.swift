import Foundation
import NIOCore
import OMEROAPI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bytes of original files in a data folder, as OMERO lays them out: `Files/12`, `Files/Dir-001/Dir-234/1234567`.
struct DiskFiles: FilePlace {
    let folder: String

    /// A folder for each thousand of ids.
    func path(of id: Int64) -> (folder: String, file: String) {
        var path = ""
        var rest = id / 1000
        while rest > 0 {
            let number = String(rest % 1000)
            path = "Dir-" + String(repeating: "0", count: 3 - number.count) + number + "/" + path
            rest /= 1000
        }
        let folder = folder + "/Files/" + path
        return (folder, folder + String(id))
    }

    func size(of id: Int64) throws -> Int64? {
        var information = stat()
        guard stat(path(of: id).file, &information) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("looked up", id)
        }
        return Int64(information.st_size)
    }

    func read(_ id: Int64, at position: Int64, upTo count: Int) throws -> ByteBuffer {
        // No more is allocated than there is.
        guard let size = try size(of: id), position < size else { return ByteBuffer() }
        let count = min(count, Int(clamping: size - position))
        return try withFile(id, O_RDONLY, "read") { file in
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            while buffer.readableBytes < count {
                let done = buffer.readableBytes
                let got = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - done) { bytes in
                    let got = uninterrupted {
                        pread(file, bytes.baseAddress, count - done, off_t(position) + off_t(done))
                    }
                    guard got >= 0 else { throw failure("read", id) }
                    return got
                }
                // Somebody else made it shorter meanwhile.
                if got == 0 { break }
            }
            return buffer
        }
    }

    func write(_ bytes: ByteBuffer, to id: Int64, at position: Int64) throws {
        let folder = path(of: id).folder
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ResourceError("the folder for OriginalFile:\(id) cannot be made")
        }
        try withFile(id, O_WRONLY | O_CREAT, "written") { file in
            try bytes.withUnsafeReadableBytes { bytes in
                var done = 0
                while done < bytes.count {
                    let rest = bytes.baseAddress.map { $0 + done }
                    let got = uninterrupted {
                        pwrite(file, rest, bytes.count - done, off_t(position) + off_t(done))
                    }
                    guard got >= 0 else { throw failure("written", id) }
                    done += got
                }
            }
        }
    }

    func truncate(_ id: Int64, to length: Int64) throws {
        try withFile(id, O_WRONLY, "made shorter") { file in
            guard ftruncate(file, off_t(length)) == 0 else { throw failure("made shorter", id) }
        }
    }

    func remove(_ id: Int64) throws {
        guard unlink(path(of: id).file) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw failure("removed", id)
        }
    }

    func flush(_ id: Int64) throws {
        guard try size(of: id) != nil else { return }
        try withFile(id, O_RDONLY, "written") { file in
            guard fsync(file) == 0 else { throw failure("written", id) }
        }
    }

    func space() throws -> FileSpace {
        let values = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        guard let free = (values?[.systemFreeSize] as? NSNumber)?.int64Value,
            let total = (values?[.systemSize] as? NSNumber)?.int64Value
        else { throw ResourceError("how much room there is for files cannot be found out") }
        return FileSpace(free: free, total: total)
    }

    /// A signal that comes in between is no end.
    private func uninterrupted(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    private func withFile<Result>(
        _ id: Int64, _ flags: CInt, _ what: String, _ body: (CInt) throws -> Result
    ) throws -> Result {
        let file = open(path(of: id).file, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure(what, id) }
        defer { _ = close(file) }
        return try body(file)
    }

    /// What the operating system says, without the folder: clients need not know where the server keeps its data.
    private func failure(_ what: String, _ id: Int64) -> ResourceError {
        ResourceError("the bytes of OriginalFile:\(id) cannot be \(what): \(String(cString: strerror(errno)))")
    }
}
