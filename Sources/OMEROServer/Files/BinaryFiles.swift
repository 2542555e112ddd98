import Crypto
import NIOCore
import NIOPosix
import OMEROAPI

/// Where the bytes of original files are, by the files' ids: a folder, or memory. Its calls may wait for a disk.
protocol FilePlace: Sendable {
    /// Nil if nothing was ever written.
    func size(of id: Int64) throws -> Int64?
    /// At most `count` bytes: fewer at the end of the file.
    func read(_ id: Int64, at position: Int64, upTo count: Int) throws -> ByteBuffer
    /// Bytes between the end of the file and `position` become zeros.
    func write(_ bytes: ByteBuffer, to id: Int64, at position: Int64) throws
    /// Only ever makes a file shorter.
    func truncate(_ id: Int64, to length: Int64) throws
    func remove(_ id: Int64) throws
    /// Returns when what was written outlives a crash of the machine.
    func flush(_ id: Int64) throws
    /// How much room there is, whatever else shares it.
    func space() throws -> FileSpace
}

/// The room where files are kept, in bytes.
struct FileSpace: Sendable, Hashable {
    let free: Int64
    let total: Int64

    var used: Int64 { max(0, total - free) }
}

/// The bytes of original files. Waiting for the disk is done by threads for that, never by an event loop; who may read
/// and write is decided before.
struct BinaryFiles: Sendable {
    private let place: any FilePlace

    /// OMERO's own limit for one read, in bytes.
    static let longestRead: Int32 = 64 << 20
    /// How far behind the end of a file a write may begin: what lies between costs space and time, and a client that
    /// only names a position has paid for neither.
    static let widestGap: Int64 = 256 << 20

    /// - Parameter folder: nil keeps everything in memory.
    init(folder: String?) {
        place = if let folder { DiskFiles(folder: folder) } else { MemoryFiles() }
    }

    private func waiting<Result: Sendable>(
        _ body: @escaping @Sendable (any FilePlace) throws -> Result
    ) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive { [place] in try body(place) }
    }

    /// - Throws: `ResourceError` if nobody can tell.
    func space() async throws -> FileSpace { try await waiting { try $0.space() } }

    func exists(_ id: Int64) async throws -> Bool { try await waiting { try $0.size(of: id) != nil } }

    /// - Throws: `ResourceError` if nothing was ever written.
    func size(of id: Int64) async throws -> Int64 { try await waiting { try Self.size(of: id, in: $0) } }

    private static func size(of id: Int64, in place: any FilePlace) throws -> Int64 {
        guard let size = try place.size(of: id) else {
            throw ResourceError("the bytes of OriginalFile:\(id) are not on this server")
        }
        return size
    }

    /// - Throws: `ApiUsageException` for positions and lengths out of range, `ResourceError` if nothing was ever
    ///   written.
    func read(_ id: Int64, at position: Int64, length: Int32) async throws -> ByteBuffer {
        guard position >= 0, length >= 0 else { throw ApiUsageException("position and length cannot be negative") }
        guard length <= Self.longestRead else {
            throw ApiUsageException("one read gives at most \(Self.longestRead) bytes")
        }
        return try await waiting { place in
            _ = try Self.size(of: id, in: place)
            return try place.read(id, at: position, upTo: Int(length))
        }
    }

    /// - Throws: `ApiUsageException` for positions out of range, `ResourceError`.
    func write(_ bytes: ByteBuffer, to id: Int64, at position: Int64) async throws {
        guard position >= 0 else { throw ApiUsageException("a position cannot be negative") }
        try await waiting { place in
            let end = try place.size(of: id) ?? 0
            guard position - end <= Self.widestGap else {
                throw ApiUsageException(
                    "position \(position) is more than \(Self.widestGap) bytes behind the end of the file, \(end)")
            }
            try place.write(bytes, to: id, at: position)
        }
    }

    /// Makes a file shorter, and one that was never written an empty one if that is wanted; false if it is shorter
    /// already.
    func truncate(_ id: Int64, to length: Int64) async throws -> Bool {
        guard length >= 0 else { throw ApiUsageException("a length cannot be negative") }
        return try await waiting { place in
            let size = try place.size(of: id)
            guard size ?? 0 >= length else { return false }
            if size == nil { try place.write(ByteBuffer(), to: id, at: 0) }
            try place.truncate(id, to: length)
            return true
        }
    }

    /// Puts other bytes in place of all that is there. On the thread that calls, which may wait for the disk: for
    /// transactions of the store, which run on threads of their own.
    func replaceNow(_ id: Int64, with bytes: ByteBuffer) throws {
        if try place.size(of: id) != nil { try place.truncate(id, to: 0) }
        try place.write(bytes, to: id, at: 0)
        try place.flush(id)
    }

    /// Removes bytes; of files that have none nothing happens.
    func remove(_ ids: [Int64]) async throws {
        if !ids.isEmpty { try await waiting { place in for id in ids { try place.remove(id) } } }
    }

    /// Size and checksum of what is there, once it is safe on the disk.
    func seal(_ id: Int64, _ algorithm: ChecksumKind) async throws -> (size: Int64, hash: String) {
        try await waiting { try $0.flush(id) }
        var checksum = Checksum(algorithm)
        var position: Int64 = 0
        // A piece at a time: others need the threads too.
        while true {
            try Task.checkCancellation()
            let start = position
            let piece = try await waiting { try $0.read(id, at: start, upTo: 4 << 20) }
            guard piece.readableBytes > 0 else { return (position, checksum.finish()) }
            checksum.add(piece)
            position += Int64(piece.readableBytes)
        }
    }
}

/// The algorithms of `ChecksumAlgorithm` that this server computes.
enum ChecksumKind: String, Sendable, Hashable {
    /// What OMERO takes unless a file says otherwise.
    case sha1 = "SHA1-160"
    case md5 = "MD5-128"
}

/// A checksum of pieces.
struct Checksum {
    private enum State {
        case sha1(Insecure.SHA1)
        case md5(Insecure.MD5)
    }
    private var state: State

    init(_ kind: ChecksumKind) {
        state =
            switch kind {
            case .sha1: .sha1(Insecure.SHA1())
            case .md5: .md5(Insecure.MD5())
            }
    }

    mutating func add(_ bytes: ByteBuffer) {
        switch state {
        case .sha1(var hash):
            bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            state = .sha1(hash)
        case .md5(var hash):
            bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            state = .md5(hash)
        }
    }

    /// In hexadecimal, small letters.
    func finish() -> String {
        func text(_ digest: some Sequence<UInt8>) -> String {
            digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        return switch state {
        case .sha1(let hash): text(hash.finalize())
        case .md5(let hash): text(hash.finalize())
        }
    }
}

extension ResourceError {
    init(_ message: String) { self.init(message: message, serverExceptionClass: "ome.conditions.ResourceError") }
}
