#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import NIOCore
import OMEROAPI
import Synchronization

/// The bytes of original files in memory, for servers without a data folder: gone when the server ends.
final class MemoryFiles: FilePlace {
    private let files = Mutex<[Int64: ByteBuffer]>([:])

    /// Of one file, in bytes.
    static let largest = 1 << 30

    func size(of id: Int64) -> Int64? { files.withLock { $0[id].map { Int64($0.writerIndex) } } }

    func read(_ id: Int64, at position: Int64, upTo count: Int) -> ByteBuffer {
        files.withLock { files in
            guard let file = files[id], position < file.writerIndex, let start = Int(exactly: position) else {
                return ByteBuffer()
            }
            return file.getSlice(at: start, length: min(count, file.writerIndex - start)) ?? ByteBuffer()
        }
    }

    func write(_ bytes: ByteBuffer, to id: Int64, at position: Int64) throws {
        guard let start = Int(exactly: position), start <= Self.largest - bytes.readableBytes else {
            throw ResourceError("a server without a data folder keeps at most \(Self.largest) bytes of a file")
        }
        files.withLock { files in
            var file = files.removeValue(forKey: id) ?? ByteBuffer()
            if start > file.writerIndex { file.writeRepeatingByte(0, count: start - file.writerIndex) }
            file.setBuffer(bytes, at: start)
            file.moveWriterIndex(to: max(file.writerIndex, start + bytes.readableBytes))
            files[id] = file
        }
    }

    func truncate(_ id: Int64, to length: Int64) {
        files.withLock { files in
            guard let length = Int(exactly: length), let end = files[id]?.writerIndex, length < end else { return }
            files[id]?.moveWriterIndex(to: length)
        }
    }

    func remove(_ id: Int64) { files.withLock { $0[id] = nil } }

    func flush(_ id: Int64) {}

    /// What all files together may have is not limited: the machine's memory is.
    func space() -> FileSpace {
        let used = files.withLock { $0.values.reduce(0) { $0 + Int64($1.writerIndex) } }
        let total = Int64(clamping: ProcessInfo.processInfo.physicalMemory)
        return FileSpace(free: max(0, total - used), total: total)
    }
}
